//! TOML that is broken: all of it reported, nothing twice, and never a panic.

use proptest::prelude::*;
use rosterctl::desired::{diagnostics, parse};

use crate::desired::{HEAD, source, violations};

#[test]
fn syntax_errors_are_all_reported_in_the_words_of_the_file() {
    for (text, wanted) in [
        (
            "ada@acme.dev = { role = \"owner\" }\n\"b@acme.dev\" = { rol = \"owner\" }\n",
            vec![
                "members.toml:5:4: an address is a key in quotes; put the address in double quotes: \"ada@acme.dev\" = {}",
                "members.toml:6:18: unknown key `rol`; did you mean `role`?",
            ],
        ),
        (
            "\"a@acme.dev\" = { role = owner, expires = 2026-13-01 }\n",
            vec![
                "members.toml:5:25: `owner` is not in quotes; write `\"owner\"`",
                "members.toml:5:42: invalid date, expected month between 01 and 12",
            ],
        ),
        (
            "\"a@acme.dev\" = { role = “owner” }\n",
            vec![
                "members.toml:5:25: typographic quotes are no quotes; write straight quotes: \"…\"",
            ],
        ),
        (
            "\"a@acme.dev\"\n\"b@acme.dev\" =\n",
            vec![
                "members.toml:5:13: `\"a@acme.dev\"` has no `=` and no value",
                "members.toml:6:15: there is no value",
            ],
        ),
        (
            "<<<<<<< main\n\"a@acme.dev\" = {}\n=======\n\"b@acme.dev\" = {}\n>>>>>>> topic\n",
            vec![
                "members.toml:5:1: a merge conflict is not resolved here; keep the lines that hold and delete the markers",
                "members.toml:7:1: a merge conflict is not resolved here; keep the lines that hold and delete the markers",
                "members.toml:9:1: a merge conflict is not resolved here; keep the lines that hold and delete the markers",
            ],
        ),
        (
            "\"a@acme.dev\" = { role = \"owner\"\n\"b@acme.dev\" = {}\n",
            vec![
                "members.toml:5:32: missing comma between key-value pairs, expected `,`",
                "members.toml:6:18: unclosed inline table, expected `}`",
            ],
        ),
        (
            "[departed\nx = 1\n",
            vec!["members.toml:5:10: unclosed table, expected `]`"],
        ),
    ] {
        let found = violations(&format!("{HEAD}[members]\n{text}"));
        assert_eq!(found, wanted, "{text}");
    }
}

#[test]
fn places_are_exact_with_line_ends_marks_and_wide_text() {
    let text = format!(
        "\u{feff}{HEAD}[members] # дома 漢字\n\"ä@acme.dev\" = {{ name = \"漢字\", rol = 1 }}\n"
    )
    .replace('\n', "\r\n");
    assert_eq!(
        violations(&text),
        ["members.toml:5:31: unknown key `rol`; did you mean `role`?"]
    );
}

#[test]
fn hostile_files_end_in_violations() {
    let lines = |line: &str, count: usize| format!("{HEAD}[members]\n{}", line.repeat(count));
    for text in [
        "\0".repeat(1 << 20),
        "x".repeat(1 << 20),
        "\"".repeat(1 << 20),
        lines("@\n", 200_000),
        lines("a.", 200_000),
        lines("[[", 100_000),
        format!("a = {}", "[".repeat(500_000)),
        format!("a = {}", "{a=".repeat(100_000)),
        format!("{HEAD}[members]\n{}", "\u{202e}\u{1b}[31m".repeat(1000)),
    ] {
        let sources = [source(&text)];
        let found = parse(&sources).unwrap_err();
        assert!(!found.is_empty() && found.len() <= 1100, "{}", found.len());
        let shown = diagnostics::render(&found, &sources, false);
        assert!(shown.len() < 100_000, "{}", shown.len());
        assert!(!shown.contains(['\u{202e}', '\u{1b}', '\0']), "{shown}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    /// Pieces of real files in any order are where a recovering parser is led astray.
    #[test]
    fn no_text_panics(pieces in prop::collection::vec(prop::sample::select(vec![
        "version = 1\n", "[organization]\n", "id = \"org-1\"\n", "[members]\n", "\"a@acme.dev\"", " = ", "{ ", " }",
        "role = \"owner\"", ", ", "expires = 2026-02-30", "\r\n", "\n", "\u{feff}", "ä漢", "\"", "'", "\"\"\"", "[", "]", "#",
        "[members.\"b@acme.dev\"]\n", "\0", "a.b.c", "\\u", "2026-11-24", "aliases = [\"a@acme.dev\"]", "[[members]]\n", "=======\n",
    ]), 0..24)) {
        let text = pieces.concat();
        let sources = [source(&text)];
        if let Err(found) = parse(&sources) {
            prop_assert!(!found.is_empty());
            let mut places: Vec<_> = found.iter().map(|v| (v.place.line, v.place.column)).collect();
            let sorted = { places.sort_unstable(); places };
            prop_assert_eq!(sorted, found.iter().map(|v| (v.place.line, v.place.column)).collect::<Vec<_>>());
            diagnostics::render(&found, &sources, true);
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let sources = [source(&text)];
        if let Err(found) = parse(&sources) {
            diagnostics::render(&found, &sources, false);
        }
    }
}
