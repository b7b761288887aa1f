//! What somebody reviewed before a run, and what follows for the fresh plan: whether it is stale, and what of it is
//! accepted.

use super::{ReviewedPlan, stale};
use crate::guardrail::{Acceptance, AcceptanceFault, Accepted};
use crate::plan::{Action, Plan};

/// The reviewed plans of a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bound<'a> {
    /// They bound the run together; none: nothing does.
    pub reviewed: &'a [ReviewedPlan],
    /// The plans of journals that were left unfinished: what was accepted of them still holds for what is left.
    pub unfinished: &'a [ReviewedPlan],
}

impl Bound<'_> {
    /// Returns the actions of a fresh plan that nobody reviewed.
    pub fn stale<'a>(&self, fresh: &'a Plan) -> Vec<&'a Action> {
        if self.reviewed.is_empty() {
            Vec::new()
        } else {
            stale(self.reviewed, fresh)
        }
    }

    /// Returns what is accepted of a fresh plan, or the first acceptance that does not hold for it.
    ///
    /// One that names the fresh plan holds as it is. One that names a reviewed plan holds if that plan bounds the
    /// fresh one, for breaches that are no worse than the reviewed ones.
    pub fn accepted(
        &self,
        acceptances: &[Acceptance],
        fresh: &Plan,
    ) -> Result<Accepted, AcceptanceFault> {
        let id = fresh.id();
        let mut accepted = Accepted::default();
        for Acceptance { plan, breaches } in acceptances {
            if id.is_named_by(plan) {
                accepted.kinds.extend(breaches);
                continue;
            }
            let named = self.named(plan, fresh);
            let named = named.ok_or_else(|| AcceptanceFault::OtherPlan {
                named: plan.clone(),
                fresh: id.to_string(),
            })?;
            for kind in breaches {
                let reviewed = named.breaches().iter();
                let before = accepted.reviewed.len();
                accepted
                    .reviewed
                    .extend(reviewed.filter(|breach| breach.kind == *kind).cloned());
                if accepted.reviewed.len() == before {
                    return Err(AcceptanceFault::Lacking(*kind));
                }
            }
        }
        Ok(accepted)
    }

    /// The reviewed plan that a text names, if the fresh plan stays within what was reviewed.
    fn named(&self, text: &str, fresh: &Plan) -> Option<&ReviewedPlan> {
        let is_named = |plan: &&ReviewedPlan| plan.id().is_named_by(text);
        let reviewed = self.reviewed.iter().find(is_named);
        let reviewed = reviewed.filter(|_| self.stale(fresh).is_empty());
        reviewed.or_else(|| {
            let mut unfinished = self.unfinished.iter().filter(is_named);
            unfinished.find(|plan| plan.bounds(fresh).is_empty())
        })
    }
}
