//! A window that may be behind the answers: so many requests in any minute, counted in one of the usual ways.

use super::evidence::{Evidence, Forecast, Recent, Span, TOLERANCE, WINDOW};

/// Requests lost, as a part of the window's rate, while a window whose place is known is open and not used. Small:
/// what one window does not use early it can use late.
const IDLE_ALIGNED: f64 = 0.22;
/// The place of a window is known well enough when its bounds are this close, in seconds.
const PLACE_PRECISION: f64 = 0.5;
/// What a window of uncertain place did is never less likely than this: its edges are blurred.
const LIKELIHOOD_MIN: f64 = 0.1;
/// No hint makes a window less likely than this at once.
const HINT_LIKELIHOOD_MIN: f64 = 0.02;
/// A hint and a window are compared with this slack, in seconds.
const HINT_TOLERANCE: f64 = 0.1;

/// A window of `size` requests in [`WINDOW`] seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Window {
    pub(super) size: usize,
    pub(super) kind: Kind,
}

/// How a window counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// A request counts until it is a minute old.
    Sliding {
        /// One that was throttled counts too.
        with_throttled: bool,
    },
    /// The first request opens a window, which lasts a minute.
    Anchored { since: f64, count: usize },
    /// Windows follow each other whatever is sent; one of them begins in this interval.
    Aligned { begins: Span },
}

impl Window {
    pub(super) fn forecast(&self, now: f64, recent: &Recent) -> Forecast {
        let part = match self.kind {
            Kind::Sliding { with_throttled: _ } | Kind::Anchored { since: _, count: _ } => 1.0,
            Kind::Aligned { begins: _ } => IDLE_ALIGNED,
        };
        Forecast {
            opens: self.opens(now, recent).map_or(Span::exactly(now), |opens| {
                Span::new(opens.lo, opens.hi + TOLERANCE)
            }),
            at_once: 0.0,
            idle: part * self.rate(),
            full: f64::INFINITY,
            overflow: 0.0,
        }
    }

    /// Takes in an answer; returns how likely this window was to give it, 0 if it could not.
    ///
    /// `recent` does not hold the answer yet.
    pub(super) fn learn(&mut self, evidence: &Evidence, recent: &Recent) -> f64 {
        let opens = self.opens(evidence.decided(), recent);
        let likelihood = match opens {
            None => f64::from(u8::from(evidence.accepted)),
            Some(opens) if evidence.accepted => admitted(evidence, opens),
            Some(opens) => throttled(evidence, opens),
        };
        match &mut self.kind {
            Kind::Sliding { with_throttled: _ } => {}
            Kind::Anchored { since, count } => {
                if evidence.accepted && evidence.answered + TOLERANCE >= *since + WINDOW {
                    (*since, *count) = (evidence.answered, 1);
                } else if evidence.accepted {
                    *count += 1;
                }
            }
            Kind::Aligned { begins } => {
                if let Some(narrowed) = opens.and_then(|opens| narrowed(evidence, opens)) {
                    *begins = narrowed;
                }
            }
        }
        likelihood
    }

    /// The same window as two, each with half of the places; `None` when the place is known well enough.
    pub(super) fn halves(&self) -> Option<[Self; 2]> {
        match self.kind {
            Kind::Aligned { begins } if begins.width() > PLACE_PRECISION => {
                let middle = begins.middle();
                let part = |begins| Self {
                    kind: Kind::Aligned { begins },
                    ..*self
                };
                Some([
                    part(Span::new(begins.lo, middle)),
                    part(Span::new(middle, begins.hi)),
                ])
            }
            Kind::Aligned { begins: _ }
            | Kind::Sliding { with_throttled: _ }
            | Kind::Anchored { since: _, count: _ } => None,
        }
    }

    /// The same window for an operation that has sent nothing.
    pub(super) fn unused(&self) -> Self {
        let kind = match self.kind {
            Kind::Anchored { since: _, count: _ } => Kind::Anchored {
                since: f64::NEG_INFINITY,
                count: 0,
            },
            kind @ (Kind::Sliding { with_throttled: _ } | Kind::Aligned { begins: _ }) => kind,
        };
        Self { kind, ..*self }
    }

    /// Requests in a second, in the long run.
    pub(super) fn rate(&self) -> f64 {
        f64::from(u32::try_from(self.size).unwrap_or(u32::MAX)) / WINDOW
    }

    /// How many are left in the window that is open at `now`.
    pub(super) fn left(&self, now: f64, recent: &Recent) -> usize {
        let used = match self.kind {
            Kind::Sliding { with_throttled } => {
                recent.count_since(now - WINDOW - TOLERANCE, with_throttled)
            }
            Kind::Anchored { since, count } => {
                if now >= since + WINDOW + TOLERANCE {
                    0
                } else {
                    count
                }
            }
            Kind::Aligned { begins } => recent.accepted_since(latest(begins, now).lo),
        };
        self.size.saturating_sub(used)
    }

    /// When the window admits again; `None` when it admits at `now`.
    fn opens(&self, now: f64, recent: &Recent) -> Option<Span> {
        match self.kind {
            Kind::Sliding { with_throttled } => {
                let at = recent.nth_last(self.size, with_throttled)? + WINDOW;
                (at > now).then_some(Span::exactly(at))
            }
            Kind::Anchored { since, count } => {
                let at = since + WINDOW;
                (count >= self.size && at > now).then_some(Span::exactly(at))
            }
            Kind::Aligned { begins } => {
                let begun = latest(begins, now);
                // At `now` the next window may have begun already, within its bounds.
                let next = begun.later(WINDOW);
                (recent.accepted_since(begun.lo) >= self.size).then_some(next)
            }
        }
    }
}

/// The last window that has surely begun by `now`.
fn latest(begins: Span, now: f64) -> Span {
    begins.later(((now - begins.hi) / WINDOW).floor() * WINDOW)
}

fn admitted(evidence: &Evidence, opens: Span) -> f64 {
    if evidence.answered + TOLERANCE < opens.lo {
        0.0
    } else if opens.width() > 0.0 {
        ((evidence.decided() - opens.lo) / opens.width()).clamp(LIKELIHOOD_MIN, 1.0)
    } else {
        1.0
    }
}

fn throttled(evidence: &Evidence, opens: Span) -> f64 {
    if evidence.sent >= opens.hi + TOLERANCE {
        return 0.0;
    }
    let by_time = if opens.width() > 0.0 {
        ((opens.hi - evidence.decided()) / opens.width()).clamp(LIKELIHOOD_MIN, 1.0)
    } else {
        1.0
    };
    let by_hint = match hinted(evidence) {
        None => 1.0,
        Some(hinted) => match opens.within(hinted) {
            None => 0.0,
            Some(_) if opens.width() <= 0.0 => 1.0,
            Some(narrowed) => (narrowed.width() / opens.width()).clamp(HINT_LIKELIHOOD_MIN, 1.0),
        },
    };
    by_time * by_hint
}

/// The opening that a hint tells, in time since the start.
fn hinted(evidence: &Evidence) -> Option<Span> {
    let opens = evidence.opens_in?.later(evidence.decided());
    Some(Span::new(
        opens.lo - HINT_TOLERANCE,
        opens.hi + HINT_TOLERANCE,
    ))
}

/// What an answer leaves of the interval in which a window opens.
fn narrowed(evidence: &Evidence, opens: Span) -> Option<Span> {
    if evidence.accepted {
        opens.within(Span::new(f64::NEG_INFINITY, evidence.answered))
    } else {
        let after = opens.within(Span::new(evidence.sent, f64::INFINITY))?;
        match hinted(evidence) {
            None => Some(after),
            Some(hinted) => after.within(hinted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(at: f64, accepted: bool) -> Evidence {
        Evidence {
            sent: at,
            answered: at,
            accepted,
            opens_in: None,
        }
    }

    /// Three requests from second 10 on.
    fn recent() -> Recent {
        let mut recent = Recent::default();
        for at in [10.0, 11.0, 12.0] {
            recent.note(at, true);
        }
        recent.note(13.0, false);
        recent
    }

    fn window(kind: Kind) -> Window {
        Window { size: 3, kind }
    }

    const SLIDING: Kind = Kind::Sliding {
        with_throttled: false,
    };
    const COUNTING: Kind = Kind::Sliding {
        with_throttled: true,
    };
    const ANCHORED: Kind = Kind::Anchored {
        since: 10.0,
        count: 3,
    };
    const ALIGNED: Kind = Kind::Aligned {
        begins: Span::new(30.0, 40.0),
    };

    #[test]
    fn a_full_window_opens_in_its_own_way() {
        for (kind, lo, hi) in [
            (SLIDING, 70.0, 70.0),
            (COUNTING, 71.0, 71.0),
            (ANCHORED, 70.0, 70.0),
            (ALIGNED, 30.0, 40.0),
        ] {
            let Forecast { opens, .. } = window(kind).forecast(14.0, &recent());
            assert_eq!((opens.lo, opens.hi - TOLERANCE), (lo, hi), "{kind:?}");
            assert_eq!(window(kind).left(14.0, &recent()), 0, "{kind:?}");
        }
    }

    #[test]
    fn an_open_window_admits_what_is_left() {
        for (kind, now, left) in [
            (SLIDING, 70.5, 1),
            (SLIDING, 90.0, 3),
            (COUNTING, 71.5, 1),
            (ANCHORED, 70.5, 3),
            (ALIGNED, 41.0, 3),
            (ALIGNED, 101.0, 3),
        ] {
            assert_eq!(window(kind).left(now, &recent()), left, "{kind:?} at {now}");
            let Forecast { opens, .. } = window(kind).forecast(now, &recent());
            assert!(opens.lo <= now, "{kind:?} at {now}");
        }
    }

    #[test]
    fn answers_that_it_could_not_give_rule_a_window_out() {
        for (kind, at, accepted, possible) in [
            (SLIDING, 60.0, true, false),
            (SLIDING, 60.0, false, true),
            (SLIDING, 70.5, true, true),
            (SLIDING, 70.5, false, false),
            (ANCHORED, 60.0, true, false),
            (ANCHORED, 70.5, true, true),
            (ALIGNED, 25.0, true, false),
            (ALIGNED, 35.0, true, true),
            (ALIGNED, 35.0, false, true),
            (ALIGNED, 41.0, false, false),
        ] {
            let likelihood = window(kind).learn(&answer(at, accepted), &recent());
            assert_eq!(likelihood > 0.0, possible, "{kind:?} at {at}: {accepted}");
        }
    }

    #[test]
    fn answers_narrow_the_place_of_a_window() {
        let begins = |at, accepted| {
            let mut window = window(ALIGNED);
            window.learn(&answer(at, accepted), &recent());
            window.kind
        };
        let aligned = |lo, hi| Kind::Aligned {
            begins: Span::new(lo, hi),
        };
        assert_eq!(begins(35.0, true), aligned(30.0, 35.0));
        assert_eq!(begins(35.0, false), aligned(35.0, 40.0));
        let mut hinted = window(ALIGNED);
        let evidence = Evidence {
            opens_in: Some(Span::new(12.0, 13.0)),
            ..answer(20.0, false)
        };
        assert!(hinted.learn(&evidence, &recent()) > 0.0);
        assert_eq!(hinted.kind, aligned(31.9, 33.1));
    }

    #[test]
    fn an_anchored_window_begins_again_with_a_request() {
        let mut window = window(ANCHORED);
        window.learn(&answer(80.0, true), &recent());
        let again = Kind::Anchored {
            since: 80.0,
            count: 1,
        };
        assert_eq!(window.kind, again);
        window.learn(&answer(81.0, true), &recent());
        assert_eq!(window.left(82.0, &recent()), 1);
    }
}
