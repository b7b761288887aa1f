//! One change to the organization, with its reason and everything needed to make it and to explain it.

use std::fmt;

use jiff::{SignedDuration, Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::OwnerFate;
use crate::desired::Place;
use crate::roster::{AdminKey, Email, Invite, Member, Operation, ProjectMembership, Role, UserId};

/// One change, why it is planned, and what a reviewer should know about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// What changes.
    pub change: Change,
    /// Whose access changes.
    pub person: Person,
    /// Why.
    pub reason: Reason,
    /// What makes the change risky.
    pub notes: Vec<Note>,
    /// Where the members file declares it, if it does.
    pub place: Option<Place>,
}

/// A change, with the whole state before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// Gives a member another role.
    SetRole {
        /// The member before the change.
        member: Member,
        /// The role after it.
        to: Role,
    },
    /// Cancels a pending invite.
    CancelInvite {
        /// The invite before the change.
        invite: Invite,
    },
    /// Removes a member from the organization.
    Remove {
        /// The member before the change.
        member: Member,
    },
    /// Invites somebody, to no project.
    Invite {
        /// The invited address.
        email: Email,
        /// The role that accepting gives.
        role: Role,
    },
    /// Revokes an admin API key that outlives its owner.
    RevokeKey {
        /// The key before the change.
        key: AdminKey,
        /// The id of whoever holds it.
        user: UserId,
        /// The holder's address, where it is known.
        email: Option<Email>,
    },
}

impl Change {
    /// The operation that makes the change.
    pub fn operation(&self) -> Operation {
        match self {
            Self::SetRole { member: _, to: _ } => Operation::ModifyUser,
            Self::CancelInvite { invite: _ } => Operation::DeleteInvite,
            Self::Remove { member: _ } => Operation::DeleteUser,
            Self::Invite { email: _, role: _ } => Operation::CreateInvite,
            Self::RevokeKey {
                key: _,
                user: _,
                email: _,
            } => Operation::DeleteAdminKey,
        }
    }

    /// Whether the change takes a person's access: a removal, a cancelled invite, a demotion.
    ///
    /// These are what the limits on revocations count. A revoked key is none of them: it only finishes what the
    /// removal or demotion of its owner began, which is counted already.
    pub fn is_revocation(&self) -> bool {
        match self {
            Self::SetRole { member: _, to } => *to < Role::Owner,
            Self::CancelInvite { invite: _ } | Self::Remove { member: _ } => true,
            Self::Invite { email: _, role: _ }
            | Self::RevokeKey {
                key: _,
                user: _,
                email: _,
            } => false,
        }
    }

    /// Whether the change takes anything from anybody: a revocation, or the revocation of a key.
    pub fn takes(&self) -> bool {
        self.is_revocation() || self.key().is_some()
    }

    /// Whether the change gives a person access: an invite, a promotion.
    pub fn gives(&self) -> bool {
        !self.takes()
    }

    /// The admin key that the change revokes, if it does.
    pub fn key(&self) -> Option<&AdminKey> {
        match self {
            Self::RevokeKey {
                key,
                user: _,
                email: _,
            } => Some(key),
            Self::SetRole { member: _, to: _ }
            | Self::CancelInvite { invite: _ }
            | Self::Remove { member: _ }
            | Self::Invite { email: _, role: _ } => None,
        }
    }

    /// Whether the change takes the role of owner from a member.
    pub fn revokes_owner(&self) -> bool {
        match self {
            Self::SetRole { member, to } => member.role.is_owner() && *to != Role::Owner,
            Self::Remove { member } => member.role.is_owner(),
            Self::CancelInvite { invite: _ }
            | Self::Invite { email: _, role: _ }
            | Self::RevokeKey {
                key: _,
                user: _,
                email: _,
            } => false,
        }
    }

    /// Whether the change makes a member an owner at once. An invite does so only when it is accepted.
    pub fn promotes(&self) -> bool {
        match self {
            Self::SetRole { member: _, to } => *to == Role::Owner,
            Self::CancelInvite { invite: _ }
            | Self::Remove { member: _ }
            | Self::Invite { email: _, role: _ }
            | Self::RevokeKey {
                key: _,
                user: _,
                email: _,
            } => false,
        }
    }

    /// The member whose row changes, where one does.
    pub fn member(&self) -> Option<&Member> {
        match self {
            Self::SetRole { member, to: _ } | Self::Remove { member } => Some(member),
            Self::CancelInvite { invite: _ }
            | Self::Invite { email: _, role: _ }
            | Self::RevokeKey {
                key: _,
                user: _,
                email: _,
            } => None,
        }
    }

    /// The member whom the change removes, if it does.
    pub fn removed(&self) -> Option<&Member> {
        match self {
            Self::Remove { member } => Some(member),
            Self::SetRole { member: _, to: _ }
            | Self::CancelInvite { invite: _ }
            | Self::Invite { email: _, role: _ }
            | Self::RevokeKey {
                key: _,
                user: _,
                email: _,
            } => None,
        }
    }

    /// The id of the member whom the change is about, where it is about one.
    pub fn user(&self) -> Option<&UserId> {
        match self {
            Self::SetRole { member, to: _ } | Self::Remove { member } => Some(&member.id),
            Self::RevokeKey {
                key: _,
                user,
                email: _,
            } => Some(user),
            Self::CancelInvite { invite: _ } | Self::Invite { email: _, role: _ } => None,
        }
    }

    /// The address that the change is about, as the provider knows it.
    pub fn email(&self) -> Option<&Email> {
        match self {
            Self::SetRole { member, to: _ } | Self::Remove { member } => member.email.as_ref(),
            Self::CancelInvite { invite } => Some(&invite.email),
            Self::Invite { email, role: _ } => Some(email),
            Self::RevokeKey {
                key: _,
                user: _,
                email,
            } => email.as_ref(),
        }
    }
}

/// A sentence fragment: `remove eve@acme.dev (reader)`.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetRole { member, to } => write!(
                f,
                "set the role of {} from {} to {to}",
                member.label(),
                member.role
            ),
            Self::CancelInvite { invite } => {
                write!(f, "cancel the invite of {} ({})", invite.email, invite.role)
            }
            Self::Remove { member } => write!(f, "remove {} ({})", member.label(), member.role),
            Self::Invite { email, role } => write!(f, "invite {email} ({role})"),
            Self::RevokeKey { key, user, email } => write!(
                f,
                "revoke the admin key {} of {}",
                key.id,
                email.as_ref().map_or(user.as_str(), Email::as_str)
            ),
        }
    }
}

/// Whom an action, a breach or a report is about: an address, a member's id, or both.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Person {
    /// The declared address, else the live one.
    pub email: Option<Email>,
    /// The member's id, for somebody who is in.
    pub id: Option<UserId>,
}

impl Person {
    /// A person known by address only.
    pub fn address(email: &Email) -> Self {
        Self {
            email: Some(email.clone()),
            id: None,
        }
    }

    /// A live member.
    pub fn member(member: &Member) -> Self {
        Self {
            email: member.email.clone(),
            id: Some(member.id.clone()),
        }
    }

    /// Whether two mentions are of one person: one address or one id in common.
    pub fn is(&self, other: &Self) -> bool {
        (self.email.is_some() && self.email == other.email)
            || (self.id.is_some() && self.id == other.id)
    }

    /// The address, or the id where there is none.
    pub fn label(&self) -> &str {
        match (&self.email, &self.id) {
            (Some(email), _) => email.as_str(),
            (None, Some(id)) => id.as_str(),
            (None, None) => "nobody",
        }
    }
}

/// Why an action is planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The members file does not name the person.
    Undeclared,
    /// The entry's last day of access has passed.
    Expired {
        /// The last day of access.
        last_day: Date,
    },
    /// The person is declared gone.
    Departed {
        /// Since when, if written.
        since: Option<Date>,
        /// The ticket, if written.
        ticket: Option<String>,
    },
    /// The live role is not the declared one.
    RoleDiffers,
    /// A live owner's entry names no role, which means reader for everybody else.
    RoleUnwritten,
    /// The person is declared and not in.
    Absent,
    /// A pending invite would give another role than the declared one.
    InviteRoleDiffers,
    /// Another pending invite of the same address stays.
    InviteSurplus,
    /// The invited member is removed, and would come back by the invite.
    InviteOfRemoved,
    /// The admin key outlives whoever holds it.
    KeyOutlives {
        /// What became of the holder.
        owner: OwnerFate,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undeclared => f.write_str("undeclared"),
            Self::Expired { last_day } => write!(f, "expired on {last_day}"),
            Self::Departed { since, ticket } => {
                f.write_str("departed")?;
                if let Some(since) = since {
                    write!(f, " since {since}")?;
                }
                ticket
                    .as_ref()
                    .map_or(Ok(()), |ticket| write!(f, " ({ticket})"))
            }
            Self::RoleDiffers => f.write_str("role differs"),
            Self::RoleUnwritten => f.write_str("owner whose entry has no role"),
            Self::Absent => f.write_str("declared, not in"),
            Self::InviteRoleDiffers => f.write_str("invited with another role"),
            Self::InviteSurplus => f.write_str("invited more than once"),
            Self::InviteOfRemoved => f.write_str("invited, and removed as a member"),
            Self::KeyOutlives { owner } => f.write_str(owner.as_str()),
        }
    }
}

/// What makes an action risky, or needs saying beside it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Note {
    /// The person is an owner before or after the change.
    Owner,
    /// When an API key of the person was last used.
    KeyUsed {
        /// The time of the last use.
        at: Timestamp,
        /// Whether that is less than a day before the roster was read: the key is in use.
        recent: bool,
    },
    /// The person was added less than a week ago.
    AddedRecently {
        /// When.
        at: Timestamp,
    },
    /// The projects that the row lists.
    Projects {
        /// Each with the role in it.
        projects: Vec<ProjectMembership>,
    },
    /// The live row has another address than the entry that pins it.
    Renamed {
        /// The declared address.
        declared: Email,
    },
}

impl Note {
    /// A key that was last used at `at`, as seen from `now`.
    pub(super) fn key_used(at: Timestamp, now: Option<Timestamp>) -> Self {
        let recent = now.is_some_and(|now| now.duration_since(at) < SignedDuration::from_hours(24));
        Self::KeyUsed { at, recent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_recognised_by_address_or_id() {
        let email = |text: &str| Some(Email::parse(text).unwrap());
        let id = |text: &str| Some(UserId::parse(text).unwrap());
        let ada = Person {
            email: email("ada@acme.dev"),
            id: id("user-1"),
        };
        for (other, same) in [
            (
                Person {
                    email: email("ada@acme.dev"),
                    id: None,
                },
                true,
            ),
            (
                Person {
                    email: email("other@acme.dev"),
                    id: id("user-1"),
                },
                true,
            ),
            (
                Person {
                    email: None,
                    id: id("user-2"),
                },
                false,
            ),
            (
                Person {
                    email: None,
                    id: None,
                },
                false,
            ),
        ] {
            assert_eq!(ada.is(&other), same, "{other:?}");
        }
        assert!(
            !Person {
                email: None,
                id: None
            }
            .is(&Person {
                email: None,
                id: None
            })
        );
    }
}
