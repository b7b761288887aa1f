//! The document of a plan.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    ActionDocument, DepartedDocument, FORMAT_VERSION, ImpactDocument, LeftoverKeyDocument,
    LoosenedDocument, PersonDocument, PlanIds, PlanView, ReportedDocument, SuspicionDocument,
    UnmanagedDocument, VanishedDocument,
};
use crate::guardrail::{Breach, Judgement, Withheld};
use crate::plan::Plan;
use crate::schedule::{Cost, OperationCost};

/// A plan, what the guardrails said about it, and what it costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanDocument {
    /// The version of this format. A reader refuses a newer one.
    pub format_version: u32,
    /// The version of the program that wrote the document.
    pub rosterctl: String,
    /// SHA-256 over the canonical lines of all actions, withheld ones included; 64 hexadecimal digits.
    pub plan_id: String,
    /// The same over everything that differs: it changes when somebody should look again.
    pub drift_id: String,
    /// The organization: its id as the provider gave it, else as the file has it.
    pub organization: String,
    /// SHA-256 over the members file and what it includes; null where the plan is of no file.
    pub members_sha256: Option<String>,
    /// When the roster was read: the provider's date, RFC 3339.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub observed_at: Option<Timestamp>,
    /// When the snapshot was taken from which the plan was made, RFC 3339; null where the organization itself was read.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub snapshot_taken_at: Option<Timestamp>,
    /// Whether the guardrails let the plan pass.
    pub verdict: Verdict,
    /// What the members file allows more than the one of `--base`; empty where none was named.
    pub loosened: Vec<LoosenedDocument>,
    /// Whether addresses and names are masked. Such a document cannot be applied.
    pub redacted: bool,
    /// The actions that may be executed, in an order in which each may.
    pub actions: Vec<ActionDocument>,
    /// The actions that are not executed because of a breach about a person.
    pub withheld: Vec<WithheldDocument>,
    /// What refuses the plan; empty when it is approved.
    pub breaches: Vec<BreachDocument>,
    /// Breaches that this run accepts.
    pub accepted: Vec<BreachDocument>,
    /// Differences that are only shown.
    pub reported: Vec<ReportedDocument>,
    /// Rows that are deliberately left alone.
    pub unmanaged: Vec<UnmanagedDocument>,
    /// Declared people whose pinned id is no longer live.
    pub vanished: Vec<VanishedDocument>,
    /// Departed and expired people who are never removed by this program.
    pub departed_still_live: Vec<DepartedDocument>,
    /// Admin keys that outlive their owner, and can invite them back.
    pub leftover_keys: Vec<LeftoverKeyDocument>,
    /// Pairs of rows that may be one person.
    pub suspicions: Vec<SuspicionDocument>,
    /// What is worth knowing and no difference, in sentences.
    pub remarks: Vec<String>,
    /// What the guardrails could not look at, in sentences.
    pub caveats: Vec<String>,
    /// Members and pending invites that are as declared.
    pub unchanged: usize,
    /// Managed live people and pending invites before the run.
    pub managed: usize,
    /// What an apply would ask of the provider.
    pub cost: CostDocument,
    /// What the removals break; null where nobody is removed.
    pub impact: Option<ImpactDocument>,
}

/// Whether a plan may be executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// What is not withheld may be executed.
    Approved,
    /// Nothing may be.
    Refused,
}

impl PlanDocument {
    /// Writes a judged plan.
    pub fn new(view: &PlanView<'_>) -> Self {
        let PlanView {
            judgement,
            ids:
                PlanIds {
                    plan: plan_id,
                    drift: drift_id,
                },
            cost,
            impact,
            apply: _,
            redacted,
            members_sha256,
            snapshot_taken_at,
            loosened,
        } = *view;
        let Judgement {
            plan,
            actions,
            withheld,
            accepted,
            breaches,
            caveats,
        } = judgement;
        let Plan {
            organization,
            observed_at,
            today: _,
            actions: _,
            // Each is withheld with its breach, so it has a row already.
            conflicts: _,
            suspicions,
            reported,
            unmanaged,
            vanished,
            departed_live,
            leftover_keys,
            remarks,
            unchanged,
            managed,
            owners: _,
        } = plan;
        Self {
            format_version: FORMAT_VERSION,
            rosterctl: env!("CARGO_PKG_VERSION").to_owned(),
            plan_id: plan_id.full().to_owned(),
            drift_id: drift_id.full().to_owned(),
            organization: organization.clone(),
            members_sha256: members_sha256.map(str::to_owned),
            observed_at: *observed_at,
            snapshot_taken_at,
            verdict: if breaches.is_empty() {
                Verdict::Approved
            } else {
                Verdict::Refused
            },
            loosened: loosened.iter().map(LoosenedDocument::new).collect(),
            redacted,
            actions: actions.iter().map(ActionDocument::new).collect(),
            withheld: withheld.iter().flat_map(WithheldDocument::rows).collect(),
            breaches: breaches.iter().map(BreachDocument::new).collect(),
            accepted: accepted.iter().map(BreachDocument::new).collect(),
            reported: reported.iter().map(ReportedDocument::new).collect(),
            unmanaged: unmanaged.iter().map(UnmanagedDocument::new).collect(),
            vanished: vanished.iter().map(VanishedDocument::new).collect(),
            departed_still_live: departed_live.iter().map(DepartedDocument::new).collect(),
            leftover_keys: leftover_keys
                .iter()
                .map(|row| LeftoverKeyDocument::new(row, plan))
                .collect(),
            suspicions: suspicions.iter().map(SuspicionDocument::new).collect(),
            remarks: remarks.iter().map(ToString::to_string).collect(),
            caveats: caveats.clone(),
            unchanged: *unchanged,
            managed: *managed,
            cost: CostDocument::new(cost),
            impact: impact.map(ImpactDocument::new),
        }
    }

    /// The canonical lines of every action of the plan, withheld ones included.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        let withheld = self.withheld.iter().filter_map(|row| row.action.as_ref());
        self.actions
            .iter()
            .chain(withheld)
            .map(ActionDocument::canonical)
    }
}

/// One action that is not executed, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WithheldDocument {
    /// Whose access it is about.
    pub person: PersonDocument,
    /// What is not executed; null for an identity that cannot be decided.
    pub action: Option<ActionDocument>,
    /// Why, at least one.
    pub breaches: Vec<BreachDocument>,
}

impl WithheldDocument {
    /// One row per withheld action, and one for a person about whom nothing could be planned.
    fn rows(withheld: &Withheld) -> Vec<Self> {
        let Withheld {
            person,
            actions,
            breaches,
        } = withheld;
        let row = |action: Option<&_>| Self {
            person: PersonDocument::new(person),
            action: action.map(ActionDocument::new),
            breaches: breaches.iter().map(BreachDocument::new).collect(),
        };
        if actions.is_empty() {
            vec![row(None)]
        } else {
            actions.iter().map(|action| row(Some(action))).collect()
        }
    }
}

/// One limit exceeded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BreachDocument {
    /// Its name, as `--accept` takes it.
    pub breach: String,
    /// The limit, where it is a number.
    pub limit: Option<f64>,
    /// The plan's figure, where the limit is a number.
    pub figure: Option<f64>,
    /// Whom it is about; empty for a breach of the plan.
    pub subjects: Vec<PersonDocument>,
    /// What is wrong, in a sentence.
    pub message: String,
    /// The exact way on, in a sentence.
    pub way_on: String,
}

impl BreachDocument {
    /// Writes a breach.
    pub fn new(breach: &Breach) -> Self {
        let Breach {
            kind,
            limit,
            figure,
            subjects,
            message,
            way_on,
        } = breach;
        Self {
            breach: kind.as_str().to_owned(),
            limit: *limit,
            figure: *figure,
            subjects: subjects.iter().map(PersonDocument::new).collect(),
            message: message.clone(),
            way_on: way_on.clone(),
        }
    }
}

/// What an apply would ask of the provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CostDocument {
    /// Per operation, in the order of a run.
    pub operations: Vec<OperationCostDocument>,
    /// The whole time in seconds, lanes side by side; null where a pace is not known yet.
    pub seconds: Option<f64>,
}

/// One operation's part of the cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OperationCostDocument {
    /// The operation, such as `delete-user`.
    pub operation: String,
    /// Requests that are necessary.
    pub requests: usize,
    /// The pace known for it, in words: `8/min`.
    pub pace: Option<String>,
    /// The time in seconds at that pace.
    pub seconds: Option<f64>,
}

impl CostDocument {
    /// Writes a cost.
    pub fn new(cost: &Cost) -> Self {
        let Cost { operations, time } = cost;
        let operation = |part: &OperationCost| {
            let OperationCost {
                operation,
                requests,
                pace,
                time,
            } = part;
            OperationCostDocument {
                operation: operation.as_str().to_owned(),
                requests: *requests,
                pace: pace.clone(),
                seconds: time.map(|time| time.as_secs_f64()),
            }
        };
        Self {
            operations: operations.iter().map(operation).collect(),
            seconds: time.map(|time| time.as_secs_f64()),
        }
    }
}
