//! Edits of the members file: what changes, and that nothing else does.

use jiff::civil::date;
use rosterctl::desired::{Edit, EditError, Fields, Setting, Source, Tombstone, edit};
use rosterctl::roster::{Email, Role, UserId};
use similar::{ChangeTag, TextDiff};

use crate::desired::{HEAD, source};

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

fn add(address: &str, fields: Fields) -> Edit {
    Edit::Add {
        email: email(address),
        fields,
        into: None,
        if_absent: false,
    }
}

fn set(address: &str, fields: Fields) -> Edit {
    Edit::Set {
        email: email(address),
        fields,
        if_present: false,
    }
}

fn remove(address: &str, tombstone: Option<Tombstone>) -> Edit {
    Edit::Remove {
        email: email(address),
        tombstone,
        if_present: false,
    }
}

fn owner() -> Fields {
    Fields {
        role: Setting::To(Role::Owner),
        ..Fields::default()
    }
}

fn ticket(text: &str) -> Fields {
    Fields {
        ticket: Setting::To(text.to_owned()),
        ..Fields::default()
    }
}

/// The lines that an edit takes out and puts in, with the line before each run where something is put in.
fn diff(before: &str, after: &str) -> Vec<String> {
    TextDiff::from_lines(before, after)
        .iter_all_changes()
        .filter(|change| change.tag() != ChangeTag::Equal)
        .map(|change| format!("{}{}", change.tag(), change.value().trim_end_matches('\n')))
        .collect()
}

fn edited(text: &str, edits: &[Edit]) -> String {
    let files = edit(&[source(text)], edits).unwrap_or_else(|error| panic!("{error:?}"));
    files[0].text.clone()
}

/// `HEAD`, the given rest, one edit, and the lines that differ afterwards.
fn each(cases: &[(&str, Edit, &[&str])]) {
    for (rest, edit, wanted) in cases {
        let text = format!("{HEAD}{rest}");
        assert_eq!(
            diff(&text, &edited(&text, std::slice::from_ref(edit))),
            *wanted,
            "{rest}"
        );
    }
}

#[test]
fn a_sorted_section_stays_sorted_and_aligned() {
    let text = format!(
        "{HEAD}\n[members]\n\"ada@acme.dev\"   = {{ role = \"owner\" }}\n\"bo@acme.dev\"    = {{}}\n# Dan's team\n\"dan@acme.dev\"   = {{}} # x\n\n[departed]\n"
    );
    for (address, fields, line_after, line) in [
        (
            "cy@acme.dev",
            Fields::default(),
            "\"bo@acme.dev\"",
            "\"cy@acme.dev\"    = {}",
        ),
        (
            "zoe@acme.dev",
            ticket("T-1"),
            "\"dan@acme.dev\"",
            "\"zoe@acme.dev\"   = { ticket = \"T-1\" }",
        ),
        (
            "zoe@acme.dev",
            owner(),
            "\"ada@acme.dev\"",
            "\"zoe@acme.dev\"   = { role = \"owner\" }",
        ),
        (
            "aa@acme.dev",
            owner(),
            "[members]",
            "\"aa@acme.dev\"    = { role = \"owner\" }",
        ),
        (
            "long.long.long@acme.dev",
            Fields::default(),
            "\"dan@acme.dev\"",
            "\"long.long.long@acme.dev\" = {}",
        ),
    ] {
        let after = edited(&text, &[add(address, fields)]);
        assert_eq!(diff(&text, &after), [format!("+{line}")], "{address}");
        let lines: Vec<&str> = after.lines().collect();
        let at = lines.iter().position(|other| *other == line).unwrap();
        assert!(
            lines[at - 1].starts_with(line_after),
            "{address}: {}",
            lines[at - 1]
        );
    }
}

#[test]
fn other_layouts_are_kept() {
    each(&[
        // Not sorted: last.
        (
            "[members]\n\"z@acme.dev\" = {}\n\"b@acme.dev\" = {}\n\n# end\n",
            add("c@acme.dev", Fields::default()),
            &["+\"c@acme.dev\" = {}"],
        ),
        // One longer key does not end the alignment of the others.
        (
            "[members]\n\"bo@acme.dev\"    = {}\n\"long.one@acme.dev\" = {}\n\"z@acme.dev\"     = {}\n",
            add("c@acme.dev", Fields::default()),
            &["+\"c@acme.dev\"     = {}"],
        ),
        // Keys of one length are no alignment.
        (
            "[members]\n\"b@acme.dev\" = {}\n\"c@acme.dev\" = {}\n\"zoe.z@acme.dev\" = {}\n",
            add("d.d@acme.dev", Fields::default()),
            &["+\"d.d@acme.dev\" = {}"],
        ),
        // Sections of owners and of others.
        (
            "[members]\n\"z@acme.dev\" = { role = \"owner\" }\n\n# Others\n\"b@acme.dev\" = {}\n",
            add("a@acme.dev", owner()),
            &["+\"a@acme.dev\" = { role = \"owner\" }"],
        ),
        // Empty, with a comment of its own.
        (
            "[members]\n# nobody yet\n",
            add("a@acme.dev", Fields::default()),
            &["+\"a@acme.dev\" = {}"],
        ),
        // Only tables: a line below one would be that person's.
        (
            "[members.\"b@acme.dev\"]\nrole = \"owner\"\n",
            add("a@acme.dev", Fields::default()),
            &["+", "+[members]", "+\"a@acme.dev\" = {}", "+"],
        ),
        (
            "[members]\n\"a@acme.dev\" = {}\n",
            remove(
                "a@acme.dev",
                Some(Tombstone {
                    since: Some(date(2026, 11, 24)),
                    ticket: Some("HR-1".to_owned()),
                    reason: None,
                }),
            ),
            &[
                "-\"a@acme.dev\" = {}",
                "+",
                "+[departed]",
                "+\"a@acme.dev\" = { since = 2026-11-24, ticket = \"HR-1\" }",
            ],
        ),
        // A comment with the entry goes; a section's head stays.
        (
            "[members]\n# Ops\n\n# Ada\n\"a@acme.dev\" = {}\n\n# Bo\n\"b@acme.dev\" = {}\n",
            remove("a@acme.dev", None),
            &["-# Ada", "-\"a@acme.dev\" = {}", "-"],
        ),
        (
            "[members]\n\"a@acme.dev\" = {}\n[members.\"b@acme.dev\"] # Bo\nrole = \"reader\"\n\n# Policy\n[policy]\n",
            remove("b@acme.dev", None),
            &["-[members.\"b@acme.dev\"] # Bo", "-role = \"reader\""],
        ),
    ]);
}

#[test]
fn a_promotion_keeps_a_sorted_section_sorted() {
    let reader = Fields {
        role: Setting::To(Role::Reader),
        ..Fields::default()
    };
    each(&[
        (
            "[members]\n\"m@acme.dev\" = { role = \"owner\" }\n\"a@acme.dev\" = {}\n# Bo\n\"b@acme.dev\" = {}\n",
            set("b@acme.dev", owner()),
            &[
                "+# Bo",
                "+\"b@acme.dev\" = { role = \"owner\" }",
                "-# Bo",
                "-\"b@acme.dev\" = {}",
            ],
        ),
        (
            "[members]\n\"m@acme.dev\" = { role = \"owner\" }\n\"n@acme.dev\" = { role = \"owner\" }\n\"a@acme.dev\" = {}\n",
            set("m@acme.dev", reader),
            &[
                "-\"m@acme.dev\" = { role = \"owner\" }",
                "+\"m@acme.dev\" = { role = \"reader\" }",
            ],
        ),
        // Sorted by address alone, and not sorted at all: nothing moves.
        (
            "[members]\n\"a@acme.dev\" = {}\n\"b@acme.dev\" = {}\n",
            set("b@acme.dev", owner()),
            &[
                "-\"b@acme.dev\" = {}",
                "+\"b@acme.dev\" = { role = \"owner\" }",
            ],
        ),
        (
            "[members]\n\"c@acme.dev\" = {}\n\"b@acme.dev\" = {}\n",
            set("b@acme.dev", owner()),
            &[
                "-\"b@acme.dev\" = {}",
                "+\"b@acme.dev\" = { role = \"owner\" }",
            ],
        ),
    ]);
}

#[test]
fn a_section_of_new_lines_only_is_aligned() {
    let text = format!(
        "{HEAD}[members]\n\"long.one@acme.dev\" = {{}}\n\"a@acme.dev\" = {{}}\n\n[departed]\n"
    );
    let gone = |who| {
        let tombstone = Tombstone {
            since: Some(date(2026, 11, 24)),
            ticket: None,
            reason: None,
        };
        remove(who, Some(tombstone))
    };
    let after = edited(&text, &[gone("a@acme.dev"), gone("long.one@acme.dev")]);
    assert!(
        after.ends_with(
            "[departed]\n\"a@acme.dev\"        = { since = 2026-11-24 }\n\"long.one@acme.dev\" = { since = 2026-11-24 }\n"
        ),
        "{after}"
    );
}

#[test]
fn fields_change_in_place() {
    each(&[
        (
            "[members]\n\"a@acme.dev\"   = { role=\"reader\",  name = 'A' }   # Ada\n",
            set("a@acme.dev", owner()),
            &[
                "-\"a@acme.dev\"   = { role=\"reader\",  name = 'A' }   # Ada",
                "+\"a@acme.dev\"   = { role=\"owner\",  name = 'A' }   # Ada",
            ],
        ),
        (
            "[members]\n\"a@acme.dev\" = { role = \"reader\" }\n",
            set("a@acme.dev", ticket("T \"1\"")),
            &[
                "-\"a@acme.dev\" = { role = \"reader\" }",
                "+\"a@acme.dev\" = { role = \"reader\", ticket = \"T \\\"1\\\"\" }",
            ],
        ),
        (
            "[members]\n\"a@acme.dev\" = {}\n",
            set(
                "a@acme.dev",
                Fields {
                    id: Setting::To(UserId::parse("user-1").unwrap()),
                    expires: Setting::To(date(2027, 3, 31)),
                    aliases: Setting::To(vec![email("b@x.dev"), email("c@x.dev")]),
                    ..Fields::default()
                },
            ),
            &[
                "-\"a@acme.dev\" = {}",
                "+\"a@acme.dev\" = { id = \"user-1\", expires = 2027-03-31, aliases = [\"b@x.dev\", \"c@x.dev\"] }",
            ],
        ),
        (
            "[members]\n\"a@acme.dev\" = { role = \"owner\", expires = 2027-03-31 }\n",
            set(
                "a@acme.dev",
                Fields {
                    expires: Setting::Clear,
                    ..Fields::default()
                },
            ),
            &[
                "-\"a@acme.dev\" = { role = \"owner\", expires = 2027-03-31 }",
                "+\"a@acme.dev\" = { role = \"owner\" }",
            ],
        ),
        (
            "[members.\"a@acme.dev\"]\nrole = \"owner\" # why\n\n[policy]\n",
            set(
                "a@acme.dev",
                Fields {
                    name: Setting::To("A\nB".to_owned()),
                    role: Setting::To(Role::Reader),
                    ..Fields::default()
                },
            ),
            &[
                "-role = \"owner\" # why",
                "+role = \"reader\" # why",
                "+name = \"A\\u000AB\"",
            ],
        ),
        (
            "[members]\n\"a@acme.dev\" = { role = \"owner\" }\n",
            set("a@acme.dev", owner()),
            &[],
        ),
    ]);
}

#[test]
fn prune_moves_what_is_long_over_with_its_comments() {
    let text = format!(
        "{HEAD}[members]\n\"a@acme.dev\" = {{ expires = 2026-10-01 }}\n# Bo was here\n\"b@acme.dev\" = {{ id = \"user-2\", expires = 2026-09-30, ticket = \"T-2\", reason = \"intern\" }} # until autumn\n\"c@acme.dev\" = {{}}\n\n[departed]\n\"a1@acme.dev\" = {{ since = 2025-10-01 }}\n\"user-9\" = {{ since = 2024-10-01 }}\n\"z@acme.dev\" = {{}}\n"
    );
    let prune = |tombstones_older_than| Edit::Prune {
        today: date(2026, 10, 31),
        tombstones_older_than,
    };
    assert_eq!(
        diff(&text, &edited(&text, &[prune(None)])),
        [
            "-# Bo was here",
            "-\"b@acme.dev\" = { id = \"user-2\", expires = 2026-09-30, ticket = \"T-2\", reason = \"intern\" } # until autumn",
            "+# Bo was here",
            "+\"b@acme.dev\" = { since = 2026-10-01, ticket = \"T-2\", reason = \"intern\", id = \"user-2\" }  # until autumn",
        ]
    );
    let dropped = diff(&text, &edited(&text, &[prune(Some(365))]));
    assert_eq!(dropped.len(), 6, "{dropped:#?}");
    assert!(dropped.contains(&"-\"a1@acme.dev\" = { since = 2025-10-01 }".to_owned()));
    assert!(dropped.contains(&"-\"user-9\" = { since = 2024-10-01 }".to_owned()));
    assert_eq!(
        edit(&[source(&text)], &[prune(Some(364))]),
        Err(EditError::TombstonesTooYoung(364))
    );
}

#[test]
fn marks_and_line_ends_survive() {
    let text = format!("\u{feff}{HEAD}[members]\n\"a@acme.dev\" = {{}}\n\"c@acme.dev\" = {{}}")
        .replace('\n', "\r\n");
    let after = edited(
        &text,
        &[
            add("b@acme.dev", Fields::default()),
            set("c@acme.dev", owner()),
        ],
    );
    assert_eq!(
        after,
        text.replace(
            "\"c@acme.dev\" = {}",
            "\"b@acme.dev\" = {}\r\n\"c@acme.dev\" = { role = \"owner\" }"
        )
    );
}

#[test]
fn unusual_addresses_round_trip() {
    let addresses = [
        "\"a b\"@acme.dev",
        "o'hara@acme.dev",
        "a+b.c@acme.dev",
        "дана@acme.dev",
        "\"a=b\"@acme.dev",
        "x@straße.de",
    ];
    let mut text = format!("{HEAD}[members]\n");
    for address in addresses {
        text = edited(&text, &[add(address, Fields::default())]);
        text = edited(&text, &[set(address, ticket("T"))]);
    }
    for address in addresses {
        assert_eq!(text.matches("ticket").count(), addresses.len(), "{text}");
        let without = edited(&text, &[remove(address, None)]);
        assert_eq!(diff(&text, &without).len(), 1, "{address}");
    }
}

#[test]
fn a_person_in_an_included_file_is_edited_there() {
    let files = |team: &str| {
        let root = "version = 1\ninclude = [{ files = \"*.team\", role_max = \"reader\" }]\n\
                    [organization]\nid = \"org-1\"\n[members]\n\"a@acme.dev\" = {}\n";
        let name = "web.team".to_owned();
        let text = team.to_owned();
        [source(root), Source { name, text }]
    };
    let before = files("[members]\n\"b@acme.dev\" = {}\n");
    let after = edit(&before, &[set("b@acme.dev", ticket("T"))]).unwrap();
    assert_eq!(after[0], before[0]);
    assert_eq!(
        after[1].text,
        "[members]\n\"b@acme.dev\" = { ticket = \"T\" }\n"
    );
    let gone = Tombstone {
        since: None,
        ticket: None,
        reason: None,
    };
    let after = edit(&before, &[remove("b@acme.dev", Some(gone))]).unwrap();
    assert_eq!(after[1].text, "[members]\n");
    assert!(
        after[0]
            .text
            .ends_with("\n[departed]\n\"b@acme.dev\" = {}\n"),
        "{}",
        after[0].text
    );
    // The ceiling holds for edits too.
    assert!(matches!(
        edit(&before, &[set("b@acme.dev", owner())]),
        Err(EditError::Result { .. })
    ));
}

#[test]
fn a_person_is_added_to_an_included_file_under_its_ceiling() {
    let named = |name: &str, text: &str| Source {
        name: name.to_owned(),
        text: text.to_owned(),
    };
    let root = format!(
        "include = [{{ files = \"teams/*.toml\", role_max = \"reader\" }}]\n{HEAD}[members]\n"
    );
    let sources = [
        named("members.toml", &root),
        named("teams/web.toml", "[members]\n\"a@acme.dev\" = {}\n"),
    ];
    let add = |into: &str, fields| Edit::Add {
        email: email("b@acme.dev"),
        fields,
        into: Some(into.to_owned()),
        if_absent: false,
    };
    let after = edit(&sources, &[add("teams/web.toml", ticket("T-1"))]).unwrap();
    assert_eq!(after[0], sources[0]);
    assert_eq!(
        diff(&sources[1].text, &after[1].text),
        ["+\"b@acme.dev\" = { ticket = \"T-1\" }"]
    );
    let refused = edit(&sources, &[add("teams/web.toml", owner())]).unwrap_err();
    assert!(matches!(refused, EditError::Result { .. }), "{refused}");
    let refused = edit(&sources, &[add("teams/ops.toml", owner())]).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "teams/ops.toml is not included by the members file"
    );
}

#[test]
fn what_cannot_be_done_faithfully_is_refused() {
    let person = |rest: &str| format!("{HEAD}[members]\n{rest}");
    for (text, edit_of, error) in [
        (
            person("\"a@acme.dev\" = {}\r\n"),
            remove("a@acme.dev", None),
            "members.toml mixes line ends (CRLF and LF), so it cannot be edited faithfully",
        ),
        (
            person("\"a@acme.dev\".role = \"owner\"\n"),
            remove("a@acme.dev", None),
            "members.toml:5:1: a person is written in dotted keys, so it cannot be edited faithfully; edit it by hand",
        ),
        (
            format!("members = {{ \"a@acme.dev\" = {{}} }}\n{HEAD}"),
            remove("a@acme.dev", None),
            "members.toml:1:11: the table is written as a value, so it cannot be edited faithfully; edit it by hand",
        ),
        (
            person("# Ada\n\"a@acme.dev\" = {\n role = \"owner\" }\n"),
            set("a@acme.dev", Fields::default()),
            "members.toml:6:1: a person is written in several lines, so it cannot be edited faithfully; edit it by hand",
        ),
        (
            format!("{HEAD}[members.\"a@acme.dev\"]\n# until then\nexpires = 2027-01-01\n"),
            set(
                "a@acme.dev",
                Fields {
                    expires: Setting::Clear,
                    ..Fields::default()
                },
            ),
            "members.toml:4:1: a comment stands on the line that would be deleted, so it cannot be edited faithfully; edit it by hand",
        ),
        (
            person("\"a@acme.dev\" = {}\n"),
            add("A@acme.dev", Fields::default()),
            "a@acme.dev is declared already",
        ),
        (
            person("[departed]\n\"a@acme.dev\" = {}\n"),
            add("a@acme.dev", Fields::default()),
            "a@acme.dev is in [departed]; take the tombstone out first, by hand and on purpose",
        ),
        (
            person(""),
            set("a@acme.dev", owner()),
            "a@acme.dev is not declared",
        ),
        (
            person(""),
            remove("a@acme.dev", None),
            "a@acme.dev is not declared",
        ),
        (
            person("\"a@acme.dev\" = { rol = 1 }\n"),
            remove("a@acme.dev", None),
            "the members file has violations and is not edited",
        ),
        (
            format!(
                "{HEAD}[guardrails]\nrequired_owners = [\"a@acme.dev\"]\n[members]\n\"a@acme.dev\" = {{ role = \"owner\" }}\n"
            ),
            remove("a@acme.dev", None),
            "the edit would leave the members file with violations",
        ),
    ] {
        let refused = edit(&[source(&text)], &[edit_of]).unwrap_err();
        assert_eq!(refused.to_string(), error, "{text}");
    }
}

#[test]
fn what_is_done_already_changes_nothing() {
    let text = format!("{HEAD}[members]\n\"a@acme.dev\" = {{}}\n");
    for edit in [
        Edit::Add {
            email: email("a@acme.dev"),
            fields: owner(),
            into: None,
            if_absent: true,
        },
        Edit::Set {
            email: email("b@acme.dev"),
            fields: owner(),
            if_present: true,
        },
        Edit::Remove {
            email: email("b@acme.dev"),
            tombstone: None,
            if_present: true,
        },
    ] {
        assert_eq!(edited(&text, &[edit]), text);
    }
}
