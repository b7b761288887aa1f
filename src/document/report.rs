//! The document of a finished apply.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    ActionDocument, AftermathDocument, FORMAT_VERSION, PersonDocument, PlanDocument, ReportView,
};
use crate::outcome::Outcome;
use crate::plan::Action;
use crate::verify::{Foreign, Verification};

/// What an apply did, and whether it holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportDocument {
    /// The version of this format. A reader refuses a newer one.
    pub format_version: u32,
    /// What was applied.
    pub plan: PlanDocument,
    /// What happened to each action that was to be executed, in order.
    pub outcomes: Vec<OutcomeDocument>,
    /// What the listing after the last change proves; null where there was none.
    pub verification: Option<VerificationDocument>,
    /// What became of the keys of whoever was removed; null where nobody looked.
    pub aftermath: Option<AftermathDocument>,
    /// The process's exit code.
    pub exit_code: u8,
    /// Where the journal of the run is, if it has one.
    pub journal: Option<String>,
    /// The actions that no reviewed plan holds, for which nothing was executed.
    #[serde(default)]
    pub stale: Vec<ActionDocument>,
}

impl ReportDocument {
    /// Writes a report.
    pub fn new(view: &ReportView<'_>) -> Self {
        let ReportView {
            plan,
            outcomes: _,
            verification,
            aftermath,
            exit_code,
            journal,
        } = view;
        Self {
            format_version: FORMAT_VERSION,
            plan: PlanDocument::new(plan),
            outcomes: view
                .results()
                .map(|(action, outcome)| OutcomeDocument::new(action, outcome))
                .collect(),
            verification: verification.map(VerificationDocument::new),
            aftermath: aftermath.map(AftermathDocument::new),
            exit_code: *exit_code,
            journal: journal.map(str::to_owned),
            stale: Vec::new(),
        }
    }
}

/// What happened to one action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutcomeDocument {
    /// The action.
    pub action: ActionDocument,
    /// `done`, `already-done`, `failed`, `withheld`, `unknown` or `not-attempted`.
    pub outcome: String,
    /// The provider's request id, where an answer came.
    pub request_id: Option<String>,
    /// Why, where something is to be said.
    pub cause: Option<String>,
}

impl OutcomeDocument {
    fn new(action: &Action, outcome: Option<&Outcome>) -> Self {
        let (name, request_id) = match outcome {
            Some(Outcome::Done { request_id }) => ("done", request_id.clone()),
            Some(Outcome::AlreadyDone { request_id }) => ("already-done", request_id.clone()),
            Some(Outcome::Failed { cause: _ }) => ("failed", None),
            Some(Outcome::Withheld { cause: _ }) => ("withheld", None),
            Some(Outcome::Unknown { cause: _ }) => ("unknown", None),
            Some(Outcome::NotAttempted { cause: _ }) | None => ("not-attempted", None),
        };
        Self {
            action: ActionDocument::new(action),
            outcome: name.to_owned(),
            request_id,
            cause: outcome.and_then(Outcome::cause).map(str::to_owned),
        }
    }
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VerificationDocument {
    /// Every executed action is visible and nobody outside the plan is gone.
    pub converged: bool,
    /// Executed actions that are not visible yet.
    pub residual: Vec<ActionDocument>,
    /// People outside the plan who were live before and are gone after.
    pub collateral: Vec<PersonDocument>,
    /// What somebody else did meanwhile.
    pub foreign: Vec<ForeignDocument>,
}

impl VerificationDocument {
    fn new(verification: &Verification) -> Self {
        let Verification {
            converged,
            residual,
            collateral,
            foreign,
        } = verification;
        Self {
            converged: *converged,
            residual: residual.iter().map(ActionDocument::new).collect(),
            collateral: collateral.iter().map(PersonDocument::new).collect(),
            foreign: foreign.iter().map(ForeignDocument::new).collect(),
        }
    }
}

/// A change that was not this run's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ForeignDocument {
    /// Whose row.
    pub person: PersonDocument,
    /// What happened to it, in a clause.
    pub what: String,
}

impl ForeignDocument {
    fn new(foreign: &Foreign) -> Self {
        let Foreign { person, what } = foreign;
        Self {
            person: PersonDocument::new(person),
            what: what.clone(),
        }
    }
}
