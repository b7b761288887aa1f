//! The values that formats are made from, with every address in them masked.
//!
//! Every field is named: a new one must be decided on before it can be shown.

use super::{email, text};
use crate::desired::{Expiry, Loosening};
use crate::guardrail::{Breach, Judgement, Withheld};
use crate::outcome::Outcome;
use crate::plan::{
    Action, Change, Conflict, DepartedLive, Difference, LeftoverKey, Note, Person, Plan, Reason,
    Remark, Reported, Suspicion, UnmanagedReason, UnmanagedRow, Vanished,
};
use crate::roster::{
    AdminKey, Invite, LiveRole, LiveRoster, Member, Observation, ProjectMembership,
};
use crate::verify::{Foreign, Verification};

/// Returns a judged plan with its addresses masked. Take its names before: they are of the real addresses.
pub fn judgement(judgement: &Judgement) -> Judgement {
    let Judgement {
        plan,
        actions,
        withheld,
        accepted,
        breaches,
        caveats,
    } = judgement;
    Judgement {
        plan: self::plan(plan),
        actions: actions.iter().map(action).collect(),
        withheld: withheld.iter().map(self::withheld).collect(),
        accepted: accepted.iter().map(breach).collect(),
        breaches: breaches.iter().map(breach).collect(),
        caveats: caveats.iter().map(|caveat| text(caveat)).collect(),
    }
}

/// Returns what a file loosens with its addresses masked.
pub fn loosening(loosening: &Loosening) -> Loosening {
    match loosening {
        Loosening::TombstoneLifted(who) => Loosening::TombstoneLifted(text(who)),
        Loosening::PinChanged {
            email,
            from,
            to,
            place,
        } => Loosening::PinChanged {
            email: self::email(email),
            from: from.clone(),
            to: to.clone(),
            place: place.clone(),
        },
        Loosening::RequiredOwnerDropped(email) => {
            Loosening::RequiredOwnerDropped(self::email(email))
        }
        Loosening::RequiredOwnerAdded(email) => Loosening::RequiredOwnerAdded(self::email(email)),
        Loosening::FreezeLifted(reason) => Loosening::FreezeLifted(text(reason)),
        Loosening::UnmanagedAdded(what) => Loosening::UnmanagedAdded(text(what)),
        Loosening::OwnerAdded { email, place } => Loosening::OwnerAdded {
            email: self::email(email),
            place: place.clone(),
        },
        Loosening::Limit {
            name: _,
            from: _,
            to: _,
        }
        | Loosening::CeilingRaised {
            files: _,
            from: _,
            to: _,
        }
        | Loosening::DomainAdded(_)
        | Loosening::Unenforced(_)
        | Loosening::UnmanagedSwitch { name: _, to: _ } => loosening.clone(),
    }
}

/// Returns outcomes with the addresses in their causes masked.
pub fn outcomes(outcomes: &[Outcome]) -> Vec<Outcome> {
    outcomes.iter().map(outcome).collect()
}

/// Returns a verification with its addresses masked.
pub fn verification(verification: &Verification) -> Verification {
    let Verification {
        converged,
        residual,
        collateral,
        foreign,
    } = verification;
    Verification {
        converged: *converged,
        residual: residual.iter().map(action).collect(),
        collateral: collateral.iter().map(person).collect(),
        foreign: foreign
            .iter()
            .map(|Foreign { person, what }| Foreign {
                person: self::person(person),
                what: text(what),
            })
            .collect(),
    }
}

/// Returns a roster with its addresses masked: for showing only, since two people may then have one address.
pub fn roster(live: &LiveRoster) -> LiveRoster {
    let Observation {
        organization,
        members,
        invites,
        capabilities,
    } = live.to_observation();
    LiveRoster::assume(Observation {
        organization,
        members: members.iter().map(member).collect(),
        invites: invites.iter().map(invite).collect(),
        capabilities,
    })
}

fn plan(plan: &Plan) -> Plan {
    let Plan {
        organization,
        observed_at,
        today,
        actions,
        conflicts,
        suspicions,
        reported,
        unmanaged,
        vanished,
        departed_live,
        leftover_keys,
        remarks,
        unchanged,
        managed,
        owners,
    } = plan;
    Plan {
        organization: organization.clone(),
        observed_at: *observed_at,
        today: *today,
        actions: actions.iter().map(action).collect(),
        conflicts: conflicts.iter().map(conflict).collect(),
        suspicions: suspicions.iter().map(suspicion).collect(),
        reported: reported.iter().map(self::reported).collect(),
        unmanaged: unmanaged.iter().map(unmanaged_row).collect(),
        vanished: vanished.iter().map(self::vanished).collect(),
        departed_live: departed_live.iter().map(departed).collect(),
        leftover_keys: leftover_keys.iter().map(leftover_key).collect(),
        remarks: remarks.iter().map(remark).collect(),
        unchanged: *unchanged,
        managed: *managed,
        owners: owners.clone(),
    }
}

pub(super) fn action(action: &Action) -> Action {
    let Action {
        change,
        person,
        reason,
        notes,
        place,
    } = action;
    Action {
        change: match change {
            Change::SetRole { member, to } => Change::SetRole {
                member: self::member(member),
                to: *to,
            },
            Change::CancelInvite { invite } => Change::CancelInvite {
                invite: self::invite(invite),
            },
            Change::Remove { member } => Change::Remove {
                member: self::member(member),
            },
            Change::Invite { email, role } => Change::Invite {
                email: super::email(email),
                role: *role,
            },
            Change::RevokeKey { key, user, email } => Change::RevokeKey {
                key: admin_key(key),
                user: user.clone(),
                email: email.as_ref().map(super::email),
            },
        },
        person: self::person(person),
        reason: self::reason(reason),
        notes: notes.iter().map(note).collect(),
        place: place.clone(),
    }
}

fn reason(reason: &Reason) -> Reason {
    match reason {
        Reason::Departed { since, ticket } => Reason::Departed {
            since: *since,
            ticket: ticket.as_deref().map(text),
        },
        Reason::Undeclared
        | Reason::Expired { last_day: _ }
        | Reason::RoleDiffers
        | Reason::RoleUnwritten
        | Reason::Absent
        | Reason::InviteRoleDiffers
        | Reason::InviteSurplus
        | Reason::InviteOfRemoved
        | Reason::KeyOutlives { owner: _ } => reason.clone(),
    }
}

fn note(note: &Note) -> Note {
    match note {
        Note::Renamed { declared } => Note::Renamed {
            declared: email(declared),
        },
        Note::Owner | Note::KeyUsed { at: _, recent: _ } | Note::AddedRecently { at: _ } => {
            note.clone()
        }
        Note::Projects { projects } => Note::Projects {
            projects: projects.iter().map(project).collect(),
        },
    }
}

fn project(project: &ProjectMembership) -> ProjectMembership {
    let ProjectMembership { id, name, role } = project;
    ProjectMembership {
        id: id.clone(),
        name: name.as_deref().map(text),
        role: role.as_deref().map(text),
    }
}

pub(super) fn leftover_key(row: &LeftoverKey) -> LeftoverKey {
    let LeftoverKey { person, key, fate } = row;
    LeftoverKey {
        person: self::person(person),
        key: admin_key(key),
        fate: *fate,
    }
}

pub(super) fn admin_key(key: &AdminKey) -> AdminKey {
    let AdminKey {
        id,
        name,
        redacted_value,
        holder,
        created_at,
        expires_at,
        last_used_at,
    } = key;
    AdminKey {
        id: id.clone(),
        name: name.as_deref().map(text),
        redacted_value: text(redacted_value),
        holder: holder.clone(),
        created_at: *created_at,
        expires_at: *expires_at,
        last_used_at: *last_used_at,
    }
}

pub(super) fn member(member: &Member) -> Member {
    let Member {
        id,
        email,
        name: _,
        role,
        added_at,
        flags,
        api_key_last_used_at,
        projects,
    } = member;
    Member {
        id: id.clone(),
        email: email.as_ref().map(super::email),
        name: None,
        role: live_role(role),
        added_at: *added_at,
        flags: *flags,
        api_key_last_used_at: *api_key_last_used_at,
        projects: projects.iter().map(project).collect(),
    }
}

fn invite(invite: &Invite) -> Invite {
    let Invite {
        id,
        email,
        role,
        status,
        created_at,
        expires_at,
    } = invite;
    Invite {
        id: id.clone(),
        email: super::email(email),
        role: live_role(role),
        status: *status,
        created_at: *created_at,
        expires_at: *expires_at,
    }
}

fn live_role(role: &LiveRole) -> LiveRole {
    match role {
        LiveRole::Known(role) => LiveRole::Known(*role),
        LiveRole::Other(word) => LiveRole::Other(text(word)),
    }
}

pub(super) fn person(person: &Person) -> Person {
    let Person { email, id } = person;
    Person {
        email: email.as_ref().map(super::email),
        id: id.clone(),
    }
}

fn withheld(withheld: &Withheld) -> Withheld {
    let Withheld {
        person,
        actions,
        breaches,
    } = withheld;
    Withheld {
        person: self::person(person),
        actions: actions.iter().map(action).collect(),
        breaches: breaches.iter().map(breach).collect(),
    }
}

fn breach(breach: &Breach) -> Breach {
    let Breach {
        kind,
        limit,
        figure,
        subjects,
        message,
        way_on,
    } = breach;
    Breach {
        kind: *kind,
        limit: *limit,
        figure: *figure,
        subjects: subjects.iter().map(person).collect(),
        message: text(message),
        way_on: text(way_on),
    }
}

fn outcome(outcome: &Outcome) -> Outcome {
    match outcome {
        Outcome::Done { request_id: _ } | Outcome::AlreadyDone { request_id: _ } => outcome.clone(),
        Outcome::Failed { cause } => Outcome::Failed { cause: text(cause) },
        Outcome::Withheld { cause } => Outcome::Withheld { cause: text(cause) },
        Outcome::Unknown { cause } => Outcome::Unknown { cause: text(cause) },
        Outcome::NotAttempted { cause } => Outcome::NotAttempted { cause: text(cause) },
    }
}

pub(super) fn conflict(conflict: &Conflict) -> Conflict {
    let Conflict {
        people,
        detail,
        place,
    } = conflict;
    Conflict {
        people: people.iter().map(person).collect(),
        detail: text(detail),
        place: place.clone(),
    }
}

fn suspicion(suspicion: &Suspicion) -> Suspicion {
    let Suspicion {
        likeness,
        declared,
        live,
    } = suspicion;
    Suspicion {
        likeness: *likeness,
        declared: person(declared),
        live: person(live),
    }
}

pub(super) fn reported(row: &Reported) -> Reported {
    let Reported { person, difference } = row;
    Reported {
        person: self::person(person),
        difference: self::difference(difference),
    }
}

fn difference(difference: &Difference) -> Difference {
    match difference.clone() {
        Difference::UndeclaredMember { role } => Difference::UndeclaredMember {
            role: live_role(&role),
        },
        Difference::UndeclaredInvite { role, scim } => Difference::UndeclaredInvite {
            role: live_role(&role),
            scim,
        },
        Difference::Role { live, desired } => Difference::Role {
            live: live_role(&live),
            desired,
        },
        Difference::ProtectedRole {
            live,
            desired,
            protection,
        } => Difference::ProtectedRole {
            live: live_role(&live),
            desired,
            protection,
        },
        Difference::UnknownRole { live, desired } => Difference::UnknownRole {
            live: live_role(&live),
            desired,
        },
        Difference::InviteRole { live, desired } => Difference::InviteRole {
            live: live_role(&live),
            desired,
        },
        Difference::InviteOfVanished { role } => Difference::InviteOfVanished {
            role: live_role(&role),
        },
        same @ (Difference::Absent { role: _ } | Difference::OwnerNotRemovable) => same,
    }
}

pub(super) fn unmanaged_row(row: &UnmanagedRow) -> UnmanagedRow {
    let UnmanagedRow {
        person,
        role,
        invite,
        why,
    } = row;
    UnmanagedRow {
        person: self::person(person),
        role: live_role(role),
        invite: *invite,
        why: match why {
            UnmanagedReason::Pattern(pattern) => UnmanagedReason::Pattern(text(pattern)),
            UnmanagedReason::Id => UnmanagedReason::Id,
            UnmanagedReason::Protected(protection) => UnmanagedReason::Protected(*protection),
        },
    }
}

pub(super) fn vanished(row: &Vanished) -> Vanished {
    let Vanished { email, id, place } = row;
    Vanished {
        email: super::email(email),
        id: id.clone(),
        place: place.clone(),
    }
}

pub(super) fn departed(row: &DepartedLive) -> DepartedLive {
    let DepartedLive {
        person,
        role,
        why,
        protection,
    } = row;
    DepartedLive {
        person: self::person(person),
        role: live_role(role),
        why: text(why),
        protection: *protection,
    }
}

fn remark(remark: &Remark) -> Remark {
    match remark {
        Remark::Renamed { declared, live, id } => Remark::Renamed {
            declared: email(declared),
            live: live.as_ref().map(email),
            id: id.clone(),
        },
        Remark::Invited { email } => Remark::Invited {
            email: super::email(email),
        },
        Remark::KeysUnread { reason } => Remark::KeysUnread {
            reason: text(reason),
        },
        Remark::Narrowed {
            only,
            revocations_only,
            left,
        } => Remark::Narrowed {
            only: only.iter().map(email).collect(),
            revocations_only: *revocations_only,
            left: *left,
        },
        Remark::NotThere { email } => Remark::NotThere {
            email: super::email(email),
        },
        Remark::InviteOfMember { email } => Remark::InviteOfMember {
            email: super::email(email),
        },
        Remark::Expires(expiry) => {
            let Expiry {
                last_day,
                email,
                days_left,
                place,
            } = expiry;
            Remark::Expires(Expiry {
                last_day: *last_day,
                email: self::email(email),
                days_left: *days_left,
                place: place.clone(),
            })
        }
    }
}
