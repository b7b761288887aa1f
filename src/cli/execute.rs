//! The execution of an approved plan around its core: the journal before, what is kept for the next run after.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::time::Duration;

use super::failure::Failure;
use super::look::Run;
use super::progress::Progress;
use super::terminal;
use crate::apply::{Conditions, End};
use crate::guardrail::{ApprovedPlan, Breach, BreachKind, Judgement};
use crate::impact::Aftermath;
use crate::journal::{BreachRecord, Closing, KeyOwner, PlanRecord};
use crate::outcome::{Exit, Outcome};
use crate::plan::{Action, Change, effect};
use crate::provider::Transport;
use crate::reconcile::{Finished, Observed, Unverified, finish};
use crate::render::redact;
use crate::render::safe::Shown;
use crate::roster::{LiveRoster, Operation};
use crate::state::{JournalFile, Snapshot};
use crate::verify::Verification;

/// How a plan is executed.
#[derive(Debug, Clone)]
pub(super) struct Manner {
    /// How long the first removal may stay visible, and how long the end state is waited for.
    pub(super) verify_timeout: Duration,
    /// What the run belongs to, for the journal.
    pub(super) reference: Option<String>,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Executed {
    /// One for each action of the judgement, in its order.
    pub(super) outcomes: Vec<Outcome>,
    /// What the listing at the end proves.
    pub(super) verification: Option<Verification>,
    /// The exit code that follows.
    pub(super) exit: Exit,
    /// The journal of the run, if there was anything to execute.
    pub(super) journal: Option<PathBuf>,
    /// What became of the keys of whoever was removed, if anybody looked.
    pub(super) aftermath: Option<Aftermath>,
}

impl Executed {
    /// The same for whoever may not see addresses.
    pub(super) fn masked(self) -> Self {
        Self {
            outcomes: redact::outcomes(&self.outcomes),
            verification: self.verification.as_ref().map(redact::verification),
            aftermath: self.aftermath.as_ref().map(redact::aftermath),
            ..self
        }
    }
}

/// Executes a plan, and keeps what the run learned for the next one.
pub(super) async fn execute<T: Transport>(
    run: &Run<T>,
    approved: ApprovedPlan,
    observed: &Observed,
    manner: &Manner,
    progress: &mut Progress<'_>,
) -> Result<Executed, Failure> {
    let judgement = approved.judgement().clone();
    let record = plan_record(run, &judgement, observed, manner);
    let mut journal = JournalFile::start(&run.state, record)?;
    let path = journal.path().to_owned();
    let accepts = |breach: &Breach| breach.kind == BreachKind::RosterShrunk;
    if judgement.accepted.iter().any(accepts) {
        // Whoever accepts the smaller roster does so once, whatever becomes of this run.
        keep_snapshot(run, &observed.live, observed);
    }
    let conditions = Conditions {
        stop: &run.signals.stop,
        clock: run.clock,
        verify_timeout: manner.verify_timeout,
        owners_in_doubt: &run.owners_in_doubt(),
    };
    let finished = tokio::select! {
        biased;
        finished = finish(&run.provider, approved, observed, &mut journal, conditions, progress) => Some(finished),
        () = run.signals.leave.requested() => None,
    };
    keep_pace(run);
    let Some(finished) = finished else {
        return Ok(left(&judgement, progress, &journal));
    };
    if let Err(error) = journal.close(run.clock.now(), Closing::Apply) {
        tracing::error!(%error, "the journal stays open: the next apply reads it back");
    }
    Ok(conclude(run, finished, observed, path))
}

/// Sums up a run that came to its end.
fn conclude<T>(run: &Run<T>, finished: Finished, before: &Observed, journal: PathBuf) -> Executed {
    let exit = finished.exit();
    let Finished {
        judgement,
        executed,
        ended,
        verification,
    } = finished;
    match &ended {
        Some(ended @ (End::Barred { cause: _ } | End::CanaryVisible { cause: _ })) => {
            terminal::say(&format!(
                "the run ended early: {}",
                Shown::sentence(ended.cause())
            ));
        }
        Some(End::Stopped) | None => {}
    }
    let verification = match verification {
        Some(Ok(verification)) => Some(verification),
        Some(Err(Unverified::Stopped)) => {
            terminal::say("the end state was not read: `rosterctl plan` shows what is left");
            None
        }
        Some(Err(unread @ Unverified::Unread(_))) => {
            let failure = Failure::new(unread).hint("`rosterctl plan` shows what is left");
            failure.report();
            None
        }
        None => None,
    };
    // A part of a plan says nothing about the rest of the roster.
    let is_proven = verification.as_ref().is_some_and(|found| found.converged);
    if is_proven && run.narrowing.is_whole() {
        let done: Vec<Action> = executed
            .iter()
            .filter(|(_, outcome)| outcome.is_done())
            .map(|(action, _)| action.clone())
            .collect();
        keep_snapshot(run, &effect(&before.live, &done), before);
    }
    Executed {
        outcomes: in_order(&judgement.actions, &executed, |_| Outcome::NotAttempted {
            cause: "the run ended before".to_owned(),
        }),
        verification,
        exit,
        journal: Some(journal),
        aftermath: None,
    }
}

/// Sums up a run that somebody left while requests were in flight. Its journal stays open for the next run.
fn left(judgement: &Judgement, progress: &Progress<'_>, journal: &JournalFile) -> Executed {
    terminal::say(
        "left at once: what was in flight is not known; the next `rosterctl apply` reads it back from the journal",
    );
    let intents = journal.intents();
    if let Err(error) = &intents {
        tracing::warn!(%error, "the journal does not say what was sent");
    }
    // Nothing is sent before its intent is on record; without a record, everything may have been.
    let intended: Option<HashSet<_>> = intents
        .as_ref()
        .ok()
        .map(|intents| intents.iter().map(|intent| row(&intent.change)).collect());
    let missing = |action: &Action| match &intended {
        Some(intended) if !intended.contains(&row(&action.change)) => Outcome::NotAttempted {
            cause: "the run was left before".to_owned(),
        },
        Some(_) | None => Outcome::Unknown {
            cause: "the run was left before its outcome was known".to_owned(),
        },
    };
    Executed {
        outcomes: in_order(&judgement.actions, progress.outcomes(), missing),
        verification: None,
        exit: Exit::Partial,
        journal: Some(journal.path().to_owned()),
        aftermath: None,
    }
}

/// The outcomes in the order of the actions.
///
/// The lanes settle them in another order, and a plan may hold thousands: so they are looked up by what the provider
/// calls their row, not one after the other. No two actions of a plan share a row and an operation.
fn in_order(
    actions: &[Action],
    known: &[(Action, Outcome)],
    missing: impl Fn(&Action) -> Outcome,
) -> Vec<Outcome> {
    let outcomes: HashMap<(Operation, &str), &Outcome> = known
        .iter()
        .map(|(action, outcome)| (row(&action.change), outcome))
        .collect();
    actions
        .iter()
        .map(|action| {
            let outcome = outcomes.get(&row(&action.change));
            outcome.map_or_else(|| missing(action), |outcome| (*outcome).clone())
        })
        .collect()
}

/// The row that a change is about: its id, or the address where there is none yet.
fn row(change: &Change) -> (Operation, &str) {
    let row = match change {
        Change::SetRole { member, to: _ } | Change::Remove { member } => member.id.as_str(),
        Change::CancelInvite { invite } => invite.id.as_str(),
        Change::Invite { email, role: _ } => email.as_str(),
        Change::RevokeKey {
            key,
            user: _,
            email: _,
        } => key.id.as_str(),
    };
    (change.operation(), row)
}

/// Keeps the learned pace. Without it the next run learns again.
fn keep_pace<T: Transport>(run: &Run<T>) {
    let mut book = run.book.clone();
    run.provider.gate().teach(&mut book);
    if let Err(error) = run.state.write_pace_book(&book) {
        tracing::warn!(%error, "the learned pace is not kept");
    }
}

/// Keeps what a verified run left, or what somebody accepted as it is: the measure of the next one.
pub(super) fn keep_snapshot<T>(run: &Run<T>, roster: &LiveRoster, observed: &Observed) {
    let keys = observed.admin_keys.as_deref().ok();
    let snapshot = Snapshot::of(roster, keys, run.clock.now());
    if let Err(error) = run.state.write_snapshot(&snapshot) {
        tracing::warn!(%error, "what the verified run left is not kept");
    }
}

/// The first record of the journal.
fn plan_record<T>(
    run: &Run<T>,
    judgement: &Judgement,
    observed: &Observed,
    manner: &Manner,
) -> PlanRecord {
    let key_owner = observed.key_in_use.person().map(|id| KeyOwner {
        id: id.clone(),
        email: observed
            .live
            .member(id)
            .and_then(|member| member.email.clone()),
    });
    PlanRecord {
        format_version: PlanRecord::FORMAT_VERSION,
        rosterctl: env!("CARGO_PKG_VERSION").to_owned(),
        at: run.clock.now(),
        plan_id: judgement.plan.id().full().to_owned(),
        organization: judgement.plan.organization.clone(),
        actions: judgement.plan.actions.clone(),
        approved: judgement.actions.len(),
        accepted: judgement.accepted.iter().map(breach_record).collect(),
        key_owner,
        reference: manner.reference.clone(),
    }
}

fn breach_record(breach: &Breach) -> BreachRecord {
    BreachRecord {
        breach: breach.kind.as_str().to_owned(),
        figure: breach.figure,
        subjects: breach
            .subjects
            .iter()
            .map(|person| person.label().to_owned())
            .collect(),
    }
}
