//! Executing an approved plan and proving what came of it.

use super::Observed;
use super::verification::{Trace, Unverified, verify};
use crate::apply::{Conditions, End, Execution, JournalSink, Observer, OwnerLedger, execute};
use crate::guardrail::{ApprovedPlan, Judgement, owners_after};
use crate::outcome::{Exit, Outcome};
use crate::plan::Action;
use crate::provider::RosterSink;
use crate::roster::KeyInUse;
use crate::verify::Verification;

/// What a run did and proved.
#[derive(Debug)]
pub struct Finished {
    /// What was judged.
    pub judgement: Judgement,
    /// Every action of the approved plan with its outcome.
    pub executed: Vec<(Action, Outcome)>,
    /// Why the run ended before its end, if it did.
    pub ended: Option<End>,
    /// What the verification found; `None` when nothing was executed.
    pub verification: Option<Result<Verification, Unverified>>,
}

impl Finished {
    /// How the run ended: what failed or was withheld outranks what is not confirmed.
    pub fn exit(&self) -> Exit {
        let canary_visible = matches!(self.ended, Some(End::CanaryVisible { cause: _ }));
        let is_open = |outcome: &Outcome| match outcome {
            Outcome::Done { request_id: _ } | Outcome::AlreadyDone { request_id: _ } => false,
            // A first removal that stays visible is a matter of confirmation, and so is what waited for it.
            Outcome::NotAttempted { cause: _ } => !canary_visible,
            Outcome::Failed { cause: _ }
            | Outcome::Withheld { cause: _ }
            | Outcome::Unknown { cause: _ } => true,
        };
        if !self.judgement.withheld.is_empty()
            || self.executed.iter().any(|(_, outcome)| is_open(outcome))
        {
            return Exit::Partial;
        }
        match &self.verification {
            _ if canary_visible => Exit::Unconfirmed,
            Some(Ok(verification)) if !verification.converged => Exit::Unconfirmed,
            Some(Err(_)) => Exit::Unconfirmed,
            Some(Ok(_)) | None => Exit::Converged,
        }
    }
}

/// Executes an approved plan, verifies it, then makes the changes that may take the key in use away, if there are any,
/// and revokes that very key at the end, when there is nothing left to read.
pub async fn finish(
    provider: &impl RosterSink,
    approved: ApprovedPlan,
    observed: &Observed,
    journal: &mut impl JournalSink,
    conditions: Conditions<'_>,
    watch: &mut impl Observer,
) -> Finished {
    let judgement = approved.judgement().clone();
    let planned = owners_after(&judgement.plan, approved.actions()).len();
    let owners = OwnerLedger::new(&judgement.plan.owners, conditions.owners_in_doubt, planned);
    let key = &observed.key_in_use;
    let (first, last) = approved.split_by_key(key);
    let (last, end) = match last.map(|last| last.split_by_own_key(key)) {
        Some((last, end)) => (Some(last).filter(|last| !last.actions().is_empty()), end),
        None => (None, None),
    };

    let mut run = execute(&first, provider, journal, owners, conditions, watch).await;
    let mut seen = seen_by(first.actions(), &run);
    let mut executed = pair(first.actions(), &mut run);
    let mut verification = prove(
        provider, observed, &executed, &seen, &run, conditions, watch,
    )
    .await;

    let parts = [
        (last, true),
        (end, matches!(key, KeyInUse::Unknown { reason: _ })),
    ];
    for (part, can_read) in parts {
        let Some(part) = part else { continue };
        let proven = verification
            .as_ref()
            .is_none_or(|found| found.as_ref().is_ok_and(|found| found.converged));
        if run.ended.is_none() && proven && executed.iter().all(|(_, outcome)| outcome.is_done()) {
            // The listing has shown all of it.
            seen.extend(executed.iter().map(|(action, _)| action.clone()));
            let owners = run.owners;
            run = execute(&part, provider, journal, owners, conditions, watch).await;
            seen.extend(seen_by(part.actions(), &run));
            executed.extend(pair(part.actions(), &mut run));
            if can_read {
                verification = prove(
                    provider, observed, &executed, &seen, &run, conditions, watch,
                )
                .await;
            }
        } else {
            let cause = "it takes the key in use away, and the rest is not verified".to_owned();
            let withheld = |action: &Action| {
                (
                    action.clone(),
                    Outcome::Withheld {
                        cause: cause.clone(),
                    },
                )
            };
            executed.extend(part.actions().iter().map(withheld));
        }
    }
    Finished {
        judgement,
        executed,
        ended: run.ended,
        verification,
    }
}

/// The actions whose effect was read.
fn seen_by(actions: &[Action], run: &Execution) -> Vec<Action> {
    run.seen.iter().map(|at| actions[*at].clone()).collect()
}

fn pair(actions: &[Action], run: &mut Execution) -> Vec<(Action, Outcome)> {
    actions
        .iter()
        .cloned()
        .zip(std::mem::take(&mut run.outcomes))
        .collect()
}

/// Verifies, unless nothing was sent or the run was stopped: a person who presses Ctrl-C wants the terminal back.
async fn prove(
    provider: &impl RosterSink,
    observed: &Observed,
    executed: &[(Action, Outcome)],
    seen: &[Action],
    run: &Execution,
    conditions: Conditions<'_>,
    watch: &mut impl Observer,
) -> Option<Result<Verification, Unverified>> {
    let may_show =
        |outcome: &Outcome| outcome.is_done() || matches!(outcome, Outcome::Unknown { cause: _ });
    if !executed.iter().any(|(_, outcome)| may_show(outcome)) {
        return None;
    }
    if matches!(run.ended, Some(End::Stopped)) {
        return Some(Err(Unverified::Stopped));
    }
    let before = &observed.live;
    let trace = Trace {
        executed,
        seen,
        lag: run.lag,
    };
    Some(verify(provider, before, trace, conditions, watch).await)
}
