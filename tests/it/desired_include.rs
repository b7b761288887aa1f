//! Split files: who may say what, and where.

use rosterctl::desired::{Source, includes, parse};
use rosterctl::roster::{Email, Role};

use crate::desired::HEAD;

const ROOT: &str = "version = 1\ninclude = [{ files = \"teams/*.toml\", role_max = \"reader\" }]\n[organization]\nid = \"org-1\"\n[members]\n";

fn named(name: &str, text: &str) -> Source {
    Source {
        name: name.to_owned(),
        text: text.to_owned(),
    }
}

fn found(sources: &[Source]) -> Vec<String> {
    match parse(sources) {
        Ok(_) => Vec::new(),
        Err(violations) => violations.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn people_of_included_files_are_declared() {
    let roster = parse(&[
        named(
            "org/members.toml",
            &format!("{ROOT}\"a@acme.dev\" = {{ role = \"owner\" }}\n"),
        ),
        named(
            "org/teams/web.toml",
            "[members]\n\"b@acme.dev\" = { role = \"reader\" }\n",
        ),
        named("org/teams/ops.toml", "[members]\n\"c@acme.dev\" = {}\n"),
    ])
    .unwrap();
    assert_eq!(roster.members.len(), 3);
    let entry = &roster.members[&Email::parse("b@acme.dev").unwrap()];
    assert_eq!(entry.place.to_string(), "org/teams/web.toml:2:1");
}

#[test]
fn the_root_sets_the_ceiling() {
    for (text, wanted) in [
        (
            "[members]\n\"b@acme.dev\" = { role = \"owner\" }\n",
            vec![
                "teams/web.toml:2:25: `b@acme.dev` may be reader at most in this file; the ceiling is set here (members.toml:2:49)",
            ],
        ),
        (
            "[members]\n\"b@acme.dev\" = { id = \"user-1\" }\n",
            vec![
                "teams/web.toml:2:23: an included file pins no `id`; identities are pinned in the root file",
            ],
        ),
        (
            "include = []\n[policy]\nundeclared = \"report\"\n[membrs]\n",
            vec![
                "teams/web.toml:1:1: [members] is missing; write the table with one line per person: \"ada@acme.dev\" = { role = \"owner\" }",
                "teams/web.toml:1:1: `include` stands only in the root file; an included file holds [members] and nothing else",
                "teams/web.toml:2:2: `policy` stands only in the root file; an included file holds [members] and nothing else",
                "teams/web.toml:4:2: unknown key `membrs`; did you mean `members`?",
            ],
        ),
        (
            "[members]\n\"A@acme.dev\" = {}\n",
            vec![
                "teams/web.toml:2:1: `a@acme.dev` is declared twice; first declared here (members.toml:6:1); keep one of the two lines",
            ],
        ),
        (
            "[members]\n\"b@acme.dev\" = { rol\n",
            vec!["teams/web.toml:2:21: unclosed inline table, expected `}`"],
        ),
    ] {
        let sources = [
            named("members.toml", &format!("{ROOT}\"a@acme.dev\" = {{}}\n")),
            named("teams/web.toml", text),
        ];
        assert_eq!(found(&sources), wanted, "{text}");
    }
}

#[test]
fn of_two_ceilings_the_lower_holds() {
    let root = ROOT.replace(
        "include = [",
        "include = [{ files = \"**/*.toml\", role_max = \"owner\" }, ",
    );
    for (name, violations) in [("teams/web.toml", 1), ("web.toml", 0)] {
        let text = "[members]\n\"b@acme.dev\" = { role = \"owner\" }\n";
        let sources = [
            named("members.toml", &root),
            named("teams/ops.toml", "[members]\n"),
            named(name, text),
        ];
        assert_eq!(found(&sources).len(), violations, "{name}");
    }
}

#[test]
fn includes_and_files_belong_together() {
    let root = named("members.toml", ROOT);
    assert_eq!(
        found(std::slice::from_ref(&root)),
        ["members.toml:2:22: no file matches `teams/*.toml`"]
    );
    assert_eq!(
        found(&[
            root,
            named("teams/web.toml", "[members]\n"),
            named("teams/deep/er.toml", "[members]\n"),
        ]),
        ["teams/deep/er.toml:1:1: no include names this file"]
    );
}

#[test]
fn a_pattern_has_no_empty_part() {
    for pattern in ["teams//a.toml", "teams/./a.toml", "teams/"] {
        let root = format!(
            "include = [{{ files = \"{pattern}\", role_max = \"reader\" }}]\n{HEAD}[members]\n"
        );
        let found = found(&[
            named("members.toml", &root),
            named("teams/a.toml", "[members]\n"),
        ]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("empty part"), "{found:?}");
    }
}

#[test]
fn what_an_include_must_say() {
    for (include, wanted) in [
        (
            "\"teams/*.toml\"",
            vec!["members.toml:2:11: `include` must be a list, and this is a string"],
        ),
        (
            "[\"teams/*.toml\"]",
            vec!["members.toml:2:12: `include` must be a table, and this is a string"],
        ),
        (
            "[{ files = \"../x.toml\", role_max = \"reader\" }]",
            vec![
                "members.toml:2:22: `../x.toml` is not a pattern for files: included files stay inside this file's folder, so there is no `..`",
            ],
        ),
        (
            "[{ files = \"/etc/x\", role_max = \"reader\" }]",
            vec![
                "members.toml:2:22: `/etc/x` is not a pattern for files: write a path relative to this file's folder, with `/`",
            ],
        ),
        (
            "[{ files = \"a[\", role_max = \"raeder\" }]",
            vec![
                "members.toml:2:22: `a[` is not a pattern for files: Pattern syntax error near position 1: invalid range pattern",
                "members.toml:2:39: unknown value `raeder` for `role_max`; did you mean `reader`?",
            ],
        ),
        (
            "[{ file = \"a\" }]",
            vec![
                "members.toml:2:12: this include has no `files`; write which: files = \"teams/*.toml\"",
                "members.toml:2:12: this include has no `role_max`; write the highest role that its files may give: role_max = \"reader\"",
                "members.toml:2:14: unknown key `file` in include; did you mean `files`?",
            ],
        ),
    ] {
        let text = ROOT.replace(
            "[{ files = \"teams/*.toml\", role_max = \"reader\" }]",
            include,
        );
        assert_eq!(found(&[named("members.toml", &text)]), wanted, "{include}");
    }
}

#[test]
fn what_to_read_is_known_from_a_root_that_is_otherwise_wrong() {
    let all = includes(&named("members.toml", &format!("{ROOT}x\n")));
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].role_max, Role::Reader);
    for (path, named) in [
        ("teams/a.toml", true),
        ("teams/b/a.toml", false),
        ("teams/.hidden.toml", false),
        ("a.toml", false),
    ] {
        assert_eq!(all[0].names(path), named, "{path}");
    }
}
