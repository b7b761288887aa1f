//! The gate after the plan: what is withheld, what refuses, what may be executed.

use super::withhold::Withholding;
use super::{Accepted, ApprovedPlan, Breach, Judgement, Refusal, limits, people};
use crate::desired::DesiredRoster;
use crate::plan::Plan;
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
    let mut withholding = Withholding::default();
    let mut accepted: Vec<Breach> = Vec::new();
    let conflicts: Vec<Breach> = people::conflicts(&plan).collect();
    let mut actions = withholding.take(plan.actions.clone(), &conflicts);
    loop {
        let (tolerated, open) = split(
            people::breaches(&plan, &actions, evidence),
            &evidence.accepted,
        );
        if open.is_empty() {
            accepted.extend(tolerated);
            break;
        }
        actions = withholding.take(actions, &open);
    }
    let (tolerated, open) = split(
        limits::breaches(&plan, &actions, evidence),
        &evidence.accepted,
    );
    accepted.extend(tolerated);
    let caveats = limits::caveats(&actions, evidence);
    let judgement = Judgement {
        plan,
        actions,
        withheld: withholding.into_sorted(),
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
