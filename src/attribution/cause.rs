//! The entries of the log that led to a difference, or why the log has none.
//!
//! The log names members and invites by id. An address stands only where an invite is sent, so how somebody came in
//! is told in a chain: the newest invite to the address, its acceptance, and the id's own entry.

use std::fmt;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{Appeared, Differing};
use crate::plan::{Action, Change, DepartedLive, Difference, Person, Reported, UnmanagedRow};
use crate::roster::{
    AdminKey, AuditEvent, AuditLog, AuditReading, Email, Happening, Invite, InviteId, LiveRole,
    LiveRoster, Member, UserId,
};

/// How far the times of one event may lie apart in the log and in a row.
const SLACK: SignedDuration = SignedDuration::from_mins(5);

/// What the log says about a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// These entries led to it, the oldest first; at least one.
    Told(Vec<AuditEvent>),
    /// The log does not say.
    Untold(Silence),
}

/// Why the log does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Silence {
    /// The organization has it switched off.
    Off,
    /// It could not be read.
    Unreadable,
    /// It happened before the time that was read.
    BeforeRead {
        /// When it happened.
        at: Timestamp,
        /// From when on the log was read.
        since: Timestamp,
    },
    /// It happened before the oldest entry there is: the log may have been switched on later.
    BeforeLog {
        /// When it happened.
        at: Timestamp,
        /// The oldest entry's time.
        oldest: Timestamp,
    },
    /// The log has nothing about it.
    Nothing {
        /// From when on the log was read.
        since: Timestamp,
    },
}

/// A sentence without its period: `the audit log has nothing about it since 2026-10-25`.
impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = |at: &Timestamp| at.to_zoned_datetime(TimeZone::UTC).date();
        match self {
            Self::Off => f.write_str("the audit log is switched off"),
            Self::Unreadable => f.write_str("the audit log could not be read"),
            Self::BeforeRead { at, since } => write!(
                f,
                "it happened on {}, and the audit log was read since {}",
                day(at),
                day(since)
            ),
            Self::BeforeLog { at, oldest } => write!(
                f,
                "it happened on {}, before the oldest entry of the audit log ({})",
                day(at),
                day(oldest)
            ),
            Self::Nothing { since } => {
                write!(f, "the audit log has nothing about it since {}", day(since))
            }
        }
    }
}

/// What is asked about a difference.
enum Question<'a> {
    /// How a member came in.
    Came(&'a Member),
    /// Who sent an invite.
    Invited(&'a Invite),
    /// Who gave a member the role that they have.
    Role(&'a UserId, &'a LiveRole),
    /// Who made an admin key.
    Key(&'a AdminKey),
    /// Who removed a member.
    Went(&'a UserId),
}

/// Who caused a difference; `None` where there is nobody to ask for, as with somebody who has never been in.
pub fn explain(row: &Differing, live: &LiveRoster, reading: &AuditReading) -> Option<Cause> {
    let question = question(row, live)?;
    Some(answer(reading, question.at(), |log| question.entries(log)))
}

/// Who made what appeared.
pub fn explain_appeared(what: &Appeared, reading: &AuditReading) -> Cause {
    match what {
        Appeared::AdminKey(key, _) => {
            answer(reading, key.created_at, |log| who_made_the_key(key, log))
        }
        Appeared::ServiceAccount(row) => answer(reading, row.added_at, |log| {
            let made = |what: &Happening| match what {
                Happening::ServiceAccountCreated { account: id }
                | Happening::UserAdded { user: id, role: _ } => *id == row.id,
                _ => false,
            };
            newest(log, made).cloned().into_iter().collect()
        }),
    }
}

fn answer(
    reading: &AuditReading,
    at: Option<Timestamp>,
    entries: impl FnOnce(&AuditLog) -> Vec<AuditEvent>,
) -> Cause {
    let log = match reading {
        AuditReading::Read(log) => log,
        AuditReading::Off { reason: _ } => return Cause::Untold(Silence::Off),
        AuditReading::Unreadable { reason: _ } => return Cause::Untold(Silence::Unreadable),
    };
    let mut found = entries(log);
    if found.is_empty() {
        return Cause::Untold(silence(log, at));
    }
    found.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    Cause::Told(found)
}

/// Why a log that was read has no entry.
fn silence(log: &AuditLog, at: Option<Timestamp>) -> Silence {
    let since = log.since;
    match (at, log.oldest()) {
        (Some(at), _) if at < since => Silence::BeforeRead { at, since },
        (Some(at), Some(oldest)) if at < oldest => Silence::BeforeLog { at, oldest },
        _ => Silence::Nothing { since },
    }
}

fn question<'a>(row: &'a Differing, live: &'a LiveRoster) -> Option<Question<'a>> {
    match row {
        Differing::DepartedLive(DepartedLive {
            person,
            role: _,
            why: _,
            protection: _,
        })
        | Differing::UnmanagedOwner(UnmanagedRow {
            person,
            role: _,
            invite: _,
            why: _,
        }) => came(person, live),
        Differing::Action(action) => of_action(action),
        Differing::Undecided(conflict) => {
            conflict.people.iter().find_map(|person| came(person, live))
        }
        Differing::Reported(reported) => of_reported(reported, live),
        Differing::Vanished(vanished) => Some(Question::Went(&vanished.id)),
        Differing::LeftoverKey(row) => Some(Question::Key(&row.key)),
        Differing::UnmanagedFraction {
            unmanaged: _,
            rows: _,
        } => None,
    }
}

fn of_action(action: &Action) -> Option<Question<'_>> {
    match &action.change {
        Change::SetRole { member, to: _ } => Some(Question::Role(&member.id, &member.role)),
        Change::CancelInvite { invite } => Some(Question::Invited(invite)),
        Change::Remove { member } => Some(Question::Came(member)),
        // The log names whoever was removed by an id, and an address that is not in has none; what makes a key outlive
        // its owner is this very plan, or the owner's own row.
        Change::Invite { email: _, role: _ }
        | Change::RevokeKey {
            key: _,
            user: _,
            email: _,
        } => None,
    }
}

fn of_reported<'a>(row: &'a Reported, live: &'a LiveRoster) -> Option<Question<'a>> {
    let Reported { person, difference } = row;
    let role = || {
        let member = member(person, live)?;
        Some(Question::Role(&member.id, &member.role))
    };
    match difference {
        Difference::UndeclaredMember { role: _ } | Difference::OwnerNotRemovable => {
            came(person, live)
        }
        Difference::UndeclaredInvite { role: _, scim: _ }
        | Difference::InviteRole {
            live: _,
            desired: _,
        }
        | Difference::InviteOfVanished { role: _ } => {
            let newest = live.invites_of(person.email.as_ref()?).first()?;
            Some(Question::Invited(newest))
        }
        Difference::Absent { role: _ } => None,
        Difference::Role {
            live: _,
            desired: _,
        }
        | Difference::ProtectedRole {
            live: _,
            desired: _,
            protection: _,
        }
        | Difference::UnknownRole {
            live: _,
            desired: _,
        } => role(),
    }
}

fn member<'a>(person: &Person, live: &'a LiveRoster) -> Option<&'a Member> {
    let by_id = person.id.as_ref().and_then(|id| live.member(id));
    by_id.or_else(|| live.member_by_email(person.email.as_ref()?))
}

fn came<'a>(person: &Person, live: &'a LiveRoster) -> Option<Question<'a>> {
    member(person, live).map(Question::Came)
}

impl Question<'_> {
    /// When it happened, where the row says so.
    fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Came(member) => member.added_at,
            Self::Invited(invite) => invite.created_at,
            Self::Key(key) => key.created_at,
            Self::Role(_, _) | Self::Went(_) => None,
        }
    }

    fn entries(&self, log: &AuditLog) -> Vec<AuditEvent> {
        match self {
            Self::Came(member) => how_they_came(member, log),
            Self::Invited(invite) => {
                let sent = |what: &Happening| matches!(what, Happening::InviteSent { invite: id, .. } if *id == invite.id);
                newest(log, sent).cloned().into_iter().collect()
            }
            Self::Role(user, role) => who_set_the_role(user, role, log),
            Self::Key(key) => who_made_the_key(key, log),
            Self::Went(user) => {
                let gone = |what: &Happening| matches!(what, Happening::UserDeleted { user: id } if id == *user);
                newest(log, gone).cloned().into_iter().collect()
            }
        }
    }
}

/// The invite, its acceptance and the arrival, and for an owner who came as less, whoever made them one.
fn how_they_came(member: &Member, log: &AuditLog) -> Vec<AuditEvent> {
    let added = arrival(member, log);
    let latest = added
        .map(|event| event.at)
        .or(member.added_at)
        .and_then(|at| at.checked_add(SLACK).ok());
    let sent = member
        .email
        .as_ref()
        .and_then(|email| invitation(email, latest, log));
    let accepted = sent.and_then(|(invite, _)| {
        let of_it = |what: &Happening| matches!(what, Happening::InviteAccepted { invite: id } if id == invite);
        newest(log, of_it)
    });
    let promoted = who_set_the_role(&member.id, &member.role, log)
        .into_iter()
        .filter(|_| member.role.is_owner());
    sent.map(|(_, event)| event)
        .into_iter()
        .chain(accepted)
        .chain(added)
        .cloned()
        .chain(promoted)
        .collect()
}

/// The entry of the member's arrival. An entry of another project than the default one is the arrival only if its
/// time is the member's own: people are added to projects later, too.
fn arrival<'a>(member: &Member, log: &'a AuditLog) -> Option<&'a AuditEvent> {
    let is_they = |what: &Happening| matches!(what, Happening::UserAdded { user, role: _ } if *user == member.id);
    let near = |event: &&AuditEvent| {
        member
            .added_at
            .is_some_and(|at| event.at.duration_since(at).abs() <= SLACK)
    };
    newest(log, is_they).or_else(|| {
        let mut events = log.events.iter().filter(|event| is_they(&event.what));
        events.find(near)
    })
}

/// The newest invite to an address that was sent before a time.
fn invitation<'a>(
    address: &Email,
    latest: Option<Timestamp>,
    log: &'a AuditLog,
) -> Option<(&'a InviteId, &'a AuditEvent)> {
    log.events
        .iter()
        .filter(|event| latest.is_none_or(|latest| event.at <= latest))
        .find_map(|event| match &event.what {
            Happening::InviteSent {
                invite,
                email: Some(email),
                role: _,
            } if email == address => Some((invite, event)),
            _ => None,
        })
}

/// The newest entry that gave a member the role that they have: of the role itself, else of a role's assignment.
fn who_set_the_role(user: &UserId, role: &LiveRole, log: &AuditLog) -> Vec<AuditEvent> {
    let set = |what: &Happening| matches!(what, Happening::UserUpdated { user: id, role: Some(set) } if id == user && set == role);
    let assigned = |what: &Happening| match what {
        Happening::RoleAssigned { principal } | Happening::RoleUnassigned { principal } => {
            principal == user.as_str()
        }
        _ => false,
    };
    newest(log, set)
        .or_else(|| newest(log, assigned))
        .cloned()
        .into_iter()
        .collect()
}

/// The entry of an admin key's making. The log has no kind of its own for admin keys (API contract, section 8).
fn who_made_the_key(key: &AdminKey, log: &AuditLog) -> Vec<AuditEvent> {
    let made =
        |what: &Happening| matches!(what, Happening::KeyCreated { key: made } if *made == key.id);
    newest(log, made).cloned().into_iter().collect()
}

/// The newest entry about the organization itself that says so.
fn newest(log: &AuditLog, says: impl Fn(&Happening) -> bool) -> Option<&AuditEvent> {
    log.events
        .iter()
        .find(|event| event.project.is_none() && says(&event.what))
}
