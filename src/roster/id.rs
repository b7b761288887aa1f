//! Identifiers that the provider gives: opaque, typed by what they name, safe as one path segment.
//!
//! An empty id, `.` or `..` would turn a call on one object into a call on its collection (API contract, section
//! 2), so such an id cannot be built. Anything else is opaque and is percent-encoded where it enters a URL.

use std::{fmt, marker::PhantomData};

use serde::{Deserialize, Serialize};

/// Bytes in an id at most; real ones have about 30.
const ID_BYTES_MAX: usize = 256;

/// An opaque identifier of a `K`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String", bound = "K: Clone")]
pub struct Id<K> {
    text: String,
    kind: PhantomData<K>,
}

/// What an id can name; types that only tell ids apart.
pub mod kind {
    /// A member of the organization.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum User {}
    /// An invite.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Invite {}
    /// An organization.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Organization {}
    /// An API key, of a project or of the organization.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Key {}
    /// A project.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Project {}
}

/// The id of a member: `user-…`.
pub type UserId = Id<kind::User>;
/// The id of an invite: `invite-…`.
pub type InviteId = Id<kind::Invite>;
/// The id of an organization: `org-…`.
pub type OrganizationId = Id<kind::Organization>;
/// The id of an API key: `key_…`.
pub type KeyId = Id<kind::Key>;
/// The id of a project: `proj_…`.
pub type ProjectId = Id<kind::Project>;

/// Why a text cannot be an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Empty, `.` or `..`: not a path segment.
    #[error("`{0}` cannot be an id")]
    NotASegment(String),
    /// White space or a control character.
    #[error("{0:?} has white space or a control character, so it cannot be an id")]
    NotPrintable(String),
    /// Longer than any id.
    #[error("an id has {ID_BYTES_MAX} bytes at most, this one has {0}")]
    TooLong(usize),
}

impl<K> Id<K> {
    /// Takes a text as an id, without changing it.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if matches!(text, "" | "." | "..") {
            return Err(IdError::NotASegment(text.to_owned()));
        }
        if text.len() > ID_BYTES_MAX {
            return Err(IdError::TooLong(text.len()));
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(IdError::NotPrintable(text.to_owned()));
        }
        Ok(Self {
            text: text.to_owned(),
            kind: PhantomData,
        })
    }

    /// The id as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl<K> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<K> TryFrom<String> for Id<K> {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl<K> From<Id<K>> for String {
    fn from(id: Id<K>) -> Self {
        id.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_one_path_segment() {
        for text in ["", ".", "..", "a b", "a\nb", "\u{7f}"] {
            assert!(UserId::parse(text).is_err(), "{text:?}");
        }
        assert!(UserId::parse(&"x".repeat(257)).is_err());
        for text in ["user-1", "a/b", "...", "ä"] {
            assert_eq!(UserId::parse(text).unwrap().to_string(), text);
        }
    }
}
