//! The two roles that can be set, and whatever the provider reports.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A role that an organization member can be given (API contract, section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// An ordinary member.
    Reader,
    /// Full control: members, projects, invites and admin keys.
    Owner,
}

/// A text that is no role that can be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a role; the roles are `reader` and `owner`")]
pub struct RoleError(pub String);

impl Role {
    /// Every role, lowest first.
    pub const ALL: [Self; 2] = [Self::Reader, Self::Owner];

    /// The word of the API and of the members file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Owner => "owner",
        }
    }

    /// Reads the word of the members file.
    pub fn parse(text: &str) -> Result<Self, RoleError> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| RoleError(text.to_owned()))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A role as the provider reports it: an open set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum LiveRole {
    /// One that can be compared and set.
    Known(Role),
    /// Any other word, or an empty one where the provider sent none: reported, never set.
    Other(String),
}

impl LiveRole {
    /// Reads the provider's word; `member` is an older word for `reader`.
    pub fn observed(text: Option<&str>) -> Self {
        match text.unwrap_or_default() {
            "owner" => Self::Known(Role::Owner),
            "reader" | "member" => Self::Known(Role::Reader),
            other => Self::Other(other.to_owned()),
        }
    }

    /// Whether the row has full control.
    pub fn is_owner(&self) -> bool {
        *self == Self::Known(Role::Owner)
    }

    /// The role's word, for the plan's canonical lines and for documents.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(role) => role.as_str(),
            Self::Other(text) => text,
        }
    }
}

impl From<Role> for LiveRole {
    fn from(role: Role) -> Self {
        Self::Known(role)
    }
}

impl From<String> for LiveRole {
    fn from(text: String) -> Self {
        Self::observed(Some(&text))
    }
}

impl From<LiveRole> for String {
    fn from(role: LiveRole) -> Self {
        role.as_str().to_owned()
    }
}

impl fmt::Display for LiveRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(role) => role.fmt(f),
            Self::Other(text) if text.is_empty() => f.write_str("no role"),
            Self::Other(text) => write!(f, "unknown role `{text}`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn live_roles_are_open() {
        assert_eq!(
            LiveRole::observed(Some("member")),
            LiveRole::Known(Role::Reader)
        );
        assert_eq!(
            LiveRole::observed(Some("admin")).to_string(),
            "unknown role `admin`"
        );
        assert_eq!(LiveRole::observed(None).to_string(), "no role");
        assert!(Role::parse("member").is_err());
    }
}
