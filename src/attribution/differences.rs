//! Everything about a roster that somebody should look at.

use crate::plan::{
    Action, Conflict, DepartedLive, LeftoverKey, OwnerFate, Plan, Reported, UnmanagedReason,
    UnmanagedRow, Vanished,
};
use crate::roster::LiveRoster;

/// How much of the roster the file may leave alone, in percent: with more, it no longer says who is in, and that is a
/// difference of its own.
pub const UNMANAGED_PERCENT_MAX: usize = 20;

/// One difference.
#[derive(Debug, Clone, PartialEq)]
pub enum Differing {
    /// An owner's or a departed person's row that is never removed, though the person should be gone.
    DepartedLive(DepartedLive),
    /// Something that an apply would do, or would withhold.
    Action(Box<Action>),
    /// An identity that cannot be decided.
    Undecided(Conflict),
    /// Something that is only reported.
    Reported(Reported),
    /// A declared person whose pinned id is gone.
    Vanished(Vanished),
    /// An admin key of somebody who is no owner (any more), and no part of what an apply would do.
    LeftoverKey(LeftoverKey),
    /// An owner whom the file leaves alone.
    UnmanagedOwner(UnmanagedRow),
    /// The file leaves too much of the roster alone.
    UnmanagedFraction {
        /// Rows that `[unmanaged]` leaves alone.
        unmanaged: usize,
        /// Rows in all, without those that are protected by their flags.
        rows: usize,
    },
}

/// Every difference of a plan, in the order of reading: who should be gone first, what is only a figure last.
pub fn differences(plan: &Plan, live: &LiveRoster) -> Vec<Differing> {
    let mut all: Vec<Differing> = Vec::new();
    all.extend(
        plan.departed_live
            .iter()
            .cloned()
            .map(Differing::DepartedLive),
    );
    let boxed = |action: &Action| Differing::Action(Box::new(action.clone()));
    all.extend(plan.actions.iter().map(boxed));
    all.extend(plan.conflicts.iter().cloned().map(Differing::Undecided));
    all.extend(plan.reported.iter().cloned().map(Differing::Reported));
    all.extend(plan.vanished.iter().cloned().map(Differing::Vanished));
    all.extend(leftover_keys(plan).cloned().map(Differing::LeftoverKey));
    let owners = plan
        .unmanaged
        .iter()
        .filter(|row| row.role.is_owner() && !row.invite);
    all.extend(owners.cloned().map(Differing::UnmanagedOwner));
    all.extend(unmanaged_fraction(plan, live));
    all
}

/// A key whose owner goes by this very plan, or that it revokes, is a matter of that action.
fn leftover_keys(plan: &Plan) -> impl Iterator<Item = &LeftoverKey> {
    let is_revoked = |row: &LeftoverKey| {
        let mut revoked = plan.actions.iter().filter_map(|action| action.change.key());
        revoked.any(|key| key.id == row.key.id)
    };
    plan.leftover_keys.iter().filter(move |row| match row.fate {
        OwnerFate::Removed | OwnerFate::Demoted => false,
        OwnerFate::Reader | OwnerFate::Gone => !is_revoked(row),
    })
}

/// Rows that the API's own flags protect (SCIM-managed, service accounts, the default user) are nobody's choice, so
/// they count on neither side.
fn unmanaged_fraction(plan: &Plan, live: &LiveRoster) -> Option<Differing> {
    let chosen = |row: &&UnmanagedRow| match &row.why {
        UnmanagedReason::Pattern(_) | UnmanagedReason::Id => true,
        UnmanagedReason::Protected(_) => false,
    };
    let unmanaged = plan.unmanaged.iter().filter(chosen).count();
    let members = live.members().filter(|row| row.protection().is_none());
    let rows = members.count() + live.invites().len();
    (unmanaged * 100 > rows * UNMANAGED_PERCENT_MAX)
        .then_some(Differing::UnmanagedFraction { unmanaged, rows })
}
