//! The limit behind the answers, estimated from them.
//!
//! Nobody says what the limit is, so the estimator keeps every limiter that could have given the answers so far,
//! weighed by how likely each is. Every answer rules some out; those that are left say when the next request would
//! be admitted. It leaves at the time where the expected cost is least: a 429, which is worth so many requests, or
//! requests that could have been sent meanwhile. Early 429s are cheap because they teach much; later ones are not.
//!
//! Until the first 429 there is nothing to estimate and nothing waits.

use std::time::Duration;

use super::{
    candidate::Candidate,
    evidence::{Evidence, Forecast, RECENT_MAX, Recent},
    hearsay::Hearsay,
    pace::Pace,
    prior::{self, Trust},
    summary,
};

/// What a 429 is worth, in requests, by how many have been met.
///
/// The first is dear, because the wait that follows it is cheap: what a bucket regrows meanwhile is used at once
/// afterwards. The next ones are cheap because they teach, and from the fourth on there is little left to learn.
const PRICES: [f64; 6] = [12.0, 2.0, 4.0, 5.0, 8.0, 16.0];
/// The place in [`PRICES`] of a run that finds out that all it knew was wrong, at most.
const CAUTION_SURPRISED: usize = 4;
/// Requests accepted until a 429 is worth half, where there is something to learn.
const PATIENCE: f64 = 6.0;
/// After a surprise, requests accepted in a row until faster limits are taken for possible again.
const DOUBT_EVERY: u32 = 12;
/// The weight that those get.
const DOUBT: f64 = 0.1;
/// The place in [`PRICES`] of a run that starts with a figure.
const CAUTION_WARM: usize = 6;
/// The same with an old figure: one 429 is worth looking whether the limit has been raised.
const CAUTION_OLD: usize = 3;
/// The same with a figure that was never sure: a short run keeps to it, a long one goes on measuring.
const CAUTION_VAGUE: usize = 5;
/// The place of a run that begins with hearsay: what is to be learned has been paid for by another operation...
const CAUTION_HEARD: usize = 6;
/// ...and once a 429 has shown how far it holds.
const CAUTION_CONFIRMED: usize = 5;
/// A 429 that was less likely than this says that what was heard does not hold.
const HEARSAY_REFUTED: f64 = 0.05;
/// With fewer candidates than this, each is split to know the limit more closely.
const CANDIDATES_MIN: usize = 24;
/// The longest wait, in seconds: after it the next answer says more than any estimate.
const WAIT_MAX: f64 = 130.0;
/// A candidate lighter than this is forgotten.
const WEIGHT_MIN: f64 = 1e-9;
/// Requests that must be accepted before a figure is kept for the next run.
const ACCEPTED_BEFORE_SURE: u32 = 4;
/// Requests in a batch at most.
const BATCH_MAX: usize = 10;
/// The part of the weight that must admit a whole batch.
const BATCH_SURE: f64 = 0.9;

/// The limiters that could have given the answers.
#[derive(Debug, Clone)]
pub(super) struct Estimator {
    candidates: Vec<Candidate>,
    recent: Recent,
    /// How dear a 429 is: a place in [`PRICES`].
    caution: usize,
    /// Requests accepted since the last 429.
    unthrottled: u32,
    /// When the way of pacing last changed: a request that was sent before says nothing about the new one.
    changed_at: f64,
    /// Until when a hint asked to wait.
    not_before: f64,
    /// When the next request may leave.
    next: f64,
    /// Requests accepted since there is something to estimate.
    accepted: u32,
    /// This run saw what the figure it began with does not say.
    taught: bool,
    /// All that is known was heard: no 429 has shown how far it holds.
    heard: bool,
    mood: Mood,
}

/// What a 429 would be good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    /// For nothing: the limit was measured well, not long ago.
    Settled,
    /// For a pace that is closer to the limit.
    Curious,
    /// The same; but no known limiter could have given all the answers, so what was ruled out may come back.
    Surprised,
}

impl Estimator {
    /// Knows nothing: nothing waits until the first 429.
    pub(super) fn cold() -> Self {
        Self::with(Vec::new(), 0)
    }

    /// Knows the figure of an earlier run; see [`prior::stored`].
    pub(super) fn warm(pace: &Pace, idle: Duration, minute: f64, trust: Trust) -> Self {
        let candidates = prior::stored(pace, idle.as_secs_f64(), minute, trust);
        let caution = match trust {
            _ if candidates.is_empty() => 0,
            Trust::Full => CAUTION_WARM,
            Trust::Old => CAUTION_OLD,
            Trust::Vague => CAUTION_VAGUE,
        };
        let mut estimator = Self::with(candidates, caution);
        if trust == Trust::Vague {
            estimator.taught = true;
        } else {
            estimator.accepted = ACCEPTED_BEFORE_SURE;
        }
        if trust == Trust::Full && estimator.is_active() {
            estimator.mood = Mood::Settled;
        }
        estimator.remember(pace, idle);
        estimator.decide(0.0);
        estimator
    }

    fn with(candidates: Vec<Candidate>, caution: usize) -> Self {
        Self {
            candidates,
            recent: Recent::default(),
            caution,
            unthrottled: 0,
            changed_at: f64::NEG_INFINITY,
            not_before: f64::NEG_INFINITY,
            next: f64::NEG_INFINITY,
            accepted: 0,
            taught: false,
            heard: false,
            mood: Mood::Curious,
        }
    }

    /// Begins with what another operation knows; nothing has been sent by `now`.
    pub(super) fn hear(&mut self, hearsay: &Hearsay, now: f64) {
        self.candidates = hearsay.candidates(now);
        self.caution = CAUTION_HEARD;
        self.heard = true;
        self.decide(now);
    }

    /// What another operation may begin with; `None` when no limit has been met, and for hearsay of hearsay.
    pub(super) fn hearsay(&self) -> Option<Hearsay> {
        (self.is_active() && !self.heard).then(|| Hearsay::of(&self.candidates))
    }

    /// Takes in an answer.
    pub(super) fn learn(&mut self, evidence: &Evidence) {
        if evidence.sent < self.changed_at {
            self.learn_late(evidence);
            return;
        }
        if evidence.accepted {
            self.accepted = self.accepted.saturating_add(1);
            self.unthrottled = self.unthrottled.saturating_add(1);
        } else {
            if self.heard {
                self.judge_hearsay(evidence);
            } else {
                self.caution += 1;
            }
            self.unthrottled = 0;
            self.taught = true;
            self.changed_at = evidence.answered;
            if let Some(opens) = evidence.opens_in {
                self.not_before = evidence.answered + opens.hi;
            }
        }
        if self.is_active() {
            self.weigh(evidence);
        } else if !evidence.accepted {
            self.recent.forget(evidence.decided());
            self.accepted = 0;
            self.candidates = prior::at_first_throttle(evidence.decided(), &self.recent);
            if evidence.opens_in.is_some() {
                self.weigh(evidence);
            }
        }
        self.recent.note(evidence.answered, evidence.accepted);
        let is_time = evidence.accepted && self.unthrottled.is_multiple_of(DOUBT_EVERY);
        if is_time && self.mood == Mood::Surprised {
            self.doubt(evidence.decided());
        }
        self.decide(evidence.answered);
    }

    /// Whether there is a limit to keep to.
    pub(super) fn is_active(&self) -> bool {
        !self.candidates.is_empty()
    }

    /// Whether this run learned something that the next one does not know yet.
    pub(super) fn is_taught(&self) -> bool {
        self.taught
    }

    /// From when the next request may leave; `None` when nothing is known against it.
    pub(super) fn opens_at(&self) -> Option<Duration> {
        // The next time is finite: waits are bounded by [`WAIT_MAX`].
        let next = Duration::try_from_secs_f64(self.next.max(0.0));
        self.is_active().then(|| next.unwrap_or_default())
    }

    /// How many requests would very likely be admitted at `now`, one after the other; at most [`BATCH_MAX`].
    pub(super) fn admissible(&self, now: f64) -> usize {
        let enough = prior::weight(&self.candidates) * BATCH_SURE;
        let mut admitted: Vec<_> = self
            .candidates
            .iter()
            .map(|candidate| (candidate.admissible(now, &self.recent), candidate.weight))
            .collect();
        admitted.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        let mut weight = 0.0;
        for (count, more) in admitted {
            weight += more;
            if weight >= enough {
                return count.clamp(1, BATCH_MAX);
            }
        }
        1
    }

    /// The limit as it looks now, and whether that is worth keeping; `None` when there is none.
    ///
    /// `minute` is the second of the wall clock's minute at which this run started.
    pub(super) fn pace(&self, minute: f64) -> Option<(Pace, bool)> {
        if !self.is_active() {
            return None;
        }
        let (pace, sure) = summary::of(&self.candidates, minute);
        let measured = self.accepted >= ACCEPTED_BEFORE_SURE && !self.heard;
        Some((pace, sure && measured))
    }

    /// The seconds until `requests` more will have been sent.
    pub(super) fn time_for(&self, requests: usize, now: f64) -> f64 {
        let Some((pace, _)) = self.pace(0.0) else {
            return 0.0;
        };
        let first = (self.next - now).max(0.0);
        let at_once = self.admissible(now.max(self.next));
        let rest = requests.saturating_sub(at_once);
        if rest == 0 {
            return if requests == 0 { 0.0 } else { first };
        }
        first + pace.time_between(rest).as_secs_f64()
    }

    /// An answer to a request that left before the last 429: it says nothing about what was decided since.
    fn learn_late(&mut self, evidence: &Evidence) {
        if evidence.accepted {
            for candidate in &mut self.candidates {
                let weight = candidate.weight;
                if let Some(after) = candidate.after(evidence, &self.recent) {
                    *candidate = Candidate { weight, ..after };
                }
            }
        }
        self.recent.note(evidence.answered, evidence.accepted);
        self.decide(evidence.answered);
    }

    /// A first 429 after hearsay: shows that it holds, or that this limit is another one, and then it is forgotten.
    fn judge_hearsay(&mut self, evidence: &Evidence) {
        self.heard = false;
        // What left on hearsay measured nothing.
        self.accepted = 0;
        let holds = prior::weight(&self.survivors(evidence)) > HEARSAY_REFUTED;
        if holds {
            self.caution = CAUTION_CONFIRMED;
        } else {
            self.candidates.clear();
            self.caution = 1;
        }
    }

    /// Drops the candidates that could not have given an answer, and knows the others more closely.
    fn weigh(&mut self, evidence: &Evidence) {
        let mut left = self.survivors(evidence);
        if left.is_empty() {
            // A hint that fits no limiter is obeyed all the same, but teaches nothing.
            let unhinted = Evidence {
                opens_in: None,
                ..*evidence
            };
            left = self.survivors(&unhinted);
        }
        let at = evidence.decided();
        self.candidates = if left.is_empty() && evidence.accepted {
            // What was known is too slow: without this the next run would begin with it again.
            self.accepted = 0;
            self.taught = true;
            prior::faster(at, &self.candidates)
        } else if left.is_empty() {
            self.accepted = 0;
            // What was known was wrong, so there is something to learn again.
            self.caution = self.caution.min(CAUTION_SURPRISED);
            self.mood = Mood::Surprised;
            self.recent.forget(at);
            prior::after_surprise(at, &self.recent, &self.candidates)
        } else if left.len() < CANDIDATES_MIN {
            left.into_iter().flat_map(Candidate::split).collect()
        } else {
            left
        };
        self.normalize();
    }

    /// Takes faster limits for possible again: what ruled them out may have been somebody else's requests.
    fn doubt(&mut self, at: f64) {
        let faster = prior::faster(at, &self.candidates);
        let total = DOUBT * prior::weight(&self.candidates);
        self.candidates.extend(prior::scaled(faster, total));
    }

    fn survivors(&self, evidence: &Evidence) -> Vec<Candidate> {
        self.candidates
            .iter()
            .filter_map(|candidate| candidate.after(evidence, &self.recent))
            .collect()
    }

    /// Keeps weights away from the bounds of what a float can hold, and forgets what has become impossible.
    fn normalize(&mut self) {
        let total = prior::weight(&self.candidates);
        for candidate in &mut self.candidates {
            candidate.weight /= total;
        }
        self.candidates
            .retain(|candidate| candidate.weight > WEIGHT_MIN);
    }

    /// Chooses when the next request leaves: where the expected cost is least.
    fn decide(&mut self, now: f64) {
        if !self.is_active() {
            return;
        }
        let forecasts: Vec<_> = self
            .candidates
            .iter()
            .map(|candidate| (candidate.weight, candidate.forecast(now, &self.recent)))
            .collect();
        let price = self.price();
        let cost = |at: f64| -> f64 {
            let of = |(weight, forecast): &(f64, Forecast)| {
                weight * ((1.0 - forecast.chance(at)) * price + forecast.lost(at))
            };
            forecasts.iter().map(of).sum()
        };
        let start = now.max(self.not_before);
        // The cost falls while a candidate's chance grows and rises after it: it is least where one has grown.
        let openings = forecasts.iter().map(|(_, forecast)| forecast.opens.hi);
        let (next, _) = openings
            .map(|at| at.clamp(start, start + WAIT_MAX))
            .map(|at| (at, cost(at)))
            .fold((start, cost(start)), |best, other| {
                if other.1 < best.1 { other } else { best }
            });
        self.next = next;
    }

    /// What a 429 is worth now, in requests.
    ///
    /// It falls with every request that is accepted: what one more 429 teaches pays off in every request that follows,
    /// and a pace that is kept for long may have been too slow all the while.
    fn price(&self) -> f64 {
        let price = PRICES[self.caution.clamp(1, PRICES.len()) - 1];
        match self.mood {
            Mood::Settled => price,
            Mood::Curious | Mood::Surprised => {
                price / (1.0 + f64::from(self.unthrottled) / PATIENCE)
            }
        }
    }

    /// Counts a window's requests of an earlier run that may still matter.
    fn remember(&mut self, pace: &Pace, idle: Duration) {
        if let Pace::Window {
            requests,
            second: _,
        } = pace
        {
            let requests = usize::try_from(*requests).unwrap_or(RECENT_MAX);
            for _ in 0..requests.min(RECENT_MAX) {
                self.recent.note(-idle.as_secs_f64(), true);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pacing::evidence::Span;

    fn answer(at: f64, accepted: bool) -> Evidence {
        Evidence {
            sent: at,
            answered: at + 0.05,
            accepted,
            opens_in: None,
        }
    }

    /// An estimator that met a 429 after a burst of five.
    fn throttled() -> Estimator {
        let mut estimator = Estimator::cold();
        for at in [0.0, 0.1, 0.2, 0.3, 0.4] {
            estimator.learn(&answer(at, true));
            assert_eq!(estimator.opens_at(), None);
        }
        estimator.learn(&answer(0.5, false));
        estimator
    }

    #[test]
    fn the_first_429_begins_the_measuring() {
        let estimator = throttled();
        let opens_at = estimator.opens_at().unwrap().as_secs_f64();
        assert!((0.55..10.0).contains(&opens_at), "{opens_at}");
        assert_eq!(estimator.admissible(opens_at), 1);
        assert!(estimator.is_taught());
        assert!(!estimator.pace(0.0).unwrap().1);
    }

    #[test]
    fn hearsay_is_judged_by_the_first_429() {
        let hearsay = throttled().hearsay().unwrap();
        for (burst, holds) in [(5, true), (0, false)] {
            let mut estimator = Estimator::cold();
            estimator.hear(&hearsay, 1.0);
            assert_eq!(estimator.hearsay(), None);
            for sent in 0..burst {
                estimator.learn(&answer(1.0 + f64::from(sent) * 0.1, true));
            }
            assert!(!estimator.pace(0.0).unwrap().1 && !estimator.is_taught());
            estimator.learn(&answer(2.0, false));
            let expected = if holds { CAUTION_CONFIRMED } else { 1 };
            assert_eq!(estimator.caution, expected, "after {burst}");
            assert_eq!(estimator.mood, Mood::Curious);
            // Nothing but hearsay says how large the limit is.
            assert!(!estimator.pace(0.0).unwrap().1);
        }
    }

    #[test]
    fn an_answer_to_a_request_from_before_the_429_teaches_nothing() {
        let mut estimator = throttled();
        let (weight, caution) = (prior::weight(&estimator.candidates), estimator.caution);
        for accepted in [false, true] {
            estimator.learn(&Evidence {
                sent: 0.4,
                answered: 0.7,
                ..answer(0.4, accepted)
            });
        }
        assert_eq!(estimator.caution, caution);
        assert!((prior::weight(&estimator.candidates) - weight).abs() < 1e-9);
    }

    #[test]
    fn answers_that_fit_nothing_begin_the_measuring_again() {
        let mut estimator = throttled();
        // Nothing that was full at second 0 admits a hundred at second 1 and none at second 2.
        for step in 0..100_u32 {
            estimator.learn(&answer(1.0 + f64::from(step) * 0.001, true));
        }
        assert!(estimator.is_active());
        for step in 0..20_u32 {
            estimator.learn(&answer(2.0 + f64::from(step) * 100.0, false));
            let opens_at = estimator.opens_at().unwrap().as_secs_f64();
            assert!(opens_at.is_finite() && estimator.is_active());
        }
    }

    #[test]
    fn whatever_is_answered_the_wait_has_a_bound() {
        for seed in 0..50 {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut estimator = Estimator::cold();
            let mut now = 0.0;
            for _ in 0..60 {
                let evidence = Evidence {
                    opens_in: random
                        .bool()
                        .then(|| Span::new(0.0, random.f64() * 100_000.0)),
                    ..answer(now, random.u8(..) < 160)
                };
                estimator.learn(&evidence);
                if let Some(opens_at) = estimator.opens_at() {
                    let opens_at = opens_at.as_secs_f64();
                    let hint = evidence.opens_in.map_or(0.0, |opens| opens.hi);
                    let latest = evidence.answered.max(estimator.not_before) + WAIT_MAX + hint;
                    assert!(opens_at <= latest, "seed {seed}: {opens_at}");
                    now = opens_at.max(now);
                }
                now += random.f64();
                assert!(estimator.candidates.len() < 200, "seed {seed}");
            }
        }
    }

    #[test]
    fn a_stored_bucket_is_used_up_and_then_kept_to() {
        let pace = Pace::Bucket {
            per_minute: 6.0,
            burst: 4,
        };
        let mut estimator = Estimator::warm(&pace, Duration::from_hours(1), 0.0, Trust::Full);
        assert_eq!(estimator.admissible(0.0), 4);
        for at in [0.0, 0.1, 0.2, 0.3] {
            assert!(estimator.opens_at().unwrap().as_secs_f64() <= at);
            estimator.learn(&answer(at, true));
        }
        let opens_at = estimator.opens_at().unwrap().as_secs_f64();
        assert!((9.0..11.0).contains(&opens_at), "{opens_at}");
        let time = estimator.time_for(7, 1.0);
        assert!((65.0..75.0).contains(&time), "{time}");
        // Right after an earlier run the bucket may be empty.
        let estimator = Estimator::warm(&pace, Duration::ZERO, 0.0, Trust::Full);
        assert!(estimator.opens_at().unwrap() > Duration::from_secs(5));
    }

    #[test]
    fn a_figure_that_was_too_slow_is_not_kept() {
        let pace = Pace::Bucket {
            per_minute: 0.2,
            burst: 1,
        };
        let mut estimator = Estimator::warm(&pace, Duration::ZERO, 0.0, Trust::Full);
        // The token that may have been left.
        estimator.learn(&answer(0.0, true));
        assert!(!estimator.is_taught());
        // The wait ends before the figure says so, and the request is accepted all the same.
        estimator.learn(&answer(130.0, true));
        assert!(estimator.is_taught());
        let Some((Pace::Bucket { per_minute, .. }, false)) = estimator.pace(0.0) else {
            panic!("{:?}", estimator.pace(0.0));
        };
        assert!(per_minute > 0.3, "{per_minute}");
    }

    #[test]
    fn a_stored_window_knows_its_place() {
        let pace = |second| Pace::Window {
            requests: 3,
            second,
        };
        // The run starts at second 50 of the wall clock's minute, and windows begin at second 5.
        let mut estimator =
            Estimator::warm(&pace(Some(5.0)), Duration::from_hours(1), 50.0, Trust::Full);
        assert_eq!(estimator.admissible(0.0), 3);
        for at in [0.0, 0.1, 0.2] {
            estimator.learn(&answer(at, true));
        }
        let opens_at = estimator.opens_at().unwrap().as_secs_f64();
        assert!((15.0..15.5).contains(&opens_at), "{opens_at}");
        // Without a place, what an earlier run sent 20 s ago counts for 40 s more.
        let estimator = Estimator::warm(&pace(None), Duration::from_secs(20), 50.0, Trust::Full);
        let opens_at = estimator.opens_at().unwrap().as_secs_f64();
        assert!((40.0..40.5).contains(&opens_at), "{opens_at}");
    }
}
