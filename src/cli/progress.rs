//! The story of a run while it lasts: a line per batch, and one for everything that did not go as planned.

use std::fmt;
use std::time::Duration;

use crate::apply::{Event, Observer};
use crate::outcome::Outcome;
use crate::pacing::Pace;
use crate::plan::Action;
use crate::render::duration;
use crate::render::safe::Shown;
use crate::roster::Operation;

/// An estimate that is shorter is not worth a word.
const ESTIMATE_SHOWN_MIN: Duration = Duration::from_secs(5);

/// The pace of an operation and the time that so many more requests take at it, as far as is known now.
type Estimate<'a> = Box<dyn Fn(Operation, usize) -> (Option<Pace>, Duration) + 'a>;

/// Tells the story, and keeps the outcomes for the case that the run is left before its end.
pub(super) struct Progress<'a> {
    say: fn(&str),
    estimate: Option<Estimate<'a>>,
    outcomes: Vec<(Action, Outcome)>,
}

impl fmt::Debug for Progress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress")
            .field("outcomes", &self.outcomes)
            .finish_non_exhaustive()
    }
}

impl<'a> Progress<'a> {
    /// Tells the story to `say`, line by line.
    pub(super) fn new(say: fn(&str)) -> Self {
        Self {
            say,
            estimate: None,
            outcomes: Vec::new(),
        }
    }

    /// Says with each batch how long its lane still takes.
    pub(super) fn estimating(
        mut self,
        estimate: impl Fn(Operation, usize) -> (Option<Pace>, Duration) + 'a,
    ) -> Self {
        self.estimate = Some(Box::new(estimate));
        self
    }

    /// `, about 5 min at 8/min`, where that is worth a word.
    fn ahead(&self, event: &Event<'_>) -> String {
        let (
            Event::Batch {
                operation,
                size: _,
                left,
            },
            Some(estimate),
        ) = (event, &self.estimate)
        else {
            return String::new();
        };
        let (pace, time) = estimate(*operation, *left);
        if time < ESTIMATE_SHOWN_MIN {
            return String::new();
        }
        let at = pace.map(|pace| format!(" at {pace}")).unwrap_or_default();
        format!(", about {}{at}", duration(time))
    }

    /// What is known so far.
    pub(super) fn outcomes(&self) -> &[(Action, Outcome)] {
        &self.outcomes
    }
}

impl Observer for Progress<'_> {
    fn observe(&mut self, event: Event<'_>) {
        if let Some(line) = line(&event) {
            (self.say)(&format!("  {line}{}", self.ahead(&event)));
        }
        match event {
            Event::Settled { action, outcome } => {
                tracing::debug!(change = %action.change, %outcome, "settled");
                self.outcomes.push((action.clone(), outcome.clone()));
            }
            Event::Batch {
                operation,
                size,
                left,
            } => tracing::info!(%operation, size, left, "batch"),
            Event::CanaryProven { lag } => {
                tracing::info!(seconds = lag.as_secs_f64(), "first removal proven");
            }
            Event::ReadingBack { action: _, cause } => tracing::debug!(cause, "reading back"),
            Event::ProvingCanary { action: _ } => {}
        }
    }
}

fn line(event: &Event<'_>) -> Option<String> {
    match event {
        Event::Batch {
            operation,
            size,
            left,
        } => {
            let after = left.saturating_sub(*size);
            Some(format!(
                "{}: sending {size}, {after} to go",
                lane(*operation)
            ))
        }
        Event::ProvingCanary { action } => Some(format!(
            "removals: reading back {} before any other",
            Shown::label(action.person.label())
        )),
        Event::CanaryProven { lag } => Some(match lag.as_secs() {
            0 => "removals: the first one is gone".to_owned(),
            seconds => format!("removals: the first one is gone, visible after {seconds} s"),
        }),
        Event::ReadingBack { action, cause } => Some(format!(
            "unknown: {}: {}; reading back",
            Shown::label(&action.change.to_string()),
            Shown::sentence(cause)
        )),
        // Hundreds may not be attempted for one reason, and the report names each.
        Event::Settled {
            action: _,
            outcome: Outcome::NotAttempted { cause: _ },
        } => None,
        Event::Settled { action, outcome } => {
            let cause = outcome.cause()?;
            Some(format!(
                "{}: {}: {}",
                outcome.as_str(),
                Shown::label(&action.change.to_string()),
                Shown::sentence(cause)
            ))
        }
    }
}

/// What a lane's actions are, for people.
fn lane(operation: Operation) -> &'static str {
    match operation {
        Operation::DeleteUser => "removals",
        Operation::DeleteInvite => "cancelled invites",
        Operation::CreateInvite => "invites",
        Operation::ModifyUser => "roles",
        other => other.as_str(),
    }
}
