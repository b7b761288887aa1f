//! The canonical layout, and that it loses nothing.

use std::fmt::Write as _;

use proptest::prelude::*;
use rosterctl::desired::{DesiredRoster, Edit, Fields, Place, edit, format};
use rosterctl::roster::Email;

use crate::desired::{HEAD, desired, source};

fn formatted(text: &str) -> String {
    format(&[source(text)]).unwrap()[0].text.clone()
}

#[test]
fn people_are_sorted_and_aligned_and_nothing_else_is_touched() {
    let text = format!(
        "{HEAD}\n# People\n\n[members] # all of them\n# Zed\n'zed@acme.dev' = {{reason='x',   role=\"reader\"}}# z\n\
         \"Bo@acme.dev\" = {{ id = \"user-2\",\n  # why\n  role = \"owner\" }}\n\"a@acme.dev\" = {{ }}   #   a\n\n# Others\n\n\
         \"y@acme.dev\"={{}}\n\n[members.\"x@acme.dev\"] # x\nexpires = 2027-01-01 # then\n\n\
         [policy]\nroles  =  'enforce'\n\n[departed]\nuser-9 = {{}}\n\"d@acme.dev\" = {{ ticket = \"T\", since = 2026-01-01 }}\n"
    );
    insta::assert_snapshot!(formatted(&text), @r#"
    version = 1
    [organization]
    id = "org-1"

    # People

    [members] # all of them
    # why
    "Bo@acme.dev"  = { role = "owner", id = "user-2" }
    "a@acme.dev"   = {}  #   a
    # Zed
    "zed@acme.dev" = { role = "reader", reason = "x" }  # z

    # Others

    # x
    # then
    "x@acme.dev" = { expires = 2027-01-01 }
    "y@acme.dev" = {}

    [policy]
    roles  =  'enforce'

    [departed]
    "d@acme.dev" = { since = 2026-01-01, ticket = "T" }
    "user-9"     = {}
    "#);
}

#[test]
fn the_example_is_canonical_but_for_its_comments() {
    let text = include_str!("../../members.toml.example");
    assert_eq!(squeezed(&formatted(text)), squeezed(text));
}

fn squeezed(text: &str) -> String {
    text.split(' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The roster without the places of its entries.
fn people(text: &str) -> DesiredRoster {
    let mut roster = desired(text);
    let nowhere = Place {
        file: String::new(),
        line: 0,
        column: 0,
    };
    for entry in roster.members.values_mut() {
        entry.place = nowhere.clone();
    }
    for gone in &mut roster.departed {
        gone.place = nowhere.clone();
    }
    roster
        .departed
        .sort_by(|a, b| (&a.email, &a.id).cmp(&(&b.email, &b.id)));
    roster
}

/// The comments of a generated file, whose strings have no `#`.
fn comments(text: &str) -> Vec<&str> {
    let mut comments: Vec<&str> = text
        .lines()
        .filter_map(|line| line.find('#').map(|at| line[at..].trim_end()))
        .collect();
    comments.sort_unstable();
    comments
}

/// One piece of a generated file: kind, and a number that makes its texts its own.
fn piece(text: &mut String, kind: usize, n: usize) {
    let _ = match kind {
        0 => writeln!(text, "\"u{n}@acme.dev\" = {{}}"),
        1 => writeln!(
            text,
            "\"u{n}@acme.dev\"   = {{ role = \"owner\" }} # trailing {n}"
        ),
        2 => writeln!(
            text,
            "# above {n}\n\"U{n}@acme.dev\" = {{ id = \"user-{n}\", name = 'N {n}', expires = 2027-01-01 }}"
        ),
        3 => writeln!(
            text,
            "\"u{n}@acme.dev\" = {{ ticket = \"T-{n}\", # inside {n}\n   reason = \"\"\"\nr\"\"\" }}"
        ),
        4 => writeln!(text, "\n# head {n}\n"),
        5 => writeln!(text),
        6 => writeln!(text, "# loose {n}"),
        _ => writeln!(
            text,
            "\"u{n}@acme.dev\" = {{ aliases = [\"x{n}@acme.dev\",\"y{n}@acme.dev\"] }}\t# tab {n}"
        ),
    };
}

fn file(members: &[usize], tables: usize, departed: &[usize], windows: bool) -> String {
    let mut text = format!("# file\n{HEAD}\n[members]\n");
    for (n, kind) in members.iter().enumerate() {
        piece(&mut text, *kind, n);
    }
    for n in 0..tables {
        let _ = writeln!(
            text,
            "\n# table {n}\n[members.\"t{n}@acme.dev\"] # header {n}\nrole = \"reader\" # role {n}\n# in {n}\nid = \"t-{n}\"\n"
        );
    }
    let _ = writeln!(text, "# gone\n[departed]");
    for (n, kind) in departed.iter().enumerate() {
        let _ = match kind {
            0 => writeln!(text, "\"d{n}@acme.dev\" = {{ since = 2026-01-01 }} # d {n}"),
            1 => writeln!(text, "# id {n}\nd-{n} = {{}}"),
            _ => writeln!(text),
        };
    }
    if windows {
        text.replace('\n', "\r\n")
    } else {
        text
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn formatting_keeps_every_comment_and_every_entry(
        members in prop::collection::vec(0usize..8, 0..16),
        tables in 0usize..3,
        departed in prop::collection::vec(0usize..3, 0..6),
        windows in any::<bool>(),
    ) {
        let text = file(&members, tables, &departed, windows);
        let once = formatted(&text);
        prop_assert_eq!(comments(&once), comments(&text));
        prop_assert_eq!(people(&once), people(&text));
        prop_assert_eq!(once.contains("\r\n"), windows);
        prop_assert_eq!(formatted(&once), once);
    }

    #[test]
    fn adding_and_removing_a_person_gives_the_file_back(
        members in prop::collection::vec(0usize..8, 1..16),
        tables in 0usize..3,
        windows in any::<bool>(),
    ) {
        let text = file(&members, tables, &[0, 1], windows);
        let email = Email::parse("new@acme.dev").unwrap();
        let add = Edit::Add { email: email.clone(), fields: Fields::default(), into: None, if_absent: false };
        let added = edit(&[source(&text)], &[add]).unwrap();
        let remove = Edit::Remove { email, tombstone: None, if_present: false };
        prop_assert_eq!(&edit(&added, &[remove]).unwrap()[0].text, &text);
    }
}
