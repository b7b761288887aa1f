//! The gate after the plan: what is withheld, what refuses, what may be executed.

use super::{
    Accepted, ApprovedPlan, Breach, BreachKind, Judgement, Refusal, Withheld, limits, people,
};
use crate::desired::DesiredRoster;
use crate::plan::{Action, Person, Plan};
use crate::roster::{KeyInUse, LiveRoster};

/// Everything that a plan is judged by.
#[derive(Debug, Clone)]
pub struct Evidence<'a> {
    /// The file: its guardrails and who it names.
    pub desired: &'a DesiredRoster,
    /// The roster that the plan was computed from.
    pub live: &'a LiveRoster,
    /// Whose admin key this run uses.
    pub key_in_use: &'a KeyInUse,
    /// How many revocations there were in the seven days before.
    pub history: History,
    /// How many people the last verified run left, if one is on record.
    pub people_verified: Option<usize>,
    /// What is accepted of this plan.
    pub accepted: Accepted,
}

/// Revocations of the last seven days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum History {
    /// Counted.
    Known {
        /// How many.
        revocations: u32,
        /// By what: `audit log`, `journals`.
        source: &'static str,
    },
    /// Not known.
    Unknown {
        /// Why, in a clause.
        reason: String,
        /// Whether a plan that revokes is refused for it.
        required: bool,
    },
}

/// Judges a plan: the only maker of what is executed.
///
/// People with a breach that is not accepted lose their actions from the plan, and what remains is judged again
/// from scratch until nobody is left to withhold; then a breach of the plan itself refuses it.
pub fn approve(plan: Plan, evidence: &Evidence<'_>) -> Result<ApprovedPlan, Box<Refusal>> {
    let mut actions = plan.actions.clone();
    let mut withheld: Vec<Withheld> = Vec::new();
    let mut accepted: Vec<Breach> = Vec::new();
    for conflict in people::conflicts(&plan) {
        withhold(&mut withheld, &mut actions, &conflict);
    }
    loop {
        let (tolerated, open) = split(
            people::breaches(&plan, &actions, evidence),
            &evidence.accepted,
        );
        if open.is_empty() {
            accepted.extend(tolerated);
            break;
        }
        for breach in &open {
            withhold(&mut withheld, &mut actions, breach);
        }
    }
    let (tolerated, open) = split(
        limits::breaches(&plan, &actions, evidence),
        &evidence.accepted,
    );
    accepted.extend(tolerated);
    withheld.sort_by(|a, b| a.person.cmp(&b.person));
    let caveats = limits::caveats(&actions, evidence);
    let judgement = Judgement {
        plan,
        actions,
        withheld,
        accepted,
        breaches: open,
        caveats,
    };
    if judgement.breaches.is_empty() {
        Ok(ApprovedPlan { judgement })
    } else {
        Err(Box::new(Refusal { judgement }))
    }
}

fn split(breaches: Vec<Breach>, accepted: &Accepted) -> (Vec<Breach>, Vec<Breach>) {
    breaches
        .into_iter()
        .partition(|breach| accepted.holds(breach))
}

/// Takes the actions of everybody whom a breach is about out of the plan.
fn withhold(withheld: &mut Vec<Withheld>, actions: &mut Vec<Action>, breach: &Breach) {
    for person in &breach.subjects {
        let taken: Vec<Action> = actions
            .extract_if(.., |action| action.person.is(person))
            .collect();
        let known = withheld.iter_mut().find(|row| row.person.is(person));
        match known {
            Some(row) => {
                row.actions.extend(taken);
                if !row.breaches.contains(breach) {
                    row.breaches.push(breach.clone());
                }
            }
            None if !taken.is_empty() || breach.kind == BreachKind::IdentityConflict => {
                withheld.push(Withheld {
                    person: whole(person, &taken),
                    actions: taken,
                    breaches: vec![breach.clone()],
                });
            }
            // One of a suspicious pair may have no action, and then there is nothing to withhold.
            None => {}
        }
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
