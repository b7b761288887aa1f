//! Laws of a change to the file: what it loosens is found, and both files' guardrails hold.

use std::cell::Cell;
use std::collections::BTreeSet;

use proptest::prelude::*;
use rosterctl::desired::{
    DesiredRoster, EmailPattern, Guardrails, Loosening, Stance, loosenings, stricter,
};
use rosterctl::guardrail::{Accepted, approve};
use rosterctl::plan::Plan;
use rosterctl::roster::Role;

use super::worlds::{Dice, World, guardrails, id, required_owners, worlds};
use super::{CASES, law_of};

/// A world, and the guardrails of the file before the change.
fn pairs() -> impl Strategy<Value = (World, Guardrails)> {
    (worlds(), any::<Dice>()).prop_map(|(world, dice)| {
        let required = required_owners(&world.desired.members, dice[6]);
        let base = guardrails(&dice, required);
        (world, base)
    })
}

fn with(world: &World, guardrails: &Guardrails) -> World {
    let mut other = world.clone();
    other.desired.guardrails = guardrails.clone();
    other
}

#[test]
fn what_the_stricter_guardrails_approve_each_file_approves_alone() {
    let approvals = Cell::new(0);
    law_of(&pairs(), |(world, base)| {
        let head = &world.desired.guardrails;
        let live = world.live();
        let plan = world.plan(&live);
        let Ok(approved) = with(&world, &stricter(&base, head)).judge(&live, &plan) else {
            return;
        };
        approvals.set(approvals.get() + u32::from(!approved.actions().is_empty()));
        let done = Plan {
            actions: approved.actions().to_vec(),
            ..plan.clone()
        };
        for alone in [&base, head] {
            let alone = with(&world, alone);
            let evidence = alone.evidence(&live, Accepted::default());
            let again = approve(done.clone(), &evidence).unwrap();
            assert_eq!(
                again.actions(),
                done.actions,
                "{:#?}",
                again.judgement().withheld
            );
        }
    });
    assert!(approvals.get() >= CASES / 20, "{}", approvals.get());
}

/// How many ways there are in which guardrails let more through, written down from the meaning of each.
fn laxer(base: &Guardrails, head: &Guardrails) -> usize {
    let figures = [
        head.revocations_max > base.revocations_max,
        head.revocation_fraction_max > base.revocation_fraction_max,
        head.revocations_max_per_week > base.revocations_max_per_week,
        head.changes_max > base.changes_max,
        head.owners_min < base.owners_min,
    ];
    let raised = figures.into_iter().filter(|laxer| *laxer).count();
    let domains = &head.email_domains - &base.email_domains;
    let dropped = &base.required_owners - &head.required_owners;
    // Whoever is a required owner may be made one, so that one more lets more through, too.
    let added = &head.required_owners - &base.required_owners;
    raised + domains.len() + dropped.len() + added.len()
}

#[test]
fn every_loosened_guardrail_is_found_and_nothing_else() {
    law_of(&pairs(), |(world, base)| {
        let head = &world.desired;
        let before = with(&world, &base).desired;
        let found = loosenings(&before, head);
        assert!(found.iter().all(Loosening::is_guardrail));
        assert_eq!(found.len(), laxer(&base, &head.guardrails), "{found:#?}");
        assert_eq!(loosenings(head, head), []);
        assert_eq!(loosenings(&before, &before), []);
    });
}

#[test]
fn the_stricter_guardrails_do_not_depend_on_which_file_is_first() {
    law_of(&pairs(), |(world, base)| {
        let head = &world.desired.guardrails;
        let both = stricter(&base, head);
        assert_eq!(both, stricter(head, &base));
        assert_eq!(stricter(head, head), *head);
    });
}

/// A change to a file.
type Edit = fn(&mut DesiredRoster);

/// Changes that allow more, each with the word for it; a file in which there is nothing to change is left.
const EDITS: [(&str, Edit); 8] = [
    ("tombstone-lifted", |file| {
        file.departed.pop();
    }),
    ("pin-changed", |file| {
        let pinned = file.members.values_mut().find(|entry| entry.id.is_some());
        if let Some(entry) = pinned {
            entry.id = None;
        }
    }),
    ("owner-added", |file| {
        let reader = file
            .members
            .values_mut()
            .find(|entry| entry.role != Some(Role::Owner));
        if let Some(entry) = reader {
            entry.role = Some(Role::Owner);
        }
    }),
    ("unmanaged-added", |file| {
        file.unmanaged.ids.insert(id(98));
    }),
    ("unmanaged-added", |file| {
        let pattern = EmailPattern::parse("*@loose.dev").unwrap();
        file.unmanaged.emails.push(pattern);
    }),
    ("unmanaged-switch", |file| {
        file.unmanaged.flags_required = false;
    }),
    ("unenforced", |file| {
        file.policy.undeclared = Some(Stance::Report);
    }),
    ("unenforced", |file| file.policy.admin_keys = Stance::Report),
];

#[test]
fn every_other_loosening_is_found_by_its_name() {
    law_of(&worlds(), |world| {
        for (kind, edit) in EDITS {
            let base = &world.desired;
            let mut head = base.clone();
            edit(&mut head);
            let found = loosenings(base, &head);
            let kinds: BTreeSet<&str> = found.iter().map(Loosening::kind).collect();
            let due = if head == *base { None } else { Some(kind) };
            assert_eq!(kinds, due.into_iter().collect(), "{found:#?}");
            assert_eq!(loosenings(&head, base), [], "{kind} the other way round");
        }
        let mut head = world.desired.clone();
        for entry in head.members.values_mut().filter(|row| row.id.is_some()) {
            entry.id = Some(id(99));
        }
        let pins = world
            .desired
            .members
            .values()
            .filter(|row| row.id.is_some());
        // Neither of two pins is laxer, so that a change of it counts either way.
        for found in [
            loosenings(&world.desired, &head),
            loosenings(&head, &world.desired),
        ] {
            assert!(found.iter().all(|row| row.kind() == "pin-changed"));
            assert_eq!(found.len(), pins.clone().count());
        }
    });
}
