//! What one operation knows of its limit, told to another that knows nothing of its own.
//!
//! The limits of one organization's endpoints are alike: the measured ones lie between 6 and 10 requests a minute (API
//! contract, section 11). A 429 that one operation has met need not be met again by each of the others; so writes begin
//! with what it learned instead of running into their own limits at full speed. Alike is not the same: the rates that
//! were heard are spread, and some weight is left to every other limit, so that one that turns out faster is found.

use super::{
    bucket::Bucket,
    candidate::{Candidate, by_kind},
    evidence::Span,
    prior::{self, scaled},
    window::Window,
};

/// The part of the weight that is given to what was heard.
const HEARD: f64 = 0.8;
/// How far the rates of two operations lie apart: the deviation of the logarithm of their quotient.
const DEVIATION: f64 = 0.35;

/// The limiters that fit the answers to one operation, as far as they say something about another.
#[derive(Debug, Clone, PartialEq)]
pub struct Hearsay {
    buckets: Option<Buckets>,
    windows: Vec<(f64, Window)>,
}

/// All buckets together.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Buckets {
    weight: f64,
    /// The middle of their rates, in a second, and the deviation of its logarithm.
    rate: f64,
    deviation: f64,
    /// The burst of the likeliest.
    burst: Span,
}

impl Hearsay {
    pub(super) fn of(candidates: &[Candidate]) -> Self {
        let (buckets, windows) = by_kind(candidates);
        Self {
            buckets: Buckets::of(&buckets),
            windows,
        }
    }

    /// What may be behind the answers to an operation that has not been sent by `now`.
    pub(super) fn candidates(&self, now: f64) -> Vec<Candidate> {
        let mut heard: Vec<_> = self
            .windows
            .iter()
            .map(|(weight, window)| Candidate::window(window.unused(), *weight))
            .collect();
        if let Some(buckets) = self.buckets {
            let deviation = DEVIATION.hypot(buckets.deviation);
            let about = prior::about(buckets.rate, deviation, buckets.burst, now);
            heard.extend(scaled(about, buckets.weight));
        }
        let others = scaled(prior::any(now), 1.0 - HEARD);
        scaled(heard, HEARD).chain(others).collect()
    }
}

impl Buckets {
    /// `None` when there are none.
    fn of(weighed: &[(f64, Bucket)]) -> Option<Self> {
        let (_, likeliest) = weighed.iter().max_by(|(a, _), (b, _)| a.total_cmp(b))?;
        let weight: f64 = weighed.iter().map(|(weight, _)| weight).sum();
        let log_rates = weighed
            .iter()
            .map(|(part, bucket)| (part / weight, bucket.rate.geometric_middle().ln()));
        let middle: f64 = log_rates.clone().map(|(part, rate)| part * rate).sum();
        let variance: f64 = log_rates
            .map(|(part, rate)| part * (rate - middle).powi(2))
            .sum();
        Some(Self {
            weight,
            rate: middle.exp(),
            deviation: variance.sqrt(),
            burst: likeliest.burst,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pacing::candidate::Limiter;
    use crate::pacing::evidence::Recent;
    use crate::pacing::window::Kind;

    const RATE: f64 = 0.1;

    fn heard(candidates: &[Candidate]) -> Vec<Candidate> {
        Hearsay::of(candidates).candidates(50.0)
    }

    fn bucket(rate: f64, burst: f64, weight: f64) -> Candidate {
        let emptied = Bucket {
            level: Span::new(0.0, 1.0),
            ..Bucket::full(Span::exactly(rate), Span::exactly(burst), 9.0)
        };
        Candidate::bucket(emptied, weight)
    }

    #[test]
    fn what_was_heard_is_likely_and_nothing_of_it_is_used() {
        let candidates = heard(&[bucket(RATE, 4.0, 3.0), bucket(RATE, 2.0, 1.0)]);
        assert!((prior::weight(&candidates) - 1.0).abs() < 1e-9);
        let alike = candidates.iter().filter(|candidate| {
            let likely_burst = matches!(candidate.limiter, Limiter::Bucket(bucket)
                if bucket.burst == Span::exactly(4.0) && bucket.level == bucket.burst && bucket.at >= 50.0);
            likely_burst && (RATE / 2.0..RATE * 2.0).contains(&candidate.rate())
        });
        let weight: f64 = alike.map(|candidate| candidate.weight).sum();
        assert!((0.7..HEARD).contains(&weight), "{weight}");
        let fast = candidates
            .iter()
            .filter(|candidate| candidate.rate() > RATE * 4.0);
        let weight: f64 = fast.map(|candidate| candidate.weight).sum();
        assert!((0.02..0.1).contains(&weight), "{weight}");
    }

    #[test]
    fn rates_that_lie_far_apart_say_less() {
        let apart = |rates: &[f64]| {
            let candidates: Vec<_> = rates.iter().map(|rate| bucket(*rate, 4.0, 1.0)).collect();
            Hearsay::of(&candidates).buckets.unwrap()
        };
        let (one, two) = (apart(&[RATE]), apart(&[RATE / 2.0, RATE * 2.0]));
        assert!((one.rate - RATE).abs() < 1e-9 && (two.rate - RATE).abs() < 1e-9);
        assert!(one.deviation.abs() < 1e-9);
        assert!((two.deviation - 2.0_f64.ln()).abs() < 1e-9);
    }

    #[test]
    fn a_window_that_was_heard_is_open() {
        for kind in [
            Kind::Sliding {
                with_throttled: true,
            },
            Kind::Anchored {
                since: 40.0,
                count: 10,
            },
            Kind::Aligned {
                begins: Span::new(70.0, 71.0),
            },
        ] {
            let candidates = heard(&[Candidate::window(Window { size: 10, kind }, 1.0)]);
            let windows = candidates
                .iter()
                .filter(|candidate| matches!(candidate.limiter, Limiter::Window(_)));
            let windows: Vec<_> = windows.collect();
            assert_eq!(windows.len(), 1);
            assert!((windows[0].weight - HEARD).abs() < 1e-9, "{kind:?}");
            assert_eq!(
                windows[0].admissible(50.0, &Recent::default()),
                10,
                "{kind:?}"
            );
        }
    }
}
