//! Admin keys that outlive their owner, revoked in whole runs against the simulator, under a paused clock.

use rosterctl::outcome::Exit;
use rosterctl::simulator::{FaultScript, Settings};

use crate::support::{Case, admin_key, file, outcomes, quiet, roster, user};

/// Ada with the key in use, Bob who is to be a reader with one key, and Eve who is to go with two.
fn settings() -> Settings {
    let mut rows = roster(
        vec![
            user("user-ada", "ada@acme.dev", "owner"),
            user("user-bob", "bob@acme.dev", "owner"),
            user("user-eve", "eve@acme.dev", "owner"),
        ],
        vec![],
    );
    for (id, owner) in [
        ("key_bob", "user-bob"),
        ("key_eve1", "user-eve"),
        ("key_eve2", "user-eve"),
    ] {
        rows.admin_api_keys.push(admin_key(id, owner));
    }
    quiet(rows)
}

fn revoking() -> String {
    file("\"bob@acme.dev\" = { role = \"reader\" }")
        .replace("[guardrails]", "admin_keys = \"revoke\"\n[guardrails]")
}

fn case(faults: &str) -> Case {
    let mut settings = settings();
    settings.faults = FaultScript::parse(faults).unwrap();
    Case::new(settings, &revoking())
}

const KEY: &str = "DELETE /organization/admin_api_keys/{key_id}";

#[tokio::test(start_paused = true)]
async fn keys_are_revoked_after_their_owner_is_gone_and_read_back() {
    let mut case = case("");
    let finished = case.run().await;
    assert_eq!(
        outcomes(&finished),
        [
            "set the role of bob@acme.dev from owner to reader: done",
            "remove eve@acme.dev (owner): done",
            "revoke the admin key key_bob of bob@acme.dev: done",
            "revoke the admin key key_eve1 of eve@acme.dev: done",
            "revoke the admin key key_eve2 of eve@acme.dev: done",
        ]
    );
    assert_eq!(finished.exit(), Exit::Converged, "{finished:?}");
    let done = case.mutations();
    let position = |what: &str| done.iter().position(|line| line == what).unwrap();
    assert!(position("modify-user user-bob") < position("delete-admin-key key_bob"));
    assert!(position("delete-user user-eve") < position("delete-admin-key key_eve1"));
    // Once for the plan, once to verify.
    assert_eq!(case.requests("GET /organization/admin_api_keys"), 2);
    let again = case.run().await;
    assert_eq!((outcomes(&again).len(), again.exit()), (0, Exit::Converged));
}

#[tokio::test(start_paused = true)]
async fn a_key_stays_where_its_owner_stays() {
    let mut case = case(
        r#"
        [[faults]]
        endpoint = "DELETE /organization/users/{user_id}"
        fault = { status = { status = 400 } }
        "#,
    );
    let finished = case.run().await;
    let withheld = "withheld: its owner was neither removed nor demoted";
    let lines = outcomes(&finished);
    assert_eq!(
        lines[3..],
        [
            format!("revoke the admin key key_eve1 of eve@acme.dev: {withheld}"),
            format!("revoke the admin key key_eve2 of eve@acme.dev: {withheld}"),
        ]
    );
    assert_eq!(finished.exit(), Exit::Partial);
    assert_eq!(
        case.mutations(),
        ["modify-user user-bob", "delete-admin-key key_bob"]
    );
    // The next run does what is left.
    let again = case.run().await;
    assert_eq!((outcomes(&again).len(), again.exit()), (3, Exit::Converged));
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_settled_by_the_list() {
    for (fault, requests) in [
        ("\"reset-after\"", 3),
        ("{ html = { status = 502, after = true } }", 3),
        ("{ html = { status = 404 } }", 4),
    ] {
        let mut case = case(&format!(
            "[[faults]]\nendpoint = \"{KEY}\"\nfault = {fault}"
        ));
        let finished = case.run().await;
        assert_eq!(finished.exit(), Exit::Converged, "{fault}: {finished:?}");
        assert_eq!(case.requests(KEY), requests, "{fault}");
        let revoked = case.mutations();
        let revoked = revoked.iter().filter(|line| line.contains("admin-key"));
        assert_eq!(revoked.count(), 3, "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_still_listed_is_not_confirmed() {
    let mut settings = settings();
    settings.lag = std::time::Duration::from_mins(30);
    let mut case = Case::new(
        settings,
        &revoking().replace("[members]", "[members]\n\"eve@acme.dev\" = {}"),
    );
    case.accepted = "role-unwritten";
    let finished = case.run().await;
    assert_eq!(finished.exit(), Exit::Unconfirmed, "{finished:?}");
    let residual = finished.verification.unwrap().unwrap().residual;
    assert_eq!(residual.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn the_key_in_use_goes_last_when_everything_else_is_verified() {
    let mut rows = roster(
        vec![
            user("user-bob", "bob@acme.dev", "owner"),
            user("user-ada", "ada@acme.dev", "owner"),
            user("user-eve", "eve@acme.dev", "reader"),
        ],
        vec![],
    );
    rows.admin_api_keys.push(admin_key("key_other", "user-ada"));
    let text = file("")
        .replace("ada@", "bob@")
        .replace("[guardrails]", "admin_keys = \"revoke\"\n[guardrails]");
    let mut case = Case::new(quiet(rows), &text);
    let withheld = case.run().await;
    assert_eq!(outcomes(&withheld), ["remove eve@acme.dev (reader): done"]);
    assert_eq!(withheld.judgement.withheld[0].actions.len(), 3);

    case.accepted = "key-owner";
    let finished = case.run().await;
    assert_eq!(finished.exit(), Exit::Converged, "{finished:?}");
    assert_eq!(
        case.mutations(),
        [
            "delete-user user-eve",
            "delete-user user-ada",
            "delete-admin-key key_other",
            "delete-admin-key key_1",
        ]
    );
    assert!(finished.verification.unwrap().unwrap().converged);
}
