//! The document of a live roster: who is in, who is invited, and whether the members file names them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::FORMAT_VERSION;
use crate::desired::DesiredRoster;
use crate::roster::{Email, Invite, LiveRoster, Member, UserId};

/// Members and pending invites, by address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RosterDocument {
    /// The version of this format. A reader refuses a newer one.
    pub format_version: u32,
    /// What the provider calls the organization: an id or a slug; null where it did not say.
    pub organization: Option<String>,
    /// When the roster was read: the provider's date, RFC 3339.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub observed_at: Option<Timestamp>,
    /// Members of the organization, found or not.
    pub members: usize,
    /// Pending invites, found or not.
    pub invites: usize,
    /// Whom the search found; everybody where there was none.
    pub people: Vec<RosterRow>,
}

/// A member, or a pending invite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RosterRow {
    /// The address; null for a member without one.
    pub email: Option<String>,
    /// The display name that the person chose.
    pub name: Option<String>,
    /// The role, as the provider calls it; of an invite, the one that accepting gives.
    pub role: String,
    /// The member's id, for a member.
    pub user_id: Option<String>,
    /// The invite's id, for an invite.
    pub invite_id: Option<String>,
    /// Until when an invite can be accepted, RFC 3339.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub until: Option<Timestamp>,
    /// Whether the members file names the person; null without a file.
    pub declared: Option<bool>,
}

impl RosterDocument {
    /// Writes the rows of a roster that contain `search`, in an address, a name or an id, whatever its case.
    pub fn new(live: &LiveRoster, desired: Option<&DesiredRoster>, search: Option<&str>) -> Self {
        let pins: Option<BTreeSet<&UserId>> = desired.map(|desired| {
            let entries = desired.members.values();
            entries.filter_map(|entry| entry.id.as_ref()).collect()
        });
        let named = |email: Option<&Email>, id: Option<&UserId>| {
            let (desired, pins) = (desired?, pins.as_ref()?);
            let by_email = email.is_some_and(|email| desired.members.contains_key(email));
            Some(by_email || id.is_some_and(|id| pins.contains(id)))
        };
        let members = live
            .members()
            .map(|row| member_row(row, named(row.email.as_ref(), Some(&row.id))));
        let invites = live
            .invites()
            .iter()
            .map(|row| invite_row(row, named(Some(&row.email), None)));
        let mut people: Vec<RosterRow> = members
            .chain(invites)
            .filter(|row| search.is_none_or(|text| row.contains(text)))
            .collect();
        people.sort_by(|a, b| (&a.email, &a.user_id).cmp(&(&b.email, &b.user_id)));
        Self {
            format_version: FORMAT_VERSION,
            organization: live.organization().header.clone(),
            observed_at: live.organization().date,
            members: live.members().len(),
            invites: live.invites().len(),
            people,
        }
    }
}

impl RosterRow {
    fn contains(&self, text: &str) -> bool {
        let text = text.trim().to_lowercase();
        [&self.email, &self.name, &self.user_id, &self.invite_id]
            .into_iter()
            .flatten()
            .any(|value| value.to_lowercase().contains(&text))
    }
}

fn member_row(member: &Member, declared: Option<bool>) -> RosterRow {
    let Member {
        id,
        email,
        name,
        role,
        added_at: _,
        flags: _,
        api_key_last_used_at: _,
        projects: _,
    } = member;
    RosterRow {
        email: email.as_ref().map(ToString::to_string),
        name: name.clone(),
        role: role.as_str().to_owned(),
        user_id: Some(id.to_string()),
        invite_id: None,
        until: None,
        declared,
    }
}

fn invite_row(invite: &Invite, declared: Option<bool>) -> RosterRow {
    let Invite {
        id,
        email,
        role,
        status: _,
        created_at: _,
        expires_at,
    } = invite;
    RosterRow {
        email: Some(email.to_string()),
        name: None,
        role: role.as_str().to_owned(),
        user_id: None,
        invite_id: Some(id.to_string()),
        until: *expires_at,
        declared,
    }
}
