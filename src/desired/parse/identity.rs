//! Who is who across the whole file: one person is declared once, under identities that nobody shares.

use std::collections::{BTreeMap, HashMap};

use crate::desired::parse::people::{WrittenDeparted, WrittenEntry};
use crate::desired::violation::{Findings, Spot, quote};
use crate::roster::{Email, Role, UserId};

/// Reports every identity that is claimed twice, and every required owner who is none. `whole`: no part of the file
/// is in doubt, so who is not there is missing.
pub(super) fn check(
    findings: &mut Findings<'_>,
    members: &[WrittenEntry],
    departed: &[WrittenDeparted],
    required_owners: &[(Email, Spot)],
    whole: bool,
) {
    let written = in_order(members);
    let by_email = declared_once(findings, &written);
    ids_pinned_once(findings, &written);
    aliases_of_one(findings, &written, &by_email);
    departed_once(findings, departed);
    not_also_departed(findings, members, departed, &by_email);
    for (email, spot) in required_owners {
        match by_email.get(email) {
            Some(written) => required_owner(findings, email, spot, written),
            None if whole => required_owner_missing(findings, email, spot),
            None => {}
        }
    }
}

/// Members in the order in which they are written, because "first declared here" must be the upper place.
fn in_order(members: &[WrittenEntry]) -> Vec<&WrittenEntry> {
    let mut members: Vec<&WrittenEntry> = members.iter().collect();
    members.sort_by_key(|written| (written.key.source, written.key.start));
    members
}

/// Who is declared under an address. Only asked, never iterated: its order is chance.
type ByEmail<'m> = HashMap<&'m Email, &'m WrittenEntry>;

fn declared_once<'m>(findings: &mut Findings<'_>, members: &[&'m WrittenEntry]) -> ByEmail<'m> {
    let mut by_email = ByEmail::with_capacity(members.len());
    for written in members {
        let email = &written.entry.email;
        if let Some(first) = by_email.get(email) {
            twice(findings, email, &written.key, &first.key);
        } else {
            by_email.insert(email, written);
        }
    }
    by_email
}

/// Reports a person who is declared in two places.
pub(super) fn twice(findings: &mut Findings<'_>, email: &Email, spot: &Spot, first: &Spot) {
    let message = format!("{} is declared twice", quote(email.as_str()));
    findings
        .report_pair(spot, message, first, "first declared here")
        .help("keep one of the two lines");
}

fn ids_pinned_once(findings: &mut Findings<'_>, members: &[&WrittenEntry]) {
    let mut first_of: HashMap<&UserId, &Spot> = HashMap::with_capacity(members.len());
    for written in members {
        let (Some(id), Some(spot)) = (&written.entry.id, &written.id) else {
            continue;
        };
        if let Some(first) = first_of.get(id) {
            let message = format!("the id {} is pinned twice", quote(id.as_str()));
            findings.report_pair(spot, message, first, "first pinned here");
        } else {
            first_of.insert(id, spot);
        }
    }
}

/// An alias tells other systems' records apart, so it belongs to one person and is nobody's address here.
fn aliases_of_one(findings: &mut Findings<'_>, members: &[&WrittenEntry], by_email: &ByEmail<'_>) {
    let mut first_of: BTreeMap<&Email, &Spot> = BTreeMap::new();
    for written in members {
        for (alias, spot) in written.entry.aliases.iter().zip(&written.aliases) {
            let shown = quote(alias.as_str());
            if let Some(owner) = by_email.get(alias) {
                let message = format!("the alias {shown} is a declared address");
                findings.report_pair(spot, message, &owner.key, "declared here");
            } else if let Some(first) = first_of.get(alias) {
                let message = format!("the alias {shown} is written twice");
                findings.report_pair(spot, message, first, "first written here");
            } else {
                first_of.insert(alias, spot);
            }
        }
    }
}

fn departed_once(findings: &mut Findings<'_>, departed: &[WrittenDeparted]) {
    let mut departed: Vec<&WrittenDeparted> = departed.iter().collect();
    departed.sort_by_key(|written| (written.key.source, written.key.start));
    let mut first_of: BTreeMap<&Email, &Spot> = BTreeMap::new();
    for written in departed {
        let Some(email) = &written.departed.email else {
            continue;
        };
        if let Some(first) = first_of.get(email) {
            twice(findings, email, &written.key, first);
        } else {
            first_of.insert(email, &written.key);
        }
    }
}

fn not_also_departed(
    findings: &mut Findings<'_>,
    members: &[WrittenEntry],
    departed: &[WrittenDeparted],
    by_email: &ByEmail<'_>,
) {
    if departed.is_empty() {
        return;
    }
    let by_id: BTreeMap<&UserId, &Spot> = members
        .iter()
        .filter_map(|written| Some((written.entry.id.as_ref()?, written.id.as_ref()?)))
        .collect();
    for written in departed {
        let email = written.departed.email.as_ref();
        let id = written.departed.id.as_ref();
        let member = email.and_then(|email| by_email.get(email));
        let pinned = id.and_then(|id| by_id.get(id));
        let (shown, spot, other) = match (member, pinned) {
            (Some(member), _) => (email.map(Email::as_str), &written.key, &member.key),
            (None, Some(pinned)) => {
                let spot = written.id.as_ref().unwrap_or(&written.key);
                (id.map(UserId::as_str), spot, *pinned)
            }
            (None, None) => continue,
        };
        let shown = quote(shown.unwrap_or_default());
        let message = format!("{shown} is both in [members] and in [departed]");
        findings
            .report_pair(spot, message, other, "declared a member here")
            .help("delete the line that does not hold");
    }
}

fn required_owner_missing(findings: &mut Findings<'_>, email: &Email, spot: &Spot) {
    let shown = quote(email.as_str());
    findings
        .report(
            spot,
            format!("the required owner {shown} is not in [members]"),
        )
        .help(format!("declare it: \"{email}\" = {{ role = \"owner\" }}"));
}

/// A required owner is an owner now and for good: an active entry without an end.
fn required_owner(findings: &mut Findings<'_>, email: &Email, spot: &Spot, written: &WrittenEntry) {
    if written.flawed {
        return;
    }
    let shown = quote(email.as_str());
    if written.entry.role != Some(Role::Owner) {
        let message = format!("the required owner {shown} has not the role owner");
        findings
            .report_pair(spot, message, &written.key, "declared here")
            .help("write role = \"owner\" there");
    }
    if let Some(expires) = &written.expires {
        let message = format!("the required owner {shown} cannot expire");
        findings
            .report_pair(expires, message, spot, "required here")
            .help("delete `expires`, or take the address out of required_owners");
    }
}
