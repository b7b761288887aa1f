//! Limiters as arithmetic, a run of a pacer against one, and the best that any client could do.

use std::{collections::VecDeque, time::Duration};

use jiff::Timestamp;
use rosterctl::pacing::{Answer, Hearsay, Hints, LearnedPace, PaceSettings, Pacer, Quota, Wait};
use rosterctl::roster::Operation;

const MINUTE: f64 = 60.0;
/// What a client that knows everything leaves between an opening and its request.
const GRAIN: f64 = 1e-6;

/// A limit of the provider.
#[derive(Debug, Clone, Copy)]
pub(super) enum Limit {
    None,
    Bucket { per_minute: f64, burst: f64 },
    Sliding { requests: usize },
    Fixed { requests: usize },
}

/// What a throttled answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Nothing,
    /// `Retry-After`, in whole seconds.
    RetryAfter,
    /// `Retry-After: 1`, whatever the limit is.
    OneSecond,
    /// `x-ratelimit-{remaining,reset}-requests` of a bucket, on every answer.
    Quota,
}

impl Told {
    fn hints(self, opens_in: f64) -> Hints {
        let seconds = match self {
            Self::Nothing | Self::Quota => None,
            Self::RetryAfter => Some(opens_in.ceil()),
            Self::OneSecond => Some(1.0),
        };
        Hints {
            retry_after: seconds.map(Duration::from_secs_f64),
            ..Hints::default()
        }
    }
}

/// One limit at work.
#[derive(Debug, Clone)]
struct Limiter {
    limit: Limit,
    /// When a fixed window begins.
    phase: f64,
    level: f64,
    at: f64,
    accepted: VecDeque<f64>,
}

impl Limiter {
    fn new(limit: Limit, phase: f64) -> Self {
        let level = match limit {
            Limit::Bucket {
                per_minute: _,
                burst,
            } => burst,
            Limit::None | Limit::Sliding { requests: _ } | Limit::Fixed { requests: _ } => 0.0,
        };
        Self {
            limit,
            phase,
            level,
            at: 0.0,
            accepted: VecDeque::new(),
        }
    }

    /// The seconds until it admits a request; 0 means now.
    fn opens_in(&self, at: f64) -> f64 {
        let since = |begin: f64| self.accepted.iter().filter(|sent| **sent >= begin).count();
        match self.limit {
            Limit::None => 0.0,
            Limit::Bucket { per_minute, burst } => {
                let rate = per_minute / MINUTE;
                let level = (self.level + rate * (at - self.at)).min(burst);
                ((1.0 - level) / rate - 1e-9).max(0.0)
            }
            Limit::Sliding { requests } => match self.accepted.len().checked_sub(requests) {
                Some(index) => (self.accepted[index] + MINUTE - at).max(0.0),
                None => 0.0,
            },
            Limit::Fixed { requests } => {
                let begin = self.phase + ((at - self.phase) / MINUTE).floor() * MINUTE;
                if since(begin) < requests {
                    0.0
                } else {
                    begin + MINUTE - at
                }
            }
        }
    }

    /// Admits a request or says in how many seconds it would.
    fn ask(&mut self, at: f64) -> Result<(), f64> {
        let opens_in = self.opens_in(at);
        if opens_in > 0.0 {
            return Err(opens_in);
        }
        if let Limit::Bucket { per_minute, burst } = self.limit {
            let grown = self.level + per_minute / MINUTE * (at - self.at);
            (self.level, self.at) = (grown.min(burst) - 1.0, at);
        }
        self.accepted.push_back(at);
        Ok(())
    }
}

impl Limiter {
    /// What the headers say after a request was admitted.
    fn quota(&self, told: Told) -> Quota {
        match (told, self.limit) {
            (Told::Quota, Limit::Bucket { per_minute, burst }) => Quota {
                limit: None,
                remaining: (0..100).rev().find(|left| f64::from(*left) <= self.level),
                reset: Some(Duration::from_secs_f64(
                    (burst - self.level) * MINUTE / per_minute,
                )),
            },
            _ => Quota::default(),
        }
    }
}

/// A run against one limit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    pub(super) limit: Limit,
    pub(super) told: Told,
    pub(super) writes: usize,
    pub(super) seed: u64,
    pub(super) weather: Weather,
}

/// What makes a limit hard to see.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weather {
    /// How much of a bucket's burst is there at the start.
    pub(super) full: f64,
    /// Requests of somebody else under the same limit, at random times.
    pub(super) others_per_minute: f64,
    /// The shortest and the longest answer, in seconds.
    pub(super) latency: (f64, f64),
}

impl Weather {
    pub(super) const FAIR: Self = Self {
        full: 1.0,
        others_per_minute: 0.0,
        latency: (0.04, 0.06),
    };
}

/// What a run begins with.
#[derive(Debug, Clone, Copy)]
pub(super) enum Known<'a> {
    Nothing,
    /// The figure of an earlier run.
    Learned(&'a LearnedPace),
    /// What another operation met in this run.
    Heard(&'a Hearsay),
}

impl<'a> From<Option<&'a LearnedPace>> for Known<'a> {
    fn from(learned: Option<&'a LearnedPace>) -> Self {
        learned.map_or(Self::Nothing, Self::Learned)
    }
}

/// What came of a run.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    /// The time it took, as a multiple of the best that is possible.
    pub(super) ratio: f64,
    pub(super) throttled: usize,
    pub(super) learned: Option<LearnedPace>,
    pub(super) hearsay: Option<Hearsay>,
}

/// The start of every first run.
pub(super) fn start() -> Timestamp {
    "2026-11-24T03:15:00Z".parse().unwrap()
}

/// Sends writes one after the other, as fast as the pacer lets them go.
///
/// `later` is the time of this run's start after [`start`], in seconds; the limiter's windows go on meanwhile.
pub(super) fn run<'a>(setting: Setting, known: impl Into<Known<'a>>, later: f64) -> Outcome {
    let Setting {
        limit,
        told,
        writes,
        seed,
        weather,
    } = setting;
    let phase = fastrand::Rng::with_seed(seed).f64() * MINUTE - later;
    let mut limiter = Limiter::new(limit, phase);
    limiter.level *= weather.full;
    let started_at = start() + Duration::from_secs_f64(later);
    let mut random = fastrand::Rng::with_seed(seed ^ 0x5eed);
    let (learned, hearsay) = match known.into() {
        Known::Nothing => (None, None),
        Known::Learned(learned) => (Some(learned), None),
        Known::Heard(hearsay) => (None, Some(hearsay)),
    };
    let mut pacer = Pacer::new(
        Operation::DeleteUser,
        PaceSettings::DEFAULT,
        learned,
        started_at,
        random.fork(),
    );
    if let Some(hearsay) = hearsay {
        pacer.hear(hearsay, Duration::ZERO);
    }
    let mut others = Others::new(weather.others_per_minute, random.fork());
    let (mut now, mut done, mut throttled) = (Duration::ZERO, 0, 0);
    while done < writes {
        match pacer.wait(now) {
            Wait::Now => {}
            Wait::Until { at, reason: _ } => now = at,
            Wait::TooLong { at } => panic!("no hint is that long: {at:?}"),
        }
        let (shortest, longest) = weather.latency;
        let latency = Duration::from_secs_f64(shortest + (longest - shortest) * random.f64());
        others.send(&mut limiter, now.as_secs_f64());
        let ticket = pacer.sent(now);
        let answer = match limiter.ask((now + latency / 2).as_secs_f64()) {
            Ok(()) => Answer::Accepted(Hints {
                quota: limiter.quota(told),
                ..Hints::default()
            }),
            Err(opens_in) => Answer::Throttled(told.hints(opens_in)),
        };
        now += latency;
        match answer {
            Answer::Accepted(_) => done += 1,
            Answer::Throttled(_) | Answer::Failed(_) => throttled += 1,
        }
        assert!(throttled < 200, "{limit:?} with seed {seed} never ends");
        pacer.answered(ticket, now, &answer);
    }
    Outcome {
        ratio: now.as_secs_f64() / optimum(limit, phase, writes),
        throttled,
        learned: pacer.learned(),
        hearsay: pacer.hearsay(),
    }
}

/// Somebody else under the same limit.
struct Others {
    per_minute: f64,
    next: f64,
    random: fastrand::Rng,
}

impl Others {
    fn new(per_minute: f64, random: fastrand::Rng) -> Self {
        let mut others = Self {
            per_minute,
            next: 0.0,
            random,
        };
        others.next = others.pause();
        others
    }

    /// Sends whatever was due before `now`.
    fn send(&mut self, limiter: &mut Limiter, now: f64) {
        while self.next < now {
            // Whether it was admitted is their business.
            let _ = limiter.ask(self.next);
            self.next += self.pause();
        }
    }

    fn pause(&mut self) -> f64 {
        -(1.0 - self.random.f64()).ln() * MINUTE / self.per_minute
    }
}

/// The time that a client takes that knows the limit exactly.
fn optimum(limit: Limit, phase: f64, writes: usize) -> f64 {
    let mut limiter = Limiter::new(limit, phase);
    let mut now = 0.0;
    for _ in 0..writes {
        let decided = now + 0.025;
        let wait = limiter.opens_in(decided);
        let wait = if wait > 0.0 { wait + GRAIN } else { 0.0 };
        limiter.ask(decided + wait).unwrap();
        now += wait + 0.05;
    }
    now
}
