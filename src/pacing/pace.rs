//! How fast an operation may be called: the figure that a run learns and the next one starts with.

use std::{fmt, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ceiling::MINUTE, evidence::RECENT_MAX};

/// The shape and size of an operation's limit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Pace {
    /// No limit was met.
    Clear,
    /// A token bucket: requests evenly spaced, after a burst.
    Bucket {
        /// Tokens that regrow in a minute; finite and above zero.
        per_minute: f64,
        /// Tokens in a full bucket, at least 1.
        burst: u32,
    },
    /// A number of requests in any minute.
    Window {
        /// Requests that one window admits, at least 1.
        requests: u32,
        /// The second of the wall clock's minute at which windows begin, 0 to 60; `None` when a window begins
        /// with its first request.
        second: Option<f64>,
    },
}

/// A pace with what it takes to trust it in a later run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LearnedPace {
    /// The limit.
    pub pace: Pace,
    /// When the last request was sent: a bucket refills from then on.
    pub last_sent: Timestamp,
    /// When the limit was measured.
    pub learned_at: Timestamp,
    /// The run saw too little to be sure: the next one starts with the figure, and goes on measuring.
    pub vague: bool,
}

impl Pace {
    /// How long `requests` requests take from a fresh start, latency aside.
    pub fn time_for(&self, requests: usize) -> Duration {
        match *self {
            Self::Clear => Duration::ZERO,
            Self::Bucket { per_minute, burst } => {
                let burst = usize::try_from(burst).unwrap_or(usize::MAX);
                spacing(per_minute).saturating_mul(
                    u32::try_from(requests.saturating_sub(burst)).unwrap_or(u32::MAX),
                )
            }
            Self::Window {
                requests: size,
                second: _,
            } => {
                let size = usize::try_from(size.max(1)).unwrap_or(usize::MAX);
                let windows = requests.saturating_sub(1) / size;
                MINUTE.saturating_mul(u32::try_from(windows).unwrap_or(u32::MAX))
            }
        }
    }

    /// How long it takes from one request to so many later ones, once the burst is used up, latency aside.
    pub fn time_between(&self, later: usize) -> Duration {
        let without_burst = match *self {
            Self::Bucket {
                per_minute,
                burst: _,
            } => Self::Bucket {
                per_minute,
                burst: 1,
            },
            Self::Clear
            | Self::Window {
                requests: _,
                second: _,
            } => *self,
        };
        without_burst.time_for(later.saturating_add(1))
    }

    /// Whether an estimate can come to these figures: a file may hold anything.
    pub(super) fn is_plausible(&self) -> bool {
        match *self {
            Self::Clear => true,
            Self::Bucket { per_minute, burst } => {
                (PER_MINUTE_MIN..=PER_MINUTE_MAX).contains(&per_minute) && is_counted(burst)
            }
            Self::Window { requests, second } => {
                let minute = 0.0..=60.0;
                is_counted(requests) && second.is_none_or(|second| minute.contains(&second))
            }
        }
    }
}

/// Whether so many requests can have been counted: no more are remembered, so no burst and no window is larger.
fn is_counted(requests: u32) -> bool {
    usize::try_from(requests).is_ok_and(|requests| (1..=RECENT_MAX).contains(&requests))
}

/// The slowest rate that is believed.
pub(super) const PER_MINUTE_MIN: f64 = 0.1;
/// The fastest rate that is told from none at all.
pub(super) const PER_MINUTE_MAX: f64 = 60_000.0;

/// The time in which one token regrows.
pub(super) fn spacing(per_minute: f64) -> Duration {
    Duration::from_secs_f64(60.0 / per_minute.clamp(PER_MINUTE_MIN, PER_MINUTE_MAX))
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clear => f.write_str("no limit seen"),
            Self::Bucket {
                per_minute,
                burst: _,
            } if *per_minute < 10.0 => {
                // One decimal where it matters, none where it is zero.
                write!(f, "{}/min", (per_minute * 10.0).round() / 10.0)
            }
            Self::Bucket {
                per_minute,
                burst: _,
            } => write!(f, "{per_minute:.0}/min"),
            Self::Window {
                requests,
                second: _,
            } => write!(f, "{requests}/min"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_for_many_is_token_arithmetic() {
        let bucket = Pace::Bucket {
            per_minute: 6.0,
            burst: 4,
        };
        let window = Pace::Window {
            requests: 10,
            second: None,
        };
        for (pace, requests, seconds) in [
            (Pace::Clear, 1000, 0),
            (bucket, 0, 0),
            (bucket, 4, 0),
            (bucket, 50, 460),
            (window, 0, 0),
            (window, 10, 0),
            (window, 11, 60),
            (window, 50, 240),
        ] {
            assert_eq!(
                pace.time_for(requests).as_secs(),
                seconds,
                "{requests} at {pace}"
            );
        }
    }

    #[test]
    fn a_pace_reads_as_a_person_would_say_it() {
        let bucket = |per_minute| Pace::Bucket {
            per_minute,
            burst: 1,
        };
        for (pace, text) in [
            (Pace::Clear, "no limit seen"),
            (bucket(8.0), "8/min"),
            (bucket(6.34), "6.3/min"),
            (bucket(59.7), "60/min"),
            (
                Pace::Window {
                    requests: 10,
                    second: None,
                },
                "10/min",
            ),
        ] {
            assert_eq!(pace.to_string(), text);
        }
    }
}
