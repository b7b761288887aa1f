//! What a plan shows beside its actions, in documents.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{KeyDocument, PersonDocument, PlaceDocument};
use crate::desired::Loosening;
use crate::plan::{
    DepartedLive, LeftoverKey, Likeness, OwnerFate, Plan, Reported, Suspicion, UnmanagedRow,
    Vanished,
};

/// A difference that is left as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportedDocument {
    /// Whom it is about.
    pub person: PersonDocument,
    /// The kind of difference, such as `undeclared-member`.
    pub difference: String,
    /// What differs, in a clause.
    pub detail: String,
}

impl ReportedDocument {
    /// Writes a reported difference.
    pub fn new(row: &Reported) -> Self {
        let Reported { person, difference } = row;
        Self {
            person: PersonDocument::new(person),
            difference: difference.kind().to_owned(),
            detail: difference.to_string(),
        }
    }
}

/// A row that is deliberately left alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnmanagedDocument {
    /// Whose row.
    pub person: PersonDocument,
    /// The live role.
    pub role: String,
    /// Whether the row is a pending invite.
    pub invite: bool,
    /// Why it is left alone, in a clause.
    pub why: String,
}

impl UnmanagedDocument {
    /// Writes an unmanaged row.
    pub fn new(row: &UnmanagedRow) -> Self {
        let UnmanagedRow {
            person,
            role,
            invite,
            why,
        } = row;
        Self {
            person: PersonDocument::new(person),
            role: role.as_str().to_owned(),
            invite: *invite,
            why: why.to_string(),
        }
    }
}

/// A declared person whose pinned id is no longer live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VanishedDocument {
    /// The declared address.
    pub email: String,
    /// The pinned id.
    pub user_id: String,
    /// Where the entry is written.
    pub place: PlaceDocument,
}

impl VanishedDocument {
    /// Writes a vanished person.
    pub fn new(row: &Vanished) -> Self {
        let Vanished { email, id, place } = row;
        Self {
            email: email.to_string(),
            user_id: id.to_string(),
            place: PlaceDocument::new(place),
        }
    }
}

/// A departed or expired person who is still live and never removed by this program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DepartedDocument {
    /// Whose row.
    pub person: PersonDocument,
    /// The live role.
    pub role: String,
    /// Why the person should be gone, in a clause.
    pub why: String,
    /// Why the row is not removed: `service account`, `default user`, `SCIM-managed`.
    pub protection: String,
}

impl DepartedDocument {
    /// Writes a departed person.
    pub fn new(row: &DepartedLive) -> Self {
        let DepartedLive {
            person,
            role,
            why,
            protection,
        } = row;
        Self {
            person: PersonDocument::new(person),
            role: role.as_str().to_owned(),
            why: why.clone(),
            protection: protection.to_string(),
        }
    }
}

/// An admin key that outlives its owner: whoever has it can invite them back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeftoverKeyDocument {
    /// Who holds it.
    pub person: PersonDocument,
    /// The key.
    pub key: KeyDocument,
    /// What became of the holder: `removed`, `demoted`, `reader` or `gone`.
    pub owner: OwnerFate,
    /// Whether an action of this plan revokes it, withheld or not.
    pub planned: bool,
}

impl LeftoverKeyDocument {
    /// Writes a key that outlives its owner; `plan` says whether it is revoked.
    pub fn new(row: &LeftoverKey, plan: &Plan) -> Self {
        let LeftoverKey { person, key, fate } = row;
        Self {
            person: PersonDocument::new(person),
            key: KeyDocument::admin(key),
            owner: *fate,
            planned: plan
                .actions
                .iter()
                .any(|action| action.change.key().is_some_and(|other| other.id == key.id)),
        }
    }
}

/// One way in which the members file allows more than the one before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LoosenedDocument {
    /// What kind of thing: `tombstone-lifted`, `pin-changed`, `limit`, `required-owner-dropped`,
    /// `required-owner-added`, `domain-added`, `unenforced`, `freeze-lifted`, `ceiling-raised`,
    /// `unmanaged-added`, `unmanaged-switch` or `owner-added`.
    pub kind: String,
    /// It, in a sentence.
    pub message: String,
    /// Where the entry is written, for what is one.
    pub place: Option<PlaceDocument>,
}

impl LoosenedDocument {
    /// Writes what is loosened.
    pub fn new(row: &Loosening) -> Self {
        Self {
            kind: row.kind().to_owned(),
            message: row.to_string(),
            place: row.place().map(PlaceDocument::new),
        }
    }
}

/// Two rows that may be one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SuspicionDocument {
    /// What makes them alike: `look-alike`, `name` or `spelling`.
    pub likeness: String,
    /// The declared person who is not in.
    pub declared: PersonDocument,
    /// The undeclared member.
    pub live: PersonDocument,
}

impl SuspicionDocument {
    /// Writes a suspicion.
    pub fn new(row: &Suspicion) -> Self {
        let Suspicion {
            likeness,
            declared,
            live,
        } = row;
        let likeness = match likeness {
            Likeness::LookAlike => "look-alike",
            Likeness::Name => "name",
            Likeness::Spelling => "spelling",
        };
        Self {
            likeness: likeness.to_owned(),
            declared: PersonDocument::new(declared),
            live: PersonDocument::new(live),
        }
    }
}
