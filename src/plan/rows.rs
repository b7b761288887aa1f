//! What a plan shows beside its actions: everything that differs and is deliberately left.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Person;
use crate::desired::{Expiry, Place};
use crate::roster::{Email, LiveRole, Protection, Role, UserId};

/// A difference that policy, protection or the provider's abilities leave as it is: always shown, never acted on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reported {
    /// Whom it is about.
    pub person: Person,
    /// What differs.
    pub difference: Difference,
}

/// A difference that is only reported.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Difference {
    /// A member whom the file does not name, under `undeclared = "report"`.
    UndeclaredMember {
        /// The live role.
        role: LiveRole,
    },
    /// A pending invite that the file does not name, under `invites = "report"`.
    UndeclaredInvite {
        /// The role that accepting gives.
        role: LiveRole,
        /// It is left because the identity provider may have sent it.
        scim: bool,
    },
    /// A declared person who is not in, under `absent = "report"` or without a way to invite.
    Absent {
        /// The declared role.
        role: Role,
    },
    /// A role that differs, under `roles = "report"` or without a way to set it.
    Role {
        /// The live role.
        live: LiveRole,
        /// The declared role.
        desired: Role,
    },
    /// A role that differs on a row that is never re-roled.
    ProtectedRole {
        /// The live role.
        live: LiveRole,
        /// The declared role.
        desired: Role,
        /// Why the row is left alone.
        protection: Protection,
    },
    /// A live role that this program does not know: never set.
    UnknownRole {
        /// The live role.
        live: LiveRole,
        /// The declared role.
        desired: Role,
    },
    /// A pending invite with another role than the declared one, under `roles = "report"`.
    InviteRole {
        /// The role that accepting gives.
        live: LiveRole,
        /// The declared role.
        desired: Role,
    },
    /// A pending invite of a person whose pinned id is no longer live.
    InviteOfVanished {
        /// The role that accepting gives.
        role: LiveRole,
    },
    /// Somebody who is to be gone and is, or may be, an owner: the API in use cannot remove one.
    OwnerNotRemovable,
}

impl Difference {
    /// The difference's name in documents and in the drift id.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::UndeclaredMember { role: _ } => "undeclared-member",
            Self::UndeclaredInvite { role: _, scim: _ } => "undeclared-invite",
            Self::Absent { role: _ } => "absent",
            Self::Role {
                live: _,
                desired: _,
            } => "role",
            Self::ProtectedRole {
                live: _,
                desired: _,
                protection: _,
            } => "protected-role",
            Self::UnknownRole {
                live: _,
                desired: _,
            } => "unknown-role",
            Self::InviteRole {
                live: _,
                desired: _,
            } => "invite-role",
            Self::InviteOfVanished { role: _ } => "invite-of-vanished",
            Self::OwnerNotRemovable => "owner-not-removable",
        }
    }
}

/// A sentence fragment about the person: `undeclared member (reader)`.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UndeclaredMember { role } => write!(f, "undeclared member ({role})"),
            Self::UndeclaredInvite { role, scim: false } => write!(f, "undeclared invite ({role})"),
            Self::UndeclaredInvite { role, scim: true } => {
                write!(
                    f,
                    "undeclared invite ({role}), left because members are SCIM-managed"
                )
            }
            Self::Absent { role } => write!(f, "declared ({role}), not in"),
            Self::Role { live, desired } => write!(f, "is {live}, declared {desired}"),
            Self::ProtectedRole {
                live,
                desired,
                protection,
            } => {
                write!(
                    f,
                    "is {live}, declared {desired}; a {protection} row is never re-roled"
                )
            }
            Self::UnknownRole { live, desired } => {
                write!(f, "has {live}, declared {desired}; it is never set")
            }
            Self::InviteRole { live, desired } => {
                write!(f, "invited as {live}, declared {desired}")
            }
            Self::InviteOfVanished { role } => {
                write!(f, "invited again ({role}), while the pinned id is gone")
            }
            Self::OwnerNotRemovable => {
                f.write_str("is not to be in, and may be an owner, whom this API cannot remove")
            }
        }
    }
}

/// A live row that is deliberately left alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UnmanagedRow {
    /// Whose row.
    pub person: Person,
    /// The live role.
    pub role: LiveRole,
    /// Whether the row is an invite.
    pub invite: bool,
    /// Why it is left.
    pub why: UnmanagedReason,
}

/// Why a row is left alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnmanagedReason {
    /// `[unmanaged] emails` has this pattern.
    Pattern(String),
    /// `[unmanaged] ids` has the id.
    Id,
    /// The row's flags.
    Protected(Protection),
}

impl fmt::Display for UnmanagedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pattern(pattern) => write!(f, "matches `{pattern}`"),
            Self::Id => f.write_str("listed by id"),
            Self::Protected(protection) => protection.fmt(f),
        }
    }
}

/// A declared person whose pinned id is no longer live: reported, not invited until the pin is taken out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Vanished {
    /// The declared address.
    pub email: Email,
    /// The pinned id.
    pub id: UserId,
    /// Where the entry is written.
    pub place: Place,
}

/// A departed or expired person whose row is never removed: shown first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DepartedLive {
    /// Whose row.
    pub person: Person,
    /// The live role.
    pub role: LiveRole,
    /// Why the person should be gone: `departed since 2026-11-20`.
    pub why: String,
    /// Why the row is not removed.
    pub protection: Protection,
}

/// An identity that cannot be decided: an id and an address that point at two people. Nothing is planned for them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Conflict {
    /// Everybody involved: the entry, and the live rows.
    pub people: Vec<Person>,
    /// What contradicts what, in a sentence.
    pub detail: String,
    /// Where the entry is written.
    pub place: Place,
}

/// Two rows that may be one person: an undeclared member and a declared person who is not in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Suspicion {
    /// What makes them alike.
    pub likeness: Likeness,
    /// The declared person.
    pub declared: Person,
    /// The undeclared member.
    pub live: Person,
}

/// What makes two rows alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Likeness {
    /// The addresses look the same, and one is not ASCII.
    LookAlike,
    /// The live display name is the one that the entry pins.
    Name,
    /// The local parts differ by at most two edits, in one domain.
    Spelling,
}

/// Something worth knowing that is no difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remark {
    /// A pinned person's live address is not the declared one.
    Renamed {
        /// The declared address.
        declared: Email,
        /// The live one, if there is one.
        live: Option<Email>,
        /// The pinned id.
        id: UserId,
    },
    /// A declared person is invited with the declared role, and has not accepted yet.
    Invited {
        /// The invited address.
        email: Email,
    },
    /// A pending invite of somebody who is in: it is left.
    InviteOfMember {
        /// The invited address.
        email: Email,
    },
    /// A declared person's access ends soon. Added by whoever knows how many days "soon" is.
    Expires(Expiry),
    /// An owner loses the role, and nobody knows which admin keys outlive them.
    KeysUnread {
        /// Why the admin keys were not read, in a clause.
        reason: String,
    },
    /// The plan is a part of a plan.
    Narrowed {
        /// The people it is narrowed to; none: everybody.
        only: Vec<Email>,
        /// Whether it is narrowed to what takes access.
        revocations_only: bool,
        /// How many actions are left out.
        left: usize,
    },
    /// Somebody whom the plan is narrowed to is neither live nor pending.
    NotThere {
        /// The address.
        email: Email,
    },
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Renamed {
                declared,
                live: Some(live),
                id,
            } => {
                write!(
                    f,
                    "{declared} is {id}, whose address is now {live}: rename the entry"
                )
            }
            Self::Renamed {
                declared,
                live: None,
                id,
            } => write!(f, "{declared} is {id}, who has no address now"),
            Self::Invited { email } => write!(f, "{email} is invited and has not accepted yet"),
            Self::InviteOfMember { email } => write!(
                f,
                "{email} is a member and has a pending invite, which is left"
            ),
            Self::KeysUnread { reason } => write!(
                f,
                "nobody knows which admin keys outlive an owner who goes: {reason}"
            ),
            Self::Expires(expiry) => write!(f, "{expiry}"),
            Self::Narrowed {
                only,
                revocations_only,
                left,
            } => {
                let people = only.iter().map(Email::as_str).collect::<Vec<_>>();
                let people = people.join(", ");
                let to = match (people.as_str(), revocations_only) {
                    ("", _) => "what takes access".to_owned(),
                    (people, true) => format!("what takes access from {people}"),
                    (people, false) => people.to_owned(),
                };
                let left = match left {
                    0 => "no other action is left".to_owned(),
                    1 => "1 other action is left".to_owned(),
                    several => format!("{several} other actions are left"),
                };
                write!(f, "narrowed to {to}: {left}")
            }
            Self::NotThere { email } => {
                write!(
                    f,
                    "{email} is neither in nor invited: nothing is to be done"
                )
            }
        }
    }
}
