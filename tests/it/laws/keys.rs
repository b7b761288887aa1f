//! Laws of admin keys: which are named, which are revoked, and that the one in use goes last.

use std::collections::BTreeSet;

use rosterctl::desired::Stance;
use rosterctl::guardrail::{Accepted, BreachKind, approve};
use rosterctl::plan::{Action, Change, effect};
use rosterctl::roster::{AdminKey, KeyHolder, LiveRole, Role, UserId};

use super::guarding::takes_the_key;
use super::law;
use super::worlds::World;

/// The holder of a key that counts: an admin key of a person that has not run out.
fn holder<'a>(world: &World, key: &'a AdminKey) -> Option<&'a UserId> {
    let now = world.observation.organization.date;
    let has_ended = now.zip(key.expires_at).is_some_and(|(now, end)| end <= now);
    match &key.holder {
        KeyHolder::Person(user) => {
            (key.redacted_value.starts_with("sk-admin") && !has_ended).then_some(user)
        }
        KeyHolder::ServiceAccount | KeyHolder::Unknown => None,
    }
}

fn revoked(actions: &[Action]) -> impl Iterator<Item = (&AdminKey, &UserId)> {
    actions.iter().filter_map(|action| match &action.change {
        Change::RevokeKey { key, user, .. } => Some((key, user)),
        _ => None,
    })
}

#[test]
fn a_key_is_revoked_only_of_somebody_who_is_no_owner_afterwards() {
    law(|world, live, plan| {
        let after = effect(live, &plan.actions);
        for (key, user) in revoked(&plan.actions) {
            assert_eq!(world.desired.policy.admin_keys, Stance::Enforce);
            assert!(world.keys.contains(key));
            assert_eq!(holder(world, key), Some(user));
            if let Some(member) = after.member(user) {
                assert_eq!(member.role, LiveRole::Known(Role::Reader), "{user}");
            }
            let touched = |action: &Action| {
                action.change.key().is_none()
                    && action.change.user() == Some(user)
                    && action.change.takes()
            };
            let declared_reader = world.desired.members.values().any(|entry| {
                entry.role != Some(Role::Owner)
                    && live.member(user).is_some_and(|member| {
                        entry.id.as_ref() == Some(user)
                            || member.email.as_ref() == Some(&entry.email)
                    })
            });
            let buried = || {
                let mut departed = world.desired.departed.iter();
                departed.any(|row| row.id.as_ref() == Some(user)) && live.member(user).is_none()
            };
            assert!(
                plan.actions.iter().any(touched) || declared_reader || buried(),
                "the file does not say that {user} is no owner"
            );
        }
    });
}

#[test]
fn every_key_of_somebody_removed_or_demoted_is_named_and_revoked_where_the_file_says_so() {
    law(|world, _, plan| {
        let lose: BTreeSet<&UserId> = plan
            .actions
            .iter()
            .filter(|action| action.change.is_revocation())
            .filter_map(|action| action.change.user())
            .collect();
        let keys = world.keys.iter();
        for key in keys.filter(|key| holder(world, key).is_some_and(|user| lose.contains(user))) {
            assert!(plan.leftover_keys.iter().any(|row| row.key == *key));
            let is_revoked = revoked(&plan.actions).any(|(other, _)| other == key);
            assert_eq!(
                is_revoked,
                world.desired.policy.admin_keys == Stance::Enforce
            );
        }
        let ids: BTreeSet<_> = plan.leftover_keys.iter().map(|row| &row.key.id).collect();
        assert_eq!(ids.len(), plan.leftover_keys.len(), "each is named once");
    });
}

#[test]
fn a_revoked_key_comes_after_whatever_else_is_done_to_its_holder() {
    law(|_, _, plan| {
        for (at, action) in plan.actions.iter().enumerate() {
            if action.change.key().is_some() {
                let mut later = plan.actions[at..].iter();
                assert!(later.all(|action| action.change.key().is_some()));
            }
        }
    });
}

/// Everything about people and about the plan that can be accepted.
fn everything_accepted() -> Accepted {
    let kinds = BreachKind::ALL.into_iter();
    kinds
        .filter(|kind| kind.is_overridable())
        .collect::<BTreeSet<_>>()
        .into()
}

#[test]
fn the_key_in_use_goes_last() {
    law(|world, live, plan| {
        let evidence = world.evidence(live, everything_accepted());
        let approved = approve(plan.clone(), &evidence).unwrap();
        let all = approved.actions().len();
        let key = &world.key_in_use;
        let (first, rest) = approved.split_by_key(key);
        let (then, end) = match rest.map(|rest| rest.split_by_own_key(key)) {
            Some((then, end)) => (then.actions().to_vec(), end),
            None => (Vec::new(), None),
        };
        let end = end.map_or_else(Vec::new, |end| end.actions().to_vec());
        assert_eq!(first.actions().len() + then.len() + end.len(), all);
        for action in first.actions() {
            assert!(!takes_the_key(world, action), "{action:?} first");
        }
        for (other, _) in revoked(first.actions()).chain(revoked(&then)) {
            assert!(!key.may_be(&other.id), "{other:?} may be the key in use");
        }
        for action in &end {
            let other = action.change.key().unwrap();
            assert!(key.may_be(&other.id), "{other:?} is not the key in use");
        }
    });
}
