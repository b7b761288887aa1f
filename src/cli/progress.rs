//! The story of an execution while it lasts: what each lane is at, and a line for everything that did not go as
//! planned.

use std::fmt;
use std::time::Duration;

use super::board::Estimate;
use super::watch::Watch;
use crate::apply::{Event, Observer};
use crate::outcome::Outcome;
use crate::pacing::Pace;
use crate::plan::Action;
use crate::render::safe::Shown;
use crate::roster::Operation;

/// The pace of an operation and the time that so many more requests take at it, as far as is known now.
type Ask<'a> = Box<dyn Fn(Operation, usize) -> (Option<Pace>, Duration) + 'a>;

/// Tells the story, and keeps the outcomes for the case that the run is left before its end.
pub(super) struct Progress<'a> {
    watch: Watch,
    ask: Ask<'a>,
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
    /// Tells the story of these actions; `ask` is asked how long a lane still takes.
    pub(super) fn new(
        watch: &Watch,
        actions: &[Action],
        ask: impl Fn(Operation, usize) -> (Option<Pace>, Duration) + 'a,
    ) -> Self {
        watch.note(|board, _| {
            for action in actions {
                board.expects(action.change.operation());
            }
            None
        });
        Self {
            watch: watch.clone(),
            ask: Box::new(ask),
            outcomes: Vec::new(),
        }
    }

    /// What is known so far.
    pub(super) fn outcomes(&self) -> &[(Action, Outcome)] {
        &self.outcomes
    }

    /// Says what went otherwise than planned.
    fn settled(&self, action: &Action, outcome: &Outcome) {
        // Hundreds may not be attempted for one reason, and the report names each.
        if matches!(outcome, Outcome::NotAttempted { cause: _ }) {
            return;
        }
        if let Some(cause) = outcome.cause() {
            self.watch.say(&format!(
                "{}: {}: {}",
                outcome.as_str(),
                Shown::label(&action.change.to_string()),
                Shown::sentence(cause)
            ));
        }
    }
}

impl Observer for Progress<'_> {
    fn observe(&mut self, event: Event<'_>) {
        match event {
            Event::Admitting { operation, left } => {
                let (pace, time) = (self.ask)(operation, left);
                self.watch.note(|board, now| {
                    board.admitting(operation, Estimate { pace, time }, now);
                    None
                });
            }
            Event::Batch {
                operation,
                size,
                left,
            } => {
                tracing::info!(%operation, size, left, "batch");
                self.watch
                    .note(|board, now| board.sends(operation, size, now));
            }
            Event::Settled { action, outcome } => {
                tracing::debug!(change = %action.change, %outcome, "settled");
                self.outcomes.push((action.clone(), outcome.clone()));
                self.watch.note(|board, _| {
                    board.settles(action.change.operation());
                    None
                });
                self.settled(action, outcome);
            }
            Event::ReadingBack { action, cause } => {
                tracing::debug!(cause, "reading back");
                let change = action.change.to_string();
                self.watch.note(|board, _| {
                    board.reads_back(action.change.operation(), &change);
                    None
                });
                self.watch.say(&format!(
                    "unknown: {}: {}; reading back",
                    Shown::label(&change),
                    Shown::sentence(cause)
                ));
            }
            Event::ProvingCanary { action } => {
                let person = action.person.label();
                self.watch.note(|board, now| board.proves(person, now));
            }
            Event::CanaryProven { lag } => {
                tracing::info!(seconds = lag.as_secs_f64(), "first removal proven");
                let mut line = None;
                self.watch.note(|board, _| {
                    line = board.proven(lag);
                    None
                });
                if let Some(line) = line {
                    self.watch.say(&line);
                }
            }
            Event::Verifying(verifying) => {
                self.watch.note(|board, now| board.verifies(verifying, now));
            }
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.watch.note(|board, _| {
            board.ends();
            None
        });
    }
}
