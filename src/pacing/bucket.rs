//! A token bucket that may be behind the answers.
//!
//! Rate, burst and level are intervals. Each answer narrows the level, soundly: a bucket that could have given the
//! answers is never ruled out, and one that could not is, as soon as its interval says so.

use super::evidence::{Evidence, Forecast, Span};

/// Requests lost for each token that is there and not used, at most; the more a bucket holds, the fewer, because
/// what it holds can be used later.
const IDLE_MAX: f64 = 0.25;
/// A rate is known well enough when its bounds are this close.
const RATE_PRECISION: f64 = 1.004;
/// No hint makes a bucket less likely than this at once: hints are rounded in ways nobody documents.
const HINT_LIKELIHOOD_MIN: f64 = 0.02;
/// Tokens are compared with this slack.
const EPSILON: f64 = 1e-6;

/// A token bucket of which only bounds are known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bucket {
    /// Tokens that regrow in a second.
    pub(super) rate: Span,
    /// Tokens in a full bucket.
    pub(super) burst: Span,
    /// Tokens at `at`.
    pub(super) level: Span,
    pub(super) at: f64,
}

impl Bucket {
    /// A bucket of which nothing has been used at `at`.
    pub(super) fn full(rate: Span, burst: Span, at: f64) -> Self {
        Self {
            rate,
            burst,
            level: burst,
            at,
        }
    }

    pub(super) fn forecast(&self) -> Forecast {
        let Self {
            rate,
            burst,
            level,
            at,
        } = self;
        let middle = rate.middle();
        // Above the smallest burst that is possible, a token is lost or not.
        let doubt = if burst.lo < burst.hi { 0.5 } else { 1.0 };
        Forecast {
            opens: Span::new(
                at + (1.0 - level.hi).max(0.0) / rate.hi,
                at + (1.0 - level.lo).max(0.0) / rate.lo,
            ),
            at_once: ((level.hi - 1.0) / level.width().max(EPSILON)).clamp(0.0, 1.0),
            idle: IDLE_MAX.min(1.0 / burst.lo) * middle,
            full: at + (burst.lo - level.middle()).max(0.0) / middle,
            overflow: doubt * middle,
        }
    }

    /// Takes in an answer; returns how likely this bucket was to give it, 0 if it could not.
    pub(super) fn learn(&mut self, evidence: &Evidence) -> f64 {
        let likelihood = self.likelihood(evidence);
        let decided = evidence.decided();
        let mut level = self.level_at(decided, decided);
        self.at = decided.max(self.at);
        if evidence.accepted {
            level.lo = (level.lo - 1.0).max(0.0);
            level.hi = (level.hi - 1.0).max(level.lo);
            self.level = level;
            return likelihood;
        }
        level.hi = level.hi.min(1.0);
        level.lo = level.lo.min(level.hi);
        let before = level.width().max(EPSILON);
        let hinted = evidence.opens_in.map(|opens| {
            Span::new(
                1.0 - self.rate.hi * opens.hi - EPSILON,
                1.0 - self.rate.lo * opens.lo + EPSILON,
            )
        });
        match hinted.map(|hinted| level.within(hinted)) {
            None => {
                self.level = level;
                likelihood
            }
            Some(None) => 0.0,
            Some(Some(narrowed)) => {
                self.level = narrowed;
                likelihood * (narrowed.width() / before).clamp(HINT_LIKELIHOOD_MIN, 1.0)
            }
        }
    }

    /// The same bucket as two, each with half of the rates; `None` when the rate is known well enough.
    pub(super) fn halves(&self) -> Option<[Self; 2]> {
        let Span { lo, hi } = self.rate;
        if hi / lo < RATE_PRECISION {
            return None;
        }
        let middle = self.rate.geometric_middle();
        let part = |rate| Self { rate, ..*self };
        Some([part(Span::new(lo, middle)), part(Span::new(middle, hi))])
    }

    /// The whole tokens that are surely there.
    pub(super) fn tokens(&self, now: f64) -> usize {
        whole(self.level_at(now, now).lo + EPSILON)
    }

    fn likelihood(&self, evidence: &Evidence) -> f64 {
        let level = self.level_at(evidence.sent, evidence.answered);
        let chance = if level.lo >= 1.0 - EPSILON {
            1.0
        } else if level.hi < 1.0 - EPSILON {
            0.0
        } else {
            ((level.hi + EPSILON - 1.0) / level.width().max(EPSILON)).clamp(0.0, 1.0)
        };
        if evidence.accepted {
            chance
        } else {
            1.0 - chance
        }
    }

    /// The level at a time that is known within bounds.
    fn level_at(&self, earliest: f64, latest: f64) -> Span {
        let Self {
            rate,
            burst,
            level,
            at,
        } = self;
        let grown = |level: f64, rate: f64, to: f64| level + rate * (to - at).max(0.0);
        let lo = grown(level.lo, rate.lo, earliest).min(burst.lo);
        Span::new(lo, grown(level.hi, rate.hi, latest).min(burst.hi).max(lo))
    }
}

/// The whole part of a number that is not negative.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a saturating cast of a number that is not negative is the whole part"
)]
pub(super) fn whole(number: f64) -> usize {
    number.max(0.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bucket of 6 a minute, known within a tenth, that was just found empty.
    fn emptied() -> Bucket {
        Bucket {
            rate: Span::new(0.095, 0.105),
            burst: Span::exactly(4.0),
            level: Span::new(0.0, 1.0),
            at: 100.0,
        }
    }

    fn answer(at: f64, accepted: bool) -> Evidence {
        Evidence {
            sent: at,
            answered: at,
            accepted,
            opens_in: None,
        }
    }

    #[test]
    fn an_empty_bucket_opens_within_one_token() {
        let forecast = emptied().forecast();
        assert!((100.0..100.1).contains(&forecast.opens.lo));
        assert!((110.4..110.6).contains(&forecast.opens.hi));
        assert!(forecast.chance(100.0) < 1e-9);
        assert!((0.4..0.6).contains(&forecast.chance(105.0)));
        assert!(forecast.chance(111.0) >= 1.0);
    }

    #[test]
    fn waiting_costs_little_until_the_bucket_runs_over() {
        let forecast = emptied().forecast();
        let lost = |at| forecast.lost(at);
        // From half a token to four, 35 s.
        assert!(lost(134.0) < 0.8, "{}", lost(134.0));
        assert!(lost(155.0) - lost(135.0) > 2.0, "{}", lost(155.0));
    }

    #[test]
    fn answers_that_it_could_not_give_rule_a_bucket_out() {
        for (at, accepted, possible) in [
            (101.0, true, true),
            (101.0, false, true),
            (111.0, true, true),
            (111.0, false, false),
        ] {
            let likelihood = emptied().learn(&answer(at, accepted));
            assert_eq!(likelihood > 0.0, possible, "{at} {accepted}: {likelihood}");
        }
        let mut bucket = emptied();
        assert!(bucket.learn(&answer(102.0, true)) > 0.0);
        // It had less than 1.3 tokens, so less than 0.3 are left.
        assert!(bucket.learn(&answer(102.1, true)) <= 0.0);
    }

    #[test]
    fn the_true_bucket_is_never_ruled_out() {
        for seed in 0..200 {
            let mut random = fastrand::Rng::with_seed(seed);
            let rate = 0.02 + random.f64();
            let burst = f64::from(random.u32(1..9));
            let mut bucket = Bucket {
                rate: Span::new(rate * 0.97, rate * 1.02),
                burst: Span::new(1.0, 20.0),
                level: Span::new(0.0, 1.0),
                at: 0.0,
            };
            let (mut level, mut at) = (random.f64(), 0.0);
            for _ in 0..100 {
                let pause = random.f64() * 2.0 / rate;
                level = (level + pause * rate).min(burst);
                at += pause;
                let accepted = level >= 1.0;
                if accepted {
                    level -= 1.0;
                }
                assert!(bucket.learn(&answer(at, accepted)) > 0.0, "seed {seed}");
                let Span { lo, hi } = bucket.level;
                assert!(lo - 1e-6 <= level && level <= hi + 1e-6, "seed {seed}");
            }
        }
    }

    #[test]
    fn a_hint_narrows_the_level() {
        let hinted = |seconds: f64| Evidence {
            opens_in: Some(Span::new(seconds - 1.0, seconds)),
            ..answer(100.0, false)
        };
        let mut bucket = emptied();
        assert!(bucket.learn(&hinted(4.0)) > 0.0);
        let forecast = bucket.forecast();
        assert!(forecast.opens.lo > 102.0 && forecast.opens.hi < 105.0);
        assert!(emptied().learn(&hinted(40.0)) <= 0.0);
    }

    #[test]
    fn halves_cover_the_rates_and_end() {
        let mut parts = vec![emptied()];
        for _ in 0..20 {
            parts = parts
                .iter()
                .flat_map(|part| part.halves().map_or(vec![*part], |halves| halves.to_vec()))
                .collect();
        }
        assert_eq!(parts.len(), 32);
        let ends = (parts[0].rate.lo, parts[31].rate.hi);
        assert!((ends.0 - 0.095).abs() < 1e-9 && (ends.1 - 0.105).abs() < 1e-9);
    }
}
