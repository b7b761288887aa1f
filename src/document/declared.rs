//! The document of the declared people: what the members file says, without the live roster.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FORMAT_VERSION, PlaceDocument};
use crate::desired::{Departed, DesiredRoster, Entry};

/// Everybody whom a members file names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeclaredDocument {
    /// The version of this format. A reader refuses a newer one.
    pub format_version: u32,
    /// The organization's id, as the file has it.
    pub organization: String,
    /// The declared people, by address.
    pub members: Vec<DeclaredRow>,
    /// The tombstones.
    pub departed: Vec<DepartedRow>,
}

/// A declared person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeclaredRow {
    /// The address.
    pub email: String,
    /// The role; null where none is written.
    pub role: Option<String>,
    /// The pinned id.
    pub id: Option<String>,
    /// The pinned name.
    pub name: Option<String>,
    /// The last day (UTC) of access, YYYY-MM-DD.
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub expires: Option<Date>,
    /// Whether the person may be in on the day of the listing.
    pub active: bool,
    /// The ticket that explains the entry.
    pub ticket: Option<String>,
    /// The reason that explains the entry.
    pub reason: Option<String>,
    /// Addresses under which other systems know the person.
    pub aliases: Vec<String>,
    /// Where the entry is written.
    pub place: PlaceDocument,
}

/// A tombstone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DepartedRow {
    /// The address, if it has one.
    pub email: Option<String>,
    /// The id, if it has one.
    pub id: Option<String>,
    /// Since when, YYYY-MM-DD.
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub since: Option<Date>,
    /// The ticket that explains it.
    pub ticket: Option<String>,
    /// The reason that explains it.
    pub reason: Option<String>,
    /// Where the tombstone is written.
    pub place: PlaceDocument,
}

impl DeclaredDocument {
    /// Writes what a file says, with who is active on a day.
    pub fn new(desired: &DesiredRoster, today: Date) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            organization: desired.organization.id.to_string(),
            members: desired
                .members
                .values()
                .map(|entry| declared(entry, today))
                .collect(),
            departed: desired.departed.iter().map(departed).collect(),
        }
    }
}

fn declared(entry: &Entry, today: Date) -> DeclaredRow {
    let Entry {
        email,
        role,
        id,
        name,
        expires,
        ticket,
        reason,
        aliases,
        place,
    } = entry;
    DeclaredRow {
        email: email.to_string(),
        role: role.map(|role| role.to_string()),
        id: id.as_ref().map(ToString::to_string),
        name: name.clone(),
        expires: *expires,
        active: entry.is_active(today),
        ticket: ticket.clone(),
        reason: reason.clone(),
        aliases: aliases.iter().map(ToString::to_string).collect(),
        place: PlaceDocument::new(place),
    }
}

fn departed(gone: &Departed) -> DepartedRow {
    let Departed {
        email,
        id,
        since,
        ticket,
        reason,
        place,
    } = gone;
    DepartedRow {
        email: email.as_ref().map(ToString::to_string),
        id: id.as_ref().map(ToString::to_string),
        since: *since,
        ticket: ticket.clone(),
        reason: reason.clone(),
        place: PlaceDocument::new(place),
    }
}
