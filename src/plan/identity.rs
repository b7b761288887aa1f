//! Who is who: which live row the members file means, and where it cannot be decided.
//!
//! An entry means the row with its pinned id, else the row with its address. Where an id and an address point at
//! two rows, or two declarations at one, nothing is guessed: all of them are a conflict, and nothing is planned for
//! these people.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Conflict, Person, Remark};
use crate::desired::{Departed, DesiredRoster, Entry, Place};
use crate::roster::{Email, LiveRoster, Member, UserId};

/// What the members file says about one live row.
#[derive(Debug, Clone, Copy)]
pub(super) enum Claim<'a> {
    /// It is this declared person.
    Declared(&'a Entry),
    /// It is this departed person.
    Departed(&'a Departed),
    /// It cannot be decided.
    Conflict,
}

/// The outcome of matching the members file against the live roster.
#[derive(Debug, Default)]
pub(super) struct Identities<'a> {
    /// Only asked, never iterated: its order is chance.
    claims: HashMap<&'a UserId, Claim<'a>>,
    disputed: BTreeSet<&'a Email>,
    tombstones: BTreeMap<&'a Email, &'a Departed>,
    /// Entries whose pinned id is not live, and whose address is nobody's, by address.
    pub(super) vanished: BTreeMap<&'a Email, &'a Entry>,
    /// Entries without a pin and without a live row, by address.
    pub(super) absent: BTreeMap<&'a Email, &'a Entry>,
    /// What cannot be decided.
    pub(super) conflicts: Vec<Conflict>,
    /// Pinned people whose address changed.
    pub(super) renames: Vec<Remark>,
}

/// Matches every entry and every tombstone against the live rows.
pub(super) fn resolve<'a>(desired: &'a DesiredRoster, live: &'a LiveRoster) -> Identities<'a> {
    let rows: HashMap<&UserId, &Member> =
        live.members().map(|member| (&member.id, member)).collect();
    let mut identities = Identities {
        claims: HashMap::with_capacity(rows.len()),
        ..Identities::default()
    };
    for entry in desired.members.values() {
        let pinned = entry.id.as_ref().and_then(|id| rows.get(id).copied());
        identities.entry(entry, pinned, live);
    }
    for departed in &desired.departed {
        identities.departed(departed, live);
    }
    identities
}

impl<'a> Identities<'a> {
    /// What the file says about a row, if anything.
    pub(super) fn claim(&self, id: &UserId) -> Option<Claim<'a>> {
        self.claims.get(id).copied()
    }

    /// Whether an entry is part of a conflict.
    pub(super) fn is_disputed(&self, email: &Email) -> bool {
        self.disputed.contains(email)
    }

    /// The tombstone of an address.
    pub(super) fn tombstone(&self, email: &Email) -> Option<&'a Departed> {
        self.tombstones.get(email).copied()
    }

    /// Finds the row that an entry means; `pinned` is the one that has the entry's id.
    fn entry(&mut self, entry: &'a Entry, pinned: Option<&'a Member>, live: &'a LiveRoster) {
        let Some(id) = &entry.id else {
            match live.member_by_email(&entry.email) {
                Some(row) => self.declare(entry, row),
                None => _ = self.absent.insert(&entry.email, entry),
            }
            return;
        };
        let by_address = match pinned {
            // Nobody else has the address, and almost every entry ends here.
            Some(row) if row.email.as_ref() == Some(&entry.email) => Some(row),
            Some(_) | None => live.member_by_email(&entry.email),
        };
        match (pinned, by_address) {
            (Some(pinned), Some(other)) if pinned.id != other.id => {
                let detail = format!(
                    "{} is pinned to {id}, and the address is live as {}",
                    entry.email, other.id
                );
                self.dispute(entry, &[pinned, other], detail);
            }
            (Some(pinned), _) => {
                if pinned.email.as_ref() != Some(&entry.email) {
                    let (declared, live) = (entry.email.clone(), pinned.email.clone());
                    self.renames.push(Remark::Renamed {
                        declared,
                        live,
                        id: id.clone(),
                    });
                }
                self.declare(entry, pinned);
            }
            (None, Some(other)) => {
                let detail = format!(
                    "{} is pinned to {id}, who is not live, and the address is live as {}",
                    entry.email, other.id
                );
                self.dispute(entry, &[other], detail);
            }
            (None, None) => _ = self.vanished.insert(&entry.email, entry),
        }
    }

    fn declare(&mut self, entry: &'a Entry, row: &'a Member) {
        match self.claims.insert(&row.id, Claim::Declared(entry)) {
            None => {}
            Some(Claim::Declared(first)) => {
                let detail = format!("{} and {} both mean {}", first.email, entry.email, row.id);
                self.disputed.insert(&first.email);
                self.dispute(entry, &[row], detail);
            }
            Some(Claim::Departed(_) | Claim::Conflict) => {
                let detail = format!(
                    "{} means {}, which is already disputed",
                    entry.email, row.id
                );
                self.dispute(entry, &[row], detail);
            }
        }
    }

    fn departed(&mut self, departed: &'a Departed, live: &'a LiveRoster) {
        if let Some(email) = &departed.email {
            self.tombstones.insert(email, departed);
        }
        let by_id = departed.id.as_ref().and_then(|id| live.member(id));
        let by_address = departed
            .email
            .as_ref()
            .and_then(|email| live.member_by_email(email));
        for row in by_id.into_iter().chain(by_address) {
            match self.claims.get(&row.id) {
                None => _ = self.claims.insert(&row.id, Claim::Departed(departed)),
                Some(Claim::Declared(entry)) => {
                    let entry = *entry;
                    let detail = format!(
                        "{} is declared, and {} is departed ({})",
                        entry.email, row.id, departed.place
                    );
                    self.dispute(entry, &[row], detail);
                }
                Some(Claim::Departed(_) | Claim::Conflict) => {}
            }
        }
    }

    fn dispute(&mut self, entry: &'a Entry, rows: &[&'a Member], detail: String) {
        self.disputed.insert(&entry.email);
        let mut people = vec![Person::address(&entry.email)];
        for row in rows {
            self.claims.insert(&row.id, Claim::Conflict);
            people.push(Person::member(row));
        }
        let place: Place = entry.place.clone();
        self.conflicts.push(Conflict {
            people,
            detail,
            place,
        });
    }
}
