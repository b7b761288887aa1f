//! The kill matrix: the real binary over real HTTP, killed at every kind of moment, and the run after it.
//!
//! The simulator lives in this process and parks the request at which the moment comes; then the binary is killed,
//! what it had in flight is cut, and `apply` is called again. The product has no hook for this. What the moment was is
//! not believed but read from the journal and the organization's log.

mod scene;

use std::fmt::Write as _;

use rosterctl::document::ChangeName;
use rosterctl::simulator::{Park, ParkPoint};

use scene::{Phase, Scene};

const LIST_USERS: &str = "GET /organization/users";
const LIST_INVITES: &str = "GET /organization/invites";
const LIST_KEYS: &str = "GET /organization/admin_api_keys";
const GET_USER: &str = "GET /organization/users/{user_id}";

/// Every kind of change.
const KINDS: [ChangeName; 5] = [
    ChangeName::SetRole,
    ChangeName::CancelInvite,
    ChangeName::Remove,
    ChangeName::Invite,
    ChangeName::RevokeKey,
];

/// The request that makes a change of a kind.
const fn endpoint(kind: ChangeName) -> &'static str {
    match kind {
        ChangeName::SetRole => "POST /organization/users/{user_id}",
        ChangeName::CancelInvite => "DELETE /organization/invites/{invite_id}",
        ChangeName::Remove => "DELETE /organization/users/{user_id}",
        ChangeName::Invite => "POST /organization/invites",
        ChangeName::RevokeKey => "DELETE /organization/admin_api_keys/{key_id}",
    }
}

/// One moment to kill the run at.
#[derive(Debug, Clone)]
struct Moment {
    /// The kind of change that it is about.
    kind: ChangeName,
    /// How far a change of the kind has come.
    phase: Phase,
    /// The request that is parked.
    park: Park,
}

/// Every moment: nine for each kind within its requests, and those before there is an intent.
fn moments() -> Vec<Moment> {
    let park = |endpoint: &str, nth, point| Park {
        endpoint: Some(endpoint.to_owned()),
        nth,
        point,
    };
    let mut moments = Vec::new();
    for kind in KINDS {
        for nth in 1..=3 {
            for (phase, point) in [
                (Phase::AfterIntent, ParkPoint::BeforeEffect),
                (Phase::AfterEffect, ParkPoint::AfterEffect),
                (Phase::AfterOutcome, ParkPoint::AfterAnswer),
            ] {
                let park = park(endpoint(kind), nth, point);
                moments.push(Moment { kind, phase, park });
            }
        }
    }
    for (kind, endpoint, point) in [
        (ChangeName::SetRole, LIST_USERS, ParkPoint::BeforeEffect),
        (
            ChangeName::CancelInvite,
            LIST_INVITES,
            ParkPoint::BeforeEffect,
        ),
        (ChangeName::Invite, LIST_KEYS, ParkPoint::BeforeEffect),
        (ChangeName::RevokeKey, LIST_KEYS, ParkPoint::AfterEffect),
        // The first removal is being proven; the others wait for it.
        (ChangeName::Remove, GET_USER, ParkPoint::BeforeEffect),
        (ChangeName::Remove, GET_USER, ParkPoint::AfterEffect),
    ] {
        moments.push(Moment {
            kind,
            phase: Phase::BeforeIntent,
            park: park(endpoint, 1, point),
        });
    }
    moments
}

/// Kills at every moment of this half, so that two tests share them.
#[expect(clippy::print_stdout, reason = "the matrix is shown with --nocapture")]
fn kill_at(half: usize) {
    let mut broken = Vec::new();
    let mut table = String::new();
    let moments: Vec<_> = moments().into_iter().skip(half).step_by(2).collect();
    assert!(moments.len() >= 20, "{moments:?}");
    for moment in moments {
        let mut scene = Scene::set();
        let became = match scene.play(&moment) {
            Ok(became) => became.to_string(),
            Err(why) => {
                broken.push(format!("{moment:?}: {why}"));
                "BROKEN".to_owned()
            }
        };
        let Moment { kind, phase, park } = &moment;
        let (kind, phase) = (format!("{kind:?}"), format!("{phase:?}"));
        let nth = format!("request {}", park.nth);
        let _ = writeln!(table, "{kind:<14}{phase:<14}{nth:<11}{became}");
    }
    println!("{table}");
    assert!(broken.is_empty(), "{}", broken.join("\n\n"));
}

#[test]
fn every_second_killed_run_is_taken_up_by_the_next() {
    kill_at(0);
}

#[test]
fn every_other_killed_run_is_taken_up_by_the_next() {
    kill_at(1);
}

#[test]
fn the_moments_cover_every_kind_at_every_phase() {
    let moments = moments();
    assert!(moments.len() >= 40);
    for kind in KINDS {
        for phase in Phase::ALL {
            let is_covered = |moment: &Moment| (moment.kind, moment.phase) == (kind, phase);
            assert!(moments.iter().any(is_covered), "{kind:?} {phase:?}");
        }
    }
}
