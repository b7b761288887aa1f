//! The canonical line of a change: the bytes by which plans are named and compared.
//!
//! A line holds what the change does and nothing about why, when or from which file, so that two plans with one id
//! do exactly the same, and a reviewed plan can be compared with a fresh one line by line.

use serde_json::{Value, json};

use super::Change;

impl Change {
    /// The change as one compact JSON array.
    pub fn canonical(&self) -> String {
        let value: Value = match self {
            Self::Invite { email, role } => json!(["invite", email.as_str(), role.as_str()]),
            Self::SetRole { member, to } => {
                let email = member.email.as_ref().map(crate::roster::Email::as_str);
                json!([
                    "set-role",
                    member.id.as_str(),
                    email,
                    member.role.as_str(),
                    to.as_str()
                ])
            }
            Self::CancelInvite { invite } => {
                json!([
                    "cancel-invite",
                    invite.id.as_str(),
                    invite.email.as_str(),
                    invite.role.as_str()
                ])
            }
            Self::Remove { member } => {
                let email = member.email.as_ref().map(crate::roster::Email::as_str);
                json!(["remove", member.id.as_str(), email, member.role.as_str()])
            }
        };
        value.to_string()
    }
}
