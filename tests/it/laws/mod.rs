//! Laws of planning and guarding, over generated organizations.
//!
//! Each law is written a second time here, from the design and not from the code, and holds in every generated case.
//! A law over worlds that never meet the situation it is about proves nothing, so the situations are counted first.

mod guarding;
mod keys;
mod loosening;
mod narrowing;
mod planning;
pub(crate) mod worlds;

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rosterctl::desired::Stance;
use rosterctl::plan::{Change, Plan, Reason, Remark};
use rosterctl::roster::{Capabilities, LiveRoster, Protection};

use worlds::{World, worlds};

/// How often a law is tried.
pub(crate) const CASES: u32 = 1000;

/// Runs a law over generated values.
pub(crate) fn law_of<S: Strategy>(values: &S, check: impl Fn(S::Value)) {
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    // A law that holds by chance is no law: the cases are the same on every machine.
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
        .run(values, |value| {
            check(value);
            Ok(())
        })
        .unwrap();
}

/// Runs a law over generated worlds with their whole plans.
pub(crate) fn law(check: impl Fn(&World, &LiveRoster, &Plan)) {
    law_of(&worlds(), |world| {
        let live = world.live();
        let plan = world.plan(&live);
        check(&world, &live, &plan);
    });
}

/// The situations that the issue names, and those that laws of this module are about.
fn classes(world: &World, live: &LiveRoster, plan: &Plan) -> Vec<(&'static str, bool)> {
    let reason = |wanted: fn(&Reason) -> bool| plan.actions.iter().any(|row| wanted(&row.reason));
    let change = |wanted: fn(&Change) -> bool| plan.actions.iter().any(|row| wanted(&row.change));
    let is_row = |protection| {
        live.members()
            .any(|row| row.protection() == Some(protection))
    };
    let invites = live.invites();
    let judged = world.judge(live, plan);
    let withheld = match &judged {
        Ok(approved) => !approved.judgement().withheld.is_empty(),
        Err(refusal) => !refusal.judgement().withheld.is_empty(),
    };
    let mut classes = narrowing::classes(world, live, plan).to_vec();
    classes.extend([
        (
            "expired",
            reason(|reason| matches!(reason, Reason::Expired { .. })),
        ),
        (
            "departed",
            reason(|reason| matches!(reason, Reason::Departed { .. })),
        ),
        (
            "pinned rename",
            plan.remarks
                .iter()
                .any(|remark| matches!(remark, Remark::Renamed { .. })),
        ),
        ("vanished", !plan.vanished.is_empty()),
        ("SCIM", is_row(Protection::ScimManaged)),
        ("null e-mail", live.members().any(|row| row.email.is_none())),
        (
            "duplicate invite",
            invites
                .chunk_by(|a, b| a.email == b.email)
                .any(|group| group.len() > 1),
        ),
        (
            "owner swap",
            change(Change::promotes) && change(Change::revokes_owner),
        ),
        ("identity conflict", !plan.conflicts.is_empty()),
        ("suspicion", !plan.suspicions.is_empty()),
        (
            "undeclared reported",
            world.desired.policy.undeclared == Some(Stance::Report),
        ),
        ("departed, still live", !plan.departed_live.is_empty()),
        ("unmanaged", !plan.unmanaged.is_empty()),
        (
            "legacy provider",
            world.observation.capabilities != Capabilities::ALL,
        ),
        ("key revoked", change(|change| change.key().is_some())),
        ("key named only", {
            let revoked = plan.actions.iter().filter(|row| row.change.key().is_some());
            plan.leftover_keys.len() > revoked.count()
        }),
        (
            "key in use touched",
            plan.actions.iter().any(|row| {
                row.change.user().is_some() && row.change.user() == world.key_in_use.person()
            }),
        ),
        ("approved with actions", {
            judged
                .as_ref()
                .is_ok_and(|approved| !approved.actions().is_empty())
        }),
        ("refused", judged.is_err()),
        ("withheld", withheld),
    ]);
    classes
}

#[test]
fn every_situation_is_generated_often_enough() {
    let counts = RefCell::new(BTreeMap::<&str, u32>::new());
    law(|world, live, plan| {
        for (class, present) in classes(world, live, plan) {
            *counts.borrow_mut().entry(class).or_default() += u32::from(present);
        }
    });
    let counts = counts.into_inner();
    #[expect(clippy::print_stdout, reason = "the counts are what this test shows")]
    for (class, count) in &counts {
        println!("{class}: {count} of {CASES} cases");
    }
    for (class, count) in counts {
        assert!(
            count >= CASES / 20,
            "{class} occurs in {count} of {CASES} cases"
        );
    }
}
