//! One-shot overrides: each names one plan and what it accepts of it, and dies with that plan.
//!
//! A plan that became smaller since it was reviewed has another id. What was accepted of the reviewed one then holds
//! for breaches that are no worse than those its reviewer saw.

use std::collections::BTreeSet;

use super::{Breach, BreachKind};
use crate::plan::Person;

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

/// What is accepted of the plan at hand.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Accepted {
    /// Whatever their figure: somebody named exactly this plan.
    pub kinds: BTreeSet<BreachKind>,
    /// As they were when somebody accepted them of a plan that holds this one.
    pub reviewed: Vec<ReviewedBreach>,
}

impl Accepted {
    /// Whether a breach of the plan at hand is accepted.
    pub fn holds(&self, breach: &Breach) -> bool {
        self.kinds.contains(&breach.kind)
            || self.reviewed.iter().any(|reviewed| reviewed.covers(breach))
    }
}

impl From<BTreeSet<BreachKind>> for Accepted {
    fn from(kinds: BTreeSet<BreachKind>) -> Self {
        Self {
            kinds,
            reviewed: Vec::new(),
        }
    }
}

/// A breach that a reviewer saw.
#[derive(Debug, Clone, PartialEq)]
pub struct ReviewedBreach {
    /// Its kind.
    pub kind: BreachKind,
    /// Its figure, where it has one.
    pub figure: Option<f64>,
    /// The labels of the people it was about.
    pub subjects: BTreeSet<String>,
}

impl ReviewedBreach {
    /// Whether a fresh breach is no worse: same kind, figure and subjects no larger.
    pub fn covers(&self, fresh: &Breach) -> bool {
        let figure = match (fresh.figure, self.figure) {
            (None, None) => true,
            // Of these, the smaller figure is the worse one.
            (Some(fresh_figure), Some(reviewed))
                if matches!(fresh.kind, BreachKind::OwnersMin | BreachKind::RosterShrunk) =>
            {
                fresh_figure >= reviewed
            }
            (Some(fresh_figure), Some(reviewed)) => fresh_figure <= reviewed,
            (Some(_), None) | (None, Some(_)) => false,
        };
        let mut subjects = fresh.subjects.iter().map(Person::label);
        self.kind == fresh.kind && figure && subjects.all(|label| self.subjects.contains(label))
    }
}

/// Refuses an acceptance that the judged plan had no use for.
pub fn all_used(accepted: &Accepted, used: &[Breach]) -> Result<(), AcceptanceFault> {
    match accepted
        .kinds
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
    fn an_acceptance_without_a_use_is_a_fault() {
        assert_eq!(
            all_used(&Accepted::from(BTreeSet::from([BreachKind::KeyOwner])), &[]),
            Err(AcceptanceFault::Lacking(BreachKind::KeyOwner))
        );
    }
}
