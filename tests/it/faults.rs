//! Scripted faults against whole runs, under a paused clock: what is reported, how the run ends, and what the
//! organization says was done to it.

use std::time::Duration;

use rosterctl::outcome::Exit;
use rosterctl::simulator::{FaultScript, Settings};

use crate::support::{Case, file, outcomes, pending, quiet, roster, user};

const DELETE_USER: &str = "DELETE /organization/users/{user_id}";
const MODIFY_USER: &str = "POST /organization/users/{user_id}";
const GET_USER: &str = "GET /organization/users/{user_id}";
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

/// Ada stays, and so many others leave.
fn crowd(count: usize, script: &str) -> Case {
    let leavers =
        (1..=count).map(|at| user(&format!("user-{at}"), &format!("p{at}@acme.dev"), "reader"));
    let users = [user("user-ada", "ada@acme.dev", "owner")]
        .into_iter()
        .chain(leavers)
        .collect();
    let settings = Settings {
        faults: FaultScript::parse(script).unwrap(),
        ..quiet(roster(users, vec![]))
    };
    Case::new(settings, &file(""))
}

/// The outcome of one change.
fn outcome_of(lines: &[String], change: &str) -> String {
    let line = lines.iter().find_map(|line| line.strip_prefix(change));
    let line = line.unwrap_or_else(|| panic!("no {change} in {lines:?}"));
    line.trim_start_matches(": ").to_owned()
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
            let lines = outcomes(&finished);
            assert_eq!(outcome_of(&lines, change), "done", "{endpoint} {fault}");
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
async fn two_wrong_404s_do_not_make_an_end_state_confirmed() {
    let script = once(DELETE_USER, r#""not-found""#) + &once(GET_USER, r#""not-found""#);
    let mut case = crowd(1, &script);
    let finished = case.run().await;
    assert_eq!(
        outcomes(&finished),
        ["remove p1@acme.dev (reader): already done"]
    );
    assert_eq!(finished.exit(), Exit::Unconfirmed);
    assert_eq!(case.mutations(), [""; 0]);
}
