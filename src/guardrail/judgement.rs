//! A plan with everything that the guardrails said about it.

use serde::{Deserialize, Serialize};

use super::Breach;
use crate::plan::{Action, Person, Plan};

/// A plan, judged: what may be executed, what is withheld and why, what was accepted, what refuses it.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The whole plan, as computed.
    pub plan: Plan,
    /// The plan's actions less the withheld ones, in order.
    pub actions: Vec<Action>,
    /// The people whose actions are withheld.
    pub withheld: Vec<Withheld>,
    /// Breaches that this run accepts.
    pub accepted: Vec<Breach>,
    /// Breaches that refuse the plan; empty when it is approved.
    pub breaches: Vec<Breach>,
    /// What the guardrails could not look at, in sentences: "the weekly cap is not enforced: …".
    pub caveats: Vec<String>,
}

/// One person's actions, which are not executed, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Withheld {
    /// Whose actions.
    pub person: Person,
    /// What is not executed; empty for an identity that cannot be decided.
    pub actions: Vec<Action>,
    /// Why, at least one.
    pub breaches: Vec<Breach>,
}

/// A plan that may be executed: only `approve` makes one.
#[derive(Debug, Clone, PartialEq)]
pub struct ApprovedPlan {
    pub(super) judgement: Judgement,
}

impl ApprovedPlan {
    /// What was judged.
    pub fn judgement(&self) -> &Judgement {
        &self.judgement
    }

    /// What is executed, in order.
    pub fn actions(&self) -> &[Action] {
        &self.judgement.actions
    }
}

/// A plan that is not executed.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    pub(super) judgement: Judgement,
}

impl Refusal {
    /// What was judged; its breaches are why.
    pub fn judgement(&self) -> &Judgement {
        &self.judgement
    }
}
