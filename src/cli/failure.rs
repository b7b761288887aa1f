//! Why a command ends early: the error with its causes, what to try next, and the exit code.

use std::error::Error;
use std::fmt;

use super::terminal;
use crate::outcome::Exit;
use crate::provider::ProviderError;
use crate::render::safe::Shown;
use crate::state::StateError;

/// An error on its way to the top, where it is printed once.
#[derive(Debug)]
pub(super) struct Failure {
    error: Box<dyn Error + Send + Sync>,
    hints: Vec<String>,
    /// What it is made of, where that has been printed already: one sentence each.
    parts: Vec<String>,
    exit: Exit,
}

/// What failed, with what is underneath it, where neither is an error type of its own.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
struct Caused {
    what: String,
    source: Box<dyn Error + Send + Sync>,
}

impl Failure {
    /// A failure with exit code 1 and the hint that the error itself knows.
    pub(super) fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let error = error.into();
        let hints = hint_of(error.as_ref()).into_iter().collect();
        Self {
            error,
            hints,
            parts: Vec::new(),
            exit: Exit::Failure,
        }
    }

    /// A failure for which one sentence and a cause are enough.
    pub(super) fn caused(
        what: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::new(Caused {
            what: what.into(),
            source: source.into(),
        })
    }

    /// Adds what to try next.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Sets the exit code.
    pub(super) fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// Names what it is made of, for readers who do not see standard error.
    pub(super) fn of(mut self, parts: Vec<String>) -> Self {
        self.parts = parts;
        self
    }

    /// What to tell a reader who does not see standard error, a sentence each.
    pub(super) fn reasons(&self) -> Vec<String> {
        if !self.parts.is_empty() {
            return self.parts.clone();
        }
        let mut reason = self.error.to_string();
        let mut cause = self.error.source();
        while let Some(inner) = cause {
            reason += ": ";
            reason += &inner.to_string();
            cause = inner.source();
        }
        vec![reason]
    }

    /// Its exit code.
    pub(super) fn exit_code(&self) -> Exit {
        self.exit
    }

    /// Prints it to standard error, and returns its exit code.
    pub(super) fn report(&self) -> Exit {
        terminal::say(&self.to_string());
        self.exit
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        let hint = match &error {
            StateError::Locked { holder: _ } => {
                Some("wait until that run has ended; its lock goes with it, however it ends")
            }
            StateError::Journal { path: _, source: _ } => Some(
                "read the journal, compare it with `rosterctl list`, and move it away when it is settled",
            ),
            StateError::NotAFolderName(_) => Some("correct [organization].id in the members file"),
            StateError::Io {
                what: _,
                path: _,
                source: _,
            } => Some(
                "an apply keeps its journal beside the members file, and sends nothing without it",
            ),
        };
        let failure = Self::new(error);
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            error,
            hints,
            parts: _,
            exit: _,
        } = self;
        write!(f, "error: {}", shown(error.as_ref()))?;
        let mut cause = error.source();
        while let Some(inner) = cause {
            write!(f, "\n  caused by: {}", shown(inner))?;
            cause = inner.source();
        }
        for hint in hints {
            write!(f, "\nhint: {}", Shown::sentence(hint))?;
        }
        Ok(())
    }
}

/// An error's own words, inert: a server's answer may be part of them.
fn shown(error: &dyn Error) -> String {
    Shown::sentence(&error.to_string()).to_string()
}

/// The hint of the first call to the provider among the causes.
fn hint_of(error: &(dyn Error + Send + Sync + 'static)) -> Option<String> {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if let Some(call) = inner.downcast_ref::<ProviderError>() {
            return call.hint();
        }
        cause = inner.source();
    }
    None
}
