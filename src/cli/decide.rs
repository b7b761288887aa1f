//! The talk before an apply: what an earlier run left open, the plan, the question.

use super::confirm::{ANSWER_FRESH_MAX, Answer, Consent};
use super::execute::keep_snapshot;
use super::failure::Failure;
use super::look::{Look, Planned, Run, Sheet, Standing, idle, unaccepted};
use super::terminal;
use crate::guardrail::{ApprovedPlan, BreachKind, is_shrunk, preflight};
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
    /// Nothing is executed, because part of the plan was not reviewed.
    Stale(Box<Sheet>),
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
pub(super) async fn decide<T: Transport>(
    run: &Run<T>,
    consent: &mut impl Consent,
) -> Result<Decision, Failure> {
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
        let answer = consent.ask(&question(&agreed.sheet)).await;
        if let Some(failure) = declined(answer) {
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
        Standing::Stale => Err(Decision::Stale(Box::new(sheet))),
        Standing::Refused => Err(Decision::Stay(Box::new(sheet), Exit::Refused)),
        Standing::Idle(people) => {
            show(&sheet);
            Err(Decision::Declined(Box::new(sheet), idle(&people)))
        }
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
        // A part of a plan says nothing about the rest of the roster.
        if run.narrowing.is_whole() {
            keep_if_not_shrunk(run, &observed);
        }
        Exit::Converged
    } else {
        Exit::Partial
    };
    Decision::Stay(Box::new(sheet), exit)
}

/// A run that finds nothing to do has verified the roster, unless half of it went away: as nothing is changed, nobody
/// was asked to accept that, and the next run that does change something must be.
fn keep_if_not_shrunk<T>(run: &Run<T>, observed: &Observed) {
    let people = observed.live.people().count();
    let before = run.state.snapshot().map_or(0, |snapshot| snapshot.people);
    if is_shrunk(people, before) {
        terminal::say(&format!(
            "{people} people are live, fewer than half of the {before} of the last verified run, which stays the measure"
        ));
    } else {
        keep_snapshot(run, &observed.live, observed);
    }
}

fn question(sheet: &Sheet) -> String {
    let changes = match sheet.judgement.actions.len() {
        1 => "this change".to_owned(),
        several => format!("these {several} changes"),
    };
    let organization = Shown::label(&sheet.judgement.plan.organization).to_string();
    format!("\nApply {changes} to {organization}? Only `yes` is a yes: ")
}

/// Why nothing is executed, if so.
fn declined(answer: Answer) -> Option<Failure> {
    match answer {
        Answer::Yes => None,
        Answer::No => Some(Failure::new(
            "the answer was not `yes`: nothing was changed",
        )),
        Answer::Stopped => Some(Failure::new(
            "stopped before the answer: nothing was changed",
        )),
        Answer::Nobody => {
            let failure = Failure::new("there is no terminal to ask on, so nothing was changed");
            Some(failure.hint("read the plan above, and say --yes to apply it"))
        }
    }
}

/// Reads the organization, after whatever an earlier run left open.
async fn first_look<T: Transport>(run: &Run<T>) -> Result<Look, Failure> {
    if run.state.unfinished()?.is_empty() {
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
        resumed = resume(&run.provider, &run.state, run.clock) => resumed?,
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::cli::demo::{MEMBERS, Stage};
    use crate::simulator::Elsewhere;

    /// Somebody who takes their time, while somebody else is at work in the dashboard.
    struct Slow<'a> {
        stage: &'a Stage,
        takes: Duration,
        meanwhile: Option<Elsewhere>,
        questions: Vec<String>,
    }

    impl Consent for Slow<'_> {
        async fn ask(&mut self, question: &str) -> Answer {
            self.questions.push(question.trim().to_owned());
            if let Some(change) = self.meanwhile.take() {
                assert!(self.stage.simulator.elsewhere(&change));
            }
            tokio::time::sleep(self.takes).await;
            Answer::Yes
        }
    }

    fn removed(email: &str) -> Elsewhere {
        let email = email.to_owned();
        Elsewhere::Remove { email }
    }

    #[tokio::test(start_paused = true)]
    async fn an_old_answer_is_for_the_plan_as_it_was() {
        for (seconds, meanwhile, asked) in [
            (59, Some(removed("xenia@acme.dev")), vec![8]),
            (61, None, vec![8]),
            (61, Some(removed("xenia@acme.dev")), vec![8, 7]),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let stage = Stage::new(folder.path()).unwrap();
            let run = stage.run(MEMBERS).unwrap();
            let mut consent = Slow {
                stage: &stage,
                takes: Duration::from_secs(seconds),
                meanwhile,
                questions: Vec::new(),
            };
            let decision = decide(&run, &mut consent).await.unwrap();
            assert!(matches!(decision, Decision::Go(_)));
            let questions = asked.into_iter().map(|changes| {
                format!("Apply these {changes} changes to org-Demo? Only `yes` is a yes:")
            });
            assert_eq!(consent.questions, questions.collect::<Vec<_>>());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_plan_that_grew_past_a_limit_is_refused_after_the_answer() {
        let folder = tempfile::tempdir().unwrap();
        let stage = Stage::new(folder.path()).unwrap();
        let run = stage.run(MEMBERS).unwrap();
        // Without grace and kofi there are fewer owners than two.
        let meanwhile = Some(removed("grace@acme.dev"));
        let mut consent = Slow {
            stage: &stage,
            takes: Duration::from_secs(61),
            meanwhile,
            questions: Vec::new(),
        };
        let decision = decide(&run, &mut consent).await.unwrap();
        assert!(matches!(decision, Decision::Stay(_, Exit::Refused)));
        assert_eq!(consent.questions.len(), 1);
    }
}
