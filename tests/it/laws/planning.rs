//! Laws of `compute`: what a plan promises holds, in whatever order the rosters were read, and touches only whom it may.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rosterctl::desired::{Departed, Entry, Stance};
use rosterctl::document::{PlanDocument, SnapshotDocument};
use rosterctl::plan::{Action, Change, Plan, Reason, compute, effect};
use rosterctl::render::{Paint, json, plan_text};
use rosterctl::roster::{Email, LiveRoster, Member, UserId};

use super::law;
use super::worlds::{TODAY, World};
use crate::render::fixtures::{Shown, approved};

/// The world after every action of a plan.
fn after(world: &World, live: &LiveRoster, actions: &[Action]) -> World {
    let revoked: Vec<_> = actions
        .iter()
        .filter_map(|action| action.change.key())
        .collect();
    let mut after = world.clone();
    after.observation = effect(live, actions).to_observation();
    after.keys.retain(|key| !revoked.contains(&key));
    after
}

#[test]
fn what_a_plan_promises_leaves_nothing_to_do() {
    law(|world, live, plan| {
        let after = after(world, live, &plan.actions);
        let again = after.plan(&after.live());
        assert!(
            again.actions.is_empty(),
            "{:#?}\nafter {:#?}",
            again.actions,
            plan.actions
        );
    });
}

/// Puts values into an order that the seed decides.
fn shuffle<T>(values: &mut [T], mut seed: u64) {
    for end in (1..values.len()).rev() {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let at = usize::try_from(seed >> 33).unwrap() % (end + 1);
        values.swap(at, end);
    }
}

/// The bytes of a plan as a document and as a text.
fn bytes(plan: &Plan) -> String {
    let shown = Shown::new(approved(plan.clone()), 1);
    let document = json(&PlanDocument::new(&shown.view())).unwrap();
    document + &plan_text(&shown.view(), Paint::Plain)
}

#[test]
fn the_order_of_reading_changes_nothing() {
    law(|world, _, plan| {
        let seed = u64::from_le_bytes(world.dice[12..].try_into().unwrap());
        let mut turned = world.clone();
        shuffle(&mut turned.observation.members, seed);
        shuffle(&mut turned.observation.invites, seed + 1);
        shuffle(&mut turned.desired.departed, seed + 2);
        shuffle(&mut turned.keys, seed + 3);
        let other = turned.plan(&turned.live());
        assert_eq!(plan.id(), other.id());
        assert_eq!(*plan, other);
        assert_eq!(bytes(plan), bytes(&other));
    });
}

/// Whether an entry means a row, by its pin or its address.
fn means(entry: &Entry, member: &Member) -> bool {
    entry.id.as_ref() == Some(&member.id) || member.email.as_ref() == Some(&entry.email)
}

/// Whether a tombstone means a row.
fn buries(departed: &Departed, member: &Member) -> bool {
    departed.id.as_ref() == Some(&member.id)
        || (departed.email.is_some() && departed.email == member.email)
}

/// Whether a row is one that `[unmanaged]` names.
fn is_unmanaged(world: &World, member: &Member) -> bool {
    let unmanaged = &world.desired.unmanaged;
    let matches = |email: &Email| unmanaged.pattern_for(email).is_some();
    unmanaged.ids.contains(&member.id) || member.email.as_ref().is_some_and(matches)
}

#[test]
fn nobody_who_may_be_in_is_ever_removed() {
    law(|world, live, plan| {
        let members = || world.desired.members.values();
        for member in plan.actions.iter().filter_map(|row| row.change.removed()) {
            assert_eq!(live.member(&member.id), Some(member), "what is live goes");
            assert_eq!(member.protection(), None);
            for entry in members().filter(|entry| means(entry, member)) {
                assert!(!entry.is_active(TODAY), "{} is declared", member.label());
            }
            let is_gone = members().any(|entry| means(entry, member) && !entry.is_active(TODAY))
                || world.desired.departed.iter().any(|row| buries(row, member));
            assert!(is_gone || !is_unmanaged(world, member));
        }
    });
}

#[test]
fn a_reason_is_what_the_file_says() {
    law(|world, _, plan| {
        let members = || world.desired.members.values();
        for action in &plan.actions {
            let Change::Remove { member } = &action.change else {
                continue;
            };
            let expired = members().any(|entry| means(entry, member) && !entry.is_active(TODAY));
            let buried = world.desired.departed.iter().any(|row| buries(row, member));
            match &action.reason {
                Reason::Undeclared => {
                    assert!(!expired && !buried, "{action:?}");
                    assert_eq!(world.desired.policy.undeclared, Some(Stance::Enforce));
                }
                Reason::Expired { last_day } => assert!(expired && *last_day < TODAY),
                Reason::Departed { .. } => assert!(buried),
                other => panic!("{other:?} removes nobody"),
            }
        }
    });
}

#[test]
fn whoever_is_protected_or_left_alone_is_never_touched() {
    law(|world, live, plan| {
        for action in &plan.actions {
            let Some(member) = action.change.user().and_then(|id| live.member(id)) else {
                continue;
            };
            assert_eq!(member.protection(), None, "{action:?}");
            let named = world
                .desired
                .members
                .values()
                .any(|entry| means(entry, member))
                || world.desired.departed.iter().any(|row| buries(row, member));
            assert!(named || !is_unmanaged(world, member), "{action:?}");
        }
    });
}

/// The owners of a roster who count: people, and managed by this file.
pub(super) fn owners(world: &World, live: &LiveRoster) -> BTreeSet<UserId> {
    let is_named = |member: &Member| {
        let entries = world.desired.members.values();
        entries.into_iter().any(|entry| means(entry, member))
            || world.desired.departed.iter().any(|row| buries(row, member))
    };
    live.people()
        .filter(|member| member.role.is_owner())
        .filter(|member| {
            is_named(member) || (member.protection().is_none() && !is_unmanaged(world, member))
        })
        .map(|member| member.id.clone())
        .collect()
}

#[test]
fn every_prefix_of_a_plan_keeps_enough_owners() {
    law(|world, live, plan| {
        let count = |len: usize| owners(world, &effect(live, &plan.actions[..len])).len();
        let least = count(0).min(count(plan.actions.len()));
        assert_eq!(owners(world, live), plan.owners);
        for len in 0..=plan.actions.len() {
            assert!(count(len) >= least, "{len} of {:#?}", plan.actions);
        }
    });
}

#[test]
fn a_snapshot_is_the_roster_it_was_taken_of() {
    law(|world, live, plan| {
        let id = &world.desired.organization.id;
        let document = SnapshotDocument::new(id, live, Ok(&world.keys), Timestamp::UNIX_EPOCH);
        let text = serde_json::to_string(&document).unwrap();
        let read = SnapshotDocument::parse(&text, id).unwrap();
        let read = read.roster().unwrap();
        assert_eq!(read, *live);
        assert_eq!(
            compute(&world.desired, &read, TODAY).id(),
            compute(&world.desired, live, TODAY).id()
        );
        assert_eq!(world.plan(&read).id(), plan.id());
    });
}
