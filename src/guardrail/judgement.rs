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
            let change = &action.change;
            let user = change.user().filter(|_| change.takes());
            user.is_some_and(|user| key.person() == Some(user))
                || (key.may_belong_to_any_owner()
                    && (change.revokes_owner() || change.key().is_some()))
        };
        let tail = self.split(last);
        (self, tail)
    }

    /// Takes out the revocation of the very key that this run uses, or of each that may be it: nothing can be read
    /// after that.
    pub fn split_by_own_key(mut self, key: &KeyInUse) -> (Self, Option<Self>) {
        let end = self.split(|action| {
            action
                .change
                .key()
                .is_some_and(|revoked| key.may_be(&revoked.id))
        });
        (self, end)
    }

    /// Takes out the actions that a condition holds for; `None`: it holds for none.
    fn split(&mut self, condition: impl Fn(&Action) -> bool) -> Option<Self> {
        let (taken, kept) = std::mem::take(&mut self.judgement.actions)
            .into_iter()
            .partition(condition);
        let taken = Self {
            judgement: Judgement {
                actions: taken,
                ..self.judgement.clone()
            },
        };
        self.judgement.actions = kept;
        Some(taken).filter(|taken| !taken.actions().is_empty())
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
