//! Projects, as far as a removal can break them: who is in one, and which API keys work in it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{KeyHolder, KeyId, ProjectId, UserId};

/// A project of the organization.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Project {
    /// The project's id.
    pub id: ProjectId,
    /// The name that somebody gave it, if sent: untrusted text.
    pub name: Option<String>,
    /// Whether it is archived: it has no members then, and its keys are still listed.
    pub archived: bool,
}

impl Project {
    /// The name, or the id where there is none.
    pub fn label(&self) -> &str {
        self.name
            .as_deref()
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .unwrap_or(self.id.as_str())
    }
}

/// A member of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectUser {
    /// The member of the organization.
    pub id: UserId,
    /// The role in the project, as the provider calls it: `owner`, `member`, `viewer`.
    pub role: String,
}

impl ProjectUser {
    /// Whether the member is an owner of the project.
    pub fn is_owner(&self) -> bool {
        self.role == "owner"
    }
}

/// An API key of a project: never the secret, only who owns it and what it looks like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectKey {
    /// The key's id.
    pub id: KeyId,
    /// The name that somebody gave it: untrusted text.
    pub name: Option<String>,
    /// The provider's shortened form, such as `sk-...def`; safe to show.
    pub redacted_value: String,
    /// Who owns it.
    pub holder: KeyHolder,
    /// When it was last used; `None`: never, or not sent.
    pub last_used_at: Option<Timestamp>,
    /// Whether its owner has access to the project, which is whether it works; `None`: not sent.
    pub owner_has_access: Option<bool>,
}

/// Which of a project's keys a listing gives (API contract, section 5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyScope {
    /// Every key, whether its owner has access or not: the only complete listing.
    Any,
    /// What the provider's own rules of visibility leave; some keys that work may be missing.
    Visible,
}
