//! The question before an apply: only a typed `yes` is one.

use std::io::{self, IsTerminal as _};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

use super::terminal;
use crate::provider::Stop;

/// How long a plan stays worth an answer; after that the organization is read again.
pub(super) const ANSWER_FRESH_MAX: Duration = Duration::from_mins(1);

/// What came of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// `yes`, typed out.
    Yes,
    /// Anything else, also the end of the input.
    No,
    /// Ctrl-C or SIGTERM.
    Stopped,
    /// There is nobody to ask.
    Nobody,
}

/// Whoever says whether a plan is executed.
pub(super) trait Consent {
    /// Answers a question about the plan that was just shown.
    async fn ask(&mut self, question: &str) -> Answer;
}

/// `--yes`.
#[derive(Debug)]
pub(super) struct Given;

impl Consent for Given {
    async fn ask(&mut self, _question: &str) -> Answer {
        Answer::Yes
    }
}

/// A person at a terminal.
#[derive(Debug)]
pub(super) struct Typed<'a> {
    /// Ends the question.
    pub(super) stop: &'a Stop,
}

impl Consent for Typed<'_> {
    /// Asks on standard error and reads one line of standard input.
    async fn ask(&mut self, question: &str) -> Answer {
        if !io::stdin().is_terminal() {
            return Answer::Nobody;
        }
        terminal::prompt(question);
        let (send, answer) = oneshot::channel();
        // Reading cannot be cancelled. A thread of its own does not hold back the end of the process.
        thread::spawn(move || {
            let mut line = String::new();
            let read = io::stdin().read_line(&mut line);
            let _ = send.send(read.map(|_| line));
        });
        tokio::select! {
            biased;
            () = self.stop.requested() => Answer::Stopped,
            answer = answer => match answer {
                Ok(Ok(line)) if line.trim() == "yes" => Answer::Yes,
                Ok(Ok(line)) if line.ends_with('\n') => Answer::No,
                // Whatever follows begins below the question.
                Ok(Ok(_) | Err(_)) | Err(_) => {
                    terminal::prompt("\n");
                    Answer::No
                }
            },
        }
    }
}
