//! Scripted faults against whole runs, under a paused clock: what is reported, how the run ends, and what the
//! organization says was done to it.

use std::time::Duration;

use rosterctl::journal::{Record, replay};
use rosterctl::outcome::Exit;
use rosterctl::provider::Clock;
use rosterctl::reconcile::{Finished, observe};
use rosterctl::simulator::{FaultScript, Settings};

use crate::support::{Case, file, outcomes, pending, plan_record, quiet, roster, started_at, user};

const DELETE_USER: &str = "DELETE /organization/users/{user_id}";
const MODIFY_USER: &str = "POST /organization/users/{user_id}";
const GET_USER: &str = "GET /organization/users/{user_id}";
const GET_INVITE: &str = "GET /organization/invites/{invite_id}";
const LIST_INVITES: &str = "GET /organization/invites";
const LIST_USERS: &str = "GET /organization/users";
const DELETE_INVITE: &str = "DELETE /organization/invites/{invite_id}";
const CREATE_INVITE: &str = "POST /organization/invites";

const REMOVE: &str = "remove eve@acme.dev (reader)";
const SET_ROLE: &str = "set the role of bob@acme.dev from owner to reader";
const CANCEL: &str = "cancel the invite of kim@acme.dev (reader)";
const INVITE: &str = "invite new@acme.dev (reader)";

/// The endpoint of each kind of change, the change, and what the organization logs.
const CHANGES: [(&str, &str, &str); 4] = [
    (MODIFY_USER, SET_ROLE, "modify-user user-bob"),
    (DELETE_INVITE, CANCEL, "delete-invite invite-1"),
    (DELETE_USER, REMOVE, "delete-user user-eve"),
    (CREATE_INVITE, INVITE, "create-invite"),
];

/// An entry of a script: from the nth request of an endpoint on, for so many.
fn from(endpoint: &str, nth: u64, times: u64, fault: &str) -> String {
    format!(
        "[[faults]]\nendpoint = \"{endpoint}\"\nnth = {nth}\ntimes = {times}\nfault = {fault}\n"
    )
}

fn once(endpoint: &str, fault: &str) -> String {
    from(endpoint, 1, 1, fault)
}

/// Ada stays, Bob falls, Eve leaves, Kim's invite is cancelled and somebody new is invited.
fn four(script: &str) -> Case {
    four_with(script, |settings| settings)
}

fn four_with(script: &str, change: impl FnOnce(Settings) -> Settings) -> Case {
    let users = vec![
        user("user-ada", "ada@acme.dev", "owner"),
        user("user-bob", "bob@acme.dev", "owner"),
        user("user-eve", "eve@acme.dev", "reader"),
    ];
    let settings = Settings {
        faults: FaultScript::parse(script).unwrap(),
        ..quiet(roster(
            users,
            vec![pending("invite-1", "kim@acme.dev", "reader")],
        ))
    };
    let text = file("\"bob@acme.dev\" = { role = \"reader\" }\n\"new@acme.dev\" = {}");
    Case::new(change(settings), &text)
}

/// Ada and Lin stay, and so many others leave.
fn crowd(count: usize, script: &str) -> Case {
    let leavers =
        (1..=count).map(|at| user(&format!("user-{at}"), &format!("p{at}@acme.dev"), "reader"));
    let stay = [
        user("user-ada", "ada@acme.dev", "owner"),
        user("user-lin", "lin@acme.dev", "reader"),
    ];
    let users = stay.into_iter().chain(leavers).collect();
    let settings = Settings {
        faults: FaultScript::parse(script).unwrap(),
        ..quiet(roster(users, vec![]))
    };
    Case::new(settings, &file("\"lin@acme.dev\" = {}"))
}

/// The outcome of one change.
fn outcome_of(lines: &[String], change: &str) -> String {
    let line = lines.iter().find_map(|line| line.strip_prefix(change));
    let line = line.unwrap_or_else(|| panic!("no {change} in {lines:?}"));
    line.trim_start_matches(": ").to_owned()
}

/// What was executed and is not visible at the end.
fn residual(finished: &Finished) -> Vec<String> {
    let verification = finished.verification.as_ref().unwrap().as_ref().unwrap();
    let rows = verification.residual.iter();
    rows.map(|action| action.change.to_string()).collect()
}

fn times(case: &Case, mutation: &str) -> usize {
    let log = case.mutations();
    log.iter().filter(|line| line.starts_with(mutation)).count()
}

#[tokio::test(start_paused = true)]
async fn a_write_of_unknown_fate_is_read_back_and_done_once() {
    let took_effect = [
        r#""reset-after""#,
        r#""truncated""#,
        "{ slow-body = { ms = 600_000 } }",
        "{ html = { status = 502, after = true } }",
        "{ status = { status = 500, after = true } }",
    ];
    for (endpoint, change, mutation) in CHANGES {
        for fault in took_effect {
            let mut case = four(&once(endpoint, fault));
            let finished = case.run().await;
            // A row that is not found any more may be somebody else's doing.
            let word = match endpoint {
                DELETE_USER | DELETE_INVITE => "already done",
                _ => "done",
            };
            let lines = outcomes(&finished);
            assert_eq!(outcome_of(&lines, change), word, "{endpoint} {fault}");
            assert_eq!(finished.exit(), Exit::Converged, "{endpoint} {fault}");
            assert_eq!(times(&case, mutation), 1, "{endpoint} {fault}");
            assert_eq!(case.requests(endpoint), 1, "{endpoint} {fault}");
            let back = format!("reading back: {change}");
            assert!(case.story().contains(&back), "{endpoint} {fault}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_without_effect_is_sent_once_more_but_an_invite_never() {
    let had_none = [
        r#""reset-before""#,
        "{ html = { status = 502 } }",
        "{ status = { status = 500 } }",
    ];
    for (endpoint, change, mutation) in CHANGES {
        for fault in had_none {
            let mut case = four(&once(endpoint, fault));
            let finished = case.run().await;
            let found = outcome_of(&outcomes(&finished), change);
            if endpoint == CREATE_INVITE {
                assert!(found.starts_with("unknown: "), "{fault}: {found}");
                assert_eq!(finished.exit(), Exit::Partial, "{fault}");
                assert_eq!((case.requests(endpoint), times(&case, mutation)), (1, 0));
            } else {
                assert_eq!(found, "done", "{endpoint} {fault}");
                assert_eq!(finished.exit(), Exit::Converged, "{endpoint} {fault}");
                assert_eq!((case.requests(endpoint), times(&case, mutation)), (2, 1));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_effect_that_shows_too_late_is_not_called_a_failure() {
    for (then, why) in [
        ("{ status = { status = 403 } }", "the key may not call"),
        ("{ status = { status = 401 } }", "the key was not accepted"),
    ] {
        let script = once(MODIFY_USER, r#""reset-after""#) + &from(MODIFY_USER, 2, 1, then);
        let lag = Duration::from_secs(100);
        let mut case = four_with(&script, |settings| Settings { lag, ..settings });
        let finished = case.run().await;
        let found = outcome_of(&outcomes(&finished), SET_ROLE);
        assert!(found.starts_with("unknown: "), "{found}");
        assert!(found.contains(why), "{found}");
        assert_eq!(times(&case, "modify-user user-bob"), 1);
        assert_eq!(finished.exit(), Exit::Partial);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_and_not_seen_stays_open_in_the_journal() {
    // Whenever the run is cut between the two sendings, the next one has to know of the first.
    for then in [
        "{ status = { status = 429, retry_after_s = 5 } }",
        r#"{ status = { status = 429, code = "insufficient_quota" } }"#,
        "{ status = { status = 403 } }",
        "{ status = { status = 401 } }",
        r#""reset-before""#,
    ] {
        let script = once(MODIFY_USER, r#""reset-after""#) + &from(MODIFY_USER, 2, 1, then);
        let lag = Duration::from_secs(75);
        let mut case = four_with(&script, |settings| Settings { lag, ..settings });
        case.run().await;
        let mut records = vec![Record::Plan(plan_record(started_at()))];
        let is_open = |records: &[Record]| {
            let open = replay(records).unwrap().open;
            open.iter().any(|row| row.change.to_string() == SET_ROLE)
        };
        let mut was_open = Vec::new();
        for record in &case.journal.records {
            records.push(record.clone());
            let now = is_open(&records);
            if was_open.last() != Some(&now) {
                was_open.push(now);
            }
        }
        assert_eq!(was_open[was_open.len() - 2..], [true, false], "{then}");
        assert!(was_open.len() <= 3, "{then}: open again and again");
    }
}

#[tokio::test(start_paused = true)]
async fn a_role_that_can_no_longer_be_read_is_unknown() {
    let script = once(MODIFY_USER, r#""reset-after""#)
        + &once(
            GET_USER,
            r#"{ elsewhere = { remove = { email = "bob@acme.dev" } } }"#,
        );
    let mut case = four(&script);
    // Bob's role alone is changed, so that the first read is his.
    case.text = file(
        "\"bob@acme.dev\" = { role = \"reader\" }\n\"eve@acme.dev\" = {}\n\"kim@acme.dev\" = {}",
    );
    let finished = case.run().await;
    let found = outcome_of(&outcomes(&finished), SET_ROLE);
    assert!(
        found.starts_with("unknown: ") && found.ends_with("bob@acme.dev is no longer a member"),
        "{found}"
    );
    assert_eq!(
        case.mutations(),
        ["modify-user user-bob", "delete-user user-bob"]
    );
}

#[tokio::test(start_paused = true)]
async fn one_wrong_404_does_not_make_a_removal_done() {
    // The request is lost, and the first reading back is told that the member is not there.
    let script = once(DELETE_USER, r#""reset-before""#) + &once(GET_USER, r#""not-found""#);
    let mut case = crowd(1, &script);
    let finished = case.run().await;
    assert_eq!(outcomes(&finished), ["remove p1@acme.dev (reader): done"]);
    assert_eq!(finished.exit(), Exit::Converged);
    assert_eq!(case.mutations(), ["delete-user user-1"]);
}

#[tokio::test(start_paused = true)]
async fn wrong_404s_do_not_make_an_end_state_confirmed() {
    // However often a live row is said not to be there, a complete listing shows it.
    for (write, read, row) in [
        (DELETE_USER, GET_USER, REMOVE),
        (DELETE_INVITE, GET_INVITE, CANCEL),
    ] {
        for first in [r#""not-found""#, r#""reset-before""#] {
            let mut case = four(&(once(write, first) + &from(read, 1, 99, r#""not-found""#)));
            let finished = case.run().await;
            assert_eq!(outcome_of(&outcomes(&finished), row), "already done");
            assert_eq!(residual(&finished), [row], "{first}");
            assert_eq!(finished.exit(), Exit::Unconfirmed, "{first}");
            assert_eq!(case.mutations().len(), 3, "{first}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_row_that_no_answer_deleted_is_gone_once_another_listing_agrees() {
    for (write, list, row, mutation) in [
        (DELETE_USER, LIST_USERS, REMOVE, "delete-user user-eve"),
        (
            DELETE_INVITE,
            LIST_INVITES,
            CANCEL,
            "delete-invite invite-1",
        ),
    ] {
        let script = once(write, r#""reset-after""#)
            // The first look after the loss is a 404; then the listing at the end sees the past for a while.
            + &from(list, 2, 1, "{ stale-reads = { ms = 5_000 } }");
        let lag = Duration::from_secs(3);
        let mut case = four_with(&script, |settings| Settings { lag, ..settings });
        let finished = case.run().await;
        assert_eq!(outcome_of(&outcomes(&finished), row), "already done");
        assert_eq!(finished.exit(), Exit::Converged, "{list}");
        assert_eq!(times(&case, mutation), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_denies_the_removal_is_a_failure() {
    let mut case = crowd(3, &from(DELETE_USER, 2, 1, r#""not-deleted""#));
    let finished = case.run().await;
    let found = outcome_of(&outcomes(&finished), "remove p2@acme.dev (reader)");
    assert!(
        found.starts_with("failed: ") && found.ends_with("the answer says `deleted: false`"),
        "{found}"
    );
    assert_eq!(
        case.mutations(),
        ["delete-user user-1", "delete-user user-3"]
    );
    assert_eq!(finished.exit(), Exit::Partial);
}

#[tokio::test(start_paused = true)]
async fn a_404_for_a_live_member_is_found_out_by_the_listing() {
    let mut case = crowd(3, &from(DELETE_USER, 2, 1, r#""not-found""#));
    let finished = case.run().await;
    let found = outcome_of(&outcomes(&finished), "remove p2@acme.dev (reader)");
    assert_eq!(found, "already done");
    assert_eq!(residual(&finished), ["remove p2@acme.dev (reader)"]);
    assert_eq!(finished.exit(), Exit::Unconfirmed);
    assert_eq!(times(&case, "delete-user"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_429s_is_sat_out() {
    let storm = "{ status = { status = 429, retry_after_s = 7 } }";
    for (endpoint, change, mutation) in CHANGES {
        let mut case = four(&from(endpoint, 1, 20, storm));
        let finished = case.run().await;
        assert_eq!(outcome_of(&outcomes(&finished), change), "done");
        assert_eq!(finished.exit(), Exit::Converged);
        assert_eq!((case.requests(endpoint), times(&case, mutation)), (21, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_quota_that_is_used_up_ends_the_run() {
    let quota = r#"{ status = { status = 429, code = "insufficient_quota" } }"#;
    let mut case = crowd(4, &from(DELETE_USER, 3, 1, quota));
    let finished = case.run().await;
    for person in ["p3", "p4"] {
        let change = format!("remove {person}@acme.dev (reader)");
        let found = outcome_of(&outcomes(&finished), &change);
        assert!(found.starts_with("not attempted: "), "{found}");
    }
    assert_eq!(case.requests(DELETE_USER), 3);
    assert_eq!(times(&case, "delete-user"), 2);
    assert_eq!(finished.exit(), Exit::Partial);
}

#[tokio::test(start_paused = true)]
async fn one_403_fails_a_person_and_a_second_stops_the_lane() {
    let forbidden = "{ status = { status = 403 } }";
    let mut case = crowd(4, &from(DELETE_USER, 2, 1, forbidden));
    let finished = case.run().await;
    let words: Vec<&str> = finished
        .executed
        .iter()
        .map(|(_, outcome)| outcome.as_str())
        .collect();
    assert_eq!(words, ["done", "failed", "done", "done"]);
    assert_eq!(finished.exit(), Exit::Partial);
    assert_eq!(times(&case, "delete-user"), 3);

    let mut case = crowd(5, &from(DELETE_USER, 2, 2, forbidden));
    let finished = case.run().await;
    let words: Vec<&str> = finished
        .executed
        .iter()
        .map(|(_, outcome)| outcome.as_str())
        .collect();
    assert_eq!(
        words,
        ["done", "failed", "failed", "not attempted", "not attempted"]
    );
    assert_eq!(case.mutations(), ["delete-user user-1"]);
    assert_eq!(case.requests(DELETE_USER), 3);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_revoked_on_the_way_ends_the_run() {
    let revoked = r#"{ elsewhere = "revoke-key" }"#;
    let mut case = crowd(4, &from(DELETE_USER, 2, 1, revoked));
    let finished = case.run().await;
    // The request with which the key is revoked was let in before.
    let words: Vec<&str> = finished
        .executed
        .iter()
        .map(|(_, outcome)| outcome.as_str())
        .collect();
    assert_eq!(words, ["done", "done", "not attempted", "not attempted"]);
    assert_eq!(finished.exit(), Exit::Partial);
    assert_eq!(times(&case, "delete-user"), 2);
    assert_eq!(case.requests(DELETE_USER), 3);
}

#[tokio::test(start_paused = true)]
async fn what_somebody_else_does_meanwhile_is_told_apart() {
    let act = |change: &str| from(DELETE_USER, 1, 1, &format!("{{ elsewhere = {change} }}"));
    for (change, exit, foreign, collateral) in [
        (
            r#"{ add = { email = "zed@acme.dev", role = "reader" } }"#,
            Exit::Converged,
            vec!["zed@acme.dev appeared as reader"],
            vec![],
        ),
        (
            r#"{ set-role = { email = "lin@acme.dev", role = "owner" } }"#,
            Exit::Converged,
            vec!["lin@acme.dev was re-roled from reader to owner"],
            vec![],
        ),
        (
            r#"{ remove = { email = "lin@acme.dev" } }"#,
            Exit::Unconfirmed,
            vec![],
            vec!["lin@acme.dev"],
        ),
        // Planned anyway: somebody was faster.
        (
            r#"{ remove = { email = "p2@acme.dev" } }"#,
            Exit::Converged,
            vec![],
            vec![],
        ),
    ] {
        let mut case = crowd(3, &act(change));
        let finished = case.run().await;
        let verification = finished.verification.as_ref().unwrap().as_ref().unwrap();
        let others: Vec<String> = verification
            .foreign
            .iter()
            .map(|row| format!("{} {}", row.person.label(), row.what))
            .collect();
        let gone: Vec<&str> = verification
            .collateral
            .iter()
            .map(rosterctl::plan::Person::label)
            .collect();
        assert_eq!(
            (others, gone),
            (
                foreign.iter().map(ToString::to_string).collect(),
                collateral
            ),
            "{change}"
        );
        assert_eq!(finished.exit(), exit, "{change}");
        for person in 1..=3 {
            assert_eq!(times(&case, &format!("delete-user user-{person}")), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_role_that_was_seen_and_set_back_is_somebody_elses_doing() {
    let set_back = from(
        LIST_USERS,
        2,
        1,
        r#"{ elsewhere = { set-role = { email = "bob@acme.dev", role = "owner" } } }"#,
    );
    // The answer alone does not say that the role was ever there to be read, so that it may be late.
    for (before, exit, foreign, left) in [
        (
            once(MODIFY_USER, r#""reset-after""#),
            Exit::Converged,
            vec!["bob@acme.dev was set back from reader to owner"],
            vec![],
        ),
        (String::new(), Exit::Unconfirmed, vec![], vec![SET_ROLE]),
    ] {
        let mut case = four(&(before + &set_back));
        let (finished, took) = timed(&mut case).await;
        assert_eq!(outcome_of(&outcomes(&finished), SET_ROLE), "done");
        assert_eq!(residual(&finished), left);
        let verification = finished.verification.as_ref().unwrap().as_ref().unwrap();
        let rows = verification.foreign.iter();
        let told: Vec<String> = rows
            .map(|row| format!("{} {}", row.person.label(), row.what))
            .collect();
        assert_eq!(told, foreign);
        assert_eq!(finished.exit(), exit);
        // What is somebody else's doing is not waited for.
        assert_eq!(took < Duration::from_mins(1), left.is_empty(), "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_cursor_that_repeats_makes_no_plan() {
    let case = crowd(3, &once(LIST_USERS, r#""repeated-cursor""#));
    let clock = Clock::starting_at(started_at());
    let client = case.client(case.simulator.in_process(), clock);
    let error = observe(&client, &case.stop).await.unwrap_err();
    let why = std::error::Error::source(&error).unwrap().to_string();
    assert!(why.contains("cannot be trusted"), "{why}");
    assert_eq!(case.mutations(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn stale_reads_are_waited_for() {
    // From the first removal on, reads see the past for a while: the canary and the end state wait for it.
    let mut case = crowd(3, &once(DELETE_USER, "{ stale-reads = { ms = 20_000 } }"));
    let finished = case.run().await;
    assert_eq!(finished.exit(), Exit::Converged);
    assert!(
        case.story().contains(&"proven after 30 s".to_owned()),
        "{:?}",
        case.story()
    );
    assert_eq!(times(&case, "delete-user"), 3);
}

/// Virtual time that a whole run took.
async fn timed(case: &mut Case) -> (Finished, Duration) {
    let began = tokio::time::Instant::now();
    let finished = Box::pin(case.run()).await;
    (finished, began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn reading_back_ends_in_time_whatever_the_reads_do() {
    // The removal's answer is lost, and every read of the member hangs.
    let script = once(DELETE_USER, "\"reset-after\"")
        + &from(GET_USER, 1, 10_000, "{ slow-body = { ms = 600_000 } }");
    let mut case = four(&script);
    let (finished, took) = timed(&mut case).await;
    let line = outcomes(&finished)
        .into_iter()
        .find(|line| line.starts_with(REMOVE))
        .unwrap();
    assert!(line.contains("unknown"), "{line}");
    assert_eq!(finished.exit(), Exit::Partial);
    // Settling has a minute, and the look that is under way then has half of one more.
    assert!(took <= Duration::from_secs(95), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn the_first_removal_is_proven_in_time_or_not_at_all() {
    let mut case = four(&from(
        GET_USER,
        1,
        10_000,
        "{ slow-body = { ms = 600_000 } }",
    ));
    case.verify_timeout = Duration::from_secs(20);
    let (finished, took) = timed(&mut case).await;
    assert_eq!(
        finished.exit(),
        Exit::Unconfirmed,
        "{:?}",
        outcomes(&finished)
    );
    assert!(took <= Duration::from_secs(85), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_first_removal_is_not_read_back_where_waiting_does_not_help() {
    for (refusal, says) in [
        (
            r#"{ status = { status = 429, code = "insufficient_quota" } }"#,
            "waiting does not help",
        ),
        (
            "{ status = { status = 429, retry_after_s = 3600 } }",
            "longer than --delay-max",
        ),
    ] {
        let mut case = crowd(3, &from(GET_USER, 1, 1_000, refusal));
        let (finished, took) = timed(&mut case).await;
        assert_eq!(finished.exit(), Exit::Partial, "{refusal}");
        assert_eq!(times(&case, "delete-user"), 1, "{refusal}");
        let why = finished.ended.as_ref().unwrap().cause();
        assert!(why.contains(says), "{why}");
        assert!(took <= Duration::from_secs(5), "{refusal}: {took:?}");
    }
}
