//! A drift report for whoever may not see addresses: the rows, and the people in the audit log.

use super::values::{
    action, admin_key, conflict, departed, leftover_key, member, reported, unmanaged_row, vanished,
};
use super::{email, text};
use crate::attribution::{Appeared, Cause, Differing, Drift};
use crate::roster::{Actor, ActorHolder, AuditEvent, AuditLog, AuditReading, Happening, Somebody};

/// Returns the report with every address masked, and without the names that people chose.
pub fn drift(drift: &Drift) -> Drift {
    let Drift {
        rows,
        appeared,
        notices,
        log,
    } = drift;
    Drift {
        rows: rows
            .iter()
            .map(|(row, cause)| (differing(row), cause.as_ref().map(self::cause)))
            .collect(),
        appeared: appeared
            .as_ref()
            .map(|found| {
                let pair = |(what, cause): &(_, _)| (self::appeared(what), self::cause(cause));
                found.iter().map(pair).collect()
            })
            .map_err(|why| text(why)),
        notices: notices.iter().map(|notice| text(notice)).collect(),
        log: reading(log),
    }
}

fn differing(row: &Differing) -> Differing {
    match row {
        Differing::DepartedLive(row) => Differing::DepartedLive(departed(row)),
        Differing::Action(row) => Differing::Action(Box::new(action(row))),
        Differing::Undecided(row) => Differing::Undecided(conflict(row)),
        Differing::Reported(row) => Differing::Reported(reported(row)),
        Differing::Vanished(row) => Differing::Vanished(vanished(row)),
        Differing::LeftoverKey(row) => Differing::LeftoverKey(leftover_key(row)),
        Differing::UnmanagedOwner(row) => Differing::UnmanagedOwner(unmanaged_row(row)),
        Differing::UnmanagedFraction { unmanaged, rows } => Differing::UnmanagedFraction {
            unmanaged: *unmanaged,
            rows: *rows,
        },
    }
}

fn appeared(what: &Appeared) -> Appeared {
    match what {
        Appeared::AdminKey(key, holder) => Appeared::AdminKey(
            admin_key(key),
            holder.as_deref().map(|row| Box::new(member(row))),
        ),
        Appeared::ServiceAccount(row) => Appeared::ServiceAccount(Box::new(member(row))),
    }
}

fn cause(cause: &Cause) -> Cause {
    match cause {
        Cause::Told(events) => Cause::Told(events.iter().map(event).collect()),
        Cause::Untold(silence) => Cause::Untold(silence.clone()),
    }
}

fn reading(reading: &AuditReading) -> AuditReading {
    match reading {
        AuditReading::Read(AuditLog { since, events }) => AuditReading::Read(AuditLog {
            since: *since,
            events: events.iter().map(event).collect(),
        }),
        AuditReading::Off { reason } => AuditReading::Off {
            reason: text(reason),
        },
        AuditReading::Unreadable { reason } => AuditReading::Unreadable {
            reason: text(reason),
        },
    }
}

fn event(event: &AuditEvent) -> AuditEvent {
    let what = match &event.what {
        Happening::InviteSent {
            invite,
            email: address,
            role,
        } => Happening::InviteSent {
            invite: invite.clone(),
            email: address.as_ref().map(email),
            role: role.clone(),
        },
        other => other.clone(),
    };
    let by = match &event.by {
        Actor::Session(person) => Actor::Session(somebody(person)),
        Actor::Key { id, holder } => Actor::Key {
            id: id.clone(),
            holder: match holder {
                ActorHolder::Person(person) => ActorHolder::Person(somebody(person)),
                ActorHolder::ServiceAccount(id) => ActorHolder::ServiceAccount(id.clone()),
                ActorHolder::Unsaid => ActorHolder::Unsaid,
            },
        },
        Actor::Unsaid => Actor::Unsaid,
    };
    AuditEvent {
        what,
        by,
        ..event.clone()
    }
}

fn somebody(person: &Somebody) -> Somebody {
    let Somebody { id, email: address } = person;
    Somebody {
        id: id.clone(),
        email: address.as_ref().map(email),
    }
}
