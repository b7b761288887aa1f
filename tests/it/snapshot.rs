//! Snapshots: what is planned from one is what would be planned from the organization itself.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::date;
use rosterctl::desired::DesiredRoster;
use rosterctl::document::{SnapshotDocument, SnapshotError, snapshot_schema};
use rosterctl::plan::{Plan, compute, settle_keys};
use rosterctl::provider::Clock;
use rosterctl::reconcile::{Observed, observe};
use rosterctl::render::{json, redact};
use rosterctl::roster::{AdminKey, LiveRoster, OrganizationId};
use rosterctl::simulator::{Population, Settings};
use serde_json::Value;

use crate::render::fixtures::assert_valid;
use crate::support::{
    Case, admin_key, desired, file, pending, quiet, roster, row, started_at, user,
};

fn id(text: &str) -> OrganizationId {
    OrganizationId::parse(text).unwrap()
}

/// What a client reads of an organization in this process.
async fn observed(settings: Settings) -> (String, Observed) {
    let case = Case::new(settings, "");
    let clock = Clock::starting_at(started_at());
    let client = case.client(case.simulator.in_process(), clock);
    let observed = observe(&client, &case.stop).await.unwrap();
    (case.simulator.organization().to_owned(), observed)
}

fn document(organization: &str, observed: &Observed) -> SnapshotDocument {
    let keys = observed.admin_keys.as_deref().map_err(String::as_str);
    SnapshotDocument::new(&id(organization), &observed.live, keys, started_at())
}

/// A file that declares every second address, enforces everything, and revokes the keys of whoever goes.
fn half(organization: &str, live: &LiveRoster) -> DesiredRoster {
    let mut text = format!(
        "version = 1\n[organization]\nid = \"{organization}\"\n\
         [policy]\nundeclared = \"remove\"\ninvites = \"cancel\"\nadmin_keys = \"revoke\"\n[members]\n"
    );
    let emails = live.members().filter_map(|row| row.email.as_ref());
    for email in emails.step_by(2) {
        writeln!(text, "\"{email}\" = {{ role = \"reader\" }}").unwrap();
    }
    text += "\"new@acme.dev\" = {}\n";
    desired(&text)
}

fn planned(
    desired: &DesiredRoster,
    live: &LiveRoster,
    keys: &Result<Vec<AdminKey>, String>,
) -> Plan {
    let mut plan = compute(desired, live, date(2026, 11, 24));
    settle_keys(&mut plan, desired, live, keys);
    plan
}

#[tokio::test(start_paused = true)]
async fn a_plan_from_a_snapshot_is_the_plan_from_the_organization() {
    let mut actions = 0;
    for seed in 0..40 {
        let population = Population::Members(20 + usize::try_from(seed).unwrap());
        let settings = Settings::quiet(population, seed, started_at().as_second());
        let (organization, observed) = observed(settings).await;
        let text = json(&document(&organization, &observed)).unwrap();
        assert_valid(&snapshot_schema(), &text);
        let snapshot = SnapshotDocument::parse(&text, &id(&organization)).unwrap();
        let (live, keys) = (snapshot.roster().unwrap(), snapshot.admin_keys());
        assert_eq!(live, observed.live);
        assert_eq!(keys, observed.admin_keys);

        let desired = half(&organization, &live);
        let here = planned(&desired, &live, &keys);
        let there = planned(&desired, &observed.live, &observed.admin_keys);
        assert_eq!(here.id(), there.id());
        assert_eq!(here, there);
        actions += here.actions.len();
    }
    assert!(actions > 400, "{actions} actions are no proof");
}

#[tokio::test(start_paused = true)]
async fn what_the_provider_did_not_send_stays_unknown() {
    let mut bare = user("user-eve", "eve@acme.dev", "auditor");
    for flag in [
        "is_default",
        "is_service_account",
        "is_scim_managed",
        "name",
    ] {
        bare.remove(flag);
    }
    let mut nobody = user("user-no", "x", "reader");
    nobody.insert("email".to_owned(), Value::Null);
    let rows = vec![user("user-ada", "ada@acme.dev", "owner"), bare, nobody];
    let invites = vec![pending("invite-1", "lin@acme.dev", "reader")];
    let mut roster = roster(rows, invites);
    roster.admin_api_keys.push(admin_key("key_2", "user-eve"));
    let mut unheld = admin_key("key_3", "user-eve");
    unheld.insert("owner".to_owned(), Value::Null);
    roster.admin_api_keys.push(row(Value::Object(unheld)));
    let (_, observed) = observed(quiet(roster)).await;
    let document = document("org-test", &observed);
    assert_eq!(document.members.len(), 3);
    let eve = document
        .members
        .iter()
        .find(|row| row.id.as_str() == "user-eve");
    assert_eq!(eve.unwrap().is_service_account, None);

    let text = json(&document).unwrap();
    assert_valid(&snapshot_schema(), &text);
    let snapshot = SnapshotDocument::parse(&text, &id("org-test")).unwrap();
    assert_eq!(snapshot.roster().unwrap(), observed.live);
    assert_eq!(snapshot.admin_keys(), observed.admin_keys);
    assert_eq!(
        desired(&file("")).organization.id.as_str(),
        snapshot.organization
    );

    let unread = Observed {
        admin_keys: Err("the key may not list them".to_owned()),
        ..observed
    };
    let snapshot = self::document("org-test", &unread);
    assert_valid(&snapshot_schema(), &json(&snapshot).unwrap());
    assert_eq!(snapshot.admin_keys(), unread.admin_keys);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_planned_from_says_why() {
    let rows = vec![user("user-ada", "ada@acme.dev", "owner")];
    let (_, observed) = observed(quiet(roster(rows, vec![]))).await;
    let document = document("org-test", &observed);
    let text = json(&document).unwrap();
    let refuse = |text: &str, organization: &str| {
        let error = SnapshotDocument::parse(text, &id(organization)).unwrap_err();
        error.to_string()
    };
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut value: Value = serde_json::from_str(&text).unwrap();
        change(&mut value);
        value.to_string()
    };
    let damaged = "it is no whole snapshot of a roster";
    for cut in [0, 1, text.len() / 2, text.len() - 3] {
        assert_eq!(refuse(&text[..cut], "org-test"), damaged);
    }
    for change in [
        &(|value: &mut Value| value["members"] = Value::Null) as &dyn Fn(&mut Value),
        &|value| value["members"][0]["id"] = "".into(),
        &|value| value["members"][0]["email"] = "no address".into(),
        &|value| value["taken_at"] = "yesterday".into(),
        &|value| _ = value.as_object_mut().unwrap().remove("invites"),
    ] {
        assert_eq!(refuse(&changed(change), "org-test"), damaged);
    }
    assert_eq!(
        refuse(
            "{\"format_version\": 2, \"members\": \"of tomorrow\"}",
            "org-test"
        ),
        "its format_version is 2, and this version of rosterctl reads 1"
    );
    assert_eq!(
        refuse(&text, "org-Other"),
        "it was taken from org-test, and the members file is of org-Other"
    );
    let mut masked = document.clone();
    redact::snapshot(&mut masked);
    let masked = json(&masked).unwrap();
    assert_valid(&snapshot_schema(), &masked);
    assert!(!masked.contains("ada@"), "{masked}");
    let parsed = SnapshotDocument::parse(&masked, &id("org-test"));
    assert!(matches!(parsed, Err(SnapshotError::Redacted)));

    // What a roster may not be, it may not be in a snapshot.
    let ownerless = changed(&|value| value["members"][0]["role"] = "reader".into());
    let snapshot = SnapshotDocument::parse(&ownerless, &id("org-test")).unwrap();
    let faults = snapshot.roster().unwrap_err();
    assert!(faults[0].to_string().starts_with("no member is an owner"));

    let undated = changed(&|value| value["observed_at"] = Value::Null);
    let snapshot = SnapshotDocument::parse(&undated, &id("org-test")).unwrap();
    assert_eq!(snapshot.time(), started_at());
    let dated = changed(&|value| value["observed_at"] = "2026-11-23T00:00:00Z".into());
    let snapshot = SnapshotDocument::parse(&dated, &id("org-test")).unwrap();
    assert_eq!(
        snapshot.time(),
        "2026-11-23T00:00:00Z".parse::<Timestamp>().unwrap()
    );
}
