//! A plan with everything that the guardrails said about it.

use serde::{Deserialize, Serialize};

use super::Breach;
use crate::plan::{Action, Person, Plan};
use crate::roster::KeyInUse;

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

    /// Takes apart what is to be executed first, and what must wait until the first is verified: whatever may take
    /// away the admin key that this run uses.
    pub fn split_by_key(mut self, key: &KeyInUse) -> (Self, Option<Self>) {
        let last = |action: &Action| {
            let member = action
                .change
                .member()
                .filter(|_| action.change.is_revocation());
            member.is_some_and(|member| key.person() == Some(&member.id))
                || (key.may_belong_to_any_owner() && action.change.revokes_owner())
        };
        let (last, first) = std::mem::take(&mut self.judgement.actions)
            .into_iter()
            .partition(last);
        let tail = Self {
            judgement: Judgement {
                actions: last,
                ..self.judgement.clone()
            },
        };
        self.judgement.actions = first;
        let tail = Some(tail).filter(|tail| !tail.actions().is_empty());
        (self, tail)
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
