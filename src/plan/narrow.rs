//! A part of a plan: some people, or only what takes access.
//!
//! For an urgent departure, or for a nightly run that may take access and never give it. What is narrowed is guarded
//! and named by an id like any plan; nothing is added to it.

use super::{Action, Conflict, Plan, Reason, Remark};
use crate::roster::Email;

/// What a plan is narrowed to; the default is all of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Narrowing {
    /// Only the actions of these people; none listed: of everybody.
    pub only: Vec<Email>,
    /// Only what takes access.
    pub revocations_only: bool,
}

impl Narrowing {
    /// Whether the plan stays whole.
    pub fn is_none(&self) -> bool {
        let Self {
            only,
            revocations_only,
        } = self;
        only.is_empty() && !revocations_only
    }

    /// Takes out of a plan what it is not narrowed to, and says so among its remarks.
    pub fn narrow(&self, plan: &mut Plan) {
        let whole = plan.actions.len();
        plan.actions.retain(|action| self.keeps(action));
        let left = whole - plan.actions.len();
        if !self.only.is_empty() {
            let named = |conflict: &Conflict| self.only.iter().any(|of| conflict_of(conflict, of));
            plan.conflicts.retain(named);
        }
        plan.remarks.push(Remark::Narrowed { left });
    }

    fn keeps(&self, action: &Action) -> bool {
        let of_the_named =
            self.only.is_empty() || self.only.iter().any(|email| concerns(action, email));
        // An invite that is exchanged for one with another role is both actions or neither.
        let takes = action.change.takes() && action.reason != Reason::InviteRoleDiffers;
        of_the_named && (!self.revocations_only || takes)
    }
}

impl Plan {
    /// Whether anything is planned for an address, or undecided about it.
    pub fn concerns(&self, email: &Email) -> bool {
        let mut conflicts = self.conflicts.iter();
        self.actions.iter().any(|action| concerns(action, email))
            || conflicts.any(|conflict| conflict_of(conflict, email))
    }
}

/// Whether an action is about an address: the declared one or the live one.
fn concerns(action: &Action, email: &Email) -> bool {
    action.person.email.as_ref() == Some(email) || action.change.email() == Some(email)
}

fn conflict_of(conflict: &Conflict, email: &Email) -> bool {
    let mut people = conflict.people.iter();
    people.any(|person| person.email.as_ref() == Some(email))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::compute;
    use crate::plan::testing::{TODAY, desired, email, entry, live, member, owner, owner_entry};

    fn changes(narrowing: &Narrowing) -> Vec<String> {
        let file = desired([
            owner_entry("ada@acme.dev"),
            entry("new@acme.dev"),
            owner_entry("bob@acme.dev"),
        ]);
        let rows = [
            owner("user-1", "ada@acme.dev"),
            member("user-2", "bob@acme.dev"),
            member("user-3", "eve@acme.dev"),
            member("user-4", "mal@acme.dev"),
        ];
        let mut plan = compute(&file, &live(rows, []), TODAY);
        let whole = plan.actions.len();
        narrowing.narrow(&mut plan);
        let left = whole - plan.actions.len();
        assert_eq!(plan.remarks.last(), Some(&Remark::Narrowed { left }));
        let changes = plan.actions.iter().map(|action| action.change.to_string());
        changes.collect()
    }

    #[test]
    fn a_narrowed_plan_is_a_part_of_the_whole() {
        let only = |addresses: &[&str], revocations_only| Narrowing {
            only: addresses.iter().map(|address| email(address)).collect(),
            revocations_only,
        };
        for (narrowing, expected) in [
            (
                only(&["eve@acme.dev"], false),
                vec!["remove eve@acme.dev (reader)"],
            ),
            (
                only(&["new@acme.dev", "eve@acme.dev"], true),
                vec!["remove eve@acme.dev (reader)"],
            ),
            (
                only(&[], true),
                vec![
                    "remove eve@acme.dev (reader)",
                    "remove mal@acme.dev (reader)",
                ],
            ),
            (only(&["ada@acme.dev"], false), Vec::new()),
        ] {
            assert_eq!(changes(&narrowing), expected, "{narrowing:?}");
        }
        assert_eq!(changes(&Narrowing::default()).len(), 4);
    }
}
