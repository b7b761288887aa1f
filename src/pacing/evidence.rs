//! What the answers show: one answer, the recent ones, and intervals for what is known only within bounds.
//!
//! Inside the estimator time is seconds since the start of the run, as `f64`: it multiplies with rates, and a
//! microsecond does not matter to a limit.

use std::{collections::VecDeque, time::Duration};

use super::hints::Hints;

/// The span that windows count over, in seconds: the one that has been seen (API contract, section 11).
pub(super) const WINDOW: f64 = 60.0;
/// Two clocks and a network: what happens "at" a time happens within so many seconds of it.
pub(super) const TOLERANCE: f64 = 0.02;
/// How many requests are remembered at most.
pub(super) const RECENT_MAX: usize = 1024;
/// A hint that is no whole number of seconds is exact up to this part of it.
const HINT_PRECISION: f64 = 0.02;

/// An interval that holds the true value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Span {
    pub(super) lo: f64,
    pub(super) hi: f64,
}

impl Span {
    pub(super) const fn new(lo: f64, hi: f64) -> Self {
        Self { lo, hi }
    }

    pub(super) const fn exactly(value: f64) -> Self {
        Self::new(value, value)
    }

    pub(super) fn middle(self) -> f64 {
        f64::midpoint(self.lo, self.hi)
    }

    /// The middle between bounds that are a factor apart.
    pub(super) fn geometric_middle(self) -> f64 {
        (self.lo * self.hi).sqrt()
    }

    pub(super) fn width(self) -> f64 {
        self.hi - self.lo
    }

    pub(super) fn later(self, seconds: f64) -> Self {
        Self::new(self.lo + seconds, self.hi + seconds)
    }

    /// The part of the interval that lies in `other`; `None` when there is none.
    pub(super) fn within(self, other: Self) -> Option<Self> {
        let (lo, hi) = (self.lo.max(other.lo), self.hi.min(other.hi));
        (lo <= hi).then_some(Self::new(lo, hi))
    }
}

/// One answer, as far as a limit goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Evidence {
    /// When the request was sent: the limiter decided no earlier.
    pub(super) sent: f64,
    /// When the answer came: the limiter decided no later.
    pub(super) answered: f64,
    pub(super) accepted: bool,
    /// In how many seconds, says a hint, the limiter admits again.
    pub(super) opens_in: Option<Span>,
}

impl Evidence {
    pub(super) fn new(sent: Duration, answered: Duration, accepted: bool, hints: &Hints) -> Self {
        let wait = hints.retry_after.filter(|_| !accepted);
        Self {
            sent: sent.as_secs_f64(),
            answered: answered.as_secs_f64(),
            accepted,
            opens_in: wait.map(|wait| {
                let seconds = wait.as_secs_f64();
                // Whole seconds were rounded up by whoever wrote them.
                let short = if wait.subsec_nanos() == 0 {
                    1.0
                } else {
                    seconds * HINT_PRECISION
                };
                Span::new(seconds - short, seconds)
            }),
        }
    }

    /// The best guess at when the limiter decided.
    pub(super) fn decided(&self) -> f64 {
        f64::midpoint(self.sent, self.answered)
    }
}

/// The requests of the last window.
#[derive(Debug, Clone, Default)]
pub(super) struct Recent {
    /// When each was answered, and whether it was accepted; oldest first.
    answers: VecDeque<(f64, bool)>,
}

impl Recent {
    pub(super) fn note(&mut self, at: f64, accepted: bool) {
        self.forget(at);
        if self.answers.len() == RECENT_MAX {
            self.answers.pop_front();
        }
        self.answers.push_back((at, accepted));
    }

    /// Drops what no window holds any more.
    pub(super) fn forget(&mut self, now: f64) {
        let old = self
            .answers
            .partition_point(|(at, _)| at + WINDOW + 1.0 < now);
        self.answers.drain(..old);
    }

    /// How many were accepted from `since` on.
    pub(super) fn accepted_since(&self, since: f64) -> usize {
        self.count_since(since, false)
    }

    /// How many were answered from `since` on; those that were throttled are counted on demand.
    pub(super) fn count_since(&self, since: f64, with_throttled: bool) -> usize {
        let recent = self.answers.iter().rev();
        recent
            .take_while(|(at, _)| *at >= since)
            .filter(|(_, accepted)| with_throttled || *accepted)
            .count()
    }

    /// When the first that was accepted was.
    pub(super) fn first_accepted(&self) -> Option<f64> {
        let mut accepted = self.answers.iter().filter(|(_, accepted)| *accepted);
        accepted.next().map(|(at, _)| *at)
    }

    /// When the last but `n - 1` was; those that were throttled are counted on demand.
    pub(super) fn nth_last(&self, n: usize, with_throttled: bool) -> Option<f64> {
        let counted = self.answers.iter().rev();
        counted
            .filter(|(_, accepted)| with_throttled || *accepted)
            .nth(n.checked_sub(1)?)
            .map(|(at, _)| *at)
    }
}

/// When a limiter that is taken for possible would admit the next request, and what waiting longer would cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Forecast {
    /// The chance to be admitted grows to all over this interval...
    pub(super) opens: Span,
    /// ...from this one at its start.
    pub(super) at_once: f64,
    /// Requests lost for each second after it has opened.
    pub(super) idle: f64,
    /// From when on requests are lost for good...
    pub(super) full: f64,
    /// ...and how many for each second.
    pub(super) overflow: f64,
}

impl Forecast {
    /// The chance that a request at `at` is admitted.
    pub(super) fn chance(&self, at: f64) -> f64 {
        let Self { opens, at_once, .. } = self;
        if at >= opens.hi {
            1.0
        } else if at < opens.lo {
            0.0
        } else {
            at_once + (1.0 - at_once) * (at - opens.lo) / opens.width()
        }
    }

    /// The requests that could have been sent and were not, if the next one waits until `at`.
    pub(super) fn lost(&self, at: f64) -> f64 {
        let Self {
            opens,
            at_once: _,
            idle,
            full,
            overflow,
        } = self;
        (at - opens.middle()).max(0.0) * idle + (at - full).max(0.0) * overflow
    }
}
