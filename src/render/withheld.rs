//! The section of what the guardrails withhold: who, and under them why and the way on.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use super::phrase::Phrase;
use super::story::{ACTION_HEADERS, Row, Section, Sign, Tone, action_row, breach_details};
use crate::guardrail::{Breach, BreachKind, Withheld};
use crate::plan::{Person, PlanId};

/// What the guardrails withhold; with the plan's id, also how to accept it.
pub(super) fn section(people: &[Withheld], id: Option<&PlanId>, now: Option<Timestamp>) -> Section {
    let mut rows: Vec<Row> = Vec::new();
    for group in by_breaches(people) {
        let mut own: Vec<Row> = Vec::new();
        for Withheld {
            person,
            actions,
            breaches: _,
        } in &group
        {
            own.extend(actions.iter().map(|action| action_row(action, now)));
            if actions.is_empty() {
                own.push(undecided(person));
            }
        }
        if let (Some((last, others)), Some(one)) = (own.split_last_mut(), group.first()) {
            explain(last, others, &one.breaches, id);
        }
        rows.extend(own);
    }
    Section {
        title: "Withheld",
        tone: Tone::Alarm,
        headers: ACTION_HEADERS,
        rows,
    }
}

/// Puts what rows have in common under the last of them, once, and its name into the others.
fn explain(last: &mut Row, others: &mut [Row], breaches: &[Breach], id: Option<&PlanId>) {
    last.details = breaches
        .iter()
        .flat_map(|breach| person_breach(breach, id))
        .collect();
    let names: BTreeSet<&str> = breaches.iter().map(|breach| breach.kind.as_str()).collect();
    let names = names.into_iter().collect::<Vec<_>>().join(", ");
    for cell in others.iter_mut().filter_map(|row| row.cells.last_mut()) {
        let why = std::mem::take(cell);
        let before = if why.line().is_empty() { "" } else { "; " };
        *cell = why.then(Phrase::ours(format!("{before}{names}")));
    }
}

/// People whose breaches are the same ones, such as the two of a possible rename, beside each other.
fn by_breaches(people: &[Withheld]) -> Vec<Vec<&Withheld>> {
    let mut groups: Vec<Vec<&Withheld>> = Vec::new();
    let mut positions = HashMap::new();
    for row in people {
        // A message names the people and the figures, so it tells breaches of one kind apart.
        let same: Vec<(BreachKind, &str)> = row
            .breaches
            .iter()
            .map(|breach| (breach.kind, breach.message.as_str()))
            .collect();
        let position = *positions.entry(same).or_insert(groups.len());
        match groups.get_mut(position) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    groups
}

/// The row of somebody whose identity is not decided, so that nothing is planned for them.
fn undecided(person: &Person) -> Row {
    let nothing = Phrase::default;
    Row {
        sign: Sign::Stop,
        cells: vec![
            Phrase::ours("undecided"),
            Phrase::label(person.label()),
            nothing(),
            nothing(),
        ],
        details: Vec::new(),
        place: None,
        revokes: false,
    }
}

fn person_breach(breach: &Breach, id: Option<&PlanId>) -> Vec<Phrase> {
    let name = Phrase::ours(format!("{}: ", breach.kind));
    let mut details = breach_details(breach, id).into_iter();
    details
        .next()
        .map(|message| name.then(message))
        .into_iter()
        .chain(details)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roster::Email;

    #[test]
    fn two_of_one_breach_are_explained_once_and_both_named() {
        let row = |address: &str, message: &str| Withheld {
            person: Person::address(&Email::parse(address).unwrap()),
            actions: Vec::new(),
            breaches: vec![Breach {
                kind: BreachKind::PossibleRename,
                limit: None,
                figure: None,
                subjects: Vec::new(),
                message: message.to_owned(),
                way_on: "pin one".to_owned(),
            }],
        };
        let people = [
            row("ann@acme.dev", "ann is anne"),
            row("bob@acme.dev", "bob is rob"),
            row("anne@acme.dev", "ann is anne"),
        ];
        let lines: Vec<String> = section(&people, None, None)
            .rows
            .iter()
            .map(|row| {
                let cells = row.cells.iter().chain(&row.details).map(Phrase::line);
                cells.collect::<Vec<_>>().join(" | ")
            })
            .collect();
        assert_eq!(
            lines,
            [
                "undecided | ann@acme.dev |  | possible-rename",
                "undecided | anne@acme.dev |  |  | possible-rename: ann is anne | Way on: pin one",
                "undecided | bob@acme.dev |  |  | possible-rename: bob is rob | Way on: pin one",
            ]
        );
    }
}
