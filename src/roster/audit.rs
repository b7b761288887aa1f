//! The organization's audit log, as far as it tells a roster's history: who came, who went, and whose doing it was.
//!
//! The log explains a roster and never makes one: it may be switched off, be out of reach of the key, or begin too
//! late, and all three are answers ([`AuditReading`]), not errors. It names members and invites by id and carries an
//! address only where an invite is sent (API contract, section 8).

use std::fmt;

use jiff::Timestamp;

use super::{Email, InviteId, KeyId, LiveRole, UserId};

/// The kinds of entries that this program reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AuditKind {
    /// Somebody became a member.
    UserAdded,
    /// A member was changed.
    UserUpdated,
    /// A member was removed.
    UserDeleted,
    /// An invite was sent.
    InviteSent,
    /// An invite was accepted.
    InviteAccepted,
    /// An invite was cancelled.
    InviteDeleted,
    /// A role was given to somebody.
    RoleAssigned,
    /// A role was taken from somebody.
    RoleUnassigned,
    /// An API key was made.
    KeyCreated,
    /// A service account was made.
    ServiceAccountCreated,
}

impl Happening {
    /// The kind of entry that says so.
    pub const fn kind(&self) -> AuditKind {
        match self {
            Self::UserAdded { user: _, role: _ } => AuditKind::UserAdded,
            Self::UserUpdated { user: _, role: _ } => AuditKind::UserUpdated,
            Self::UserDeleted { user: _ } => AuditKind::UserDeleted,
            Self::InviteSent {
                invite: _,
                email: _,
                role: _,
            } => AuditKind::InviteSent,
            Self::InviteAccepted { invite: _ } => AuditKind::InviteAccepted,
            Self::InviteDeleted { invite: _ } => AuditKind::InviteDeleted,
            Self::RoleAssigned { principal: _ } => AuditKind::RoleAssigned,
            Self::RoleUnassigned { principal: _ } => AuditKind::RoleUnassigned,
            Self::KeyCreated { key: _ } => AuditKind::KeyCreated,
            Self::ServiceAccountCreated { account: _ } => AuditKind::ServiceAccountCreated,
        }
    }
}

impl AuditKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::UserAdded,
        Self::UserUpdated,
        Self::UserDeleted,
        Self::InviteSent,
        Self::InviteAccepted,
        Self::InviteDeleted,
        Self::RoleAssigned,
        Self::RoleUnassigned,
        Self::KeyCreated,
        Self::ServiceAccountCreated,
    ];

    /// The kinds that take access away: what a limit on revocations counts.
    pub const REVOCATIONS: [Self; 3] = [Self::UserDeleted, Self::InviteDeleted, Self::UserUpdated];

    /// The provider's name of the kind.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UserAdded => "user.added",
            Self::UserUpdated => "user.updated",
            Self::UserDeleted => "user.deleted",
            Self::InviteSent => "invite.sent",
            Self::InviteAccepted => "invite.accepted",
            Self::InviteDeleted => "invite.deleted",
            Self::RoleAssigned => "role.assignment.created",
            Self::RoleUnassigned => "role.assignment.deleted",
            Self::KeyCreated => "api_key.created",
            Self::ServiceAccountCreated => "service_account.created",
        }
    }

    /// The kind with the provider's name, if it is one that is read.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for AuditKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// The entry's id.
    pub id: String,
    /// When it took effect.
    pub at: Timestamp,
    /// What happened.
    pub what: Happening,
    /// Whose doing it was.
    pub by: Actor,
    /// The project that it is about, where that is not the default one: then it is no change of the organization's
    /// own roster. What an admin key does is filed under the default project (API contract, section 8).
    pub project: Option<String>,
}

/// What an entry says happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// Somebody became a member.
    UserAdded {
        /// Who.
        user: UserId,
        /// With which role, if the entry says so.
        role: Option<LiveRole>,
    },
    /// A member was changed.
    UserUpdated {
        /// Who.
        user: UserId,
        /// The role that was set, if it was the role.
        role: Option<LiveRole>,
    },
    /// A member was removed.
    UserDeleted {
        /// Who.
        user: UserId,
    },
    /// An invite was sent.
    InviteSent {
        /// Which.
        invite: InviteId,
        /// To whom, if the entry says so.
        email: Option<Email>,
        /// For which role, if the entry says so.
        role: Option<LiveRole>,
    },
    /// An invite was accepted.
    InviteAccepted {
        /// Which.
        invite: InviteId,
    },
    /// An invite was cancelled.
    InviteDeleted {
        /// Which.
        invite: InviteId,
    },
    /// A role was given.
    RoleAssigned {
        /// To whom: a member or a group.
        principal: String,
    },
    /// A role was taken.
    RoleUnassigned {
        /// From whom: a member or a group.
        principal: String,
    },
    /// An API key was made.
    KeyCreated {
        /// Which.
        key: KeyId,
    },
    /// A service account was made.
    ServiceAccountCreated {
        /// Which; it may stand in the roster under this id.
        account: UserId,
    },
}

/// A clause about whoever or whatever it happened to: `added as reader`, `invite sent to lin@acme.dev as owner`.
impl fmt::Display for Happening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (clause, role) = match self {
            Self::UserAdded { user: _, role } => ("added".to_owned(), role.as_ref()),
            Self::UserUpdated {
                user: _,
                role: Some(role),
            } => return write!(f, "role set to {role}"),
            Self::UserUpdated {
                user: _,
                role: None,
            } => ("changed".to_owned(), None),
            Self::UserDeleted { user: _ } => ("removed".to_owned(), None),
            Self::InviteSent {
                invite: _,
                email: Some(email),
                role,
            } => (format!("invite sent to {email}"), role.as_ref()),
            Self::InviteSent {
                invite: _,
                email: None,
                role,
            } => ("invite sent".to_owned(), role.as_ref()),
            Self::InviteAccepted { invite: _ } => ("invite accepted".to_owned(), None),
            Self::InviteDeleted { invite: _ } => ("invite cancelled".to_owned(), None),
            Self::RoleAssigned { principal: _ } => ("role given".to_owned(), None),
            Self::RoleUnassigned { principal: _ } => ("role taken".to_owned(), None),
            Self::KeyCreated { key: _ } => ("key made".to_owned(), None),
            Self::ServiceAccountCreated { account: _ } => ("service account made".to_owned(), None),
        };
        f.write_str(&clause)?;
        role.map_or(Ok(()), |role| write!(f, " as {role}"))
    }
}

/// Whose doing an entry is, and by what means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A person in the dashboard.
    Session(Somebody),
    /// An API key.
    Key {
        /// The key's tracking id; untrusted text.
        id: Option<String>,
        /// Who holds it.
        holder: ActorHolder,
    },
    /// The log does not say.
    Unsaid,
}

/// Who did it: `ada@acme.dev in the dashboard`, `key key_1 of ada@acme.dev`.
impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(person) => {
                let who = person.label().unwrap_or("somebody unnamed");
                write!(f, "{who} in the dashboard")
            }
            Self::Key { id, holder } => {
                f.write_str("key")?;
                if let Some(id) = id {
                    write!(f, " {id}")?;
                }
                match holder {
                    ActorHolder::Person(person) => {
                        write!(f, " of {}", person.label().unwrap_or("somebody unnamed"))
                    }
                    ActorHolder::ServiceAccount(Some(id)) => write!(f, " of service account {id}"),
                    ActorHolder::ServiceAccount(None) => f.write_str(" of a service account"),
                    ActorHolder::Unsaid => Ok(()),
                }
            }
            Self::Unsaid => f.write_str("somebody whom the log does not name"),
        }
    }
}

/// Who holds a key that acted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActorHolder {
    /// A person.
    Person(Somebody),
    /// A machine identity, by its id if that is said; untrusted text.
    ServiceAccount(Option<String>),
    /// The log does not say.
    Unsaid,
}

/// A person as the log names one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Somebody {
    /// The member's id.
    pub id: Option<UserId>,
    /// The address.
    pub email: Option<Email>,
}

impl Somebody {
    /// The address, else the id.
    pub fn label(&self) -> Option<&str> {
        let Self { id, email } = self;
        email
            .as_ref()
            .map(Email::as_str)
            .or_else(|| id.as_ref().map(UserId::as_str))
    }
}

/// What came of reading the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditReading {
    /// It was read whole, back to `since`.
    Read(AuditLog),
    /// The organization has it switched off.
    Off {
        /// What the provider said, in a clause.
        reason: String,
    },
    /// It could not be read with this key, or not now.
    Unreadable {
        /// Why, in a clause.
        reason: String,
    },
}

/// The entries of some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLog {
    /// From when on entries were asked for.
    pub since: Timestamp,
    /// The entries of the kinds that were asked for, the newest first.
    pub events: Vec<AuditEvent>,
}

impl AuditLog {
    /// The oldest entry's time: the log knows nothing before it.
    pub fn oldest(&self) -> Option<Timestamp> {
        self.events.iter().map(|event| event.at).min()
    }

    /// Revocations from `since` on: members removed, invites cancelled, and roles set to one below owner.
    ///
    /// The log does not say which role somebody had, so setting a reader to reader counts as well: a count that is
    /// too high stops a run too early, never too late.
    pub fn revocations(&self, since: Timestamp) -> usize {
        let revokes = |event: &&AuditEvent| match &event.what {
            Happening::UserDeleted { user: _ } | Happening::InviteDeleted { invite: _ } => true,
            Happening::UserUpdated { user: _, role } => {
                role.as_ref().is_some_and(|role| !role.is_owner())
            }
            Happening::UserAdded { user: _, role: _ }
            | Happening::InviteSent {
                invite: _,
                email: _,
                role: _,
            }
            | Happening::InviteAccepted { invite: _ }
            | Happening::RoleAssigned { principal: _ }
            | Happening::RoleUnassigned { principal: _ }
            | Happening::KeyCreated { key: _ }
            | Happening::ServiceAccountCreated { account: _ } => false,
        };
        self.events
            .iter()
            .filter(|event| event.at >= since && event.project.is_none())
            .filter(revokes)
            .count()
    }
}
