//! Reading back what a run that was cut short had under way: an invite is found by address, role and time, and one that
//! is young and not visible is waited for, because a second one must not be planned beside it.

use std::fs;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rosterctl::apply::{JournalSink as _, Settled, settle};
use rosterctl::journal::{IntentRecord, Record};
use rosterctl::outcome::Outcome;
use rosterctl::plan::Change;
use rosterctl::provider::{Clock, OpenAi, RosterSink as _};
use rosterctl::reconcile::resume;
use rosterctl::roster::{Email, Operation, OrganizationId, Role};
use rosterctl::simulator::{InProcess, Settings};
use rosterctl::state::{JournalFile, StateDir};

use crate::support::{Case, file, pending, plan_record, quiet, roster, started_at, user};

fn invite(email: &str) -> Change {
    Change::Invite {
        email: Email::parse(email).unwrap(),
        role: Role::Reader,
    }
}

/// An organization in which `new@acme.dev` has just been invited, as an owner, by somebody else.
fn organization(lag: Duration) -> Case {
    let mut other = pending("invite-1", "new@acme.dev", "owner");
    other.insert("created_at".to_owned(), started_at().as_second().into());
    let settings = Settings {
        lag,
        ..quiet(roster(
            vec![user("user-ada", "ada@acme.dev", "owner")],
            vec![other],
        ))
    };
    Case::new(settings, &file(""))
}

fn client(case: &Case) -> (OpenAi<InProcess>, Clock) {
    let clock = Clock::starting_at(started_at());
    (case.client(case.simulator.in_process(), clock), clock)
}

#[tokio::test(start_paused = true)]
async fn an_invite_of_another_role_is_not_the_one_that_was_sent() {
    let case = organization(Duration::ZERO);
    let (client, clock) = client(&case);
    let ours = invite("new@acme.dev");
    let look = || settle(&client, &ours, started_at(), Duration::ZERO, clock);
    assert_eq!(look().await, Settled::NotSeen);
    let _permit = client.admit(Operation::CreateInvite, 1).await.unwrap();
    client.perform(&ours).await.unwrap();
    assert_eq!(look().await, Settled::Done);
}

/// A folder in which a run was cut short at a time, with an invite of `new@acme.dev` under way.
fn cut_short(folder: &tempfile::TempDir, at: Timestamp) -> StateDir {
    let members = folder.path().join("members.toml");
    fs::write(&members, "").unwrap();
    let organization = OrganizationId::parse("org-test").unwrap();
    let state = StateDir::beside(&members, &organization).unwrap();
    let mut journal = JournalFile::start(&state, plan_record(at)).unwrap();
    let seq = journal.next_seq();
    let change = invite("new@acme.dev");
    let intent = Record::Intent(IntentRecord { seq, at, change });
    journal.commit(&[intent]).unwrap();
    state
}

#[tokio::test(start_paused = true)]
async fn an_invite_that_is_not_visible_is_waited_for_until_it_is_a_minute_old() {
    // Its age in seconds when it is taken up, and how long it may still be waited for. A clock that was set back makes
    // it an invite of the future, which is as young as can be.
    for (age, wait) in [
        (0, 60),
        (20, 40),
        (59, 1),
        (60, 0),
        (3_600, 0),
        (-3_600, 60),
    ] {
        let case = organization(Duration::ZERO);
        let (client, clock) = client(&case);
        let folder = tempfile::tempdir().unwrap();
        let state = cut_short(&folder, started_at() - SignedDuration::from_secs(age));
        let resumed = resume(&client, &state, clock).await.unwrap();
        let [(_, outcome)] = &resumed[0].read_back[..] else {
            panic!("{resumed:?}")
        };
        assert!(matches!(outcome, Outcome::Unknown { cause: _ }), "{age}");
        assert_eq!(clock.elapsed().as_secs(), wait, "{age}");
        assert_eq!(state.unfinished().unwrap().len(), 0, "{age}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_invite_that_becomes_visible_in_time_is_not_planned_again() {
    let case = organization(Duration::from_secs(10));
    let (client, clock) = client(&case);
    let folder = tempfile::tempdir().unwrap();
    let state = cut_short(&folder, started_at());
    // The request arrived, the answer did not.
    let _permit = client.admit(Operation::CreateInvite, 1).await.unwrap();
    client.perform(&invite("new@acme.dev")).await.unwrap();
    let resumed = resume(&client, &state, clock).await.unwrap();
    assert_eq!(
        resumed[0].read_back,
        [(invite("new@acme.dev"), Outcome::Done { request_id: None })]
    );
    assert!(clock.elapsed() < Duration::from_secs(20));
}
