//! `apply --plan`: no more than what was reviewed.

use rosterctl::document::report_schema;
use serde_json::Value;

use super::{Desk, MEMBERS, Organization, Ran, acme};

/// A desk with a plan that somebody reviewed, at an organization in which bob and eve are readers.
fn desk(organization: &Organization, members: &str) -> Desk {
    let desk = Desk::at(organization, members);
    desk.run(&["plan", "--out", "plan.json"]);
    desk
}

fn apply(desk: &Desk, more: &[&str]) -> Ran {
    let args: Vec<&str> = ["apply", "--yes", "--plan", "plan.json"]
        .into_iter()
        .chain(more.iter().copied())
        .collect();
    desk.run(&args)
}

#[test]
fn what_was_reviewed_is_done() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let desk = desk(&organization, MEMBERS);
    assert_eq!(apply(&desk, &[]).code, 0);
    assert_eq!(organization.mutations(), ["delete-user eve@acme.dev"]);
    // Gone already is fine.
    assert_eq!(apply(&desk, &[]).code, 0);
}

#[test]
fn what_nobody_reviewed_is_stale() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let desk = desk(&organization, MEMBERS);
    desk.write(
        "members.toml",
        MEMBERS.replace("\"bob@acme.dev\" = {}", "\"lin@acme.dev\" = {}"),
    );
    let stale = apply(
        &desk,
        &[
            "--out",
            "report.json",
            "--markdown-out",
            "report.md",
            "--html-out",
            "report.html",
        ],
    );
    insta::assert_snapshot!(stale.shown(), @"
    exit 4
    --- out
    Stale: 2 actions of the fresh plan are in no reviewed plan.
    --- reviewed
    +++ fresh
    @@ -1 +1,3 @@
    +invite lin@acme.dev reader
    +remove bob@acme.dev user-bob reader
     remove eve@acme.dev user-eve reader
    Way on: write a new plan with `plan --out`, have it reviewed, and apply that one.
    --- err
    note: the members file is not the one that plan.json was made from; the plan is made from it as it is now
    ");
    assert!(organization.mutations().is_empty());
    let report: Value = serde_json::from_str(&desk.read("report.json")).unwrap();
    assert!(
        jsonschema::is_valid(&report_schema(), &report),
        "{report:#}"
    );
    assert_eq!(report["exit_code"], 4);
    assert_eq!(report["stale"].as_array().unwrap().len(), 2);
    let markdown = desk.read("report.md");
    assert!(
        markdown.contains("nothing was changed") && markdown.contains("+invite lin@acme.dev"),
        "{markdown}"
    );
    assert!(desk.read("report.html").contains("+invite lin@acme.dev"));
    let github = apply(&desk, &["--format", "github"]);
    assert_eq!(github.out.lines().count(), 3, "{github:?}");

    // A second reviewed plan holds what the first one lacks.
    assert_eq!(desk.run(&["plan", "--out", "second.json"]).code, 0);
    assert_eq!(apply(&desk, &["--plan", "second.json"]).code, 0);
}

#[test]
fn a_plan_that_cannot_bound_a_run_says_why() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let desk = desk(&organization, MEMBERS);
    let requests = organization.requests();
    let plan = desk.read("plan.json");
    let read_at = plan.split_once("\"observed_at\": \"").unwrap().1[..20].to_owned();
    for (from, to, code, why) in [
        (
            "\"organization\": \"org-Acme\"",
            "\"organization\": \"org-Other\"",
            3,
            "it was edited",
        ),
        (
            "\"format_version\": 1",
            "\"format_version\": 2",
            3,
            "its format_version is 2",
        ),
        (
            "\"redacted\": false",
            "\"redacted\": true",
            3,
            "--redact-emails",
        ),
        (
            read_at.as_str(),
            "2020-01-01T00:00:00Z",
            3,
            "--plan-max-age is 7 days",
        ),
        ("\"user-eve\"", "\"user-bob\"", 3, "it was edited"),
        (
            "\"format_version\"",
            "\"version\"",
            1,
            "it is no plan document",
        ),
    ] {
        assert!(plan.contains(from), "{from}: {plan}");
        desk.write("plan.json", plan.replacen(from, to, 1));
        let ran = apply(&desk, &[]);
        assert_eq!(ran.code, code, "{why}: {ran:?}");
        assert!(
            ran.err.contains(why) && ran.err.contains("hint: "),
            "{why}: {ran:?}"
        );
    }
    desk.write(
        "plan.json",
        plan.replacen(&read_at, "2020-01-01T00:00:00Z", 1),
    );
    assert_eq!(organization.requests(), requests);
    assert_eq!(apply(&desk, &["--plan-max-age", "60000"]).code, 0);
    assert_eq!(desk.run(&["apply", "--plan-max-age", "3"]).code, 64);
}

#[test]
fn a_plan_of_another_organization_is_refused() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let desk = desk(&organization, MEMBERS);
    desk.write("members.toml", MEMBERS.replace("org-Acme", "org-Other"));
    let ran = apply(&desk, &[]);
    assert_eq!(ran.code, 3);
    assert!(
        ran.err
            .contains("it is a plan for org-Acme, and this is org-Other"),
        "{ran:?}"
    );
}

#[test]
fn an_acceptance_of_a_reviewed_plan_holds_for_what_is_left_of_it() {
    let capped = MEMBERS.replace("[guardrails]", "[guardrails]\nrevocations_max = 0");
    let members = capped.replace("\"bob@acme.dev\" = {}\n", "");
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let desk = desk(&organization, &members);
    let plan: Value = serde_json::from_str(&desk.read("plan.json")).unwrap();
    let accept = format!(
        "{}:revocations-max",
        &plan["plan_id"].as_str().unwrap()[..20]
    );
    // Bob is declared again, so that the fresh plan is another one, and smaller.
    desk.write("members.toml", &capped);
    assert_eq!(desk.run(&["apply", "--yes", "--accept", &accept]).code, 3);
    let ran = apply(&desk, &["--accept", &accept]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.err
            .starts_with("note: the members file is not the one that plan.json"),
        "{ran:?}"
    );
    assert_eq!(organization.mutations(), ["delete-user eve@acme.dev"]);
}

#[test]
fn the_command_that_goes_on_keeps_the_bound() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let capped = MEMBERS.replace("[guardrails]", "[guardrails]\nrevocations_max = 0");
    let desk = desk(&organization, &capped);
    let refused = apply(&desk, &["--require-history", "--plan-max-age", "9"]);
    assert_eq!(refused.code, 3, "{refused:?}");
    let bound = "rosterctl apply --plan plan.json --plan-max-age 9 --require-history --accept ";
    assert!(refused.out.contains(bound), "{refused:?}");
    let planned = desk.run(&["plan", "--require-history"]).out;
    let command = "rosterctl apply --require-history --accept ";
    assert!(planned.contains(command), "{planned}");
}
