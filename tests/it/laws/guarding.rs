//! Laws of `approve`: every limit and every breach about a person, computed a second time from scratch.

use std::collections::BTreeSet;

use rosterctl::guardrail::{BreachKind, History, Judgement};
use rosterctl::plan::{Action, Change, Likeness, Person, Plan, Reason, effect};
use rosterctl::roster::{Email, LiveRoster, Role};

use super::law;
use super::planning::owners;
use super::worlds::World;

/// The breaches about people that one action has.
fn kinds_of(world: &World, plan: &Plan, action: &Action) -> BTreeSet<BreachKind> {
    let mut kinds: BTreeSet<BreachKind> = plan
        .suspicions
        .iter()
        .filter(|pair| pair.declared.is(&action.person) || pair.live.is(&action.person))
        .map(|pair| match pair.likeness {
            Likeness::LookAlike => BreachKind::LookAlike,
            Likeness::Name | Likeness::Spelling => BreachKind::PossibleRename,
        })
        .collect();
    let disputed = plan
        .conflicts
        .iter()
        .flat_map(|conflict| &conflict.people)
        .any(|person| person.is(&action.person));
    let guardrails = &world.desired.guardrails;
    let grants = match &action.change {
        Change::Invite { email: _, role } => *role == Role::Owner,
        Change::SetRole { member: _, to } => *to == Role::Owner,
        _ => false,
    };
    let is_required = |email: &Email| guardrails.required_owners.contains(email);
    let required = action.person.email.as_ref().is_some_and(is_required);
    let outside = matches!(&action.change, Change::Invite { email, role: _ }
        if !guardrails.email_domains.contains(email.domain()));
    let flagless = action
        .change
        .removed()
        .is_some_and(|member| !member.flags.unknown().is_empty());
    for (kind, present) in [
        (BreachKind::IdentityConflict, disputed),
        (
            BreachKind::RoleUnwritten,
            action.reason == Reason::RoleUnwritten,
        ),
        (BreachKind::EmailDomains, outside),
        (BreachKind::OwnerGrant, grants && !required),
        (BreachKind::KeyOwner, takes_the_key(world, action)),
        (
            BreachKind::RequiredOwners,
            takes_from_required(world, action),
        ),
        (
            BreachKind::ProtectionUnknown,
            flagless && world.desired.unmanaged.flags_required,
        ),
    ] {
        if present {
            kinds.insert(kind);
        }
    }
    kinds
}

/// Whether an action may take the admin key of this run: its holder's access, or any owner's where nobody knows.
pub(super) fn takes_the_key(world: &World, action: &Action) -> bool {
    let key = &world.key_in_use;
    match &action.change {
        Change::Remove { member }
        | Change::SetRole {
            member,
            to: Role::Reader,
        } => {
            key.person() == Some(&member.id)
                || (key.may_belong_to_any_owner() && member.role.is_owner())
        }
        Change::RevokeKey { user, .. } => {
            key.person() == Some(user) || key.may_belong_to_any_owner()
        }
        _ => false,
    }
}

/// Whether an action takes something from a required owner, whom a pinned id means too.
fn takes_from_required(world: &World, action: &Action) -> bool {
    let exchanged = matches!(
        action.reason,
        Reason::InviteRoleDiffers | Reason::InviteSurplus
    );
    let takes = matches!(
        action.change,
        Change::Remove { .. }
            | Change::CancelInvite { .. }
            | Change::SetRole {
                to: Role::Reader,
                ..
            }
    );
    let desired = &world.desired;
    takes
        && !exchanged
        && desired.guardrails.required_owners.iter().any(|email| {
            let pin = desired.members[email].id.as_ref();
            action.person.email.as_ref() == Some(email)
                || action.change.email() == Some(email)
                || (pin.is_some() && pin == action.person.id.as_ref())
        })
}

/// What was judged, whatever came of it.
pub(super) fn judged(world: &World, live: &LiveRoster, plan: &Plan) -> Judgement {
    match world.judge(live, plan) {
        Ok(approved) => approved.judgement().clone(),
        Err(refusal) => refusal.judgement().clone(),
    }
}

#[test]
fn what_is_withheld_is_exactly_the_people_with_breaches() {
    law(|world, live, plan| {
        let judgement = judged(world, live, plan);
        let breached: Vec<(&Person, BTreeSet<BreachKind>)> = plan
            .actions
            .iter()
            .map(|action| (&action.person, kinds_of(world, plan, action)))
            .filter(|(_, kinds)| !kinds.is_empty())
            .collect();
        let kept: Vec<Action> = plan
            .actions
            .iter()
            .filter(|action| !breached.iter().any(|(who, _)| who.is(&action.person)))
            .cloned()
            .collect();
        assert_eq!(judgement.actions, kept, "in {:#?}", judgement.withheld);
        let mut withheld = 0;
        for row in &judgement.withheld {
            withheld += row.actions.len();
            let found: BTreeSet<_> = row.breaches.iter().map(|breach| breach.kind).collect();
            assert!(!found.is_empty());
            if row.actions.is_empty() {
                assert_eq!(found, [BreachKind::IdentityConflict].into());
                continue;
            }
            let due = breached.iter().filter(|(who, _)| who.is(&row.person));
            let due: BTreeSet<_> = due.flat_map(|(_, kinds)| kinds).copied().collect();
            assert_eq!(found, due, "{row:#?}");
        }
        assert_eq!(withheld + kept.len(), plan.actions.len(), "nothing is lost");
    });
}

/// The breaches about a plan that these actions have.
pub(super) fn limits(
    world: &World,
    live: &LiveRoster,
    plan: &Plan,
    actions: &[Action],
) -> BTreeSet<BreachKind> {
    let guardrails = &world.desired.guardrails;
    let count = |wanted: fn(&Change) -> bool| {
        let found = actions.iter().filter(|action| wanted(&action.change));
        u32::try_from(found.count()).unwrap()
    };
    let revocations = count(|change| {
        matches!(
            change,
            Change::Remove { .. }
                | Change::CancelInvite { .. }
                | Change::SetRole {
                    to: Role::Reader,
                    ..
                }
        )
    });
    let given = count(|change| {
        matches!(
            change,
            Change::Invite { .. }
                | Change::SetRole {
                    to: Role::Owner,
                    ..
                }
        )
    });
    let keys = count(|change| matches!(change, Change::RevokeKey { .. }));
    let managed = f64::from(u32::try_from(plan.managed).unwrap());
    let week = match &world.history {
        History::Known {
            revocations: before,
            ..
        } => before + revocations > guardrails.revocations_max_per_week,
        History::Unknown { required, .. } => *required,
    };
    let after = owners(world, &effect(live, actions));
    let few = after.len() < usize::try_from(guardrails.owners_min).unwrap();
    let pinned_live = |entry: &rosterctl::desired::Entry| {
        entry
            .id
            .as_ref()
            .is_some_and(|id| live.member(id).is_some())
    };
    let proven = live.organization().header.as_deref() == Some("org-test")
        || world.desired.members.values().any(pinned_live);
    let shrunk = world
        .people_verified
        .is_some_and(|verified| live.people().count() * 2 < verified);
    [
        (
            BreachKind::RevocationsMax,
            revocations > guardrails.revocations_max,
        ),
        (
            BreachKind::RevocationFractionMax,
            revocations > 3
                && f64::from(revocations) > guardrails.revocation_fraction_max * managed,
        ),
        (BreachKind::RevocationsMaxPerWeek, revocations > 0 && week),
        (BreachKind::ChangesMax, given > guardrails.changes_max),
        (BreachKind::OwnersMin, few && after != owners(world, live)),
        (
            BreachKind::OrganizationUnproven,
            revocations + keys > 0 && !proven,
        ),
        (BreachKind::RosterShrunk, shrunk && !actions.is_empty()),
    ]
    .into_iter()
    .filter_map(|(kind, present)| present.then_some(kind))
    .collect()
}

#[test]
fn a_plan_is_approved_exactly_if_it_is_within_every_limit() {
    law(|world, live, plan| {
        let judgement = judged(world, live, plan);
        let found: BTreeSet<_> = judgement.breaches.iter().map(|row| row.kind).collect();
        assert_eq!(found, limits(world, live, plan, &judgement.actions));
        assert_eq!(world.judge(live, plan).is_ok(), found.is_empty());
        assert_eq!(judgement.accepted, [], "nobody accepted anything");
    });
}

#[test]
fn what_is_managed_is_counted_from_scratch() {
    law(|world, live, plan| {
        let left: Vec<&Person> = plan.unmanaged.iter().map(|row| &row.person).collect();
        let managed = |person: Person| !left.iter().any(|row| **row == person);
        let people = live
            .people()
            .filter(|member| managed(Person::member(member)))
            .count();
        let invites = live
            .invites()
            .iter()
            .filter(|invite| managed(Person::address(&invite.email)))
            .count();
        assert_eq!(
            plan.managed,
            people + invites,
            "{:?}",
            world.desired.unmanaged
        );
    });
}

#[test]
fn every_prefix_of_what_is_approved_keeps_enough_owners() {
    law(|world, live, plan| {
        let Ok(approved) = world.judge(live, plan) else {
            return;
        };
        let actions = approved.actions();
        let count = |len: usize| owners(world, &effect(live, &actions[..len])).len();
        let least = count(0).min(count(actions.len()));
        for len in 0..=actions.len() {
            assert!(count(len) >= least, "{len} of {actions:#?}");
        }
    });
}
