//! The pacer of one operation: the latest of all reasons to wait.

use std::{fmt, num::NonZeroU32, num::NonZeroUsize, time::Duration};

use jiff::Timestamp;

use super::{
    backoff,
    ceiling::Ceiling,
    hints::Hints,
    pace::{LearnedPace, Pace},
};
use crate::roster::Operation;

/// Reads that must be accepted before several are in flight.
const ACCEPTED_BEFORE_CONCURRENCY: u32 = 12;

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
    sent: Duration,
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

/// Decides when the next request of one operation may leave.
#[derive(Debug)]
pub struct Pacer {
    operation: Operation,
    settings: PaceSettings,
    ceiling: Option<(NonZeroU32, Ceiling)>,
    learned: Option<LearnedPace>,
    started_at: Timestamp,
    random: fastrand::Rng,
    /// Until when the server asked to wait.
    hint: Duration,
    /// Until when a failure delays the next request.
    backoff: Duration,
    /// Answers in a row that were not accepted.
    failures: u32,
    accepted: u32,
    throttled: u32,
    last_sent: Option<Duration>,
    latency: Latency,
}

impl Pacer {
    /// A pacer for one operation of a run that started at `started_at`.
    ///
    /// `learned` is the figure of an earlier run; `random` gives the jitter.
    pub fn new(
        operation: Operation,
        settings: PaceSettings,
        learned: Option<&LearnedPace>,
        started_at: Timestamp,
        random: fastrand::Rng,
    ) -> Self {
        Self {
            operation,
            settings,
            ceiling: settings
                .requests_per_minute_max
                .map(|max| (max, Ceiling::new(max))),
            learned: learned.copied(),
            started_at,
            random,
            hint: Duration::ZERO,
            backoff: Duration::ZERO,
            failures: 0,
            accepted: 0,
            throttled: 0,
            last_sent: None,
            latency: Latency::default(),
        }
    }

    /// When the next request may leave.
    pub fn wait(&self, now: Duration) -> Wait {
        if self.hint.saturating_sub(now) > self.settings.delay_max {
            return Wait::TooLong { at: self.hint };
        }
        let mut latest = (self.hint, Reason::Hint);
        if self.backoff > latest.0 {
            latest = (self.backoff, Reason::Backoff);
        }
        if let Some((max, ceiling)) = &self.ceiling
            && ceiling.opens_at() > latest.0
        {
            latest = (ceiling.opens_at(), Reason::Ceiling(*max));
        }
        let (at, reason) = latest;
        if at <= now {
            Wait::Now
        } else {
            Wait::Until { at, reason }
        }
    }

    /// How many requests could leave at `now`, one after the other, without a wait; the caller bounds its batches.
    pub fn admissible(&self, now: Duration) -> usize {
        match self.wait(now) {
            Wait::Now => self
                .ceiling
                .as_ref()
                .map_or(usize::MAX, |(_, ceiling)| ceiling.admissible(now)),
            Wait::Until { at: _, reason: _ } | Wait::TooLong { at: _ } => 0,
        }
    }

    /// How many requests may be in flight at once: writes one by one, reads too until the way is known to be clear.
    pub fn in_flight_max(&self) -> usize {
        let stored_clear = self
            .learned
            .is_some_and(|learned| learned.pace == Pace::Clear);
        let clear = stored_clear || self.accepted >= ACCEPTED_BEFORE_CONCURRENCY;
        if self.operation.is_write() || self.throttled > 0 || !clear {
            1
        } else {
            self.settings.concurrency_max.get()
        }
    }

    /// Notes that a request leaves at `now`.
    pub fn sent(&mut self, now: Duration) -> Ticket {
        if let Some((_, ceiling)) = &mut self.ceiling {
            ceiling.sent(now);
        }
        self.last_sent = self.last_sent.max(Some(now));
        Ticket { sent: now }
    }

    /// Notes what came of a request.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "an answer uses up its ticket: none is answered twice"
    )]
    pub fn answered(&mut self, ticket: Ticket, now: Duration, answer: &Answer) {
        let Ticket { sent } = ticket;
        match answer {
            Answer::Accepted(hints) => {
                self.accepted = self.accepted.saturating_add(1);
                self.failures = 0;
                self.latency.note(now.saturating_sub(sent));
                // A `retry-after` on a success means something else (202, 301): only the quota counts.
                self.obey(hints.quota.wait(), now);
            }
            Answer::Throttled(hints) => {
                self.throttled = self.throttled.saturating_add(1);
                let wait = hints.retry_after.max(hints.quota.wait());
                if !self.obey(wait, now) {
                    self.back_off(now);
                }
            }
            Answer::Failed(hints) => {
                if !self.obey(hints.retry_after, now) {
                    self.back_off(now);
                }
            }
        }
    }

    /// The figure for the next run; `None` when nothing was sent.
    pub fn learned(&self) -> Option<LearnedPace> {
        let last_sent = self.started_at + self.last_sent?;
        if self.accepted >= ACCEPTED_BEFORE_CONCURRENCY && self.throttled == 0 {
            Some(LearnedPace {
                pace: Pace::Clear,
                last_sent,
                learned_at: last_sent,
            })
        } else {
            let learned = self.learned?;
            Some(LearnedPace {
                last_sent,
                ..learned
            })
        }
    }

    /// The pace that is known now.
    pub fn pace(&self) -> Option<Pace> {
        self.learned().or(self.learned).map(|learned| learned.pace)
    }

    /// How long `requests` more requests will take, at the pace and the latency known now.
    pub fn estimate(&self, requests: usize, now: Duration) -> Duration {
        let count = u32::try_from(requests).unwrap_or(u32::MAX);
        let in_flight = u32::try_from(self.in_flight_max()).unwrap_or(u32::MAX);
        let first = match self.wait(now) {
            Wait::Now => Duration::ZERO,
            Wait::Until { at, reason: _ } | Wait::TooLong { at } => at.saturating_sub(now),
        };
        let serial = self.latency.mean.saturating_mul(count) / in_flight;
        let ceiling = self
            .ceiling
            .as_ref()
            .map_or(Duration::ZERO, |(_, ceiling)| {
                ceiling.time_for(requests, now)
            });
        first.max(ceiling).max(serial)
    }

    /// Waits as long as the server asked, if it asked.
    fn obey(&mut self, wait: Option<Duration>, now: Duration) -> bool {
        if let Some(wait) = wait {
            self.hint = self.hint.max(now + wait);
        }
        wait.is_some()
    }

    fn back_off(&mut self, now: Duration) {
        self.failures = self.failures.saturating_add(1);
        let delay = backoff::delay(self.failures, &mut self.random);
        self.backoff = self.backoff.max(now + delay);
    }
}

/// The mean time from request to answer, recent answers weighing more.
#[derive(Debug, Default)]
struct Latency {
    mean: Duration,
}

impl Latency {
    fn note(&mut self, latency: Duration) {
        self.mean = if self.mean.is_zero() {
            latency
        } else {
            (self.mean * 7 + latency) / 8
        };
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hint => f.write_str("the API asked for it"),
            Self::Learned(pace) => write!(f, "learned pace, {pace}"),
            Self::Probing => f.write_str("measuring the limit"),
            Self::Ceiling(max) => write!(f, "ceiling, {max} requests a minute"),
            Self::Backoff => f.write_str("backing off after a failure"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn pacer(operation: Operation, settings: PaceSettings) -> Pacer {
        let started_at = "2026-11-24T03:15:00Z".parse().unwrap();
        Pacer::new(
            operation,
            settings,
            None,
            started_at,
            fastrand::Rng::with_seed(1),
        )
    }

    fn remover() -> Pacer {
        pacer(Operation::DeleteUser, PaceSettings::DEFAULT)
    }

    fn after(wait: u64) -> Hints {
        Hints {
            retry_after: Some(seconds(wait)),
            ..Hints::default()
        }
    }

    fn accepted() -> Answer {
        Answer::Accepted(Hints::default())
    }

    #[test]
    fn a_hint_of_30_seconds_twice_takes_60_seconds() {
        let mut pacer = remover();
        let mut now = Duration::ZERO;
        for _ in 0..2 {
            assert_eq!(pacer.wait(now), Wait::Now);
            let ticket = pacer.sent(now);
            pacer.answered(ticket, now, &Answer::Throttled(after(30)));
            let Wait::Until { at, reason } = pacer.wait(now) else {
                panic!("a hint is obeyed");
            };
            assert_eq!((at, reason), (now + seconds(30), Reason::Hint));
            assert_eq!(pacer.admissible(now), 0);
            now = at;
        }
        assert_eq!(now, seconds(60));
        assert_eq!(pacer.wait(now), Wait::Now);
    }

    #[test]
    fn a_hint_beyond_the_limit_ends_the_run_and_says_when_to_come_back() {
        let mut pacer = remover();
        for (hint, too_long) in [(120, false), (121, true), (86_400, true)] {
            let now = seconds(1_000_000 + hint);
            let ticket = pacer.sent(now);
            pacer.answered(ticket, now, &Answer::Throttled(after(hint)));
            let at = now + seconds(hint);
            let wait = pacer.wait(now);
            assert_eq!(wait == Wait::TooLong { at }, too_long, "{hint}: {wait:?}");
            pacer.hint = Duration::ZERO;
        }
    }

    #[test]
    fn an_empty_quota_waits_for_its_reset_also_after_a_success() {
        let mut pacer = remover();
        let quota = |remaining| Hints {
            quota: crate::pacing::Quota {
                limit: Some(10),
                remaining: Some(remaining),
                reset: Some(seconds(17)),
            },
            ..Hints::default()
        };
        let ticket = pacer.sent(seconds(1));
        pacer.answered(ticket, seconds(1), &Answer::Accepted(quota(3)));
        assert_eq!(pacer.wait(seconds(1)), Wait::Now);
        let ticket = pacer.sent(seconds(2));
        pacer.answered(ticket, seconds(2), &Answer::Accepted(quota(0)));
        let wait = pacer.wait(seconds(2));
        let (at, reason) = (seconds(19), Reason::Hint);
        assert_eq!(wait, Wait::Until { at, reason });
    }

    #[test]
    fn failures_back_off_and_a_success_forgets_them() {
        let mut pacer = remover();
        let mut now = Duration::ZERO;
        let mut delays = Vec::new();
        for _ in 0..4 {
            let ticket = pacer.sent(now);
            pacer.answered(ticket, now, &Answer::Failed(Hints::default()));
            let Wait::Until { at, reason } = pacer.wait(now) else {
                panic!("a failure delays");
            };
            assert_eq!(reason, Reason::Backoff);
            delays.push(at.saturating_sub(now));
            now = at;
        }
        assert!(delays.is_sorted(), "{delays:?}");
        let ticket = pacer.sent(now);
        pacer.answered(ticket, now, &accepted());
        assert_eq!(pacer.failures, 0);
        assert_eq!(pacer.wait(now), Wait::Now);
    }

    #[test]
    fn the_ceiling_bounds_batches_and_estimates() {
        let settings = PaceSettings {
            requests_per_minute_max: NonZeroU32::new(8),
            ..PaceSettings::DEFAULT
        };
        let mut pacer = pacer(Operation::ListUsers, settings);
        assert_eq!(pacer.admissible(Duration::ZERO), 8);
        assert_eq!(pacer.estimate(20, Duration::ZERO), seconds(120));
        for n in 0..8 {
            let ticket = pacer.sent(seconds(n));
            pacer.answered(ticket, seconds(n), &accepted());
        }
        let Wait::Until { at, reason } = pacer.wait(seconds(8)) else {
            panic!("the ceiling is reached");
        };
        assert_eq!(at, seconds(60));
        assert_eq!(reason.to_string(), "ceiling, 8 requests a minute");
        assert_eq!(pacer.admissible(seconds(61)), 2);
    }

    #[test]
    fn reads_run_side_by_side_once_the_way_is_clear_and_writes_never_do() {
        for (operation, at_first, later) in
            [(Operation::ListUsers, 1, 4), (Operation::DeleteUser, 1, 1)]
        {
            let mut pacer = pacer(operation, PaceSettings::DEFAULT);
            assert_eq!(pacer.in_flight_max(), at_first);
            for _ in 0..ACCEPTED_BEFORE_CONCURRENCY {
                let ticket = pacer.sent(Duration::ZERO);
                pacer.answered(ticket, Duration::ZERO, &accepted());
            }
            assert_eq!(pacer.in_flight_max(), later);
            let learned = pacer.learned().unwrap();
            assert_eq!(learned.pace, Pace::Clear);
            let ticket = pacer.sent(Duration::ZERO);
            pacer.answered(ticket, Duration::ZERO, &Answer::Throttled(after(1)));
            assert_eq!(pacer.in_flight_max(), 1);
        }
    }
}
