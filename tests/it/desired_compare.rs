//! The members file against an export of a people system.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use jiff::civil::date;
use rosterctl::desired::{
    Column, CompareOptions, CompareRefusal, Comparison, Source, compare, edit,
};

use crate::desired::{HEAD, desired, source};

/// Ten people, of whom one is a required owner and one is known under another address.
fn file() -> Source {
    source(&format!(
        "{HEAD}[guardrails]\nrevocations_max = 3\nrequired_owners = [\"ada@acme.dev\"]\n[members]\n\
         \"ada@acme.dev\" = {{ role = \"owner\" }}\n\"bo@acme.dev\" = {{}}\n\"cy@acme.dev\" = {{ id = \"user-3\" }}\n\
         \"di@acme.dev\" = {{ expires = 2027-01-31 }}\n\"ed@acme.dev\" = {{}}\n\"fa@acme.dev\" = {{}}\n\
         \"gu@acme.dev\" = {{}}\n\"hu@acme.dev\" = {{}}\n\"ida@acme.dev\" = {{}}\n\
         \"lin@acme.dev\" = {{ aliases = [\"l.chen@corp.dev\"] }}\n"
    ))
}

const NAMES: [&str; 9] = ["ada", "bo", "cy", "di", "ed", "fa", "gu", "hu", "ida"];

/// A CSV with everybody there, and what the given people's status and end are instead.
fn export(special: &[(&str, &str, &str)]) -> String {
    let mut text = String::from("Name,Work_Email,Employment Status,End Date\n");
    for name in NAMES {
        let (status, end) = special
            .iter()
            .find(|(other, _, _)| *other == name)
            .map_or(("Active", ""), |(_, status, end)| (*status, *end));
        let _ = writeln!(text, "\"{name}, a person\",{name}@acme.dev,{status},{end}");
    }
    text + "Lin,L.Chen@corp.dev,Active,\nNobody,new@acme.dev,On Leave,2027-06-30\n"
}

fn compared(text: &str, options: &CompareOptions) -> Result<Comparison, CompareRefusal> {
    compare(&desired(&file().text), text, options, date(2026, 11, 24))
}

fn report(text: &str) -> String {
    compared(text, &CompareOptions::default())
        .unwrap()
        .to_string()
}

fn refusal(text: &str) -> String {
    compared(text, &CompareOptions::default())
        .unwrap_err()
        .to_string()
}

#[test]
fn who_has_left_and_whose_contract_ends_is_said_and_edited() {
    let text = export(&[
        ("ada", "Terminated", ""),
        ("bo", "Terminated", "2026-10-31"),
        ("cy", "Active", "2026-11-23"),
        ("di", "Active", "2027-03-31"),
        ("ed", "Active", "2026-11-24"),
        ("fa", "Sabbatical", ""),
    ])
    .replace("hu@acme.dev", "h u@acme.dev");
    insta::assert_snapshot!(report(&text), @r#"
    9 of 10 declared people are among 10 rows
      - ada@acme.dev: has left (`terminated`) (line 2)
      - bo@acme.dev: has left (`terminated`), last day 2026-10-31 (line 3)
      - cy@acme.dev: has left, last day 2026-11-23 (line 4)
      ~ di@acme.dev: last day 2027-03-31, in the file 2027-01-31 (line 5)
      ~ ed@acme.dev: last day 2026-11-24, without an end in the file (line 6)
      ! fa@acme.dev: the status `sabbatical` is not known (line 7)
      ? hu@acme.dev: not in the export; nothing is concluded from that
      ! line 9: `h u@acme.dev` is not an e-mail address: invalid character.
      ! ada@acme.dev: a required owner, so only a person may edit the entry
    Rows about nobody in the file, whom nothing adds: 1
    Left for a later run, because one edits revocations_max people at most: 1
    "#);
    let comparison = compared(&text, &CompareOptions::default()).unwrap();
    let after = edit(&[file()], &comparison.edits).unwrap();
    let changed: Vec<&str> = after[0]
        .text
        .lines()
        .filter(|line| !file().text.lines().any(|other| other == *line))
        .collect();
    insta::assert_snapshot!(changed.join("\n"), @r#"
    "di@acme.dev" = { expires = 2027-03-31 }

    [departed]
    "bo@acme.dev" = { since = 2026-11-01, reason = "terminated, says the people system" }
    "cy@acme.dev" = { since = 2026-11-24, id = "user-3" }
    "#);
}

#[test]
fn json_lines_and_other_delimiters_say_the_same() {
    let csv = export(&[("bo", "Left", "")]);
    let semicolons = csv.replace(", a", " a").replace(',', ";");
    assert_eq!(report(&semicolons), report(&csv));
    assert_eq!(
        report(&format!("\u{feff}{}", csv.replace('\n', "\r\n"))),
        report(&csv)
    );
    let mut json = String::new();
    for name in NAMES {
        let status = if name == "bo" { "left" } else { "active" };
        let end = if name == "bo" { "null" } else { "\"\"" };
        let _ = writeln!(
            json,
            "{{\"email\": \"{name}@acme.dev\", \"status\": \"{status}\", \"end_date\": {end}, \"n\": 1}}"
        );
    }
    json += "{\"email\": \"l.chen@corp.dev\", \"status\": \"active\", \"end_date\": \"2027-01-01\"}\n[]\n{\"x\n";
    insta::assert_snapshot!(report(&json), @r#"
    10 of 10 declared people are among 10 rows
      - bo@acme.dev: has left (`left`) (line 2)
      ~ lin@acme.dev: last day 2027-01-01, without an end in the file (line 10, as l.chen@corp.dev)
      ! line 11: it is not a JSON object
      ! line 12: it is not JSON: EOF while parsing a string at line 1 column 3
    "#);
}

#[test]
fn a_doubtful_export_is_refused_whole() {
    let fine = export(&[("bo", "Left", "")]);
    for (text, refused) in [
        (
            String::new(),
            "the export has no column for email; its headers are ",
        ),
        (
            "email,status\n".to_owned(),
            "the export has no row with an address",
        ),
        (
            "a,b\n1,2\n".to_owned(),
            "the export has no column for email; its headers are `a`, `b`",
        ),
        (
            "email,name\nx@acme.dev,X\n".to_owned(),
            "the export has neither a column for status nor one for end",
        ),
        (
            export(&[]),
            "the column \"Employment Status\" (status) is `Active` on every row",
        ),
        (
            // One word in two spellings is still the same on every row.
            export(&[("bo", "ACTIVE", "")]).replace("On Leave", "active"),
            "the column \"Employment Status\" (status) is `Active` on every row",
        ),
        (
            fine.replace("2027-06-30", ""),
            "the column \"End Date\" (end) is empty on every row",
        ),
        (
            fine.replace("2027-06-30", "30.06.2027"),
            "line 12: `30.06.2027` is not a day as YYYY-MM-DD",
        ),
        (
            fine.replace("2027-06-30", "2027-6-30"),
            "line 12: `2027-6-30` is not a day as YYYY-MM-DD",
        ),
        (
            fine.replace("2027-06-30", "2027-02-30"),
            "line 12: `2027-02-30` is not a day as YYYY-MM-DD",
        ),
        (
            fine.lines()
                .filter(|line| !line.contains("gu@") && !line.contains("hu@"))
                .map(|line| line.to_owned() + "\n")
                .collect(),
            "only 8 of 10 declared people are in the export, and 90 % are wanted",
        ),
    ] {
        let text = if text == export(&[]) {
            text.replace("On Leave", "Active")
        } else {
            text
        };
        assert_eq!(refusal(&text), refused, "{text}");
    }
}

#[test]
fn columns_and_words_can_be_named() {
    let text = export(&[("bo", "Ausgeschieden", "")])
        .replace("Employment Status", "Zustand")
        .replace("2027-06-30", "");
    let mut options = CompareOptions {
        columns: BTreeMap::from([
            (Column::Status, "Zustand".to_owned()),
            (Column::End, String::new()),
        ]),
        left_words: BTreeSet::new(),
    };
    let says = |options: &CompareOptions| compared(&text, options).unwrap().findings[0].to_string();
    assert_eq!(
        says(&options),
        "! bo@acme.dev: the status `ausgeschieden` is not known (line 3)"
    );
    options.left_words.insert("ausgeschieden".to_owned());
    assert_eq!(
        says(&options),
        "- bo@acme.dev: has left (`ausgeschieden`) (line 3)"
    );
    options.columns.insert(Column::Status, "Nope".to_owned());
    assert!(matches!(
        compared(&text, &options),
        Err(CompareRefusal::NoColumn { .. })
    ));
}

#[test]
fn an_entry_that_is_over_is_not_renewed_by_an_export() {
    let text = export(&[("di", "Active", "2027-03-31")]);
    let over = Source {
        text: file().text.replace("2027-01-31", "2026-11-23"),
        ..file()
    };
    let desired = desired(&over.text);
    let comparison = compare(
        &desired,
        &text,
        &CompareOptions::default(),
        date(2026, 11, 24),
    )
    .unwrap();
    assert_eq!(comparison.edits, []);
    assert_eq!(
        comparison.findings[0].to_string(),
        "! di@acme.dev: last day 2027-03-31, and the entry expired on 2026-11-23: only a person may renew it (line 5)"
    );
}

#[test]
fn two_rows_that_disagree_write_nothing() {
    let text = export(&[("bo", "Left", "")]) + "Bo,bo@acme.dev,Active,\nCy,cy@acme.dev,Active,\n";
    let comparison = compared(&text, &CompareOptions::default()).unwrap();
    assert_eq!(comparison.edits, []);
    assert_eq!(comparison.findings.len(), 1);
    assert_eq!(
        comparison.findings[0].to_string(),
        "! bo@acme.dev: line 13 says something else (line 3)"
    );
}

#[test]
fn a_run_edits_no_more_people_than_may_be_revoked() {
    let left: Vec<(&str, &str, &str)> =
        NAMES[1..6].iter().map(|name| (*name, "Left", "")).collect();
    let comparison = compared(&export(&left), &CompareOptions::default()).unwrap();
    assert_eq!((comparison.edits.len(), comparison.deferred), (3, 2));
    assert!(
        comparison.to_string().ends_with(
            "Left for a later run, because one edits revocations_max people at most: 2\n"
        )
    );
}
