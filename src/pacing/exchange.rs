//! What goes into a pacer and what comes out: answers and waits, and what the user can set.

use std::{fmt, num::NonZeroU32, num::NonZeroUsize, time::Duration};

use super::{hints::Hints, pace::Pace};

/// What the user can set about pacing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaceSettings {
    /// The longest hint that is obeyed; a longer one ends the run.
    pub delay_max: Duration,
    /// At most this many requests in any minute, for each operation; `None` sets no ceiling.
    pub requests_per_minute_max: Option<NonZeroU32>,
    /// Reads in flight at most.
    pub concurrency_max: NonZeroUsize,
}

impl PaceSettings {
    /// What holds when the user sets nothing.
    pub const DEFAULT: Self = Self {
        delay_max: Duration::from_mins(2),
        requests_per_minute_max: None,
        concurrency_max: NonZeroUsize::new(4).expect("4 is not zero"),
    };
}

/// When the next request may leave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wait {
    /// At once.
    Now,
    /// Not before `at`, a time since the start of the run. An answer that arrives meanwhile may move it.
    Until {
        /// From when.
        at: Duration,
        /// Why.
        reason: Reason,
    },
    /// The server asked for a wait beyond `delay_max`: the run ends, and can go on at `at`.
    TooLong {
        /// From when, since the start of the run.
        at: Duration,
    },
}

/// Why a request waits, for people.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reason {
    /// The server said so.
    Hint,
    /// The pace that this run or an earlier one learned: a bucket or a window.
    Learned(Pace),
    /// The limit is being measured.
    Probing,
    /// The user's ceiling, in requests a minute.
    Ceiling(NonZeroU32),
    /// After a failure.
    Backoff,
}

/// One request on its way. Every ticket is handed back with its answer.
#[derive(Debug)]
#[must_use = "a request without an answer is never learned from"]
pub struct Ticket {
    /// When it left.
    pub(super) sent: Duration,
}

/// What came of a request, as far as its pace goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The limiter let it through, whatever the answer said: 200 and 404 alike.
    Accepted(Hints),
    /// Refused for its pace: a 429 that is worth another try.
    Throttled(Hints),
    /// A server error, or no answer: says nothing about the pace, but hurrying will not help.
    Failed(Hints),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hint => f.write_str("the API asks for it"),
            Self::Learned(pace) => write!(f, "paced ahead at {pace}"),
            Self::Probing => f.write_str("measuring the limit"),
            Self::Ceiling(max) => write!(f, "your ceiling of {max}/min"),
            Self::Backoff => f.write_str("backing off after a failure"),
        }
    }
}
