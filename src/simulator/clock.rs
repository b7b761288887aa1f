//! Time: tokio's clock since the start, and the wall clock that follows from it.

use std::time::Duration;

use tokio::time::Instant;

/// A point in the organization's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Since the simulator was built.
    pub elapsed: Duration,
    /// The wall clock, in Unix seconds.
    pub unix_s: i64,
}

/// When the organization began, on both clocks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    started: Instant,
    started_at_s: i64,
}

impl Clock {
    /// A clock that starts now, at a given wall time.
    pub(super) fn starting_at(started_at_s: i64) -> Self {
        Self {
            started: Instant::now(),
            started_at_s,
        }
    }

    /// Returns the time now.
    pub(super) fn now(&self) -> Moment {
        let elapsed = self.started.elapsed();
        let seconds = i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX);
        Moment {
            elapsed,
            unix_s: self.started_at_s.saturating_add(seconds),
        }
    }
}
