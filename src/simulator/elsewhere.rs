//! What somebody else does meanwhile: changes in the dashboard, by an owner's session, not by this API.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::access::dashboard_session;
use super::organization::{Author, By};
use super::table::{Row, email_of, id_of, same_email, text};
use super::world::World;
use super::{Moment, Simulator};

/// A change by somebody else. People are named by their address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Elsewhere {
    /// Adds a member at once, without an invite.
    Add {
        /// The address.
        email: String,
        /// `owner` or `reader`.
        role: String,
    },
    /// Invites somebody.
    Invite {
        /// The address.
        email: String,
        /// `owner` or `reader`.
        role: String,
    },
    /// Makes a service account, which stands among the members.
    AddServiceAccount {
        /// The name.
        name: String,
    },
    /// Makes an admin key for an owner.
    AddAdminKey {
        /// The key's name.
        name: String,
        /// The owner's address.
        email: String,
    },
    /// Removes a member.
    Remove {
        /// The address.
        email: String,
    },
    /// Sets a member's role.
    SetRole {
        /// The address.
        email: String,
        /// The new role.
        role: String,
    },
    /// Accepts the newest pending invite of an address.
    AcceptInvite {
        /// The address.
        email: String,
    },
    /// Makes the admin key in use stop working.
    RevokeKey,
}

impl Elsewhere {
    /// The kind's name, as the counters of faults say it.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Add { .. } => "add-elsewhere",
            Self::Invite { .. } => "invite-elsewhere",
            Self::AddServiceAccount { .. } => "add-service-account-elsewhere",
            Self::AddAdminKey { .. } => "add-admin-key-elsewhere",
            Self::Remove { .. } => "remove-elsewhere",
            Self::SetRole { .. } => "set-role-elsewhere",
            Self::AcceptInvite { .. } => "accept-invite-elsewhere",
            Self::RevokeKey => "revoke-key",
        }
    }
}

impl Simulator {
    /// Makes a change as somebody else. Returns whether there was anything to change.
    pub fn elsewhere(&self, change: &Elsewhere) -> bool {
        let moment = self.now();
        self.world().elsewhere(change, moment)
    }
}

impl World {
    /// Makes a change as somebody else. Returns whether there was anything to change.
    pub(super) fn elsewhere(&mut self, change: &Elsewhere, moment: Moment) -> bool {
        let organization = &mut self.organization;
        let owner = organization
            .users
            .rows()
            .find(|row| text(row, "role") == Some("owner"));
        let by = By {
            author: Author::SomebodyElse,
            actor: dashboard_session(owner),
            moment,
        };
        let id_with = |row: Option<&Row>| row.and_then(id_of).map(str::to_owned);
        match change {
            Elsewhere::Add { email, role } => {
                let absent = organization.user_with_email(email).is_none();
                if absent {
                    organization.add_user(email, role, &by);
                }
                absent
            }
            Elsewhere::Invite { email, role } => {
                let absent = organization.user_with_email(email).is_none();
                if absent {
                    organization.invite(email, role, &json!([]), &by);
                }
                absent
            }
            Elsewhere::AddServiceAccount { name } => {
                organization.add_service_account(name, &by);
                true
            }
            Elsewhere::AddAdminKey { name, email } => id_with(organization.user_with_email(email))
                .map(|owner| organization.add_admin_key(name, &owner, &by))
                .is_some(),
            Elsewhere::Remove { email } => id_with(organization.user_with_email(email))
                .and_then(|id| organization.remove_user(&id, &by))
                .is_some(),
            Elsewhere::SetRole { email, role } => {
                let fields = Row::from_iter([("role".to_owned(), json!(role))]);
                id_with(organization.user_with_email(email))
                    .and_then(|id| organization.update_user(&id, fields, &by))
                    .is_some()
            }
            Elsewhere::AcceptInvite { email } => {
                let pending = organization.invites.rows().filter(|row| {
                    text(row, "status") == Some("pending")
                        && email_of(row).is_some_and(|other| same_email(other, email))
                });
                id_with(pending.last())
                    .and_then(|id| organization.accept_invite(&id, &by))
                    .is_some()
            }
            Elsewhere::RevokeKey => {
                if let Some(row) = self.keyring.revoke_first() {
                    organization.delete_admin_key(&row, &by);
                }
                true
            }
        }
    }
}
