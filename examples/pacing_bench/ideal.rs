//! Token arithmetic: when a request could leave at the earliest, if the limit were known.

use std::collections::BTreeMap;
use std::time::Duration;

use rosterctl::roster::Operation;
use rosterctl::simulator::Limit;

/// The earliest times of requests, one after the other.
#[derive(Debug)]
pub(crate) struct Ideal {
    limit: Limit,
    latency: Duration,
    now: Duration,
    /// When the requests of each operation were admitted.
    admitted: BTreeMap<Operation, Vec<Duration>>,
}

impl Ideal {
    /// Starts at `now`, a time since the limits began to count, with unused limits.
    pub(crate) fn starting_at(now: Duration, limit: Limit, latency: Duration) -> Self {
        Self {
            limit,
            latency,
            now,
            admitted: BTreeMap::new(),
        }
    }

    /// Sends so many requests of an operation, each after the answer to the one before.
    pub(crate) fn send(&mut self, operation: Operation, requests: usize) {
        for _ in 0..requests {
            let before = self.admitted.entry(operation).or_default();
            let at = earliest(self.limit, before, self.now);
            before.push(at);
            self.now = at + self.latency;
        }
    }

    /// The time now.
    pub(crate) fn now(&self) -> Duration {
        self.now
    }
}

/// The earliest time from `now` on at which a limit that admitted `before` admits one more.
fn earliest(limit: Limit, before: &[Duration], now: Duration) -> Duration {
    match limit {
        Limit::None => now,
        Limit::Bucket { per_minute, burst } => {
            let token = Duration::from_mins(1) / per_minute.get();
            // The time at which the bucket is full again, had nothing more been taken.
            let full_at = before
                .iter()
                .fold(Duration::ZERO, |full_at, at| full_at.max(*at) + token);
            now.max(full_at.saturating_sub(token * (burst.get() - 1)))
        }
        Limit::FixedWindow { requests, length } => {
            let window = |at: Duration| at.as_nanos() / length.as_nanos();
            let in_this = before.iter().filter(|at| window(**at) == window(now));
            if in_this.count() < usize_of(requests.get()) {
                now
            } else {
                let next = (window(now) + 1) * length.as_nanos();
                Duration::from_nanos(u64::try_from(next).unwrap_or(u64::MAX))
            }
        }
        Limit::SlidingWindow { requests, length } => {
            match before.len().checked_sub(usize_of(requests.get())) {
                Some(index) => now.max(before[index] + length),
                None => now,
            }
        }
    }
}

fn usize_of(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
