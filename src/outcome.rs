//! What happened to each action of an approved plan.
//!
//! Exit codes and reports are promises about the provider's own log: `Done` means it is there; `Failed`,
//! `Withheld` and `NotAttempted` mean that it is not; only `Unknown` may be either.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What happened to one action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "result")]
pub enum Outcome {
    /// It took effect.
    Done {
        /// The provider's request id, where an answer came.
        request_id: Option<String>,
    },
    /// The row was not found: somebody was faster, or an attempt of unknown fate had taken effect. It counts as gone
    /// when a complete listing that begins later does not show it.
    AlreadyDone {
        /// The provider's request id, where an answer came.
        request_id: Option<String>,
    },
    /// It did not take effect.
    Failed {
        /// Why, with endpoint, status and request id.
        cause: String,
    },
    /// It was not sent, because a rule forbade it at that moment.
    Withheld {
        /// The rule, in a clause.
        cause: String,
    },
    /// It was sent, and nobody can say whether it took effect.
    Unknown {
        /// Why, with endpoint and request id.
        cause: String,
    },
    /// It was not sent, because the run ended before.
    NotAttempted {
        /// What ended the run, in a clause.
        cause: String,
    },
}

impl Outcome {
    /// Whether the action's effect is there.
    pub fn is_done(&self) -> bool {
        match self {
            Self::Done { request_id: _ } | Self::AlreadyDone { request_id: _ } => true,
            Self::Failed { cause: _ }
            | Self::Withheld { cause: _ }
            | Self::Unknown { cause: _ }
            | Self::NotAttempted { cause: _ } => false,
        }
    }

    /// The outcome's name in reports.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Done { request_id: _ } => "done",
            Self::AlreadyDone { request_id: _ } => "already done",
            Self::Failed { cause: _ } => "failed",
            Self::Withheld { cause: _ } => "withheld",
            Self::Unknown { cause: _ } => "unknown",
            Self::NotAttempted { cause: _ } => "not attempted",
        }
    }

    /// Why, where something is to be said.
    pub fn cause(&self) -> Option<&str> {
        match self {
            Self::Done { request_id: _ } | Self::AlreadyDone { request_id: _ } => None,
            Self::Failed { cause }
            | Self::Withheld { cause }
            | Self::Unknown { cause }
            | Self::NotAttempted { cause } => Some(cause),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())?;
        self.cause().map_or(Ok(()), |cause| write!(f, ": {cause}"))
    }
}

/// How a run ended, for whoever started it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Converged, or nothing to do.
    Converged,
    /// Something failed before anything was changed, or the answer was no.
    Failure,
    /// Changes are pending.
    Pending,
    /// A guardrail refused.
    Refused,
    /// The plan is not the reviewed one.
    Stale,
    /// Not every action took effect.
    Partial,
    /// Everything that was sent was reported done, and the organization does not confirm it.
    Unconfirmed,
    /// The command line was wrong.
    Usage,
}

impl Exit {
    /// Every way to end.
    pub const ALL: [Self; 8] = [
        Self::Converged,
        Self::Failure,
        Self::Pending,
        Self::Refused,
        Self::Stale,
        Self::Partial,
        Self::Unconfirmed,
        Self::Usage,
    ];

    /// The process's exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Converged => 0,
            Self::Failure => 1,
            Self::Pending => 2,
            Self::Refused => 3,
            Self::Stale => 4,
            Self::Partial => 5,
            Self::Unconfirmed => 6,
            Self::Usage => 64,
        }
    }

    /// What it means, as the README's table says it.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Converged => "converged, or nothing to do",
            Self::Failure => "failure, or the answer was no",
            Self::Pending => "changes are pending (`drift`, `plan --detailed-exitcode`)",
            Self::Refused => "refused by a guardrail",
            Self::Stale => "stale: the plan is not the reviewed one",
            Self::Partial => "some action failed, was withheld, is unknown or was not attempted",
            Self::Unconfirmed => {
                "all that was sent is reported done and not confirmed, or somebody outside the plan is gone"
            }
            Self::Usage => "wrong command line",
        }
    }
}
