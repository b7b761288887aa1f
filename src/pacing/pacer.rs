//! The pacer of one operation: the latest of all reasons to wait.

use std::{num::NonZeroU32, time::Duration};

use jiff::{SignedDuration, Timestamp};

use super::{
    backoff,
    ceiling::Ceiling,
    estimator::Estimator,
    evidence::Evidence,
    exchange::{Answer, PaceSettings, Reason, Ticket, Wait},
    hearsay::Hearsay,
    hints::Hints,
    pace::{LearnedPace, Pace},
    prior::Trust,
};
use crate::roster::Operation;

/// Reads that must be accepted before several are in flight.
const ACCEPTED_BEFORE_CONCURRENCY: u32 = 12;
/// Hints that may turn out too short, a 429 following the wait they asked for. After that a hint is the shortest wait
/// and says nothing else: some servers say one second whatever the limit is.
const HINTS_BROKEN_MAX: u32 = 2;
/// A figure older than this is not quite trusted.
const FIGURE_AGE_MAX: SignedDuration = SignedDuration::from_hours(30 * 24);

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
    /// Answers in a row that were not accepted and did not say when to come back.
    failures: u32,
    accepted: u32,
    estimator: Estimator,
    /// How many more may be sent, if the last answer said so: nothing has to be estimated.
    quota: Option<u32>,
    /// The last answer was a 429 that said when to come back.
    told: bool,
    /// Hints that were obeyed and followed by a 429 all the same.
    hints_broken: u32,
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
            estimator: learned.map_or_else(Estimator::cold, |learned| warm(learned, started_at)),
            quota: None,
            told: false,
            hints_broken: 0,
            last_sent: None,
            latency: Latency::default(),
        }
    }

    /// Whether this is a write of which nothing is known: no figure of an earlier run, and nothing of this one.
    ///
    /// Reads do not listen: most are a few, what they wait for shows whether a removal took effect, and they would
    /// go out one by one where there may be no limit at all.
    pub fn listens(&self) -> bool {
        let is_known =
            self.learned.is_some() || self.last_sent.is_some() || self.estimator.is_active();
        self.operation.is_write() && !is_known
    }

    /// Begins with what another operation knows of its limit, if this one [listens](Self::listens).
    pub fn hear(&mut self, hearsay: &Hearsay, now: Duration) {
        if self.listens() {
            self.estimator.hear(hearsay, now.as_secs_f64());
        }
    }

    /// What another operation may begin with; `None` when no limit has been met, in this run or an earlier one.
    pub fn hearsay(&self) -> Option<Hearsay> {
        self.estimator.hearsay()
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
        if let Some(opens_at) = self.paced()
            && opens_at > latest.0
        {
            latest = (opens_at, self.paced_by());
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
            Wait::Now => {
                let ceiling = self.ceiling.as_ref();
                let ceiling = ceiling.map_or(usize::MAX, |(_, ceiling)| ceiling.admissible(now));
                ceiling.min(self.unpaced(now))
            }
            Wait::Until { at: _, reason: _ } | Wait::TooLong { at: _ } => 0,
        }
    }

    /// How many requests the server would admit, the ceiling aside.
    fn unpaced(&self, now: Duration) -> usize {
        match self.quota {
            // The quota may have filled up since.
            Some(left) => usize::try_from(left.max(1)).unwrap_or(usize::MAX),
            // After its wait one request is sure; its answer says more.
            None if self.is_told() => 1,
            None if self.estimator.is_active() => self.estimator.admissible(now.as_secs_f64()),
            None => usize::MAX,
        }
    }

    /// How many requests may be in flight at once: writes one by one, reads too until the way is known to be clear.
    pub fn in_flight_max(&self) -> usize {
        let stored_clear = self
            .learned
            .is_some_and(|learned| learned.pace == Pace::Clear);
        let clear = stored_clear || self.accepted >= ACCEPTED_BEFORE_CONCURRENCY;
        if self.operation.is_write() || self.estimator.is_active() || !clear {
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
                self.told = false;
                self.latency.note(now.saturating_sub(sent));
                // An empty quota that does not say when it is full again says too little.
                let is_told = |left: &u32| *left > 0 || hints.quota.wait().is_some();
                self.quota = hints.quota.remaining.filter(is_told);
                self.estimator.learn(&Evidence::new(sent, now, true, hints));
                // A `retry-after` on a success means something else (202, 301): only the quota counts.
                self.obey(hints.quota.wait(), now);
            }
            Answer::Throttled(hints) => {
                self.quota = None;
                // One that was on its way before the hint came breaks nothing.
                self.hints_broken += u32::from(self.told && sent >= self.hint);
                let believed = if self.believes() {
                    hints
                } else {
                    &Hints::default()
                };
                self.estimator
                    .learn(&Evidence::new(sent, now, false, believed));
                self.told = self.obey(hints.retry_after.max(hints.quota.wait()), now);
                if !self.told {
                    // The estimate may well say later; it never says sooner.
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

    /// The figure for the next run; `None` when there is nothing to keep, and an older figure stays.
    pub fn learned(&self) -> Option<LearnedPace> {
        // Only past the year 9999 is there no sum.
        let last_sent = self.started_at.checked_add(self.last_sent?).ok()?;
        let measured = |pace, vague| LearnedPace {
            pace,
            last_sent,
            learned_at: last_sent,
            vague,
        };
        match self.estimator.pace(second_of_minute(self.started_at)) {
            Some((pace, sure)) if self.estimator.is_taught() => Some(measured(pace, !sure)),
            None if self.accepted >= ACCEPTED_BEFORE_CONCURRENCY => {
                Some(measured(Pace::Clear, false))
            }
            Some(_) | None => self.learned.map(|learned| LearnedPace {
                last_sent,
                ..learned
            }),
        }
    }

    /// The pace that is known now.
    pub fn pace(&self) -> Option<Pace> {
        match self.estimator.pace(second_of_minute(self.started_at)) {
            Some((pace, _)) => Some(pace),
            None => self.learned().or(self.learned).map(|learned| learned.pace),
        }
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
        let paced = match self.paced() {
            Some(_) => self.estimator.time_for(requests, now.as_secs_f64()),
            None => 0.0,
        };
        let paced = Duration::try_from_secs_f64(paced).unwrap_or(Duration::MAX);
        first.max(ceiling).max(serial).max(paced)
    }

    /// From when the estimated limit admits a request; `None` where there is none to keep to.
    fn paced(&self) -> Option<Duration> {
        let is_known = self.quota.is_some() || self.is_told();
        self.estimator.opens_at().filter(|_| !is_known)
    }

    /// Whether the server has said when to come back, and is believed.
    fn is_told(&self) -> bool {
        self.told && self.believes()
    }

    fn believes(&self) -> bool {
        self.hints_broken < HINTS_BROKEN_MAX
    }

    fn paced_by(&self) -> Reason {
        match self.estimator.pace(second_of_minute(self.started_at)) {
            Some((pace, true)) => Reason::Learned(pace),
            Some((_, false)) | None => Reason::Probing,
        }
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

/// An estimator that starts with the figure of an earlier run.
fn warm(learned: &LearnedPace, started_at: Timestamp) -> Estimator {
    let LearnedPace {
        pace,
        last_sent,
        learned_at,
        vague,
    } = learned;
    // A figure from the future is one of a clock that was wrong: it counts as just used, and if it is from far off, as
    // old, or it would never age.
    let idle = Duration::try_from(started_at.duration_since(*last_sent)).unwrap_or_default();
    let trust = if *vague {
        Trust::Vague
    } else if started_at.duration_since(*learned_at).abs() > FIGURE_AGE_MAX {
        Trust::Old
    } else {
        Trust::Full
    };
    Estimator::warm(pace, idle, second_of_minute(started_at), trust)
}

/// The second of the wall clock's minute.
fn second_of_minute(at: Timestamp) -> f64 {
    let milliseconds = at.as_millisecond().rem_euclid(60_000);
    f64::from(i32::try_from(milliseconds).unwrap_or_default()) / 1000.0
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pacing::Quota;

    #[test]
    fn a_figure_from_far_off_is_old_on_either_side() {
        let pace = |learned_at: &str| {
            let started_at = "2026-11-24T03:15:00Z".parse().unwrap();
            let learned = LearnedPace {
                pace: Pace::Bucket {
                    per_minute: 6.0,
                    burst: 4,
                },
                last_sent: started_at,
                learned_at: learned_at.parse().unwrap(),
                vague: false,
            };
            let estimator = warm(&learned, started_at);
            estimator.opens_at()
        };
        let (new, old) = (pace("2026-11-23T03:15:00Z"), pace("2026-01-01T00:00:00Z"));
        assert_ne!(new, old);
        assert_eq!(pace("2026-11-25T03:15:00Z"), new);
        assert_eq!(pace("2099-01-01T00:00:00Z"), old);
    }

    #[test]
    fn only_a_write_of_which_nothing_is_known_listens() {
        let mut met = remover();
        let burst = 4;
        for sent in 0..=burst {
            let now = Duration::from_millis(50) * sent;
            let ticket = met.sent(now);
            let answer = if sent < burst {
                accepted()
            } else {
                Answer::Throttled(Hints::default())
            };
            met.answered(ticket, now, &answer);
        }
        let hearsay = met.hearsay().unwrap();
        let mut new = pacer(Operation::CreateInvite, PaceSettings::DEFAULT);
        assert!(new.listens() && new.hearsay().is_none());
        new.hear(&hearsay, seconds(10));
        assert!(!new.listens());
        // What was only heard is not told on, and is not a pace to keep.
        assert_eq!(new.hearsay(), None);
        assert_eq!(new.wait(seconds(10)), Wait::Now);
        assert_eq!(new.learned(), None);

        assert!(!pacer(Operation::RetrieveUser, PaceSettings::DEFAULT).listens());
        let mut begun = remover();
        let ticket = begun.sent(Duration::ZERO);
        begun.answered(ticket, Duration::ZERO, &accepted());
        begun.hear(&hearsay, seconds(10));
        assert_eq!(begun.hearsay(), None);
    }

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
            quota: Quota {
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
        assert_eq!(reason.to_string(), "your ceiling of 8/min");
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
