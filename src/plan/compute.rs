//! From desired and live to a plan.
//!
//! One pass over the live rows, one over the pending invites, one over the declared people who are not in. Every
//! row meets exactly one fate, decided by [`fate`] alone; precedence is the order of its cases.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp, civil::Date};

use super::identity::{self, Claim, Identities};
use super::{
    Action, Change, DepartedLive, Difference, Note, Person, Plan, Reason, Remark, Reported,
    UnmanagedReason, UnmanagedRow, Vanished, invites, suspicion,
};
use crate::desired::{Departed, DesiredRoster, Entry, Stance};
use crate::roster::{LiveRole, LiveRoster, Member, Protection, Role, UserId};

/// A member added later than this before the run is worth a second look.
const ADDED_RECENTLY: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Computes what would make `live` equal to `desired` on the day `today` (UTC).
///
/// Pure, total and deterministic: the same rosters give the same plan, in whatever order they were read.
pub fn compute(desired: &DesiredRoster, live: &LiveRoster, today: Date) -> Plan {
    let identities = identity::resolve(desired, live);
    let mut draft = Draft::new(desired, live, today);
    let mut undeclared: Vec<&Member> = Vec::new();
    for (member, claim) in identities.rows() {
        let fate = draft.fate(member, claim);
        if matches!(fate, Fate::Undeclared) {
            undeclared.push(member);
        }
        draft.settle_member(member, fate);
    }
    invites::settle(&mut draft, &identities);
    draft.settle_absent(&identities);
    let absent: Vec<&Entry> = identities
        .absent
        .values()
        .copied()
        .filter(|entry| entry.is_active(today))
        .collect();
    let suspicions = suspicion::find(&absent, &undeclared);
    draft.finish(identities, suspicions)
}

/// What is to become of one live row.
#[derive(Debug, Clone)]
pub(super) enum Fate<'a> {
    /// It cannot be decided whose row it is.
    Disputed,
    /// The row is a declared, active person.
    Keep(&'a Entry),
    /// The person is to be gone.
    Gone(Reason),
    /// The person is to be gone, and the row is never removed.
    Stuck(Reason, Protection),
    /// The row is left alone.
    Leave(UnmanagedReason),
    /// Nothing in the file names the row.
    Undeclared,
}

/// A plan in the making.
pub(super) struct Draft<'a> {
    pub(super) desired: &'a DesiredRoster,
    pub(super) live: &'a LiveRoster,
    pub(super) today: Date,
    pub(super) removed: BTreeSet<&'a UserId>,
    pub(super) plan: Plan,
}

impl<'a> Draft<'a> {
    fn new(desired: &'a DesiredRoster, live: &'a LiveRoster, today: Date) -> Self {
        let seen = live.organization();
        let organization = seen
            .id()
            .unwrap_or(desired.organization.id.as_str())
            .to_owned();
        let plan = Plan {
            managed: live.invites().len(),
            ..Plan::empty(organization, seen.date, today)
        };
        Self {
            desired,
            live,
            today,
            removed: BTreeSet::new(),
            plan,
        }
    }

    /// Decides what becomes of a row. The order of the cases is the precedence: a tombstone or an expiry outranks
    /// `unmanaged` and `policy`, an active entry outranks `unmanaged`.
    pub(super) fn fate(&self, member: &Member, claim: Option<Claim<'a>>) -> Fate<'a> {
        let gone = |reason| match member.protection() {
            Some(protection) => Fate::Stuck(reason, protection),
            None => Fate::Gone(reason),
        };
        match claim {
            Some(Claim::Conflict) => Fate::Disputed,
            Some(Claim::Departed(departed)) => gone(departed_reason(departed)),
            Some(Claim::Declared(entry)) => match expired_reason(entry, self.today) {
                Some(reason) => gone(reason),
                None => Fate::Keep(entry),
            },
            None => {
                let unmanaged = &self.desired.unmanaged;
                let pattern = member
                    .email
                    .as_ref()
                    .and_then(|email| unmanaged.pattern_for(email));
                if let Some(protection) = member.protection() {
                    Fate::Leave(UnmanagedReason::Protected(protection))
                } else if unmanaged.ids.contains(&member.id) {
                    Fate::Leave(UnmanagedReason::Id)
                } else if let Some(pattern) = pattern {
                    Fate::Leave(UnmanagedReason::Pattern(pattern.to_string()))
                } else {
                    Fate::Undeclared
                }
            }
        }
    }

    fn settle_member(&mut self, member: &'a Member, fate: Fate<'a>) {
        let person = || Person::member(member);
        if !matches!(fate, Fate::Leave(_)) && member.is_person() {
            self.plan.managed += 1;
            if member.role.is_owner() {
                self.plan.owners.insert(member.id.clone());
            }
        }
        match fate {
            Fate::Disputed => {}
            Fate::Keep(entry) => self.settle_role(member, entry),
            Fate::Gone(reason) => self.remove(member, reason),
            Fate::Stuck(reason, protection) => {
                let (role, why) = (member.role.clone(), reason.to_string());
                self.plan.departed_live.push(DepartedLive {
                    person: person(),
                    role,
                    why,
                    protection,
                });
            }
            Fate::Leave(why) => {
                self.plan.unmanaged.push(UnmanagedRow {
                    person: person(),
                    role: member.role.clone(),
                    invite: false,
                    why,
                });
            }
            Fate::Undeclared => match self.desired.policy.undeclared {
                Some(Stance::Enforce) => self.remove(member, Reason::Undeclared),
                Some(Stance::Report) | None => {
                    self.report(
                        person(),
                        Difference::UndeclaredMember {
                            role: member.role.clone(),
                        },
                    );
                }
            },
        }
    }

    fn remove(&mut self, member: &'a Member, reason: Reason) {
        // A role that is missing or unfamiliar may be an owner's.
        let may_be_owner = member.role != LiveRole::Known(Role::Reader);
        if may_be_owner && !self.live.capabilities().owner_removal {
            self.report(Person::member(member), Difference::OwnerNotRemovable);
            return;
        }
        self.removed.insert(&member.id);
        let now = self.plan.observed_at;
        let mut notes = risk(member, now);
        if let (Some(at), Some(now)) = (member.added_at, now)
            && now.duration_since(at) < ADDED_RECENTLY
        {
            notes.push(Note::AddedRecently { at });
        }
        notes.extend((!member.projects.is_empty()).then_some(Note::Projects {
            projects: member.projects.clone(),
        }));
        let person = Person::member(member);
        self.act(
            Change::Remove {
                member: member.clone(),
            },
            person,
            reason,
            notes,
            None,
        );
    }

    fn settle_role(&mut self, member: &Member, entry: &Entry) {
        let desired = entry.role.unwrap_or(Role::Reader);
        if member.role == LiveRole::Known(desired) {
            self.plan.unchanged += 1;
            return;
        }
        let live = member.role.clone();
        let person = Person {
            email: Some(entry.email.clone()),
            id: Some(member.id.clone()),
        };
        if let LiveRole::Other(_) = live {
            self.report(person, Difference::UnknownRole { live, desired });
        } else if let Some(protection) = member.protection() {
            self.report(
                person,
                Difference::ProtectedRole {
                    live,
                    desired,
                    protection,
                },
            );
        } else if self.desired.policy.roles == Stance::Report || !self.live.capabilities().roles {
            self.report(person, Difference::Role { live, desired });
        } else {
            let reason = if entry.role.is_none() {
                Reason::RoleUnwritten
            } else {
                Reason::RoleDiffers
            };
            let mut notes = risk(member, self.plan.observed_at);
            if desired == Role::Owner {
                notes.push(Note::Owner);
            }
            if member.email.as_ref() != Some(&entry.email) {
                notes.push(Note::Renamed {
                    declared: entry.email.clone(),
                });
            }
            let change = Change::SetRole {
                member: member.clone(),
                to: desired,
            };
            self.act(change, person, reason, notes, Some(entry));
        }
    }

    fn settle_absent(&mut self, identities: &Identities<'a>) {
        let today = self.today;
        for entry in identities
            .absent
            .values()
            .filter(|entry| entry.is_active(today))
        {
            if !self.live.invites_of(&entry.email).is_empty() {
                continue;
            }
            let role = entry.role.unwrap_or(Role::Reader);
            if self.desired.policy.absent == Stance::Enforce && self.live.capabilities().invites {
                self.invite(entry, Reason::Absent);
            } else {
                self.report(Person::address(&entry.email), Difference::Absent { role });
            }
        }
    }

    /// Plans an invite with the entry's role.
    pub(super) fn invite(&mut self, entry: &Entry, reason: Reason) {
        let (email, role) = (entry.email.clone(), entry.role.unwrap_or(Role::Reader));
        let notes = if role == Role::Owner {
            vec![Note::Owner]
        } else {
            Vec::new()
        };
        self.act(
            Change::Invite { email, role },
            Person::address(&entry.email),
            reason,
            notes,
            Some(entry),
        );
    }

    /// Plans one change.
    pub(super) fn act(
        &mut self,
        change: Change,
        person: Person,
        reason: Reason,
        notes: Vec<Note>,
        entry: Option<&Entry>,
    ) {
        let place = entry.map(|entry| entry.place.clone());
        self.plan.actions.push(Action {
            change,
            person,
            reason,
            notes,
            place,
        });
    }

    /// Shows a difference and leaves it.
    pub(super) fn report(&mut self, person: Person, difference: Difference) {
        self.plan.reported.push(Reported { person, difference });
    }

    /// Says something that is no difference.
    pub(super) fn remark(&mut self, remark: Remark) {
        self.plan.remarks.push(remark);
    }

    fn finish(self, identities: Identities<'a>, suspicions: Vec<super::Suspicion>) -> Plan {
        let mut plan = self.plan;
        let active = identities
            .vanished
            .values()
            .filter(|entry| entry.is_active(self.today));
        plan.vanished = active
            .filter_map(|entry| {
                Some(Vanished {
                    email: entry.email.clone(),
                    id: entry.id.clone()?,
                    place: entry.place.clone(),
                })
            })
            .collect();
        plan.conflicts = identities.conflicts;
        plan.conflicts.sort();
        plan.suspicions = suspicions;
        plan.remarks.extend(identities.renames);
        plan.remarks.sort();
        plan.reported.sort();
        plan.unmanaged.sort();
        plan.departed_live.sort();
        order(&mut plan.actions);
        plan
    }
}

/// The reason that a tombstone gives.
pub(super) fn departed_reason(departed: &Departed) -> Reason {
    Reason::Departed {
        since: departed.since,
        ticket: departed.ticket.clone(),
    }
}

/// The reason that an entry gives once its last day has passed.
pub(super) fn expired_reason(entry: &Entry, today: Date) -> Option<Reason> {
    entry
        .expires
        .filter(|last_day| *last_day < today)
        .map(|last_day| Reason::Expired { last_day })
}

fn risk(member: &Member, now: Option<Timestamp>) -> Vec<Note> {
    let mut notes = Vec::new();
    if member.role.is_owner() {
        notes.push(Note::Owner);
    }
    if let Some(at) = member.api_key_last_used_at {
        notes.push(Note::key_used(at, now));
    }
    notes
}

/// Sorts actions so that each prefix keeps as many owners as the start or the end has: grants first, then
/// cancellations, demotions, removals, invites and key revocations, each by person.
pub(super) fn order(actions: &mut Vec<Action>) {
    let rank = |change: &Change| match change {
        Change::SetRole {
            member: _,
            to: Role::Owner,
        } => 0,
        Change::CancelInvite { invite: _ } => 1,
        Change::SetRole {
            member: _,
            to: Role::Reader,
        } => 2,
        Change::Remove { member: _ } => 3,
        Change::Invite { email: _, role: _ } => 4,
        Change::RevokeKey {
            key: _,
            user: _,
            email: _,
        } => 5,
    };
    let mut keyed: BTreeMap<(u8, String, String), Action> = BTreeMap::new();
    for action in actions.drain(..) {
        let key = (
            rank(&action.change),
            action.person.label().to_owned(),
            action.change.canonical(),
        );
        keyed.insert(key, action);
    }
    actions.extend(keyed.into_values());
}
