//! Taking the actions of the people whom breaches are about out of a plan.
//!
//! A file with one wrong domain withholds thousands of people at once, so nobody is looked for person by person: who
//! has an address or an id is looked up, and many breaches cost as many steps and not their product with the actions.

use std::collections::HashMap;

use super::{Breach, BreachKind, Withheld};
use crate::plan::{Action, Person};
use crate::roster::{Email, UserId};

/// Where people stand in a list, found by either of their names, as [`Person::is`] compares them.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Only asked, never iterated: their order is chance.
    by_email: HashMap<Email, Vec<usize>>,
    by_id: HashMap<UserId, Vec<usize>>,
}

impl Places {
    /// Where the person of each action stands.
    pub(super) fn of_actions(actions: &[Action]) -> Self {
        let mut places = Self::default();
        for (at, action) in actions.iter().enumerate() {
            places.add(&action.person, at);
        }
        places
    }

    fn add(&mut self, person: &Person, at: usize) {
        let Person { email, id } = person;
        if let Some(email) = email {
            self.by_email.entry(email.clone()).or_default().push(at);
        }
        if let Some(id) = id {
            self.by_id.entry(id.clone()).or_default().push(at);
        }
    }

    /// Every place at which the person stands, in order.
    fn of(&self, person: &Person) -> Vec<usize> {
        let Person { email, id } = person;
        let named = email.as_ref().and_then(|email| self.by_email.get(email));
        let pinned = id.as_ref().and_then(|id| self.by_id.get(id));
        let mut places: Vec<usize> = named.into_iter().chain(pinned).flatten().copied().collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// Whether the person stands anywhere.
    pub(super) fn hold(&self, person: &Person) -> bool {
        let Person { email, id } = person;
        email
            .as_ref()
            .is_some_and(|email| self.by_email.contains_key(email))
            || id.as_ref().is_some_and(|id| self.by_id.contains_key(id))
    }
}

/// Who is withheld so far.
#[derive(Debug, Default)]
pub(super) struct Withholding {
    rows: Vec<Withheld>,
    places: Places,
}

impl Withholding {
    /// Takes the actions of everybody whom the breaches are about out of `actions`; the order of the rest stays.
    pub(super) fn take(&mut self, actions: Vec<Action>, breaches: &[Breach]) -> Vec<Action> {
        if breaches.is_empty() {
            return actions;
        }
        let places = Places::of_actions(&actions);
        let mut left: Vec<Option<Action>> = actions.into_iter().map(Some).collect();
        for breach in breaches {
            for person in &breach.subjects {
                let theirs = places.of(person);
                let taken = theirs.into_iter().filter_map(|at| left[at].take());
                self.add(person, taken.collect(), breach);
            }
        }
        left.into_iter().flatten().collect()
    }

    fn add(&mut self, person: &Person, taken: Vec<Action>, breach: &Breach) {
        match self.places.of(person).first() {
            Some(at) => {
                let row = &mut self.rows[*at];
                row.actions.extend(taken);
                if !row.breaches.contains(breach) {
                    row.breaches.push(breach.clone());
                }
            }
            None if !taken.is_empty() || breach.kind == BreachKind::IdentityConflict => {
                let person = whole(person, &taken);
                self.places.add(&person, self.rows.len());
                self.rows.push(Withheld {
                    person,
                    actions: taken,
                    breaches: vec![breach.clone()],
                });
            }
            // One of a suspicious pair may have no action, and then there is nothing to withhold.
            None => {}
        }
    }

    /// Everybody who is withheld, by name.
    pub(super) fn into_sorted(self) -> Vec<Withheld> {
        let mut rows = self.rows;
        rows.sort_by(|a, b| a.person.cmp(&b.person));
        rows
    }
}

/// The person with every name that their actions know.
fn whole(person: &Person, actions: &[Action]) -> Person {
    let mut person = person.clone();
    for action in actions {
        person.email = person.email.or_else(|| action.person.email.clone());
        person.id = person.id.or_else(|| action.person.id.clone());
    }
    person
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing::{email, user};

    #[test]
    fn people_stand_where_comparing_finds_them() {
        let people: Vec<Person> = ["", "a@acme.dev", "b@acme.dev"]
            .into_iter()
            .flat_map(|address| ["", "user-1", "user-2"].map(|id| (address, id)))
            .map(|(address, id)| Person {
                email: (!address.is_empty()).then(|| email(address)),
                id: (!id.is_empty()).then(|| user(id)),
            })
            .collect();
        let mut places = Places::default();
        for (at, person) in people.iter().enumerate() {
            places.add(person, at);
        }
        for person in &people {
            let compared: Vec<usize> = (0..people.len())
                .filter(|at| people[*at].is(person))
                .collect();
            assert_eq!(places.of(person), compared, "{person:?}");
            assert_eq!(places.hold(person), !compared.is_empty(), "{person:?}");
        }
    }
}
