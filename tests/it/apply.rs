//! Whole runs against the simulator, under a paused clock.

use std::num::NonZeroU32;
use std::time::Duration;

use rosterctl::journal::{Record, encode, replay};
use rosterctl::outcome::Exit;
use rosterctl::simulator::{FaultScript, Limit, Settings};
use serde_json::json;

use crate::support::{Case, file, outcomes, pending, quiet, roster, user};

/// Ada, and `count` people whom the file does not name.
fn crowd(count: usize) -> Settings {
    let eves = (1..=count).map(|at| {
        user(
            &format!("user-{at:03}"),
            &format!("p{at:03}@acme.dev"),
            "reader",
        )
    });
    quiet(roster(
        [user("user-ada", "ada@acme.dev", "owner")]
            .into_iter()
            .chain(eves)
            .collect(),
        vec![],
    ))
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_change_is_made_and_proven() {
    let settings = quiet(roster(
        vec![
            user("user-ada", "ada@acme.dev", "owner"),
            user("user-bob", "bob@acme.dev", "reader"),
            user("user-eve", "eve@acme.dev", "reader"),
        ],
        vec![
            pending("invite-1", "kim@acme.dev", "reader"),
            pending("invite-2", "lin@acme.dev", "owner"),
        ],
    ));
    let text = file(
        "\"bob@acme.dev\" = { role = \"owner\" }\n\"lin@acme.dev\" = {}\n\"new@acme.dev\" = {}",
    )
    .replace(
        "owners_min = 1",
        "owners_min = 1\nrequired_owners = [\"bob@acme.dev\"]",
    );
    let mut case = Case::new(settings, &text);
    let finished = case.run().await;
    assert_eq!(
        outcomes(&finished),
        [
            "set the role of bob@acme.dev from reader to owner: done",
            "cancel the invite of kim@acme.dev (reader): done",
            "cancel the invite of lin@acme.dev (owner): done",
            "remove eve@acme.dev (reader): done",
            "invite lin@acme.dev (reader): done",
            "invite new@acme.dev (reader): done",
        ]
    );
    assert_eq!(finished.exit(), Exit::Converged, "{finished:?}");
    assert_eq!(case.mutations().len(), 6);
    let replay = replay(&case.journal.records).unwrap_err();
    assert!(
        replay.to_string().contains("the plan comes first"),
        "the plan is written by whoever opens the journal"
    );
    // A second run has nothing to do.
    let again = case.run().await;
    assert_eq!(
        (outcomes(&again).len(), again.exit(), case.mutations().len()),
        (0, Exit::Converged, 6)
    );
}

#[tokio::test(start_paused = true)]
async fn requests_are_the_necessary_ones() {
    let mut case = Case::new(crowd(10), &file(""));
    assert_eq!(case.run().await.exit(), Exit::Converged);
    // One page before and one after, ten removals, one read of the first.
    assert_eq!(case.requests("GET /organization/users"), 2);
    assert_eq!(case.requests("DELETE /organization/users/{user_id}"), 10);
    assert_eq!(case.requests("GET /organization/users/{user_id}"), 1);
    assert_eq!(case.requests("GET /organization/invites"), 2);
}

#[tokio::test(start_paused = true)]
async fn the_first_removal_is_proven_before_any_other_leaves() {
    let settings = Settings {
        lag: Duration::from_secs(5),
        ..crowd(4)
    };
    let mut case = Case::new(settings, &file(""));
    assert_eq!(case.run().await.exit(), Exit::Converged);
    assert_eq!(
        case.story(),
        [
            "batch of 1 delete-user, 4 left",
            "remove p001@acme.dev (reader): done",
            "proving: remove p001@acme.dev (reader)",
            "proven after 7 s",
            "batch of 3 delete-user, 3 left",
            "remove p002@acme.dev (reader): done",
            "remove p003@acme.dev (reader): done",
            "remove p004@acme.dev (reader): done",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_first_removal_that_stays_visible_stops_the_run() {
    let settings = Settings {
        lag: Duration::from_secs(500),
        ..crowd(4)
    };
    let mut case = Case::new(settings, &file(""));
    let finished = case.run().await;
    assert_eq!(case.mutations(), ["delete-user user-001"]);
    let lines = outcomes(&finished);
    assert_eq!(lines[0], "remove p001@acme.dev (reader): done");
    assert_eq!(
        lines[1],
        "remove p002@acme.dev (reader): not attempted: \
         p001@acme.dev was reported removed and is still there after 120 s"
    );
    assert_eq!(finished.exit(), Exit::Unconfirmed);
}

#[tokio::test(start_paused = true)]
async fn intents_are_durable_before_their_requests_and_share_one_commit() {
    let mut case = Case::new(crowd(10), &file(""));
    case.run().await;
    // The canary alone, then nine together.
    assert_eq!(case.journal.commits, 2);
    let kinds: Vec<&str> = case
        .journal
        .records
        .iter()
        .map(|record| match record {
            Record::Intent(_) => "intent",
            Record::Outcome { .. } => "outcome",
            Record::Void { .. } => "void",
            Record::Plan(_) | Record::Closed { .. } => "other",
        })
        .collect();
    assert_eq!(kinds[..3], ["intent", "outcome", "intent"]);
    assert_eq!(kinds.iter().filter(|kind| **kind == "intent").count(), 10);
    assert!(
        !case
            .journal
            .records
            .iter()
            .any(|record| encode(record).contains("sk-admin"))
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_without_evidence() {
    let mut case = Case::new(crowd(3), &file(""));
    case.journal.fails_after = Some(0);
    let finished = case.run().await;
    assert_eq!(case.mutations(), [""; 0]);
    assert_eq!(
        outcomes(&finished)[0],
        "remove p001@acme.dev (reader): not attempted: the journal cannot be written: the disk is full"
    );
    assert_eq!(finished.exit(), Exit::Partial);

    let mut case = Case::new(crowd(3), &file(""));
    case.journal.fails_after = Some(1);
    case.run().await;
    assert_eq!(case.mutations(), ["delete-user user-001"]);
}

#[tokio::test(start_paused = true)]
async fn a_stop_finishes_what_is_in_flight_and_says_what_is_left() {
    let settings = Settings {
        latency: Duration::from_secs(10),
        ..crowd(5)
    };
    let mut case = Case::new(settings, &file(""));
    let stop = case.stop.clone();
    // Two lists, a removal, its read, and then the second removal is on its way.
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(45)).await;
        stop.request();
    });
    let finished = case.run().await;
    assert_eq!(
        case.mutations(),
        ["delete-user user-001", "delete-user user-002"]
    );
    let lines = outcomes(&finished);
    assert_eq!(lines[1], "remove p002@acme.dev (reader): done");
    assert_eq!(
        lines[2],
        "remove p003@acme.dev (reader): not attempted: the run was stopped"
    );
    assert_eq!(finished.exit(), Exit::Partial);
    let open = case
        .journal
        .records
        .iter()
        .filter(|record| matches!(record, Record::Intent(_)))
        .count()
        - case
            .journal
            .records
            .iter()
            .filter(|record| matches!(record, Record::Outcome { .. } | Record::Void { .. }))
            .count();
    assert_eq!(open, 0);
}

#[tokio::test(start_paused = true)]
async fn a_limit_without_hints_is_survived() {
    let limit = Limit::Bucket {
        per_minute: NonZeroU32::new(6).unwrap(),
        burst: NonZeroU32::new(4).unwrap(),
    };
    let mut case = Case::new(Settings { limit, ..crowd(10) }, &file(""));
    let finished = case.run().await;
    assert_eq!(
        finished.exit(),
        Exit::Converged,
        "{:?}",
        outcomes(&finished)
    );
    assert_eq!(case.mutations().len(), 10);
}

#[tokio::test(start_paused = true)]
async fn the_key_owners_action_goes_last_after_the_rest_is_verified() {
    let settings = quiet(roster(
        vec![
            user("user-ada", "ada@acme.dev", "owner"),
            user("user-kay", "kay@acme.dev", "owner"),
            user("user-eve", "eve@acme.dev", "reader"),
        ],
        vec![],
    ));
    let text = file("\"kay@acme.dev\" = { role = \"owner\" }")
        .replace("\"ada@acme.dev\" = { role = \"owner\" }\n", "");
    let case = Case::new(settings, &text);
    let clock = rosterctl::provider::Clock::starting_at(crate::support::started_at());
    let client = case.client(case.simulator.in_process(), clock);
    let observed = rosterctl::reconcile::observe(&client, &case.stop)
        .await
        .unwrap();
    let rosterctl::reconcile::Prepared::Approved(approved) = case.prepare(&observed, clock) else {
        panic!("refused")
    };
    let withheld = &approved.judgement().withheld;
    assert_eq!(withheld[0].person.label(), "ada@acme.dev");
    assert_eq!(withheld[0].breaches[0].kind.as_str(), "key-owner");
    assert_eq!(json!(approved.actions().len()), json!(1));
}

#[tokio::test(start_paused = true)]
async fn an_owner_whom_somebody_else_took_is_not_counted_as_certain() {
    let mut settings = quiet(roster(
        vec![
            user("user-ada", "ada@acme.dev", "owner"),
            user("user-bob", "bob@acme.dev", "owner"),
            user("user-cy", "cy@acme.dev", "owner"),
            user("user-eve", "eve@acme.dev", "reader"),
            user("user-zed", "zed@acme.dev", "reader"),
        ],
        vec![],
    ));
    settings.lag = Duration::from_secs(5);
    settings.faults = FaultScript::parse(
        r#"
        [[faults]]
        endpoint = "POST /organization/users/{user_id}"
        fault = { status = { status = 400 } }
        [[faults]]
        endpoint = "POST /organization/users/{user_id}"
        nth = 2
        fault = { elsewhere = { remove = { email = "bob@acme.dev" } } }
        "#,
    )
    .unwrap();
    let text =
        file("\"bob@acme.dev\" = { role = \"reader\" }\n\"eve@acme.dev\" = { role = \"owner\" }")
            .replace(
                "owners_min = 1",
                "owners_min = 1\nrequired_owners = [\"eve@acme.dev\"]",
            );
    let mut case = Case::new(settings, &text);
    let finished = case.run().await;
    assert_eq!(
        outcomes(&finished)[2..],
        [
            "remove cy@acme.dev (owner): withheld: 2 owners are certain now, and 2 must stay",
            "remove zed@acme.dev (reader): done",
        ]
    );
}
