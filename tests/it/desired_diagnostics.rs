//! Violations as people see them.

use rosterctl::desired::{diagnostics, parse};

use crate::desired::{HEAD, source};

fn rendered(text: &str) -> String {
    let sources = [source(text)];
    diagnostics::render(&parse(&sources).unwrap_err(), &sources, false)
}

#[test]
fn the_line_is_shown_and_underlined() {
    insta::assert_snapshot!(rendered(&format!(
        "{HEAD}[members]\n\t\"ada@acme.dev\" = {{ rol = \"owner\" }} # дома\n\"Ada@acme.dev\" = {{ expires = \"2026-12-31\" }}\n"
    )), @r#"
    error: unknown key `rol`
     --> members.toml:5:21
      |
    5 |     "ada@acme.dev" = { rol = "owner" } # дома
      |                        ^^^
      |
    help: did you mean `role`?

    error: `ada@acme.dev` is declared twice
     --> members.toml:6:1
      |
    6 | "Ada@acme.dev" = { expires = "2026-12-31" }
      | ^^^^^^^^^^^^^^
      |
    note: first declared here
     --> members.toml:5:2
      |
    5 |     "ada@acme.dev" = { rol = "owner" } # дома
      |     ^^^^^^^^^^^^^^
    help: keep one of the two lines

    error: `expires` must be a date, and this is a string
     --> members.toml:6:30
      |
    6 | "Ada@acme.dev" = { expires = "2026-12-31" }
      |                              ^^^^^^^^^^^^
      |
    help: write it without quotes: expires = 2026-12-31
    "#);
}

#[test]
fn a_line_is_shown_in_part_and_without_what_a_terminal_acts_on() {
    let long = "x".repeat(500);
    insta::assert_snapshot!(rendered(&format!(
        "{HEAD}[members]\n\"a@acme.dev\" = {{ name = \"{long}\u{202e}\", rol = 1, reason = \"{long}\" }}\n\
         \"b@acme.dev\" = {{ name = \"\u{202e}x\", \"ro\\u001Bl\" = 1 }}\n"
    )), @r#"
    error: unknown key `rol`
     --> members.toml:5:530
      |
    5 | …xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\u{202e}", rol = 1, reason = "xxxxxxxxxxxxxxxxxxxxxxxxxx...
      |                                                                                         ^^^
      |
    help: did you mean `role`?

    error: unknown key `ro\u{1b}l`
     --> members.toml:6:31
      |
    6 | "b@acme.dev" = { name = "\u{202e}x", "ro\u001Bl" = 1 }
      |                                      ^^^^^^^^^^^
      |
    help: the keys here are `role`, `id`, `name`, `expires`, `ticket`, `reason` and `aliases`
    "#);
}

#[test]
fn more_than_fifty_are_counted() {
    let mut text = format!("{HEAD}[members]\n");
    for n in 0..60 {
        text.push_str("\"u");
        text.push_str(&n.to_string());
        text.push_str("@acme.dev\" = 1\n");
    }
    let shown = rendered(&text);
    assert_eq!(shown.matches("error: ").count(), 50);
    assert!(shown.ends_with("\n\nand 10 more"), "{shown}");
}

#[test]
fn colour_is_only_added() {
    let sources = [source("")];
    let found = parse(&sources).unwrap_err();
    let coloured = diagnostics::render(&found, &sources, true);
    assert!(coloured.contains("\u{1b}["));
    assert!(!diagnostics::render(&found, &sources, false).contains('\u{1b}'));
}
