//! Laws of narrowed plans: a part of the whole, judged no more kindly, and idle exactly where nothing is to be done.

use std::collections::BTreeSet;

use rosterctl::guardrail::{Accepted, BreachKind, Judgement, approve, approve_narrowed};
use rosterctl::plan::{Action, Narrowed, Narrowing, Person, Plan, Reason, narrow};
use rosterctl::roster::{Email, LiveRoster, UserId};

use super::guarding::judged;
use super::law;
use super::worlds::{World, address, renamed};

/// Departed people; or a few of the pool, by declared and by later addresses, and somebody whom nobody knows.
fn narrowing(world: &World) -> Narrowing {
    let [.., who, more, how] = world.dice;
    let pool = [
        address(usize::from(who) % 20),
        address(usize::from(more) % 12),
        renamed(usize::from(who) % 20),
        address(usize::from(how) % 10),
        Email::parse("nobody@acme.dev").unwrap(),
    ];
    let chosen = pool.into_iter().enumerate();
    let departed = world.desired.departed.iter();
    let only: BTreeSet<Email> = if how >> 5 & 1 == 1 {
        let departed = departed.filter_map(|tomb| tomb.email.clone());
        departed.take(2).collect()
    } else {
        let chosen = chosen.filter(|(at, _)| how >> at & 1 == 1);
        chosen.map(|(_, email)| email).collect()
    };
    Narrowing {
        revocations_only: only.is_empty() || how & 0b1100_0000 == 0,
        only,
    }
}

/// Runs a law over worlds whose plan is narrowed.
fn narrowed_law(check: impl Fn(&World, &LiveRoster, &Plan, &Narrowing, Narrowed)) {
    law(|world, live, plan| {
        let narrowing = narrowing(world);
        let narrowed = narrow(plan, &world.desired, live, &narrowing);
        check(world, live, plan, &narrowing, narrowed);
    });
}

/// Every id by which the rosters and the plan know whoever has an address.
fn ids(world: &World, live: &LiveRoster, plan: &Plan, email: &Email) -> BTreeSet<UserId> {
    let row = live.member_by_email(email).map(|row| row.id.clone());
    let pin = world.desired.members.get(email);
    let pin = pin.and_then(|entry| entry.id.clone());
    let tombs = world.desired.departed.iter();
    let tombs = tombs.filter(|tomb| tomb.email.as_ref() == Some(email));
    let tombs = tombs.filter_map(|tomb| tomb.id.clone());
    let mut ids: BTreeSet<UserId> = row.into_iter().chain(pin).chain(tombs).collect();
    for action in &plan.actions {
        if is_about(action, email, &ids) {
            ids.extend(action.person.id.clone());
            ids.extend(action.change.user().cloned());
        }
    }
    ids
}

fn is_about(action: &Action, email: &Email, ids: &BTreeSet<UserId>) -> bool {
    action.person.email.as_ref() == Some(email)
        || action.change.email() == Some(email)
        || action.person.id.as_ref().is_some_and(|id| ids.contains(id))
        || action.change.user().is_some_and(|id| ids.contains(id))
}

/// The situations that the laws of this module are about.
pub(super) fn classes(world: &World, live: &LiveRoster, plan: &Plan) -> [(&'static str, bool); 4] {
    let narrowed = narrow(plan, &world.desired, live, &narrowing(world));
    let part = narrowed.plan.actions;
    let refused = kinds(&judged(world, live, plan));
    let of_departed = is_of_departed(plan, &part);
    let too_many = refused.contains(&BreachKind::RevocationsMax);
    [
        (
            "narrowed to a part",
            !part.is_empty() && part.len() < plan.actions.len(),
        ),
        ("somebody is idle", !narrowed.idle.is_empty()),
        (
            "whole refused, part has actions",
            !refused.is_empty() && !part.is_empty(),
        ),
        ("departed only, whole has too many", of_departed && too_many),
    ]
}

#[test]
fn a_narrowed_plan_is_a_part_of_the_whole_one() {
    narrowed_law(|world, live, plan, narrowing, narrowed| {
        let wanted = |action: &Action| {
            let mut only = narrowing.only.iter();
            let named = narrowing.only.is_empty()
                || only.any(|email| is_about(action, email, &ids(world, live, plan, email)));
            let takes = action.change.takes() && action.reason != Reason::InviteRoleDiffers;
            named && (takes || !narrowing.revocations_only)
        };
        let part: Vec<Action> = plan
            .actions
            .iter()
            .filter(|action| wanted(action))
            .cloned()
            .collect();
        assert_eq!(narrowed.plan.actions, part, "{narrowing:?}");
        assert!(narrowed.plan.is_narrowed());
        let same = part.len() == plan.actions.len();
        assert_eq!(narrowed.plan.id() == plan.id(), same);
        // What the limits are taken of stays the whole organization.
        assert_eq!(narrowed.plan.managed, plan.managed);
        assert_eq!(narrowed.plan.owners, plan.owners);
        assert_eq!(narrowed.plan.suspicions, plan.suspicions);
    });
}

#[test]
fn idle_are_exactly_those_who_are_there_and_have_no_action() {
    narrowed_law(|world, live, plan, narrowing, narrowed| {
        let idle = |email: &&Email| {
            let ids = ids(world, live, plan, email);
            let there = ids.iter().any(|id| live.member(id).is_some())
                || !live.invites_of(email).is_empty();
            let is = |person: &Person| {
                person.email.as_ref() == Some(*email)
                    || person.id.as_ref().is_some_and(|id| ids.contains(id))
            };
            let mut people = plan.conflicts.iter().flat_map(|conflict| &conflict.people);
            let mut actions = narrowed.plan.actions.iter();
            there && !people.any(is) && !actions.any(|action| is_about(action, email, &ids))
        };
        let due: Vec<Email> = narrowing.only.iter().filter(idle).cloned().collect();
        assert_eq!(narrowed.idle, due);
    });
}

fn kinds(judgement: &Judgement) -> BTreeSet<BreachKind> {
    judgement.breaches.iter().map(|row| row.kind).collect()
}

/// Whether every revocation is of somebody whom the file declares departed.
fn is_of_departed(full: &Plan, part: &[Action]) -> bool {
    let departed: Vec<&Person> = full
        .actions
        .iter()
        .filter(|action| matches!(action.reason, Reason::Departed { .. }))
        .map(|action| &action.person)
        .collect();
    let mut revocations = part.iter().filter(|row| row.change.is_revocation());
    revocations.clone().next().is_some()
        && revocations.all(|action| departed.iter().any(|who| who.is(&action.person)))
}

#[test]
fn what_refuses_the_whole_plan_refuses_its_part() {
    narrowed_law(|world, live, plan, _, narrowed| {
        let evidence = world.evidence(live, Accepted::default());
        let part = narrowed.plan;
        let alone = match approve(part.clone(), &evidence) {
            Ok(approved) => approved.judgement().clone(),
            Err(refusal) => refusal.judgement().clone(),
        };
        let mut due = kinds(&alone);
        if !part.actions.is_empty() {
            let mut whole = kinds(&judged(world, live, plan));
            if is_of_departed(plan, &part.actions) {
                whole.remove(&BreachKind::RevocationsMax);
            }
            due.extend(whole);
        }
        let judgement = match approve_narrowed(plan, part, &evidence) {
            Ok(approved) => approved.judgement().clone(),
            Err(refusal) => refusal.judgement().clone(),
        };
        assert_eq!(kinds(&judgement), due);
        assert_eq!(judgement.actions, alone.actions);
    });
}

#[test]
fn whoever_is_withheld_from_the_whole_plan_is_withheld_from_its_part() {
    narrowed_law(|world, live, plan, narrowing, narrowed| {
        let whole = judged(world, live, plan);
        let part = judged(world, live, &narrowed.plan);
        for action in &part.actions {
            assert!(
                whole.actions.contains(action),
                "{narrowing:?} lets {action:?} pass"
            );
        }
    });
}
