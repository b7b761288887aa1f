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

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::num::NonZeroU32;

    use super::*;
    use crate::cli::demo::{MEMBERS, Stage, settings};
    use crate::cli::execute::{Manner, execute};
    use crate::cli::look::{Look, Standing};
    use crate::outcome::Exit;
    use crate::simulator::{Limit, Settings, Simulator};

    thread_local! {
        static TOLD: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    fn told(line: &str) {
        TOLD.with_borrow_mut(|lines| lines.push(line.to_owned()));
    }

    /// The demo's file without six of its readers, and with room for that.
    fn members() -> String {
        let gone = ["amir", "bruna", "clara", "diego", "elif", "goran"];
        let is_gone = |line: &str| {
            gone.iter()
                .any(|name| line.starts_with(&format!("\"{name}@")))
        };
        let lines = MEMBERS.lines().filter(|line| !is_gone(line));
        let lines: Vec<_> = lines.collect();
        let room = "[guardrails]\nrevocations_max = 20\nrevocation_fraction_max = 1.0";
        lines.join("\n").replace("[guardrails]", room)
    }

    #[tokio::test(start_paused = true)]
    async fn the_story_of_an_apply_at_8_requests_a_minute() {
        let folder = tempfile::tempdir().unwrap();
        let mut stage = Stage::new(folder.path()).unwrap();
        let limit = Limit::Bucket {
            per_minute: NonZeroU32::new(8).unwrap(),
            burst: NonZeroU32::new(4).unwrap(),
        };
        stage.say = told;
        stage.simulator = Simulator::new(Settings {
            limit,
            ..settings().unwrap()
        });
        let run = stage.run(&members()).unwrap();
        let Look::Plan(planned) = run.look().await.unwrap() else {
            panic!("there is a plan");
        };
        let Standing::Approved(approved) = planned.standing else {
            panic!("it is approved");
        };
        let manner = Manner {
            verify_timeout: Duration::from_secs(30),
            reference: None,
        };
        let gate = run.provider.gate();
        let ask = |operation, left| (gate.pace(operation), gate.estimate(operation, left));
        let mut progress = Progress::new(&run.watch, approved.actions(), ask);
        let executed = execute(&run, *approved, &planned.observed, &manner, &mut progress);
        let executed = Box::pin(executed).await.unwrap();
        assert_eq!(executed.exit, Exit::Converged);
        let story = TOLD.take().join("\n");
        // Figures are the pacer's business. What came before the first 429, and after the last removal, is ours.
        let (before, waits) = story.split_once("  removals 4/10: ").unwrap();
        insta::assert_snapshot!(before, @"
        role changes 0/1: sending 1
        invite cancellations 0/1: sending 1
        removals 0/10: sending 1
        removals 1/10: reading amir@acme.dev back before any other is sent
        invites 0/2: sending 2
        removals 1/10: the first one is gone, after 1 s
        removals 1/10: sending 9
        ");
        assert!(
            waits.contains(" s after a 429; ") && waits.contains(" left, now "),
            "{story}"
        );
        assert!(waits.contains(" s, paced ahead; about "), "{story}");
        let settled = waits.lines().filter_map(|line| {
            let (settled, _) = line.strip_prefix("  removals ")?.split_once("/10")?;
            settled.parse::<usize>().ok()
        });
        let settled: Vec<_> = settled.collect();
        assert!(settled.is_sorted(), "{story}");
        assert_eq!(settled.last(), Some(&9), "{story}");
        assert!(
            story.ends_with("\n  verifying: listing invites and members once more"),
            "{story}"
        );
    }
}
