//! Admin API keys, as far as a plan must know them: never the secret, only who holds it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{KeyId, UserId};

/// An admin API key of the organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminKey {
    /// The key's id.
    pub id: KeyId,
    /// The name that somebody gave it: untrusted text.
    pub name: Option<String>,
    /// The provider's shortened form, such as `sk-admin...def`; safe to show.
    pub redacted_value: String,
    /// Who holds it.
    pub holder: KeyHolder,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it stops working; `None`: never, or not sent.
    pub expires_at: Option<Timestamp>,
    /// When it was last used; `None`: never, or not sent.
    pub last_used_at: Option<Timestamp>,
}

/// Who holds a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "type", content = "id")]
pub enum KeyHolder {
    /// A member of the organization.
    Person(UserId),
    /// A machine identity: no person's access depends on it.
    ServiceAccount,
    /// The provider did not say.
    Unknown,
}

/// What one reading of the admin keys found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminKeys {
    /// Every admin key, or why they could not be read, in a clause.
    pub listed: Result<Vec<AdminKey>, String>,
    /// Which of them this run uses.
    pub in_use: KeyInUse,
}

/// What is known about the admin key that this run uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyInUse {
    /// Exactly one listed key matches it.
    Found(AdminKey),
    /// None or several match, or the list could not be read: any owner may hold it.
    Unknown {
        /// Why, in a clause.
        reason: String,
    },
}

impl KeyInUse {
    /// The person who holds the key in use, where that is known.
    pub fn person(&self) -> Option<&UserId> {
        match self {
            Self::Found(AdminKey {
                holder: KeyHolder::Person(id),
                ..
            }) => Some(id),
            Self::Found(_) | Self::Unknown { reason: _ } => None,
        }
    }

    /// Whether taking access from an owner may take this run's own key away.
    pub fn may_belong_to_any_owner(&self) -> bool {
        match self {
            Self::Found(key) => key.holder == KeyHolder::Unknown,
            Self::Unknown { reason: _ } => true,
        }
    }

    /// Whether a listed key may be the one in use.
    pub fn may_be(&self, id: &KeyId) -> bool {
        match self {
            Self::Found(key) => key.id == *id,
            Self::Unknown { reason: _ } => true,
        }
    }

    /// Why any owner may hold the key, in a clause.
    pub fn why_unknown(&self) -> &str {
        match self {
            Self::Found(_) => "the API does not say who holds it",
            Self::Unknown { reason } => reason,
        }
    }
}
