//! One limiter that may be behind the answers, and how likely it is.

use super::{
    bucket::Bucket,
    evidence::{Evidence, Forecast, Recent},
    window::Window,
};

/// A limiter that may be behind the answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Candidate {
    pub(super) limiter: Limiter,
    /// How likely it is, compared with the other candidates.
    pub(super) weight: f64,
}

/// The kinds of limiter that are known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Limiter {
    Bucket(Bucket),
    Window(Window),
}

/// Limiters of one kind, each with its weight.
type Weighed<L> = Vec<(f64, L)>;

/// The buckets and the windows.
pub(super) fn by_kind(candidates: &[Candidate]) -> (Weighed<Bucket>, Weighed<Window>) {
    let (mut buckets, mut windows) = (Vec::new(), Vec::new());
    for Candidate { limiter, weight } in candidates {
        match limiter {
            Limiter::Bucket(bucket) => buckets.push((*weight, *bucket)),
            Limiter::Window(window) => windows.push((*weight, *window)),
        }
    }
    (buckets, windows)
}

impl Candidate {
    pub(super) fn bucket(bucket: Bucket, weight: f64) -> Self {
        Self {
            limiter: Limiter::Bucket(bucket),
            weight,
        }
    }

    pub(super) fn window(window: Window, weight: f64) -> Self {
        Self {
            limiter: Limiter::Window(window),
            weight,
        }
    }

    pub(super) fn forecast(&self, now: f64, recent: &Recent) -> Forecast {
        match self.limiter {
            Limiter::Bucket(bucket) => bucket.forecast(),
            Limiter::Window(window) => window.forecast(now, recent),
        }
    }

    /// The candidate after an answer; `None` when it could not have given it.
    pub(super) fn after(mut self, evidence: &Evidence, recent: &Recent) -> Option<Self> {
        self.weight *= match &mut self.limiter {
            Limiter::Bucket(bucket) => bucket.learn(evidence),
            Limiter::Window(window) => window.learn(evidence, recent),
        };
        (self.weight > 0.0).then_some(self)
    }

    /// The candidate as two that are known more closely, or as it is.
    pub(super) fn split(self) -> impl Iterator<Item = Self> {
        let halves = match self.limiter {
            Limiter::Bucket(bucket) => bucket.halves().map(|halves| halves.map(Limiter::Bucket)),
            Limiter::Window(window) => window.halves().map(|halves| halves.map(Limiter::Window)),
        };
        let (weight, whole) = match halves {
            Some(_) => (self.weight / 2.0, None),
            None => (self.weight, Some(self.limiter)),
        };
        halves
            .into_iter()
            .flatten()
            .chain(whole)
            .map(move |limiter| Self { limiter, weight })
    }

    /// Requests in a second, in the long run.
    pub(super) fn rate(&self) -> f64 {
        match self.limiter {
            Limiter::Bucket(bucket) => bucket.rate.geometric_middle(),
            Limiter::Window(window) => window.rate(),
        }
    }

    /// The requests it surely admits at `now`, one after the other.
    pub(super) fn admissible(&self, now: f64, recent: &Recent) -> usize {
        match self.limiter {
            Limiter::Bucket(bucket) => bucket.tokens(now),
            Limiter::Window(window) => window.left(now, recent),
        }
    }
}
