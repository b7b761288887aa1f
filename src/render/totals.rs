//! How many of each kind a plan has: one sentence, and the figures for dashboards.

use std::fmt;

use super::words::count;
use crate::guardrail::{Judgement, Withheld};
use crate::plan::{Action, Change};

/// The figures of a plan. Actions, withheld and reported are counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Members to remove.
    pub remove: usize,
    /// People to invite.
    pub invite: usize,
    /// Members whose role changes.
    pub set_role: usize,
    /// Invites to cancel.
    pub cancel_invite: usize,
    /// Admin keys to revoke.
    pub revoke_key: usize,
    /// Actions that a breach about a person withholds; an undecided identity counts as one.
    pub withheld: usize,
    /// Differences that are only shown.
    pub reported: usize,
    /// Declared people whose pinned id is gone.
    pub vanished: usize,
    /// Departed and expired people who are never removed here.
    pub departed_live: usize,
    /// Rows that are left alone.
    pub unmanaged: usize,
    /// Breaches that refuse the plan.
    pub breaches: usize,
}

impl Totals {
    /// Counts a judged plan.
    pub fn of(judgement: &Judgement) -> Self {
        let Judgement {
            plan,
            actions,
            withheld,
            accepted: _,
            breaches,
            caveats: _,
        } = judgement;
        let mut totals = Self {
            withheld: withheld.iter().map(rows_of).sum(),
            reported: plan.reported.len(),
            vanished: plan.vanished.len(),
            departed_live: plan.departed_live.len(),
            unmanaged: plan.unmanaged.len(),
            breaches: breaches.len(),
            ..Self::default()
        };
        for action in actions {
            match action.change {
                Change::SetRole { member: _, to: _ } => totals.set_role += 1,
                Change::CancelInvite { invite: _ } => totals.cancel_invite += 1,
                Change::Remove { member: _ } => totals.remove += 1,
                Change::Invite { email: _, role: _ } => totals.invite += 1,
                Change::RevokeKey {
                    key: _,
                    user: _,
                    email: _,
                } => totals.revoke_key += 1,
            }
        }
        totals
    }

    /// Actions that may be executed.
    pub fn actions(&self) -> usize {
        self.remove + self.invite + self.set_role + self.cancel_invite + self.revoke_key
    }

    /// Whether live equals desired, as far as it is managed.
    pub fn is_converged(&self) -> bool {
        let Self {
            remove: _,
            invite: _,
            set_role: _,
            cancel_invite: _,
            revoke_key: _,
            withheld,
            reported,
            vanished,
            departed_live,
            unmanaged: _,
            breaches,
        } = self;
        self.actions() + withheld + reported + vanished + departed_live + breaches == 0
    }
}

fn rows_of(withheld: &Withheld) -> usize {
    let actions: &[Action] = &withheld.actions;
    actions.len().max(1)
}

/// `2 to remove, 1 to invite; 1 withheld; 3 reported`.
impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            remove,
            invite,
            set_role,
            cancel_invite,
            revoke_key,
            withheld,
            reported,
            vanished,
            departed_live,
            unmanaged,
            breaches: _,
        } = *self;
        let present = |parts: Vec<(usize, String)>| {
            let texts = parts.into_iter().filter(|(number, _)| *number > 0);
            texts.map(|(_, text)| text).collect::<Vec<_>>()
        };
        let changes = present(vec![
            (remove, format!("{remove} to remove")),
            (invite, format!("{invite} to invite")),
            (set_role, format!("{set_role} to re-role")),
            (
                cancel_invite,
                format!("{} to cancel", count(cancel_invite, "invite")),
            ),
            (
                revoke_key,
                format!("{} to revoke", count(revoke_key, "admin key")),
            ),
        ]);
        let mut groups = vec![if changes.is_empty() {
            "nothing to change".to_owned()
        } else {
            changes.join(", ")
        }];
        groups.extend(present(vec![
            (withheld, format!("{withheld} withheld")),
            (
                departed_live,
                format!("{departed_live} departed, still live"),
            ),
            (reported, format!("{reported} reported")),
            (vanished, format!("{vanished} vanished")),
            (unmanaged, format!("{unmanaged} unmanaged")),
        ]));
        f.write_str(&groups.join("; "))
    }
}
