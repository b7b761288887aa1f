//! A row of the organization: a member or an invite, with everything a plan must know about it.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Email, InviteId, LiveRole, ProjectId, UserId};

/// A member of the organization, as the provider reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The id that a removal is sent with.
    pub id: UserId,
    /// The address; `None` when the provider sent none, or one that is no address.
    pub email: Option<Email>,
    /// The display name that the person chose: untrusted text.
    pub name: Option<String>,
    /// The organization role.
    pub role: LiveRole,
    /// When the member joined the organization.
    pub added_at: Option<Timestamp>,
    /// The provider's protection flags.
    pub flags: Flags,
    /// When any API key of the member was last used.
    pub api_key_last_used_at: Option<Timestamp>,
    /// The projects listed in the row; empty when the provider sent none.
    pub projects: Vec<ProjectMembership>,
}

/// A project that a member's row names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ProjectMembership {
    /// The project's id, if sent.
    pub id: Option<ProjectId>,
    /// The project's name, if sent: untrusted text.
    pub name: Option<String>,
    /// The role in the project, if sent.
    pub role: Option<String>,
}

/// The protection flags of a row. `None`: the provider did not send the flag, which is not `false`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Flags {
    /// `is_default`: the organization's default user.
    pub default_user: Option<bool>,
    /// `is_service_account`.
    pub service_account: Option<bool>,
    /// `is_scim_managed`: the identity provider adds and removes this member.
    pub scim_managed: Option<bool>,
}

impl Flags {
    /// All three flags, sent as false: an ordinary person.
    pub const PERSON: Self = Self {
        default_user: Some(false),
        service_account: Some(false),
        scim_managed: Some(false),
    };

    /// The names, as the API writes them, of the flags that were not sent.
    pub fn unknown(&self) -> Vec<&'static str> {
        let Self {
            default_user,
            service_account,
            scim_managed,
        } = self;
        [
            ("is_default", default_user),
            ("is_service_account", service_account),
            ("is_scim_managed", scim_managed),
        ]
        .into_iter()
        .filter_map(|(name, flag)| flag.is_none().then_some(name))
        .collect()
    }
}

/// Why a row is never removed and never re-roled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protection {
    /// A machine identity.
    ServiceAccount,
    /// The organization's default user.
    DefaultUser,
    /// Removed and added by the identity provider, which would undo a removal.
    ScimManaged,
}

impl fmt::Display for Protection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ServiceAccount => "service account",
            Self::DefaultUser => "default user",
            Self::ScimManaged => "SCIM-managed",
        })
    }
}

impl Member {
    /// The protection that the row's flags give it, if any.
    pub fn protection(&self) -> Option<Protection> {
        let Flags {
            default_user,
            service_account,
            scim_managed,
        } = self.flags;
        if service_account == Some(true) {
            Some(Protection::ServiceAccount)
        } else if default_user == Some(true) {
            Some(Protection::DefaultUser)
        } else if scim_managed == Some(true) {
            Some(Protection::ScimManaged)
        } else {
            None
        }
    }

    /// Whether the row is a person, as far as the provider said.
    pub fn is_person(&self) -> bool {
        self.flags.service_account != Some(true)
    }

    /// The address, or the id where there is none: what a person is called in every output.
    pub fn label(&self) -> &str {
        self.email.as_ref().map_or(self.id.as_str(), Email::as_str)
    }
}

/// An invite, as the provider reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// The id that a cancellation is sent with.
    pub id: InviteId,
    /// The invited address.
    pub email: Email,
    /// The organization role that accepting gives.
    pub role: LiveRole,
    /// Whether it can still be accepted.
    pub status: InviteStatus,
    /// When it was sent.
    pub created_at: Option<Timestamp>,
    /// When it stops being acceptable.
    pub expires_at: Option<Timestamp>,
}

/// The status of an invite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InviteStatus {
    /// Latent access: it can be accepted. A status this program does not know counts as pending.
    Pending,
    /// Used.
    Accepted,
    /// Too late to use.
    Expired,
}

impl InviteStatus {
    /// Reads the provider's word; an unknown one may still give access, so it counts as pending.
    pub fn observed(text: &str) -> Self {
        match text {
            "accepted" => Self::Accepted,
            "expired" => Self::Expired,
            _ => Self::Pending,
        }
    }
}
