//! The first members file, written from the live roster.
//!
//! An export is where an intruder would be blessed: whoever is in gets declared, and from then on the file says that
//! they belong. So a row for which anything speaks against that is written commented out, with the reason, and a
//! person decides. With all of these lines uncommented the file plans to nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use unicode_width::UnicodeWidthStr as _;

use super::line::{entry_fields, quoted};
use super::violation::quote;
use super::{Entry, Guardrails, Place};
use crate::roster::{
    Email, Invite, LiveRole, LiveRoster, Member, OrganizationId, Protection, UserId,
};

/// Days without a sign of use that make a row one for review.
const IDLE_DAYS: i64 = 90;

/// What the live roster does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportOptions {
    /// The organization.
    pub organization: OrganizationId,
    /// Its own domains (ASCII): an address elsewhere is for review.
    pub email_domains: BTreeSet<String>,
    /// The day it is.
    pub today: Date,
}

/// Writes a members file for the live roster.
pub fn export(live: &LiveRoster, options: &ExportOptions) -> String {
    let sorted = Sorted::of(live, options);
    let mut text = head(live, options, &sorted);
    text.push_str("\n[members]\n");
    push_lines(&mut text, "", &sorted.declared);
    if !sorted.review.is_empty() {
        text.push_str(
            "\n# review: each line below is somebody who is in or invited; who belongs is declared by deleting `# `\n\n",
        );
        push_lines(&mut text, "# ", &sorted.review);
    }
    if !sorted.not_declared.is_empty() {
        text.push_str("\n# not declared:\n");
        for line in &sorted.not_declared {
            text.push_str("#   ");
            text.push_str(line);
            text.push('\n');
        }
    }
    text.push_str("\n[departed]\n");
    text
}

/// A person's line in parts.
struct Line {
    owner: bool,
    email: Email,
    fields: String,
    /// Why it is for review.
    reason: Option<String>,
}

/// The live rows by what becomes of them.
#[derive(Default)]
struct Sorted {
    declared: Vec<Line>,
    review: Vec<Line>,
    /// Rows that a file cannot or need not declare, and why.
    not_declared: Vec<String>,
    /// People without an address, who can only be named by id.
    nameless: Vec<UserId>,
}

impl Sorted {
    fn of(live: &LiveRoster, options: &ExportOptions) -> Self {
        let mut sorted = Self::default();
        for member in live.members() {
            sorted.member(member, options);
        }
        let mut invited: BTreeMap<&Email, Vec<&Invite>> = BTreeMap::new();
        for invite in live.invites() {
            // A member's own invite says nothing new.
            if live.member_by_email(&invite.email).is_none() {
                invited.entry(&invite.email).or_default().push(invite);
            }
        }
        for invites in invited.into_values() {
            sorted.invited(&invites);
        }
        let order = |line: &Line| (!line.owner, line.email.clone());
        sorted.declared.sort_by_key(order);
        sorted.review.sort_by_key(order);
        sorted
    }

    /// Sorts the pending invites of one address.
    fn invited(&mut self, invites: &[&Invite]) {
        let [invite] = invites else {
            // Declared, all but one of them would be cancelled.
            if let Some(first) = invites.first() {
                let (email, times) = (&first.email, invites.len());
                let line = format!("{email}: invited {times} times; cancel all but one first");
                self.not_declared.push(line);
            }
            return;
        };
        let email = &invite.email;
        if let LiveRole::Other(_) = invite.role {
            // Declared, this would be an invite with another role: cancelled and sent anew.
            let role = inert(&invite.role.to_string());
            self.not_declared
                .push(format!("{email}: invited with {role}"));
            return;
        }
        let until = invite
            .expires_at
            .map_or_else(String::new, |at| format!(" (until {})", day(at)));
        self.review.push(Line {
            owner: invite.role.is_owner(),
            email: email.clone(),
            fields: entry_fields(&entry(email, &invite.role)),
            reason: Some(format!("invited, not accepted{until}")),
        });
    }

    fn member(&mut self, member: &Member, options: &ExportOptions) {
        if let Some(protection) = member.protection() {
            self.not_declared.push(protected(member, protection));
            return;
        }
        let Some(email) = &member.email else {
            self.nameless.push(member.id.clone());
            return;
        };
        let reason = against(member, email, options);
        let entry = Entry {
            id: Some(member.id.clone()),
            name: member.name.clone().filter(|name| !name.trim().is_empty()),
            ..entry(email, &member.role)
        };
        let line = Line {
            owner: member.role.is_owner(),
            email: email.clone(),
            fields: entry_fields(&entry),
            reason,
        };
        if line.reason.is_some() {
            self.review.push(line);
        } else {
            self.declared.push(line);
        }
    }
}

/// An entry with a role that can be declared, and nothing else.
fn entry(email: &Email, role: &LiveRole) -> Entry {
    Entry {
        email: email.clone(),
        role: match role {
            LiveRole::Known(role) => Some(*role),
            LiveRole::Other(_) => None,
        },
        id: None,
        name: None,
        expires: None,
        ticket: None,
        reason: None,
        aliases: Vec::new(),
        place: Place {
            file: String::new(),
            line: 1,
            column: 1,
        },
    }
}

/// What speaks against declaring a member unseen.
fn against(member: &Member, email: &Email, options: &ExportOptions) -> Option<String> {
    let mut reasons = Vec::new();
    if !options.email_domains.contains(email.domain()) {
        reasons.push("outside the domains".to_owned());
    }
    let idle_before = options.today.saturating_sub(IDLE_DAYS.days());
    let used = member.api_key_last_used_at.map(day);
    let added = member.added_at.map(day);
    match (used, added) {
        (Some(used), _)
            if used <= idle_before && added.is_none_or(|added| added <= idle_before) =>
        {
            reasons.push(format!("no API key used since {used}"));
        }
        (None, Some(added)) if added <= idle_before => {
            reasons.push(format!("no API key used since joining on {added}"));
        }
        (Some(_) | None, _) => {}
    }
    if let LiveRole::Other(_) = member.role {
        reasons.push(member.role.to_string());
    }
    // Reasons hold text of the provider's, and stand in a comment.
    (!reasons.is_empty()).then(|| inert(&reasons.join("; ")))
}

fn protected(member: &Member, protection: Protection) -> String {
    let why = match protection {
        Protection::ServiceAccount => "a service account: no person",
        Protection::DefaultUser => "the organization's default user",
        Protection::ScimManaged => "SCIM-managed: the identity provider adds and removes them",
    };
    let name = member
        .name
        .as_deref()
        .map_or_else(String::new, |name| format!(" {}", quote(name)));
    let label = inert(member.label());
    let role = inert(member.role.as_str());
    let id = match &member.email {
        Some(_) => format!(", {}", inert(member.id.as_str())),
        // The id is the label already.
        None => String::new(),
    };
    format!("{label}{name} ({role}{id}): {why}")
}

fn inert(text: &str) -> String {
    text.chars().map(super::violation::visible).collect()
}

/// Whether a text can be a slug; a header of a stranger's proxy may hold anything.
fn is_one_word(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

fn day(at: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(at).date()
}

fn push_lines(text: &mut String, mark: &str, lines: &[Line]) {
    let key = |line: &Line| quoted(line.email.as_str());
    let column = lines
        .iter()
        .map(|line| key(line).width())
        .max()
        .unwrap_or(0);
    for line in lines {
        let key = key(line);
        text.push_str(mark);
        text.push_str(&key);
        text.push_str(&" ".repeat(column - key.width()));
        text.push_str(" = ");
        text.push_str(&line.fields);
        if let Some(reason) = &line.reason {
            text.push_str("  # ");
            text.push_str(reason);
        }
        text.push('\n');
    }
}

/// Everything above the people.
fn head(live: &LiveRoster, options: &ExportOptions, sorted: &Sorted) -> String {
    let ExportOptions {
        organization,
        email_domains,
        today,
    } = options;
    let slug = live.organization().slug().filter(|slug| is_one_word(slug));
    let slug = slug.map_or_else(String::new, |slug| format!("slug = {}\n", quoted(slug)));
    let domains: Vec<String> = email_domains.iter().map(|domain| quoted(domain)).collect();
    // Whom no plan can touch, no limit has to count.
    let is_owner = |member: &&Member| member.role.is_owner() && member.protection().is_none();
    let owners = live.members().filter(is_owner);
    let Guardrails {
        revocations_max,
        revocation_fraction_max,
        revocations_max_per_week,
        changes_max,
        owners_min,
        required_owners: _,
        required_owners_disputed: _,
        email_domains: _,
    } = limits_for(live.members().len(), owners.count());
    let members = live.members().len();
    let invites = live.invites().len();
    format!(
        "# Written by `rosterctl export` on {today}: {members} members, {invites} pending invites.\n\
         # Nothing is removed while [policy] says \"report\". Decide on the lines under `# review`, run `rosterctl plan`,\n\
         # and when it shows nobody unexpected, change the two lines of [policy] that say so.\n\n\
         version = 1\n\n\
         [organization]\nid = {}\n{slug}\n\
         [policy]\n\
         undeclared = \"report\"   # change to \"remove\": then whoever is not in this file goes\n\
         invites    = \"report\"   # change to \"cancel\": then invites that are not in this file go\n\
         absent     = \"invite\"\n\
         roles      = \"enforce\"\n\n\
         [guardrails]\n\
         revocations_max          = {revocations_max}\n\
         revocation_fraction_max  = {revocation_fraction_max:.2}\n\
         revocations_max_per_week = {revocations_max_per_week}\n\
         changes_max              = {changes_max}\n\
         owners_min               = {owners_min}\n\
         required_owners          = []   # owners from whom nothing may be taken; only they can be made owners\n\
         email_domains            = [{}]\n\
         {}",
        quoted(organization.as_str()),
        domains.join(", "),
        nameless(&sorted.nameless),
    )
}

/// Guardrails for an organization of that size: tight, because loosening one is a reviewed diff.
fn limits_for(members: usize, owners: usize) -> Guardrails {
    let two_percent = u32::try_from(members.div_ceil(50)).unwrap_or(u32::MAX);
    let revocations_max = two_percent.max(3);
    Guardrails {
        revocations_max,
        revocation_fraction_max: 0.10,
        revocations_max_per_week: revocations_max.saturating_mul(2),
        owners_min: if owners >= 2 {
            2
        } else {
            u32::from(owners == 1)
        },
        ..Guardrails::default()
    }
}

/// People without an address can only be left alone, by id, and that too is a decision.
fn nameless(ids: &[UserId]) -> String {
    if ids.is_empty() {
        return String::new();
    }
    let ids: Vec<String> = ids.iter().map(|id| quoted(id.as_str())).collect();
    format!(
        "\n[unmanaged]\n# review: people without an address; no plan is made until they are named here\n\n# ids = [{}]\n",
        ids.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guardrails_fit_the_size() {
        for (members, owners, revocations_max, owners_min) in [
            (1, 1, 3, 1),
            (40, 3, 3, 2),
            (150, 2, 3, 2),
            (151, 2, 4, 2),
            (10_000, 0, 200, 0),
        ] {
            let limits = limits_for(members, owners);
            assert_eq!(limits.revocations_max, revocations_max, "{members}");
            assert_eq!(limits.revocations_max_per_week, 2 * revocations_max);
            assert_eq!(limits.owners_min, owners_min);
        }
    }
}
