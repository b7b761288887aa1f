//! From two rosters to a plan that may be executed, or to why not.

use jiff::Timestamp;

use super::Observed;
use crate::desired::DesiredRoster;
use crate::document::Bound;
use crate::guardrail::{
    Acceptance, AcceptanceFault, Accepted, ApprovedPlan, Breach, BreachKind, Evidence, History,
    Judgement, Refusal, Surroundings, all_used, approve, preflight, refuse_part, today,
};
use crate::plan::{Action, Narrowing, Plan, Reason, Remark, compute, settle_keys};

/// What a plan is prepared by, beside the two rosters.
#[derive(Debug, Clone)]
pub struct Terms<'a> {
    /// The local clock and the environment.
    pub surroundings: Surroundings<'a>,
    /// The one-shot overrides.
    pub acceptances: &'a [Acceptance],
    /// Which part of the plan is wanted.
    pub narrowing: &'a Narrowing,
    /// What somebody reviewed before.
    pub bound: Bound<'a>,
    /// Revocations of the last seven days.
    pub history: History,
    /// How many people the last verified run left.
    pub people_verified: Option<usize>,
    /// Expiries of the next so many days are announced among the plan's remarks.
    pub expiry_notice_days: u32,
}

/// The outcome of preparing.
#[derive(Debug)]
pub enum Prepared {
    /// The plan may be executed.
    Approved(Box<ApprovedPlan>),
    /// The plan is refused.
    Refused(Box<Refusal>),
    /// Somebody reviewed plans, and none of them holds all of this one.
    Stale(Box<Judgement>),
    /// There is no plan, because it would be made from a wrong picture.
    NoPlan(Vec<Breach>),
    /// An acceptance is for another plan, or for nothing: the plan as it stands without any.
    Unaccepted(AcceptanceFault, Box<Judgement>),
}

/// Computes the plan that [`prepare`] judges: what history has to be looked up depends on it.
pub fn draft(desired: &DesiredRoster, observed: &Observed, local_now: Timestamp) -> Plan {
    let live = &observed.live;
    compute(desired, live, today(live, local_now))
}

/// Completes a drafted plan, narrows it and judges it.
pub fn prepare(
    desired: &DesiredRoster,
    observed: &Observed,
    mut plan: Plan,
    terms: &Terms<'_>,
) -> Prepared {
    let Observed {
        live,
        admin_keys,
        key_in_use,
    } = observed;
    let breaches = preflight(desired, live, terms.surroundings);
    if !breaches.is_empty() {
        return Prepared::NoPlan(breaches);
    }
    settle_keys(&mut plan, desired, live, admin_keys);
    let expiring = desired.expiring(plan.today, terms.expiry_notice_days);
    plan.remarks
        .extend(expiring.into_iter().map(Remark::Expires));
    let whole = (!terms.narrowing.is_none()).then(|| plan.clone());
    if whole.is_some() {
        terms.narrowing.narrow(&mut plan);
    }
    let is_stale = !terms.bound.stale(&plan).is_empty();
    let accepted = terms.bound.accepted(terms.acceptances, &plan);
    let mut evidence = Evidence {
        desired,
        live,
        key_in_use,
        history: terms.history.clone(),
        people_verified: terms.people_verified,
        accepted: accepted.clone().unwrap_or_default(),
    };
    let mut judged = approve(plan.clone(), &evidence);
    let mut used = Vec::new();
    if let Some(whole) = whole {
        let (breaches, accepted) = beyond(whole, &plan, &evidence);
        judged = refuse_part(judged, breaches);
        used = accepted;
    }
    let judgement = match &judged {
        Ok(approved) => approved.judgement(),
        Err(refusal) => refusal.judgement(),
    };
    if is_stale {
        return Prepared::Stale(Box::new(judgement.clone()));
    }
    used.extend(judgement.accepted.iter().cloned());
    let fault = accepted
        .and_then(|accepted| all_used(&accepted, &used))
        .err();
    match (fault, judged) {
        (None, Ok(approved)) => Prepared::Approved(Box::new(approved)),
        (None, Err(refusal)) => Prepared::Refused(refusal),
        (Some(fault), _) => {
            evidence.accepted = Accepted::default();
            let judgement = match approve(plan, &evidence) {
                Ok(approved) => approved.judgement().clone(),
                Err(refusal) => refusal.judgement().clone(),
            };
            Prepared::Unaccepted(fault, Box::new(judgement))
        }
    }
}

/// The breaches of the whole plan that refuse a part of it too, and those of it that are accepted.
///
/// A plan too large for one run is no reason to keep somebody in who is declared gone.
fn beyond(whole: Plan, part: &Plan, evidence: &Evidence<'_>) -> (Vec<Breach>, Vec<Breach>) {
    let judgement = match approve(whole, evidence) {
        Ok(approved) => approved.judgement().clone(),
        Err(refusal) => refusal.judgement().clone(),
    };
    let revokes = |action: &&Action| action.change.is_revocation();
    let departed = |action: &Action| matches!(action.reason, Reason::Departed { .. });
    let only_departed = part.actions.iter().filter(revokes).all(departed);
    let refuses = |breach: &Breach| breach.kind != BreachKind::RevocationsMax || !only_departed;
    let breaches = judgement.breaches.into_iter().filter(refuses).collect();
    (breaches, judgement.accepted)
}
