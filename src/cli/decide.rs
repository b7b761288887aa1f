//! The talk before an apply: what an earlier run left open, the plan, the question.

use super::confirm::{ANSWER_FRESH_MAX, Answer, ask, can_ask};
use super::execute::keep_snapshot;
use super::failure::Failure;
use super::look::{Look, Planned, Run, Sheet, Standing, unaccepted};
use super::terminal;
use crate::guardrail::{ApprovedPlan, BreachKind, preflight};
use crate::outcome::Exit;
use crate::provider::Transport;
use crate::reconcile::{Observed, Resumed, resume};
use crate::render::safe::Shown;

/// How the talk before the execution ends.
#[derive(Debug)]
pub(super) enum Decision {
    /// The plan is executed.
    Go(Box<Agreed>),
    /// Nothing is executed, and the plan says why.
    Stay(Box<Sheet>, Exit),
    /// Nothing is executed, because nobody said so.
    Declined(Box<Sheet>, Failure),
}

/// A plan that somebody said yes to.
#[derive(Debug)]
pub(super) struct Agreed {
    pub(super) sheet: Sheet,
    pub(super) observed: Observed,
    pub(super) approved: ApprovedPlan,
}

/// Looks, shows and asks, until there is an answer to the plan as it is now.
pub(super) async fn decide<T: Transport>(run: &Run<T>, yes: bool) -> Result<Decision, Failure> {
    let mut answered: Option<Sheet> = None;
    let mut look = first_look(run).await?;
    loop {
        let looked_at = run.clock.elapsed();
        let planned = match look {
            Look::Plan(planned) => *planned,
            Look::NoPlan(sheet) => return Ok(Decision::Stay(sheet, Exit::Refused)),
        };
        let agreed = match approved(planned) {
            Ok(agreed) => agreed,
            Err(decision) => return Ok(decision),
        };
        if agreed.sheet.judgement.actions.is_empty() {
            return Ok(nothing_to_do(run, agreed));
        }
        if answered.is_some_and(|before| before.is_same_as(&agreed.sheet)) {
            return Ok(Decision::Go(Box::new(agreed)));
        }
        show(&agreed.sheet);
        if yes {
            return Ok(Decision::Go(Box::new(agreed)));
        }
        if let Some(failure) = declined(run, &agreed.sheet).await {
            return Ok(Decision::Declined(Box::new(agreed.sheet), failure));
        }
        if run.clock.elapsed().saturating_sub(looked_at) <= ANSWER_FRESH_MAX {
            return Ok(Decision::Go(Box::new(agreed)));
        }
        terminal::say("the answer took more than a minute: reading the organization again");
        answered = Some(agreed.sheet);
        look = run.look().await?;
    }
}

/// The plan if it may be executed, else what becomes of it.
fn approved(planned: Planned) -> Result<Agreed, Decision> {
    let Planned {
        sheet,
        observed,
        standing,
    } = planned;
    match standing {
        Standing::Approved(approved) => Ok(Agreed {
            sheet,
            observed,
            approved: *approved,
        }),
        Standing::Refused => Err(Decision::Stay(Box::new(sheet), Exit::Refused)),
        Standing::Unaccepted(fault) => {
            show(&sheet);
            Err(Decision::Declined(Box::new(sheet), unaccepted(&fault)))
        }
    }
}

/// A plan without anything to execute. Somebody who is withheld keeps it from being a success.
fn nothing_to_do<T>(run: &Run<T>, agreed: Agreed) -> Decision {
    let Agreed {
        sheet,
        observed,
        approved: _,
    } = agreed;
    let exit = if sheet.is_settled() {
        keep_snapshot(run, &observed.live);
        Exit::Converged
    } else {
        Exit::Partial
    };
    Decision::Stay(Box::new(sheet), exit)
}

/// Asks; returns why nothing is executed, if so.
async fn declined<T>(run: &Run<T>, sheet: &Sheet) -> Option<Failure> {
    if !can_ask() {
        let failure = Failure::new("there is no terminal to ask on, so nothing was changed");
        return Some(failure.hint("read the plan above, and say --yes to apply it"));
    }
    let changes = match sheet.judgement.actions.len() {
        1 => "this change".to_owned(),
        several => format!("these {several} changes"),
    };
    let organization = Shown::label(&sheet.judgement.plan.organization).to_string();
    let question = format!("\nApply {changes} to {organization}? Only `yes` is a yes: ");
    match ask(&question, &run.signals.stop).await {
        Answer::Yes => None,
        Answer::No => Some(Failure::new(
            "the answer was not `yes`: nothing was changed",
        )),
        Answer::Stopped => Some(Failure::new(
            "stopped before the answer: nothing was changed",
        )),
    }
}

/// Reads the organization, after whatever an earlier run left open.
async fn first_look<T: Transport>(run: &Run<T>) -> Result<Look, Failure> {
    if run.state.unfinished().map_err(Failure::new)?.is_empty() {
        return run.look().await;
    }
    // With the key of another organization every member would read as removed, so that is looked at first.
    let observed: Observed = match run.observe().await? {
        Ok(observed) => observed,
        Err(breaches) => return Ok(run.no_plan(breaches)),
    };
    let wrong: Vec<_> = preflight(&run.desired, &observed.live, run.surroundings())
        .into_iter()
        .filter(|breach| breach.kind == BreachKind::WrongOrganization)
        .collect();
    if !wrong.is_empty() {
        return Ok(run.no_plan(wrong));
    }
    terminal::say(
        "an earlier run was cut short: reading back what it had under way, for up to a minute",
    );
    // Leaving is safe at any point: a journal is closed only when all of it is read back.
    let resumed = tokio::select! {
        biased;
        resumed = resume(&run.provider, &run.state, run.clock) => resumed.map_err(Failure::new)?,
        () = run.signals.stop.requested() => {
            return Err(Failure::new("stopped while reading back: nothing was changed"));
        }
    };
    for run in &resumed {
        say_resumed(run);
    }
    run.look().await
}

fn say_resumed(resumed: &Resumed) {
    let Resumed {
        plan_id,
        started_at,
        approved,
        settled,
        read_back,
    } = resumed;
    let id = plan_id.get(..20).unwrap_or(plan_id);
    terminal::say(&format!(
        "  plan {} of {}: {settled} of {approved} actions had their outcome, {} read back",
        Shown::label(id),
        started_at.strftime("%Y-%m-%d %H:%M UTC"),
        read_back.len(),
    ));
    for (change, outcome) in read_back {
        terminal::say(&format!(
            "  {}: {}",
            Shown::label(&change.to_string()),
            Shown::sentence(&outcome.to_string())
        ));
    }
    terminal::say("  its journal is closed; what is left is planned anew");
}

/// Shows the plan on the way to the question.
fn show(sheet: &Sheet) {
    let text = sheet.text(None, terminal::paint_err());
    terminal::say(text.trim_end());
}
