//! What a roster would be after some actions: the plan's promise, in memory.

use super::{Action, Change};
use crate::roster::{Invite, InviteId, InviteStatus, LiveRole, LiveRoster};

/// Returns `live` as it would be after `actions`.
///
/// A planned invite has no id yet; it gets a made-up one, and the provider's date as its age.
pub fn effect(live: &LiveRoster, actions: &[Action]) -> LiveRoster {
    let mut after = live.to_observation();
    for action in actions {
        match &action.change {
            Change::Remove { member } => after.members.retain(|row| row.id != member.id),
            Change::CancelInvite { invite } => after.invites.retain(|row| row.id != invite.id),
            Change::SetRole { member, to } => {
                for row in after.members.iter_mut().filter(|row| row.id == member.id) {
                    row.role = LiveRole::Known(*to);
                }
            }
            // A roster has no keys.
            Change::RevokeKey {
                key: _,
                user: _,
                email: _,
            } => {}
            Change::Invite { email, role } => {
                // An address has a bounded length and no white space, so it always makes an id.
                if let Ok(id) = InviteId::parse(
                    &format!("planned-{email}")
                        .chars()
                        .take(250)
                        .collect::<String>(),
                ) {
                    let role = LiveRole::Known(*role);
                    let created_at = after.organization.date;
                    let status = InviteStatus::Pending;
                    after.invites.push(Invite {
                        id,
                        email: email.clone(),
                        role,
                        status,
                        created_at,
                        expires_at: None,
                    });
                }
            }
        }
    }
    LiveRoster::assume(after)
}
