//! The time of one run: the wall clock, read once, plus what has passed since.
//!
//! Only the start comes from outside, so a run on a paused runtime has the same times, and the same journal, every
//! time. A wall clock that is set back during a run does not reach it.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// The clock of one run. Copies tell the same time.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    started_at: Timestamp,
    origin: Instant,
}

impl Clock {
    /// A clock that shows `started_at` now.
    pub fn starting_at(started_at: Timestamp) -> Self {
        Self {
            started_at,
            origin: Instant::now(),
        }
    }

    /// When the run started.
    pub fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// How long the run has taken.
    pub fn elapsed(&self) -> Duration {
        self.origin.elapsed()
    }

    /// The wall time now.
    pub fn now(&self) -> Timestamp {
        // Only past the year 9999 is there no sum.
        self.started_at
            .checked_add(self.elapsed())
            .unwrap_or(Timestamp::MAX)
    }

    /// Waits until the run has taken `elapsed`.
    pub async fn sleep_until(&self, elapsed: Duration) {
        tokio::time::sleep_until(self.origin + elapsed).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_wall_time_follows_the_runtime() {
        let start: Timestamp = "2026-11-24T03:15:00Z".parse().unwrap();
        let clock = Clock::starting_at(start);
        clock.sleep_until(Duration::from_secs(90)).await;
        assert_eq!(clock.elapsed(), Duration::from_secs(90));
        assert_eq!(clock.now().to_string(), "2026-11-24T03:16:30Z");
        assert_eq!(clock.started_at(), start);
    }
}
