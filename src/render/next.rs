//! What a plan comes to, and the commands that go on from it.

use super::Totals;
use crate::document::PlanView;
use crate::guardrail::{Breach, BreachKind, Judgement};

/// A command that goes on, and what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// What it is for.
    pub(super) label: &'static str,
    /// The whole command.
    pub(super) command: String,
}

/// `Plan: 2 to remove; 1 withheld; 3 reported.`, and whether it is refused.
pub(super) fn headline(judgement: &Judgement) -> String {
    let totals = Totals::of(judgement);
    if judgement.breaches.is_empty() {
        format!("Plan: {totals}.")
    } else {
        let kinds = kinds(&judgement.breaches).join(", ");
        format!("Plan: {totals}. Refused by {kinds}: nothing is executed.")
    }
}

/// The commands that go on from a plan; none where the reader is already in one, or where nothing can be accepted.
pub(super) fn steps(view: &PlanView<'_>) -> Vec<Step> {
    let Some(apply) = view.apply else {
        return Vec::new();
    };
    let Judgement {
        plan: _,
        actions,
        withheld,
        accepted,
        breaches,
        caveats: _,
    } = view.judgement;
    if breaches.iter().any(|breach| !breach.kind.is_overridable()) {
        return Vec::new();
    }
    // What is accepted already has to be accepted again by whoever runs the command.
    let accept = |more: &[Breach]| {
        let kinds = kinds(&[accepted, more].concat()).join(",");
        format!("{apply} --accept {}:{kinds}", view.ids.plan)
    };
    let mut steps = Vec::new();
    if !breaches.is_empty() {
        steps.push(Step {
            label: "To accept these figures once",
            command: accept(breaches),
        });
    } else if !actions.is_empty() {
        steps.push(Step {
            label: "Next",
            command: if accepted.is_empty() {
                apply.to_owned()
            } else {
                accept(&[])
            },
        });
    }
    let mut all = breaches.clone();
    all.extend(
        withheld
            .iter()
            .flat_map(|row| &row.breaches)
            .filter(|breach| breach.kind.is_overridable())
            .cloned(),
    );
    if all.len() > breaches.len() {
        steps.push(Step {
            label: "With what is withheld",
            command: accept(&all),
        });
    }
    steps
}

/// The names of breaches, each once, in the order of the guardrails.
fn kinds(breaches: &[Breach]) -> Vec<&'static str> {
    let named = |kind: &BreachKind| breaches.iter().any(|breach| breach.kind == *kind);
    BreachKind::ALL
        .into_iter()
        .filter(named)
        .map(BreachKind::as_str)
        .collect()
}
