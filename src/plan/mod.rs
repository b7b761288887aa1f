//! What to change in an organization, and why.
//!
//! [`compute`] is pure, total and deterministic: the same desired and live rosters give the same plan, whatever
//! order they were read in. Actions carry every id and the whole state before, so that execution decides nothing.
//! A plan says what would make live equal to desired; whether that may happen is the guardrails' matter.

mod action;
mod compute;
#[cfg(test)]
mod compute_tests;
mod effect;
mod id;
mod identity;
mod invites;
mod keys;
mod narrow;
mod rows;
mod suspicion;
#[cfg(test)]
pub(crate) mod testing;

use std::collections::BTreeSet;

use jiff::{Timestamp, civil::Date};

pub use action::{Action, Change, Note, Person, Reason};
pub use compute::compute;
pub use effect::effect;
pub use id::PlanId;
pub use keys::{LeftoverKey, OwnerFate, settle_keys};
pub use narrow::{Narrowed, Narrowing, narrow};
pub use rows::{
    Conflict, DepartedLive, Difference, Likeness, Remark, Reported, Suspicion, UnmanagedReason,
    UnmanagedRow, Vanished,
};

use crate::roster::UserId;

/// What would make the live roster equal to the desired one, in order, and everything that is left as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The organization: its id as the answers gave it, else as the file has it.
    pub organization: String,
    /// When the roster was read: the provider's date.
    pub observed_at: Option<Timestamp>,
    /// The day for which expiries were judged.
    pub today: Date,
    /// The changes, in an order in which each may be made.
    pub actions: Vec<Action>,
    /// Identities that cannot be decided: nothing is planned for these people.
    pub conflicts: Vec<Conflict>,
    /// Pairs that may be one person.
    pub suspicions: Vec<Suspicion>,
    /// Differences that are only shown.
    pub reported: Vec<Reported>,
    /// Rows deliberately left alone.
    pub unmanaged: Vec<UnmanagedRow>,
    /// Declared people whose pinned id is gone.
    pub vanished: Vec<Vanished>,
    /// Departed and expired people who are never removed.
    pub departed_live: Vec<DepartedLive>,
    /// Admin keys that outlive their owner.
    pub leftover_keys: Vec<LeftoverKey>,
    /// What is worth knowing and no difference.
    pub remarks: Vec<Remark>,
    /// Members and pending invites that are as declared.
    pub unchanged: usize,
    /// Managed live people and pending invites before the run: what the fraction of revocations is taken of.
    pub managed: usize,
    /// The members who count as owners before the run: people, managed, role owner.
    pub owners: BTreeSet<UserId>,
}

impl Plan {
    /// Whether this is a part of a plan.
    pub fn is_narrowed(&self) -> bool {
        let mut remarks = self.remarks.iter();
        remarks.any(|remark| match remark {
            Remark::Narrowed {
                only: _,
                revocations_only: _,
                left: _,
            } => true,
            Remark::Renamed {
                declared: _,
                live: _,
                id: _,
            }
            | Remark::Invited { email: _ }
            | Remark::InviteOfMember { email: _ }
            | Remark::Expires(_)
            | Remark::KeysUnread { reason: _ }
            | Remark::NotThere { email: _ } => false,
        })
    }

    /// Whether a member is removed by any of its actions, withheld or not.
    pub fn removes_somebody(&self) -> bool {
        let mut changes = self.actions.iter().map(|action| &action.change);
        changes.any(|change| change.removed().is_some())
    }

    /// A plan in which nothing differs and nobody has been counted yet.
    pub(crate) fn empty(organization: String, observed_at: Option<Timestamp>, today: Date) -> Self {
        Self {
            organization,
            observed_at,
            today,
            actions: Vec::new(),
            conflicts: Vec::new(),
            suspicions: Vec::new(),
            reported: Vec::new(),
            unmanaged: Vec::new(),
            vanished: Vec::new(),
            departed_live: Vec::new(),
            leftover_keys: Vec::new(),
            remarks: Vec::new(),
            unchanged: 0,
            managed: 0,
            owners: BTreeSet::new(),
        }
    }
}
