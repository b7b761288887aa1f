//! What removals break, and admin keys that outlive their owner, over real HTTP.

use std::fs;

use rosterctl::document::{plan_schema, report_schema};
use serde_json::{Value, json};

use super::{Desk, MEMBERS, Organization, acme};
use crate::render::fixtures::assert_valid;

/// Ada, who holds the key in use, Grace, and Eve, who goes with keys of every kind.
fn organization() -> Organization {
    let mut roster = acme(&["bob", "eve"]);
    roster["users"][3]["role"] = json!("owner");
    let admin_key = |id: &str, redacted: &str, owner: &str| {
        json!({
            "object": "organization.admin_api_key", "id": id, "name": id, "redacted_value": redacted,
            "created_at": 1_700_000_000, "expires_at": null, "last_used_at": null,
            "owner": {"type": "user", "object": "organization.user", "id": owner, "role": "owner"},
        })
    };
    roster["admin_api_keys"] = json!([
        admin_key("terraform", "sk-admin...Xq9", "user-eve"),
        admin_key("rosterctl", "sk-admin-test...cli", "user-ada"),
    ]);
    let key = json!({
        "object": "organization.project.api_key", "id": "key_ci", "name": "ci", "redacted_value": "sk-...abc",
        "created_at": 1_700_000_000, "last_used_at": null, "owner_project_access": "active",
        "owner": {"type": "user", "user": {"id": "user-eve"}},
    });
    let user = json!({
        "object": "organization.project.user", "id": "user-eve", "role": "owner", "added_at": 1_700_000_000,
    });
    let project = |id: &str, status: &str| {
        json!({
            "object": "organization.project", "id": id, "name": id, "created_at": 1, "status": status,
            "users": [user], "api_keys": [key],
        })
    };
    let mut old = project("Pilot", "archived");
    old["api_keys"][0]["id"] = json!("key_old");
    roster["projects"] = json!([project("Search", "active"), old]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    fs::write(&path, "sk-admin-test-of-the-cli").unwrap();
    Organization::start(&roster, &["--admin-key-file", path.to_str().unwrap()])
}

#[test]
fn removals_show_what_they_break_and_what_is_to_be_rotated() {
    let organization = organization();
    let desk = Desk::at(&organization, MEMBERS);
    let plan = desk.run(&["plan", "--impact", "--out", "plan.json"]);
    insta::assert_snapshot!(plan.shown(), @r#"
    exit 0
    --- out
    Plan for org-Acme, read DATE HH:MM UTC

    Admin keys that outlive their owner:
      ! eve@acme.dev  terraform  sk-admin...Xq9  never used  its owner is removed; left as it is
          An admin key goes on working without its owner, and can invite them back
          Way on: admin_keys = "revoke" under [policy] revokes the keys of whoever the file removes, demotes or declares departed by id; or revoke it in the dashboard

    Changes:
      - remove  eve@acme.dev  owner  undeclared; owner

    What the removals break:
        eve@acme.dev  project key               Pilot (archived)  ci         sk-...abc       never
        eve@acme.dev  project key               Search            ci         sk-...abc       never
        eve@acme.dev  admin key, outlives them                    terraform  sk-admin...Xq9  never
      ! eve@acme.dev  no project owner is left  Search

    Cost: 1 member page; 1 member check; 1 removal; 1 invite page; no pace is known yet, so the time is open.
    Plan: 1 to remove.
    Plan id PLAN.
    Next: rosterctl apply
    --- err
    "#);
    assert_valid(&plan_schema(), &desk.read("plan.json"));
    let ran = desk.run(&["apply", "--impact", "--yes", "--out", "report.json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let (_, checklist) = ran.out.split_once("Keys to rotate").unwrap();
    insta::assert_snapshot!(checklist.split_once("\n\n").unwrap().0, @"
    , of whoever was removed:
      ! [ ]  eve@acme.dev  (admin key)       terraform  sk-admin...Xq9  never  works, and can invite them back: revoke it
        [ ]  eve@acme.dev  Pilot (archived)  ci         sk-...abc       never  has stopped: give its users another, then delete it
        [ ]  eve@acme.dev  Search            ci         sk-...abc       never  has stopped: give its users another, then delete it
    ");
    let report = desk.read("report.json");
    assert_valid(&report_schema(), &report);
    let report: Value = serde_json::from_str(&report).unwrap();
    let survivors = report["aftermath"]["survivors"].as_array().unwrap();
    let states: Vec<_> = survivors.iter().map(|row| &row["state"]).collect();
    assert_eq!(states, ["works", "lapsed", "lapsed"]);
    assert_eq!(report["aftermath"]["gone"], 0);
}

#[test]
fn admin_keys_go_with_their_owner() {
    let organization = organization();
    let members = MEMBERS.replace("[guardrails]", "admin_keys = \"revoke\"\n[guardrails]");
    let desk = Desk::at(&organization, &members);
    let plan = desk.run(&["plan"]);
    let (_, plan) = plan.out.split_once("\n\n").unwrap();
    insta::assert_snapshot!(plan.split_once("\n\nWhat").unwrap().0, @"
    Admin keys that outlive their owner:
      ! eve@acme.dev  terraform  sk-admin...Xq9  never used  its owner is removed; revoked by this plan
          An admin key goes on working without its owner, and can invite them back

    Changes:
      - remove      eve@acme.dev  owner           undeclared; owner
      - revoke key  eve@acme.dev  sk-admin...Xq9  its owner is removed; named terraform
    ");
    let ran = desk.run(&["apply", "--yes"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        organization.mutations(),
        ["delete-user eve@acme.dev", "delete-admin-key -"]
    );
    assert_eq!(desk.run(&["plan", "--detailed-exitcode"]).code, 0);
}
