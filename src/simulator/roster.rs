//! The roster file: an organization in wire shape.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An organization as JSON. Every row is served exactly as it is written here, also a row that is wrong.
///
/// A project's row may also hold `users` (project users) and `api_keys` (project API keys), both in wire shape; they
/// are taken out of it and served by their own endpoints.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roster {
    /// The organization's id, `org-…`.
    pub organization: String,
    /// What the response header `openai-organization` says instead of the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// The members.
    #[serde(default)]
    pub users: Vec<Map<String, Value>>,
    /// The invites, of any status.
    #[serde(default)]
    pub invites: Vec<Map<String, Value>>,
    /// The projects.
    #[serde(default)]
    pub projects: Vec<Map<String, Value>>,
    /// The admin API keys. The one in use is found by its `redacted_value`.
    #[serde(default)]
    pub admin_api_keys: Vec<Map<String, Value>>,
    /// The audit log, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audit_logs: Vec<Map<String, Value>>,
    /// Whether the organization has its audit log switched off: then reading it is refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub audit_log_off: bool,
}

/// Why a text is no roster.
#[derive(Debug, thiserror::Error)]
pub enum RosterError {
    /// It is not JSON, or not of this shape.
    #[error("the roster to simulate is not in its wire shape")]
    Shape(#[source] serde_json::Error),
    /// Its organization has no id.
    #[error("the roster to simulate has no organization id")]
    NoOrganization,
}

impl Roster {
    /// Reads a roster file.
    pub fn parse(text: &str) -> Result<Self, RosterError> {
        let roster: Self = serde_json::from_str(text).map_err(RosterError::Shape)?;
        if roster.organization.is_empty() {
            return Err(RosterError::NoOrganization);
        }
        Ok(roster)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_roster_needs_an_organization_and_has_no_unknown_fields() {
        for (text, fault) in [
            (
                r#"{"organization":"org-1","users":[{"any":"thing"}]}"#,
                None,
            ),
            (
                r#"{"organization":""}"#,
                Some("the roster to simulate has no organization id"),
            ),
            (
                r#"{"organization":"org-1","members":[]}"#,
                Some("the roster to simulate is not in its wire shape"),
            ),
            (
                "[]",
                Some("the roster to simulate is not in its wire shape"),
            ),
        ] {
            let found = Roster::parse(text).err().map(|error| error.to_string());
            assert_eq!(found.as_deref(), fault, "{text}");
        }
    }
}
