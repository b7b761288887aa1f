//! Changes and people in documents.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::desired::Place;
use crate::plan::{Action, Change, Note, Person};
use crate::roster::{AdminKey, ProjectId, ProjectMembership};

/// One change, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActionDocument {
    /// What is done.
    pub change: ChangeName,
    /// The member's id, for a change to a member.
    pub user_id: Option<String>,
    /// The invite's id, for a cancelled invite.
    pub invite_id: Option<String>,
    /// The admin key, for one that is revoked; `user_id` is whoever holds it.
    pub key: Option<KeyDocument>,
    /// The address as the provider knows it; null for a member without one.
    pub email: Option<String>,
    /// The role before; null for an invite that is sent.
    pub before: Option<String>,
    /// The role after; null where access is taken.
    pub after: Option<String>,
    /// Why, in a clause.
    pub reason: String,
    /// What a reviewer should know beside it, in clauses.
    pub notes: Vec<String>,
    /// Where the members file says it, if it does.
    pub place: Option<PlaceDocument>,
}

/// The name of a kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeName {
    /// A member is removed from the organization.
    Remove,
    /// Somebody is invited.
    Invite,
    /// A member's role is set.
    SetRole,
    /// A pending invite is cancelled.
    CancelInvite,
    /// An admin API key is revoked.
    RevokeKey,
}

impl ChangeName {
    /// Names a change.
    pub fn of(change: &Change) -> Self {
        match change {
            Change::SetRole { member: _, to: _ } => Self::SetRole,
            Change::CancelInvite { invite: _ } => Self::CancelInvite,
            Change::Remove { member: _ } => Self::Remove,
            Change::Invite { email: _, role: _ } => Self::Invite,
            Change::RevokeKey {
                key: _,
                user: _,
                email: _,
            } => Self::RevokeKey,
        }
    }

    /// The name, as documents have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Remove => "remove",
            Self::Invite => "invite",
            Self::SetRole => "set-role",
            Self::CancelInvite => "cancel-invite",
            Self::RevokeKey => "revoke-key",
        }
    }
}

impl ActionDocument {
    /// Writes an action.
    pub fn new(action: &Action) -> Self {
        let Action {
            change,
            person: _,
            reason,
            notes,
            place,
        } = action;
        let bare = Self {
            change: ChangeName::of(change),
            user_id: change.user().map(ToString::to_string),
            invite_id: None,
            key: change.key().map(KeyDocument::admin),
            email: change.email().map(ToString::to_string),
            before: None,
            after: None,
            reason: reason.to_string(),
            notes: notes.iter().map(note).collect(),
            place: place.as_ref().map(PlaceDocument::new),
        };
        match change {
            Change::SetRole { member, to } => Self {
                before: Some(member.role.as_str().to_owned()),
                after: Some(to.as_str().to_owned()),
                ..bare
            },
            Change::CancelInvite { invite } => Self {
                invite_id: Some(invite.id.to_string()),
                before: Some(invite.role.as_str().to_owned()),
                ..bare
            },
            Change::Remove { member } => Self {
                before: Some(member.role.as_str().to_owned()),
                ..bare
            },
            Change::Invite { email: _, role } => Self {
                after: Some(role.as_str().to_owned()),
                ..bare
            },
            Change::RevokeKey {
                key: _,
                user: _,
                email: _,
            } => bare,
        }
    }

    /// The change's canonical line, as [`Change::canonical`] writes it.
    ///
    /// A document that was edited gives another line, or one that no change has.
    pub fn canonical(&self) -> String {
        let Self {
            change,
            user_id,
            invite_id,
            key,
            email,
            before,
            after,
            reason: _,
            notes: _,
            place: _,
        } = self;
        match change {
            ChangeName::Invite => json!(["invite", email, after]),
            ChangeName::SetRole => json!(["set-role", user_id, email, before, after]),
            ChangeName::CancelInvite => json!(["cancel-invite", invite_id, email, before]),
            ChangeName::Remove => json!(["remove", user_id, email, before]),
            ChangeName::RevokeKey => {
                let id = key.as_ref().map(|key| &key.id);
                json!(["revoke-key", null, id, user_id])
            }
        }
        .to_string()
    }
}

/// An API key, as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeyDocument {
    /// The key's id.
    pub id: String,
    /// The name that somebody gave it.
    pub name: Option<String>,
    /// The provider's shortened form, such as `sk-admin...def`.
    pub redacted_value: String,
    /// When it was last used, RFC 3339; null: never, or not sent.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub last_used_at: Option<Timestamp>,
}

impl KeyDocument {
    /// Writes an admin key.
    pub fn admin(key: &AdminKey) -> Self {
        let AdminKey {
            id,
            name,
            redacted_value,
            holder: _,
            created_at: _,
            expires_at: _,
            last_used_at,
        } = key;
        Self {
            id: id.to_string(),
            name: name.clone(),
            redacted_value: redacted_value.clone(),
            last_used_at: *last_used_at,
        }
    }
}

/// A note in a clause, with absolute times: a document is read at any time.
fn note(note: &Note) -> String {
    match note {
        Note::Owner => "owner".to_owned(),
        Note::KeyUsed { at, recent: false } => format!("API key used at {at}"),
        Note::KeyUsed { at, recent: true } => {
            format!("API key used at {at}, less than a day before (!)")
        }
        Note::AddedRecently { at } => format!("added at {at}"),
        Note::Projects { projects } => {
            let each = |project: &ProjectMembership| {
                let ProjectMembership { id, name, role } = project;
                let id = id.as_ref().map(ProjectId::as_str);
                let name = name.as_deref().or(id).unwrap_or("a project without a name");
                match role {
                    Some(role) => format!("{name} ({role})"),
                    None => name.to_owned(),
                }
            };
            let each: Vec<String> = projects.iter().map(each).collect();
            format!("in {}", each.join(", "))
        }
        Note::Renamed { declared } => format!("declared as {declared}"),
    }
}

/// A person: an address, a member's id, or both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PersonDocument {
    /// The declared address, else the live one.
    pub email: Option<String>,
    /// The member's id, for somebody who is in.
    pub user_id: Option<String>,
}

impl PersonDocument {
    /// Writes a person.
    pub fn new(person: &Person) -> Self {
        let Person { email, id } = person;
        Self {
            email: email.as_ref().map(ToString::to_string),
            user_id: id.as_ref().map(ToString::to_string),
        }
    }
}

/// A place in a members file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlaceDocument {
    /// The file, as it was named to the program.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl PlaceDocument {
    /// Writes a place.
    pub fn new(place: &Place) -> Self {
        let Place { file, line, column } = place;
        Self {
            file: file.clone(),
            line: *line,
            column: *column,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Reason;
    use crate::plan::testing::{admin_key, email, invite, member, owner, user};
    use crate::roster::{LiveRole, Member, Role};

    #[test]
    fn a_document_has_the_canonical_line_of_its_change() {
        let nobody = Member {
            email: None,
            role: LiveRole::observed(Some("admin \"x\"")),
            ..member("user-2", "x@acme.dev")
        };
        for change in [
            Change::Remove {
                member: member("user-1", "ada@acme.dev"),
            },
            Change::Remove {
                member: nobody.clone(),
            },
            Change::SetRole {
                member: owner("user-1", "дана@acme.dev"),
                to: Role::Reader,
            },
            Change::SetRole {
                member: nobody,
                to: Role::Owner,
            },
            Change::CancelInvite {
                invite: invite("invite-1", "bo@acme.dev", Role::Owner, 0),
            },
            Change::Invite {
                email: email("lin@acme.dev"),
                role: Role::Reader,
            },
            Change::RevokeKey {
                key: admin_key("key_1", "user-1"),
                user: user("user-1"),
                email: None,
            },
        ] {
            let action = Action {
                person: Person {
                    email: Some(email("declared@acme.dev")),
                    id: None,
                },
                reason: Reason::Undeclared,
                notes: Vec::new(),
                place: None,
                change,
            };
            let document = ActionDocument::new(&action);
            assert_eq!(document.canonical(), action.change.canonical());
            let json = serde_json::to_string(&document).unwrap();
            let back: ActionDocument = serde_json::from_str(&json).unwrap();
            assert_eq!(back, document);
        }
    }

    #[test]
    fn a_name_is_spelled_as_it_is_written() {
        for name in [
            ChangeName::Remove,
            ChangeName::Invite,
            ChangeName::SetRole,
            ChangeName::CancelInvite,
            ChangeName::RevokeKey,
        ] {
            assert_eq!(json!(name), json!(name.as_str()));
        }
    }
}
