//! Who is who: which live row the members file means, and where it cannot be decided.
//!
//! An entry means the row with its pinned id, else the row with its address. Where an id and an address point at
//! two rows, or two declarations at one, nothing is guessed: all of them are a conflict, and nothing is planned for
//! these people.

use std::collections::{BTreeMap, BTreeSet};

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
#[derive(Debug)]
pub(super) struct Identities<'a> {
    live: &'a LiveRoster,
    /// Every live row, in the order of the roster.
    members: Vec<&'a Member>,
    /// What the file says about each of them.
    claims: Vec<Option<Claim<'a>>>,
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

/// A live row and its place in the order of the roster.
#[derive(Debug, Clone, Copy)]
struct Row<'a> {
    place: usize,
    member: &'a Member,
}

/// Matches every entry and every tombstone against the live rows.
pub(super) fn resolve<'a>(desired: &'a DesiredRoster, live: &'a LiveRoster) -> Identities<'a> {
    let members: Vec<&Member> = live.members().collect();
    let mut identities = Identities {
        live,
        claims: vec![None; members.len()],
        members,
        disputed: BTreeSet::new(),
        tombstones: BTreeMap::new(),
        vanished: BTreeMap::new(),
        absent: BTreeMap::new(),
        conflicts: Vec::new(),
        renames: Vec::new(),
    };
    // Both sides are in the order of their addresses, so whoever has an entry's address is met and not looked up.
    let mut addresses = live.addresses().peekable();
    for entry in desired.members.values() {
        while addresses
            .next_if(|(email, _)| **email < entry.email)
            .is_some()
        {}
        let met = addresses.next_if(|(email, _)| **email == entry.email);
        let by_address = met.map(|(_, place)| identities.row_at(place));
        identities.entry(entry, by_address);
    }
    for departed in &desired.departed {
        identities.departed(departed);
    }
    identities
}

impl<'a> Identities<'a> {
    /// What the file says about a row, if anything.
    pub(super) fn claim(&self, id: &UserId) -> Option<Claim<'a>> {
        self.row(id).and_then(|row| self.claims[row.place])
    }

    /// Every live row, by id, with what the file says about it.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&'a Member, Option<Claim<'a>>)> {
        self.members
            .iter()
            .copied()
            .zip(self.claims.iter().copied())
    }

    fn row(&self, id: &UserId) -> Option<Row<'a>> {
        self.live.place(id).map(|place| self.row_at(place))
    }

    fn row_at(&self, place: usize) -> Row<'a> {
        let member = self.members[place];
        Row { place, member }
    }

    /// Whether an entry is part of a conflict.
    pub(super) fn is_disputed(&self, email: &Email) -> bool {
        self.disputed.contains(email)
    }

    /// The tombstone of an address.
    pub(super) fn tombstone(&self, email: &Email) -> Option<&'a Departed> {
        self.tombstones.get(email).copied()
    }

    /// Finds the row that an entry means; `by_address` has its address.
    fn entry(&mut self, entry: &'a Entry, by_address: Option<Row<'a>>) {
        let Some(id) = &entry.id else {
            match by_address {
                Some(row) => self.declare(entry, row),
                None => _ = self.absent.insert(&entry.email, entry),
            }
            return;
        };
        let pinned = match by_address {
            // Almost every entry ends here.
            Some(row) if row.member.id == *id => Some(row),
            Some(_) | None => self.row(id),
        };
        match (pinned, by_address) {
            (Some(pinned), Some(other)) if pinned.place != other.place => {
                let detail = format!(
                    "{} is pinned to {id}, and the address is live as {}",
                    entry.email, other.member.id
                );
                self.dispute(entry, &[pinned, other], detail);
            }
            (Some(pinned), _) => {
                if pinned.member.email.as_ref() != Some(&entry.email) {
                    let (declared, live) = (entry.email.clone(), pinned.member.email.clone());
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
                    entry.email, other.member.id
                );
                self.dispute(entry, &[other], detail);
            }
            (None, None) => _ = self.vanished.insert(&entry.email, entry),
        }
    }

    fn declare(&mut self, entry: &'a Entry, row: Row<'a>) {
        match self.claims[row.place].replace(Claim::Declared(entry)) {
            None => {}
            Some(Claim::Declared(first)) => {
                let detail = format!(
                    "{} and {} both mean {}",
                    first.email, entry.email, row.member.id
                );
                self.disputed.insert(&first.email);
                self.dispute(entry, &[row], detail);
            }
            Some(Claim::Departed(_) | Claim::Conflict) => {
                let detail = format!(
                    "{} means {}, which is already disputed",
                    entry.email, row.member.id
                );
                self.dispute(entry, &[row], detail);
            }
        }
    }

    fn departed(&mut self, departed: &'a Departed) {
        if let Some(email) = &departed.email {
            self.tombstones.insert(email, departed);
        }
        let by_id = departed.id.as_ref().and_then(|id| self.row(id));
        let by_address = departed
            .email
            .as_ref()
            .and_then(|email| self.live.place_by_email(email))
            .map(|place| self.row_at(place));
        for row in by_id.into_iter().chain(by_address) {
            match self.claims[row.place] {
                None => self.claims[row.place] = Some(Claim::Departed(departed)),
                Some(Claim::Declared(entry)) => {
                    let detail = format!(
                        "{} is declared, and {} is departed ({})",
                        entry.email, row.member.id, departed.place
                    );
                    self.dispute(entry, &[row], detail);
                }
                Some(Claim::Departed(_) | Claim::Conflict) => {}
            }
        }
    }

    fn dispute(&mut self, entry: &'a Entry, rows: &[Row<'a>], detail: String) {
        self.disputed.insert(&entry.email);
        let mut people = vec![Person::address(&entry.email)];
        for row in rows {
            self.claims[row.place] = Some(Claim::Conflict);
            people.push(Person::member(row.member));
        }
        let place: Place = entry.place.clone();
        self.conflicts.push(Conflict {
            people,
            detail,
            place,
        });
    }
}
