//! What the last verified run left, as the measure of the next one: when it is written, and what it stops.

use serde_json::{Value, json};

use super::{Desk, MEMBERS, Organization, acme};

const SNAPSHOT: &str = ".rosterctl/org-Acme/snapshot.json";

fn people(desk: &Desk) -> Value {
    let snapshot: Value = serde_json::from_str(&desk.read(SNAPSHOT)).unwrap();
    snapshot["people"].clone()
}

/// A desk at which a verified run once left so many people.
fn after(organization: &Organization, members: &str, people: usize) -> Desk {
    let desk = Desk::at(organization, members);
    let snapshot =
        json!({"format_version": 1, "taken_at": "2026-11-01T00:00:00Z", "people": people});
    desk.write(SNAPSHOT, snapshot.to_string());
    desk
}

#[test]
fn a_run_that_finds_nothing_to_do_has_verified_the_roster() {
    let mut roster = acme(&["bob"]);
    roster["users"].as_array_mut().unwrap().push(json!({
        "object": "organization.user", "id": "user-svc", "name": "deploy", "email": null, "role": "reader",
        "added_at": 1_700_000_000, "is_default": false, "is_service_account": true, "is_scim_managed": false,
    }));
    roster["admin_api_keys"] = json!([{
        "object": "organization.admin_api_key", "id": "key_1", "redacted_value": "sk-admin...abc",
        "created_at": 1_700_000_000, "owner": {"type": "user", "id": "user-ada"},
    }]);
    let organization = Organization::start(&roster, &[]);
    let desk = Desk::at(&organization, MEMBERS);
    for (args, code, is_kept) in [
        (["plan", "--detailed-exitcode"], 0, false),
        (["apply", "--yes"], 0, true),
    ] {
        assert_eq!(desk.run(&args).code, code, "{args:?}");
        assert_eq!(desk.path(SNAPSHOT).exists(), is_kept, "{args:?}");
    }
    let mut snapshot: Value = serde_json::from_str(&desk.read(SNAPSHOT)).unwrap();
    snapshot["taken_at"] = Value::Null;
    assert_eq!(
        snapshot,
        json!({"format_version": 1, "taken_at": null, "people": 3, "admin_keys": ["key_1"],
            "service_accounts": ["user-svc"]})
    );
}

#[test]
fn a_roster_that_shrank_to_less_than_half_stops_a_run_until_somebody_accepts_it() {
    for (before, code) in [(8, 0), (9, 3)] {
        let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
        let desk = after(&organization, MEMBERS, before);
        let plan = desk.run(&["plan"]);
        assert_eq!(plan.code, code, "{}", plan.out);
        assert_eq!(people(&desk), json!(before), "a plan keeps the measure");
        let ran = desk.run(&["apply", "--yes"]);
        assert_eq!(ran.code, code, "{}", ran.out);
        let left = if code == 0 { 3 } else { before };
        assert_eq!(people(&desk), json!(left));
        if code == 0 {
            continue;
        }
        assert!(
            plan.out.contains("roster-shrunk  4, at least 4.5"),
            "{}",
            plan.out
        );
        assert!(organization.mutations().is_empty());
        let (_, id) = plan.out.split_once("Plan id ").unwrap();
        let accept = format!("{}:roster-shrunk", &id[..20]);
        assert_eq!(desk.run(&["apply", "--yes", "--accept", &accept]).code, 0);
        assert_eq!(people(&desk), json!(3));
        assert_eq!(organization.mutations(), ["delete-user eve@acme.dev"]);
    }
}

#[test]
fn an_accepted_smaller_roster_is_the_measure_even_if_the_run_fails() {
    let folder = tempfile::tempdir().unwrap();
    let faults = folder.path().join("faults.toml");
    let script = "[[faults]]\nendpoint = \"DELETE /organization/users/{user_id}\"\n\
                  fault = { status = { status = 400 } }\n";
    std::fs::write(&faults, script).unwrap();
    let faults = faults.to_str().unwrap();
    let organization = Organization::start(&acme(&["bob", "eve"]), &["--faults", faults]);
    let desk = after(&organization, MEMBERS, 9);
    let plan = desk.run(&["plan"]).out;
    let (_, id) = plan.split_once("Plan id ").unwrap();
    let accept = format!("{}:roster-shrunk", &id[..20]);
    let ran = desk.run(&["apply", "--yes", "--accept", &accept]);
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(organization.mutations().is_empty());
    assert_eq!(people(&desk), json!(4));
}

#[test]
fn a_run_without_changes_keeps_the_measure_of_a_roster_that_shrank() {
    let organization = Organization::start(&acme(&["bob"]), &[]);
    for (before, kept) in [(6, 3), (7, 7)] {
        let desk = after(&organization, MEMBERS, before);
        let ran = desk.run(&["apply", "--yes"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert_eq!(people(&desk), json!(kept));
        assert_eq!(ran.err.contains("which stays the measure"), kept == before);
    }
}

#[test]
fn a_measure_that_cannot_be_read_is_said_to_be_lost() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let desk = after(&organization, MEMBERS, 9);
    let path = ".rosterctl/org-Acme/snapshot.json";
    let newer = desk
        .read(path)
        .replace("\"format_version\":1", "\"format_version\":2");
    assert_ne!(newer, desk.read(path));
    for damaged in ["{", &newer] {
        desk.write(path, damaged);
        for command in ["plan", "drift"] {
            let ran = desk.run(&[command]);
            let lost = "roster-shrunk is not enforced: ";
            assert!(ran.out.contains(lost), "{command}: {ran:?}");
        }
    }
    std::fs::remove_file(desk.path(path)).unwrap();
    let ran = desk.run(&["plan"]);
    assert!(!ran.out.contains("roster-shrunk"), "{ran:?}");
}
