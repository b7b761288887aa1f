//! One-shot overrides: each names one plan and what it accepts of it, and dies with that plan.

use std::collections::BTreeSet;

use super::{Breach, BreachKind};
use crate::plan::PlanId;

/// `--accept PLAN_ID:breach[,breach]`, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// The plan's id as given: 20 or 64 hexadecimal digits.
    pub plan: String,
    /// What is accepted.
    pub breaches: BTreeSet<BreachKind>,
}

/// Why a text is no acceptance. Every one is a usage error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AcceptanceError {
    /// Not `PLAN_ID:breach`.
    #[error("`{0}` is not PLAN_ID:breach[,breach], as the plan prints it")]
    Shape(String),
    /// No such breach.
    #[error("there is no breach `{0}`")]
    NoSuchBreach(String),
    /// One that cannot be accepted.
    #[error("`{0}` can never be accepted")]
    Never(BreachKind),
}

impl Acceptance {
    /// Reads the value of one `--accept`.
    pub fn parse(text: &str) -> Result<Self, AcceptanceError> {
        let shape = || AcceptanceError::Shape(text.to_owned());
        let (plan, names) = text.split_once(':').ok_or_else(shape)?;
        if !matches!(plan.len(), 20 | 64) || !plan.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(shape());
        }
        let mut breaches = BTreeSet::new();
        for name in names.split(',') {
            let kind = BreachKind::parse(name)
                .ok_or_else(|| AcceptanceError::NoSuchBreach(name.to_owned()))?;
            if !kind.is_overridable() {
                return Err(AcceptanceError::Never(kind));
            }
            breaches.insert(kind);
        }
        Ok(Self {
            plan: plan.to_ascii_lowercase(),
            breaches,
        })
    }
}

/// Why acceptances do not hold for a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AcceptanceFault {
    /// It names another plan: a refusal.
    #[error(
        "`--accept` names the plan {named}, and this plan is {fresh}: what was accepted is not what would be done"
    )]
    OtherPlan {
        /// The id given.
        named: String,
        /// The id of the plan at hand.
        fresh: String,
    },
    /// The plan has no such breach: a usage error.
    #[error("the plan has no breach `{0}` to accept")]
    Lacking(BreachKind),
}

/// Returns what is accepted of a plan, or the first acceptance that names another one.
pub fn accepted(
    acceptances: &[Acceptance],
    fresh: &PlanId,
) -> Result<BTreeSet<BreachKind>, AcceptanceFault> {
    let mut kinds = BTreeSet::new();
    for Acceptance { plan, breaches } in acceptances {
        if !fresh.is_named_by(plan) {
            return Err(AcceptanceFault::OtherPlan {
                named: plan.clone(),
                fresh: fresh.to_string(),
            });
        }
        kinds.extend(breaches);
    }
    Ok(kinds)
}

/// Refuses an acceptance that the judged plan had no use for.
pub fn all_used(kinds: &BTreeSet<BreachKind>, used: &[Breach]) -> Result<(), AcceptanceFault> {
    match kinds
        .iter()
        .find(|kind| !used.iter().any(|breach| breach.kind == **kind))
    {
        Some(kind) => Err(AcceptanceFault::Lacking(*kind)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acceptance_names_a_plan_and_what_it_accepts() {
        let id = "96f880477eb4e9f67eb8";
        let acceptance = Acceptance::parse(&format!("{id}:revocations-max,key-owner")).unwrap();
        assert_eq!(acceptance.plan, id);
        assert_eq!(
            acceptance.breaches,
            [BreachKind::RevocationsMax, BreachKind::KeyOwner].into()
        );
        for (text, reason) in [
            (
                "revocations-max".to_owned(),
                "`revocations-max` is not PLAN_ID:breach[,breach], as the plan prints it",
            ),
            (format!("{id}:"), "there is no breach ``"),
            (format!("{id}:all"), "there is no breach `all`"),
            (
                format!("{id}:identity-conflict"),
                "`identity-conflict` can never be accepted",
            ),
            (format!("{id}:frozen"), "`frozen` can never be accepted"),
            (
                "96f8:key-owner".to_owned(),
                "`96f8:key-owner` is not PLAN_ID:breach[,breach], as the plan prints it",
            ),
        ] {
            assert_eq!(Acceptance::parse(&text).unwrap_err().to_string(), reason);
        }
    }

    #[test]
    fn an_acceptance_holds_for_its_plan_only() {
        let (this, other) = (
            PlanId::of("org-1", Vec::new()),
            PlanId::of("org-2", Vec::new()),
        );
        let acceptance = Acceptance::parse(&format!("{this}:key-owner")).unwrap();
        assert_eq!(
            accepted(std::slice::from_ref(&acceptance), &this),
            Ok([BreachKind::KeyOwner].into())
        );
        assert!(matches!(
            accepted(&[acceptance], &other),
            Err(AcceptanceFault::OtherPlan { .. })
        ));
        assert_eq!(
            all_used(&[BreachKind::KeyOwner].into(), &[]),
            Err(AcceptanceFault::Lacking(BreachKind::KeyOwner))
        );
    }
}
