//! The desired roster: who may be in, as the members file declares it.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{Guardrails, Place, Policy, Unmanaged};
use crate::roster::{Email, OrganizationId, Role, UserId};

/// A members file that has no violation.
#[derive(Debug, Clone, PartialEq)]
pub struct DesiredRoster {
    /// Which organization the file is about.
    pub organization: DesiredOrganization,
    /// Which classes of change are enforced.
    pub policy: Policy,
    /// The limits on one plan.
    pub guardrails: Guardrails,
    /// What is left alone.
    pub unmanaged: Unmanaged,
    /// The declared people, by address.
    pub members: BTreeMap<Email, Entry>,
    /// The tombstones. No address and no id is both here and in `members`.
    pub departed: Vec<Departed>,
}

/// `[organization]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredOrganization {
    /// Sent as `OpenAI-Organization`; also the name of the state folder.
    pub id: OrganizationId,
    /// What the response header `openai-organization` says when it is no id.
    pub slug: Option<String>,
}

/// One declared person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The declared address: the key in `[members]`.
    pub email: Email,
    /// The declared role; `None` where none is written, which means reader for somebody who is not an owner.
    pub role: Option<Role>,
    /// The pinned identity.
    pub id: Option<UserId>,
    /// The pinned name.
    pub name: Option<String>,
    /// The last day (UTC) of access.
    pub expires: Option<Date>,
    /// The ticket that explains the entry.
    pub ticket: Option<String>,
    /// The reason that explains the entry.
    pub reason: Option<String>,
    /// Addresses under which other systems know the person; they never match a live row.
    pub aliases: Vec<Email>,
    /// Where the entry is written.
    pub place: Place,
}

impl Entry {
    /// Whether the person may be in on `today`: `expires` is the last day of access.
    pub fn is_active(&self, today: Date) -> bool {
        self.expires.is_none_or(|last_day| today <= last_day)
    }
}

/// A tombstone: a person who is declared gone and is never invited again. It has an address, an id or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departed {
    /// The address.
    pub email: Option<Email>,
    /// The id, where the tombstone has one.
    pub id: Option<UserId>,
    /// Since when.
    pub since: Option<Date>,
    /// The ticket that explains it.
    pub ticket: Option<String>,
    /// The reason that explains it.
    pub reason: Option<String>,
    /// Where the tombstone is written.
    pub place: Place,
}

impl DesiredRoster {
    /// The declared people who may be in on `today`.
    pub fn active(&self, today: Date) -> impl Iterator<Item = &Entry> {
        self.members
            .values()
            .filter(move |entry| entry.is_active(today))
    }
}
