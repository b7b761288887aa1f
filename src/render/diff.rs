//! The difference between the live roster and the planned one, as a unified diff with one line per person.

use similar::TextDiff;

use super::Paint;
use super::safe::{Shown, visible_line};
use super::story::Sign;
use crate::roster::{Email, Invite, LiveRoster, Member};

/// Returns the unified diff from `live` to `after`, empty when nothing changes.
///
/// `after` is what the plan's executable actions would make of `live`.
pub fn diff(live: &LiveRoster, after: &LiveRoster, paint: Paint) -> String {
    let (old, new) = (listing(live), listing(after));
    let unified = TextDiff::from_lines(&old, &new)
        .unified_diff()
        .context_radius(1)
        .header("live", "desired")
        .to_string();
    let mut text = String::with_capacity(unified.len());
    for line in unified.lines() {
        text.push_str(&paint.row(sign(line), line));
        text.push('\n');
    }
    text
}

/// Returns the unified diff of one file of the user's, empty where nothing changes.
pub fn source_diff(name: &str, before: &str, after: &str, paint: Paint) -> String {
    let (name, unified) = (Shown::label(name), TextDiff::from_lines(before, after));
    let unified = unified
        .unified_diff()
        .context_radius(2)
        .header(&format!("a/{name}"), &format!("b/{name}"))
        .to_string();
    let mut text = String::with_capacity(unified.len());
    for line in unified.lines() {
        let shown = visible_line(line);
        text.push_str(&paint.row(sign(line), &shown));
        text.push('\n');
    }
    text
}

fn sign(line: &str) -> Sign {
    match line.as_bytes().first() {
        Some(b'+') => Sign::Give,
        Some(b'-') => Sign::Take,
        _ => Sign::Nothing,
    }
}

/// The roster as sorted lines: `address role id`, an invite with the word in place of an id.
fn listing(roster: &LiveRoster) -> String {
    let mut lines: Vec<String> = roster
        .members()
        .map(member_line)
        .chain(roster.invites().iter().map(invite_line))
        .collect();
    lines.sort_unstable();
    lines.concat()
}

fn member_line(member: &Member) -> String {
    // A row without address starts with our own word: an id could start with a runner's command.
    let address = member.email.as_ref().map_or("(no-address)", Email::as_str);
    line(address, &member.role.to_string(), member.id.as_str())
}

fn invite_line(invite: &Invite) -> String {
    line(invite.email.as_str(), &invite.role.to_string(), "(invited)")
}

fn line(address: &str, role: &str, id: &str) -> String {
    format!(
        "{} {} {}\n",
        Shown::label(address),
        Shown::label(role),
        Shown::label(id)
    )
}
