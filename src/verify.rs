//! Does it hold: what a complete listing after the last change proves.
//!
//! Four things are told apart: *residual*, an executed action that is not visible; *collateral*, somebody outside the
//! plan who was live before and is gone after; *foreign*, what others did meanwhile; and nothing of these, which is
//! *converged*. Foreign changes are named and decide nothing; collateral decides.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::outcome::Outcome;
use crate::plan::{Action, Change, Person};
use crate::roster::{AdminKey, Email, LiveRole, LiveRoster, Member, Role, UserId};

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// Every executed action is visible and nobody outside the plan is gone.
    pub converged: bool,
    /// Executed actions that are not visible yet.
    pub residual: Vec<Action>,
    /// People outside the plan who were live before and are gone after.
    pub collateral: Vec<Person>,
    /// What somebody else did meanwhile.
    pub foreign: Vec<Foreign>,
}

/// A change that was not this run's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Foreign {
    /// Whose row.
    pub person: Person,
    /// What happened to it: `appeared as reader`, `was re-roled from reader to owner`.
    pub what: String,
}

/// Compares the roster before a run and after it with what the run did.
///
/// `executed` holds every action of the approved plan with its outcome.
pub fn assess(
    before: &LiveRoster,
    after: &LiveRoster,
    executed: &[(Action, Outcome)],
) -> Verification {
    let done = || {
        executed
            .iter()
            .filter(|(_, outcome)| outcome.is_done())
            .map(|(action, _)| action)
    };
    let residual: Vec<Action> = done()
        .filter(|action| !is_visible(after, &action.change))
        .cloned()
        .collect();
    // A removal that failed or is of unknown fate is still the plan's: its row is no collateral.
    let planned: BTreeMap<&UserId, &Change> = executed
        .iter()
        .filter_map(|(action, _)| Some((&action.change.member()?.id, &action.change)))
        .collect();
    let is_ours = |id: &UserId| matches!(planned.get(id), Some(Change::Remove { member: _ }));
    let collateral: Vec<Person> = before
        .members()
        .filter(|member| after.member(&member.id).is_none() && !is_ours(&member.id))
        .map(Person::member)
        .collect();
    let mut foreign: Vec<Foreign> = after
        .members()
        .filter_map(|member| foreign_member(before, &planned, member))
        .collect();
    foreign.extend(foreign_invites(before, after, executed));
    foreign.sort();
    Verification {
        converged: residual.is_empty() && collateral.is_empty(),
        residual,
        collateral,
        foreign,
    }
}

/// Whether a roster shows the effect of a change.
pub fn is_visible(after: &LiveRoster, change: &Change) -> bool {
    match change {
        Change::Remove { member } => after.member(&member.id).is_none(),
        // A member who is gone has no role to be wrong.
        Change::SetRole { member, to } => after
            .member(&member.id)
            .is_none_or(|row| row.role == LiveRole::Known(*to)),
        Change::CancelInvite { invite } => !after
            .invites_of(&invite.email)
            .iter()
            .any(|row| row.id == invite.id),
        // A roster has no keys: whether one is gone is read from the list of keys.
        Change::RevokeKey {
            key: _,
            user: _,
            email: _,
        } => true,
        Change::Invite { email, role } => {
            let mut invites = after.invites_of(email).iter();
            invites.any(|row| row.role == LiveRole::Known(*role))
                || after.member_by_email(email).is_some()
        }
    }
}

/// The revoked keys that a list of admin keys still has.
pub fn keys_visible(listed: &[AdminKey], executed: &[(Action, Outcome)]) -> Vec<Action> {
    let is_listed = |change: &Change| {
        change
            .key()
            .is_some_and(|key| listed.iter().any(|row| row.id == key.id))
    };
    executed
        .iter()
        .filter(|(action, outcome)| outcome.is_done() && is_listed(&action.change))
        .map(|(action, _)| action.clone())
        .collect()
}

fn foreign_member(
    before: &LiveRoster,
    planned: &BTreeMap<&UserId, &Change>,
    member: &Member,
) -> Option<Foreign> {
    let person = Person::member(member);
    let Some(old) = before.member(&member.id) else {
        let invited = member
            .email
            .as_ref()
            .is_some_and(|email| !before.invites_of(email).is_empty());
        let how = if invited {
            "accepted an invite"
        } else {
            "appeared"
        };
        return Some(Foreign {
            person,
            what: format!("{how} as {}", member.role),
        });
    };
    let ours = matches!(planned.get(&member.id), Some(Change::SetRole { member: _, to }) if member.role == LiveRole::Known(*to));
    (old.role != member.role && !ours).then(|| Foreign {
        person,
        what: format!("was re-roled from {} to {}", old.role, member.role),
    })
}

fn foreign_invites<'a>(
    before: &'a LiveRoster,
    after: &'a LiveRoster,
    executed: &'a [(Action, Outcome)],
) -> impl Iterator<Item = Foreign> + 'a {
    let ours: BTreeSet<(&Email, Role)> = executed
        .iter()
        .filter_map(|(action, _)| match &action.change {
            Change::Invite { email, role } => Some((email, *role)),
            Change::SetRole { member: _, to: _ }
            | Change::CancelInvite { invite: _ }
            | Change::Remove { member: _ }
            | Change::RevokeKey {
                key: _,
                user: _,
                email: _,
            } => None,
        })
        .collect();
    let sent = move |invite: &crate::roster::Invite| match &invite.role {
        LiveRole::Known(role) => ours.contains(&(&invite.email, *role)),
        LiveRole::Other(_) => false,
    };
    let known = |invite: &crate::roster::Invite| {
        before
            .invites_of(&invite.email)
            .iter()
            .any(|row| row.id == invite.id)
    };
    after
        .invites()
        .iter()
        .filter(move |invite| !known(invite) && !sent(invite))
        .map(|invite| Foreign {
            person: Person::address(&invite.email),
            what: format!("was invited as {}", invite.role),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing::{TODAY, desired, entry, invite, live, member, owner, owner_entry};
    use crate::plan::{compute, effect};
    use crate::roster::Role;

    fn ada() -> Member {
        owner("user-ada", "ada@acme.dev")
    }

    fn lines(verification: &Verification) -> Vec<String> {
        let Verification {
            converged,
            residual,
            collateral,
            foreign,
        } = verification;
        let mut lines = vec![format!("converged {converged}")];
        lines.extend(
            residual
                .iter()
                .map(|action| format!("residual: {}", action.change)),
        );
        lines.extend(
            collateral
                .iter()
                .map(|person| format!("collateral: {}", person.label())),
        );
        lines.extend(
            foreign
                .iter()
                .map(|row| format!("foreign: {} {}", row.person.label(), row.what)),
        );
        lines
    }

    #[test]
    fn the_four_are_told_apart() {
        let file = desired([
            owner_entry("ada@acme.dev"),
            entry("new@acme.dev"),
            entry("lin@acme.dev"),
        ]);
        let before = live(
            [
                ada(),
                member("user-eve", "eve@acme.dev"),
                member("user-lin", "lin@acme.dev"),
            ],
            [invite("i-1", "bob@acme.dev", Role::Reader, 0)],
        );
        let actions = compute(&file, &before, TODAY).actions;
        let run = |outcome: Outcome, after: &LiveRoster| {
            let executed: Vec<_> = actions
                .iter()
                .map(|action| (action.clone(), outcome.clone()))
                .collect();
            lines(&assess(&before, after, &executed))
        };
        let done = || Outcome::Done { request_id: None };
        assert_eq!(run(done(), &effect(&before, &actions)), ["converged true"]);
        assert_eq!(
            run(done(), &before),
            [
                "converged false",
                "residual: cancel the invite of bob@acme.dev (reader)",
                "residual: remove eve@acme.dev (reader)",
                "residual: invite new@acme.dev (reader)",
            ]
        );
        assert_eq!(
            run(
                Outcome::Failed {
                    cause: String::new()
                },
                &before
            ),
            ["converged true"]
        );
        let mut others = effect(&before, &actions).to_observation();
        others.members.retain(|row| row.id.as_str() != "user-lin");
        others.members.push(member("user-bob", "bob@acme.dev"));
        others.members.push(member("user-zed", "zed@acme.dev"));
        others.members[0].role = LiveRole::Known(Role::Reader);
        others.members.push(owner("user-kay", "kay@acme.dev"));
        others
            .invites
            .push(invite("i-9", "sue@acme.dev", Role::Owner, 0));
        assert_eq!(
            run(done(), &LiveRoster::assemble(others).unwrap()),
            [
                "converged false",
                "collateral: lin@acme.dev",
                "foreign: ada@acme.dev was re-roled from owner to reader",
                "foreign: bob@acme.dev accepted an invite as reader",
                "foreign: kay@acme.dev appeared as owner",
                "foreign: sue@acme.dev was invited as owner",
                "foreign: zed@acme.dev appeared as reader",
            ]
        );
    }

    #[test]
    fn a_planned_removal_by_somebody_else_is_no_collateral() {
        let before = live([ada(), member("user-eve", "eve@acme.dev")], []);
        let actions = compute(&desired([owner_entry("ada@acme.dev")]), &before, TODAY).actions;
        let executed = [(
            actions[0].clone(),
            Outcome::NotAttempted {
                cause: "stopped".to_owned(),
            },
        )];
        assert_eq!(
            lines(&assess(&before, &effect(&before, &actions), &executed)),
            ["converged true"]
        );
    }
}
