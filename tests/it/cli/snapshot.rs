//! `snapshot` and `plan --roster` over real HTTP, and then without any.

use rosterctl::document::{plan_schema, snapshot_schema};
use serde_json::Value;

use super::{Desk, MEMBERS, Organization, Ran, acme};

/// A desk without key and network, with a snapshot of Acme in which eve is not declared.
fn offline(members: &str, args: &[&str]) -> (Desk, Value) {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let online = Desk::at(&organization, MEMBERS);
    let args = [&["snapshot", "--out", "roster.json"][..], args].concat();
    let ran = online.run(&args);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    assert!(!online.path(".rosterctl").exists());
    let text = online.read("roster.json");
    let document: Value = serde_json::from_str(&text).unwrap();
    assert!(
        jsonschema::is_valid(&snapshot_schema(), &document),
        "{text}"
    );
    let desk = Desk::new(members);
    desk.write("roster.json", &text);
    (desk, document)
}

fn plan(desk: &Desk, more: &[&str]) -> Ran {
    desk.run(&[&["plan", "--roster", "roster.json"][..], more].concat())
}

#[test]
fn a_snapshot_is_planned_from_without_key_or_network() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let online = Desk::at(&organization, MEMBERS);
    let printed = online.run(&["snapshot"]);
    assert_eq!((printed.code, printed.err.as_str()), (0, ""));
    assert_eq!(printed.json()["members"].as_array().unwrap().len(), 4);
    let live = online.run(&["plan", "--format", "json"]).json();

    let desk = Desk::new(MEMBERS);
    desk.write("roster.json", &printed.out);
    drop(organization);
    let text = plan(&desk, &["--out", "plan.json", "--markdown-out", "plan.md"]);
    insta::assert_snapshot!(text.shown(), @"
    exit 0
    --- out
    Plan for org-Acme, read DATE HH:MM UTC

    Changes:
      - remove  eve@acme.dev  reader  undeclared

    What the removals break:
        The projects could not be listed: a snapshot does not hold them

    Not checked:
        revocations_max_per_week (20) is not enforced: a snapshot does not say what was revoked
        this is planned from a snapshot taken at DATE HH:MM UTC; the live organization was not read

    Cost: 1 member page; 1 member check; 1 removal; 1 invite page; no pace is known yet, so the time is open.
    Plan: 1 to remove.
    Plan id PLAN.
    Next: rosterctl apply
    --- err
    ");
    let written: Value = serde_json::from_str(&desk.read("plan.json")).unwrap();
    assert!(
        jsonschema::is_valid(&plan_schema(), &written),
        "{written:#}"
    );
    assert_eq!(written["plan_id"], live["plan_id"]);
    assert_eq!(written["drift_id"], live["drift_id"]);
    assert_eq!(written["snapshot_taken_at"], printed.json()["observed_at"]);
    assert_eq!(live["snapshot_taken_at"], Value::Null);
    let markdown = desk.read("plan.md");
    assert!(
        markdown.contains("planned from a snapshot taken at"),
        "{markdown}"
    );
    assert_eq!(plan(&desk, &["--detailed-exitcode"]).code, 2);
    assert!(!desk.path(".rosterctl").exists(), "a plan writes nothing");
}

#[test]
fn what_cannot_be_planned_from_names_a_way_on() {
    let (desk, document) = offline(MEMBERS, &[]);
    let other = MEMBERS.replace("org-Acme", "org-Other");
    desk.write("other.toml", other);
    let newer = document
        .to_string()
        .replace("\"format_version\":1", "\"format_version\":2");
    let ownerless = document.to_string().replace("\"owner\"", "\"reader\"");
    let (masked, _) = offline(MEMBERS, &["--redact-emails"]);
    let mut shown = String::new();
    let mut show = |ran: Ran| {
        assert!(!ran.out.contains("Plan id"), "{ran:?}");
        shown += &ran.shown();
        shown += "\n";
    };
    show(plan(&desk, &["other.toml"]));
    show(plan(&masked, &[]));
    for text in ["{\"format_version\":1", &newer, &ownerless] {
        desk.write("roster.json", text);
        show(plan(&desk, &[]));
    }
    insta::assert_snapshot!(shown, @"
    exit 3
    --- out
    --- err
    error: no plan can be made from the snapshot roster.json
      caused by: it was taken from org-Acme, and the members file is of org-Other
    hint: name the members file of that organization, or take a snapshot of this one

    exit 3
    --- out
    --- err
    error: no plan can be made from the snapshot roster.json
      caused by: it was taken with --redact-emails, so nobody in it can be compared with the file
    hint: take it without --redact-emails, keep it from strangers, and mask the plan instead: plan --redact-emails

    exit 1
    --- out
    --- err
    error: no plan can be made from the snapshot roster.json
      caused by: it is no whole snapshot of a roster
      caused by: EOF while parsing an object at line 1 column 19
    hint: name a file that `rosterctl snapshot --out` wrote, or take it anew

    exit 3
    --- out
    --- err
    error: no plan can be made from the snapshot roster.json
      caused by: its format_version is 2, and this version of rosterctl reads 1
    hint: plan with the version of rosterctl that took it, or take it anew with this one

    exit 3
    --- out
    Refused:
      ! roster-unusable
          no member is an owner, and every organization has one: the list is not whole
          Way on: run again; if it stays, compare with the members page of the organization's settings
    --- err
    note: this is planned from a snapshot taken at DATE HH:MM UTC; the live organization was not read
    hint: if it is the file that is wrong, mend it; else take another snapshot: rosterctl snapshot --out FILE
    ");
}

#[test]
fn a_snapshot_answers_no_question_that_needs_the_organization() {
    let desk = Desk::new(MEMBERS);
    for args in [
        &["plan", "--roster", "r.json", "--impact"][..],
        &["plan", "--roster", "r.json", "--require-history"],
        &["apply", "--roster", "r.json"],
        &["drift", "--roster", "r.json"],
    ] {
        assert_eq!(desk.run(args).code, 64, "{args:?}");
    }
}
