//! From two rosters to a plan that may be executed, or to why not.

use jiff::Timestamp;

use super::Observed;
use crate::desired::DesiredRoster;
use crate::document::Bound;
use crate::guardrail::{
    Acceptance, AcceptanceFault, Accepted, ApprovedPlan, Breach, Evidence, History, Judgement,
    Refusal, Surroundings, all_used, approve, approve_narrowed, preflight, today,
};
use crate::plan::{Narrowed, Narrowing, Plan, Remark, compute, narrow, settle_keys};
use crate::roster::Email;

/// What a plan is prepared by, beside the two rosters.
#[derive(Debug, Clone)]
pub struct Terms<'a> {
    /// The local clock and the environment.
    pub surroundings: Surroundings<'a>,
    /// The one-shot overrides.
    pub acceptances: &'a [Acceptance],
    /// What somebody reviewed before.
    pub bound: Bound<'a>,
    /// What part of the plan is to be done.
    pub narrowing: Narrowing,
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
    /// The plan was narrowed to people who are there and about whom it has nothing to do: nothing is done.
    Idle(Vec<Email>, Box<Judgement>),
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
    mut full: Plan,
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
    settle_keys(&mut full, desired, live, admin_keys);
    let expiring = desired.expiring(full.today, terms.expiry_notice_days);
    full.remarks
        .extend(expiring.into_iter().map(Remark::Expires));
    let Narrowed { plan, idle } = narrow(&full, desired, live, &terms.narrowing);
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
    let judge = |evidence: &Evidence<'_>| {
        if terms.narrowing.is_whole() {
            approve(plan.clone(), evidence)
        } else {
            approve_narrowed(&full, plan.clone(), evidence)
        }
    };
    let judged = judge(&evidence);
    let judgement = match &judged {
        Ok(approved) => approved.judgement(),
        Err(refusal) => refusal.judgement(),
    };
    if !idle.is_empty() {
        return Prepared::Idle(idle, Box::new(judgement.clone()));
    }
    if is_stale {
        return Prepared::Stale(Box::new(judgement.clone()));
    }
    let fault = accepted
        .and_then(|accepted| all_used(&accepted, &judgement.accepted))
        .err();
    match (fault, judged) {
        (None, Ok(approved)) => Prepared::Approved(Box::new(approved)),
        (None, Err(refusal)) => Prepared::Refused(refusal),
        (Some(fault), _) => {
            evidence.accepted = Accepted::default();
            let judgement = match judge(&evidence) {
                Ok(approved) => approved.judgement().clone(),
                Err(refusal) => refusal.judgement().clone(),
            };
            Prepared::Unaccepted(fault, Box::new(judgement))
        }
    }
}
