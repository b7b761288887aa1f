//! The published JSON of a plan and of a report, and the bound that a reviewed plan is.
//!
//! Documents have structs of their own, made from domain values by naming every field: a change inside the program
//! cannot change what other programs read, and a new field of the domain has to be decided on here. A reader
//! ignores fields it does not know; `format_version` grows only when an old reader would misunderstand.

mod bound;
mod change;
mod check;
mod declared;
mod drift;
mod impact;
mod plan;
mod report;
mod reviewed;
mod roster;
mod rows;
mod schema;
mod snapshot;

pub use bound::Bound;
pub use change::{ActionDocument, ChangeName, KeyDocument, PersonDocument, PlaceDocument};
pub use check::{CheckDocument, ExpiryDocument, RelatedDocument, ViolationDocument};
pub use declared::{DeclaredDocument, DeclaredRow, DepartedRow};
pub use drift::{
    ActorDocument, AppearedDocument, AuditLogDocument, CauseDocument, DifferenceDocument,
    DriftDocument, DriftStanding, DriftView, EventDocument, Means, Reading,
};
pub use impact::{
    AftermathDocument, ImpactDocument, ImpactStatus, OwnedKeyDocument, PersonImpactDocument,
    ProjectDocument, SurvivorDocument, UnreadDocument,
};
pub use plan::{
    BreachDocument, CostDocument, OperationCostDocument, PlanDocument, Verdict, WithheldDocument,
};
pub use report::{ForeignDocument, OutcomeDocument, ReportDocument, VerificationDocument};
pub use reviewed::{ReviewedError, ReviewedPlan, stale};
pub use roster::{RosterDocument, RosterRow};
pub use rows::{
    DepartedDocument, LeftoverKeyDocument, LoosenedDocument, ReportedDocument, SuspicionDocument,
    UnmanagedDocument, VanishedDocument,
};
pub use schema::{
    check_schema, declared_schema, drift_schema, plan_schema, report_schema, roster_schema,
    snapshot_schema,
};
pub use snapshot::{
    AdminKeyDocument, CapabilitiesDocument, HolderDocument, InviteDocument, MemberDocument,
    MembershipDocument, SnapshotDocument, SnapshotError,
};

use jiff::Timestamp;

use crate::desired::Loosening;
use crate::guardrail::{Breach, Judgement};
use crate::impact::{Aftermath, Impact};
use crate::outcome::Outcome;
use crate::plan::{Action, PlanId};
use crate::schedule::Cost;
use crate::verify::Verification;

/// The version of the documents' format that this program writes, and the newest one that it reads.
pub const FORMAT_VERSION: u32 = 1;

/// The names of a judged plan.
///
/// They are taken before anything is redacted: a redacted plan still has the id that `--accept` takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanIds {
    /// The name of exactly the plan's actions.
    pub plan: PlanId,
    /// The name of everything that differs.
    pub drift: PlanId,
}

impl PlanIds {
    /// Names a judged plan.
    pub fn of(judgement: &Judgement) -> Self {
        let kinds =
            |breaches: &[Breach]| breaches.iter().map(|breach| breach.kind.as_str()).collect();
        let withheld = judgement
            .withheld
            .iter()
            .map(|withheld| (&withheld.person, kinds(&withheld.breaches)));
        Self {
            plan: judgement.plan.id(),
            drift: judgement.plan.drift_id(withheld),
        }
    }
}

/// Everything that a document or a text needs to show a plan.
#[derive(Debug, Clone, Copy)]
pub struct PlanView<'a> {
    /// The plan and what the guardrails said about it.
    pub judgement: &'a Judgement,
    /// Its names.
    pub ids: &'a PlanIds,
    /// What an apply would ask of the provider.
    pub cost: &'a Cost,
    /// What its removals break; `None` where it removes nobody, or nobody looked.
    pub impact: Option<ImpactView<'a>>,
    /// The command that applies it, such as `rosterctl apply other.toml`; `None` where the reader is already in it.
    pub apply: Option<&'a str>,
    /// Whether addresses and names in `judgement` are masked.
    pub redacted: bool,
    /// The SHA-256 of the members file that it was made from, where there is one.
    pub members_sha256: Option<&'a str>,
    /// When the snapshot was taken from which it was made; `None` where the organization itself was read.
    pub snapshot_taken_at: Option<Timestamp>,
    /// What the members file allows more than the one before it, where there was one to compare.
    pub loosened: &'a [Loosening],
}

/// What is known of what a plan's removals break.
#[derive(Debug, Clone, Copy)]
pub enum ImpactView<'a> {
    /// Every project was looked at.
    Known(&'a Impact),
    /// Nobody looked: what it would cost.
    Open(&'a Cost),
    /// The projects could not be listed: why, in a clause.
    Unread(&'a str),
}

/// Everything that a document or a text needs to show the end of an apply.
#[derive(Debug, Clone, Copy)]
pub struct ReportView<'a> {
    /// What was applied.
    pub plan: PlanView<'a>,
    /// What happened to each of the judgement's actions, in their order.
    pub outcomes: &'a [Outcome],
    /// What the listing after the last change proves; `None` where there was none.
    pub verification: Option<&'a Verification>,
    /// What became of the keys of whoever was removed; `None` where nobody looked.
    pub aftermath: Option<&'a Aftermath>,
    /// The process's exit code.
    pub exit_code: u8,
    /// Where the journal of the run is, if it has one.
    pub journal: Option<&'a str>,
}

impl<'a> ReportView<'a> {
    /// Each action that was to be executed, with its outcome; `None` for one that the run never came to.
    pub fn results(&self) -> impl Iterator<Item = (&'a Action, Option<&'a Outcome>)> + use<'a> {
        let outcomes = self.outcomes;
        let actions = self.plan.judgement.actions.iter().enumerate();
        actions.map(move |(index, action)| (action, outcomes.get(index)))
    }
}
