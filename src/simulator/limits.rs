//! Rate limits: when a request is admitted, and how long one that is not would have to wait.
//!
//! Whole nanoseconds and no floating point, so that a paused clock meets the boundary exactly.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::time::Duration;

/// The limit of one method and path template. A request that is throttled costs nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Everything is admitted.
    None,
    /// A token bucket, full at the start.
    Bucket {
        /// Tokens that come back per minute, one at a time.
        per_minute: NonZeroU32,
        /// Tokens in a full bucket.
        burst: NonZeroU32,
    },
    /// So many requests in each window; windows are counted from the start.
    FixedWindow {
        /// Requests in a window.
        requests: NonZeroU32,
        /// How long a window is; less than a nanosecond counts as one.
        length: Duration,
    },
    /// So many requests in any stretch of this length.
    SlidingWindow {
        /// Requests in a stretch.
        requests: NonZeroU32,
        /// How long a stretch is.
        length: Duration,
    },
}

/// Where a limit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    /// The most requests that could be admitted at once.
    pub(super) limit: u32,
    /// Requests that would be admitted now.
    pub(super) remaining: u32,
    /// How long until the limit is as it was at the start.
    pub(super) reset: Duration,
}

/// One endpoint's limit and what was used of it.
#[derive(Debug)]
pub(super) struct Meter {
    limit: Limit,
    /// Bucket: when it is full again.
    full_at: Duration,
    /// Windows: when the requests that count were admitted.
    admitted: VecDeque<Duration>,
}

impl Meter {
    /// An unused limit.
    pub(super) fn new(limit: Limit) -> Self {
        Self {
            limit,
            full_at: Duration::ZERO,
            admitted: VecDeque::new(),
        }
    }

    /// Admits a request, or returns how long to wait until one would be.
    pub(super) fn admit(&mut self, now: Duration) -> Result<(), Duration> {
        match self.limit {
            Limit::None => Ok(()),
            Limit::Bucket { per_minute, burst } => {
                let interval = interval(per_minute);
                let full_at = self.full_at.max(now) + interval;
                let latest = now + interval * burst.get();
                if full_at > latest {
                    return Err(full_at.saturating_sub(latest));
                }
                self.full_at = full_at;
                Ok(())
            }
            Limit::FixedWindow { requests, length } | Limit::SlidingWindow { requests, length } => {
                self.forget(now);
                if self.admitted.len() >= usize_of(requests) {
                    return Err(self.opens_at(now, length).saturating_sub(now));
                }
                self.admitted.push_back(now);
                Ok(())
            }
        }
    }

    /// Returns where the limit stands; `None` where there is no limit.
    pub(super) fn standing(&mut self, now: Duration) -> Option<Standing> {
        match self.limit {
            Limit::None => None,
            Limit::Bucket { per_minute, burst } => {
                let interval = interval(per_minute);
                let reset = self.full_at.saturating_sub(now);
                let missing = reset.as_nanos().div_ceil(interval.as_nanos());
                let missing = u32::try_from(missing).unwrap_or(u32::MAX);
                Some(Standing {
                    limit: burst.get(),
                    remaining: burst.get().saturating_sub(missing),
                    reset,
                })
            }
            Limit::FixedWindow { requests, length } | Limit::SlidingWindow { requests, length } => {
                self.forget(now);
                let used = u32::try_from(self.admitted.len()).unwrap_or(u32::MAX);
                let reset = match (self.limit, self.admitted.back()) {
                    (_, None) => Duration::ZERO,
                    (Limit::SlidingWindow { .. }, Some(last)) => {
                        (*last + length).saturating_sub(now)
                    }
                    (_, Some(_)) => self.opens_at(now, length).saturating_sub(now),
                };
                Some(Standing {
                    limit: requests.get(),
                    remaining: requests.get().saturating_sub(used),
                    reset,
                })
            }
        }
    }

    /// Drops what no longer counts against a window.
    fn forget(&mut self, now: Duration) {
        let (length, fixed) = match self.limit {
            Limit::None | Limit::Bucket { .. } => return,
            Limit::FixedWindow {
                requests: _,
                length,
            } => (length, true),
            Limit::SlidingWindow {
                requests: _,
                length,
            } => (length, false),
        };
        while let Some(&oldest) = self.admitted.front() {
            let counts = if fixed {
                window(oldest, length) == window(now, length)
            } else {
                now < oldest + length
            };
            if counts {
                return;
            }
            self.admitted.pop_front();
        }
    }

    /// When a full window admits again.
    fn opens_at(&self, now: Duration, length: Duration) -> Duration {
        match self.limit {
            Limit::SlidingWindow { .. } => {
                self.admitted.front().map_or(now, |&oldest| oldest + length)
            }
            Limit::None | Limit::Bucket { .. } | Limit::FixedWindow { .. } => {
                let next = (window(now, length) + 1) * nanos(length);
                Duration::from_nanos_u128(next)
            }
        }
    }
}

/// The time in which one token comes back.
fn interval(per_minute: NonZeroU32) -> Duration {
    Duration::from_mins(1) / per_minute.get()
}

/// The number of the window that a time falls into.
fn window(at: Duration, length: Duration) -> u128 {
    at.as_nanos() / nanos(length)
}

fn nanos(length: Duration) -> u128 {
    length.as_nanos().max(1)
}

fn usize_of(requests: NonZeroU32) -> usize {
    usize::try_from(requests.get()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n(number: u32) -> NonZeroU32 {
        NonZeroU32::new(number).unwrap()
    }

    /// Sends at each time and writes what came back: `.` admitted, else the milliseconds to wait.
    fn trace(limit: Limit, times_ms: &[u64]) -> String {
        let mut meter = Meter::new(limit);
        times_ms
            .iter()
            .map(|&ms| match meter.admit(Duration::from_millis(ms)) {
                Ok(()) => ".".to_owned(),
                Err(wait) => wait.as_millis().to_string(),
            })
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn a_bucket_gives_its_burst_then_one_token_at_a_time() {
        let limit = Limit::Bucket {
            per_minute: n(60),
            burst: n(3),
        };
        for (times, answers) in [
            (vec![0, 0, 0, 0, 999, 1000, 1000], ". . . 1000 1 . 1000"),
            (vec![0, 0, 0, 2000, 2000, 2000], ". . . . . 1000"),
            (
                vec![0, 0, 0, 60_000, 60_000, 60_000, 60_000],
                ". . . . . . 1000",
            ),
        ] {
            assert_eq!(trace(limit, &times), answers, "{times:?}");
        }
    }

    #[test]
    fn a_fixed_window_opens_on_the_minute() {
        let limit = Limit::FixedWindow {
            requests: n(2),
            length: Duration::from_mins(1),
        };
        let times = [50_000, 50_000, 50_000, 59_999, 60_000, 60_000, 60_000];
        assert_eq!(trace(limit, &times), ". . 10000 1 . . 60000");
    }

    #[test]
    fn a_sliding_window_opens_when_its_oldest_request_is_old() {
        let limit = Limit::SlidingWindow {
            requests: n(2),
            length: Duration::from_mins(1),
        };
        let times = [50_000, 55_000, 60_000, 109_999, 110_000, 110_000];
        assert_eq!(trace(limit, &times), ". . 50000 1 . 5000");
    }

    #[test]
    fn the_standing_is_what_would_be_admitted() {
        let second = Duration::from_secs;
        let mut bucket = Meter::new(Limit::Bucket {
            per_minute: n(6),
            burst: n(4),
        });
        assert_eq!(bucket.admit(second(0)), Ok(()));
        assert_eq!(bucket.admit(second(0)), Ok(()));
        let standing = |limit, remaining, reset_s| {
            Some(Standing {
                limit,
                remaining,
                reset: second(reset_s),
            })
        };
        assert_eq!(bucket.standing(second(0)), standing(4, 2, 20));
        assert_eq!(bucket.standing(second(9)), standing(4, 2, 11));
        assert_eq!(bucket.standing(second(10)), standing(4, 3, 10));
        let mut window = Meter::new(Limit::FixedWindow {
            requests: n(10),
            length: second(60),
        });
        assert_eq!(window.standing(second(5)), standing(10, 10, 0));
        assert_eq!(window.admit(second(5)), Ok(()));
        assert_eq!(window.standing(second(5)), standing(10, 9, 55));
        assert_eq!(Meter::new(Limit::None).standing(second(5)), None);
    }
}
