//! One operation's lane: its pacer, what is on its way, and what has been counted.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::pacing::{Answer, Hearsay, Pacer, Reason, Ticket, Wait};

/// Requests of one operation in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Requests that were sent, throttled ones included.
    pub requests: u64,
    /// Requests that were answered with a 429.
    pub throttled: u64,
}

/// The lane of one operation.
#[derive(Debug)]
pub(super) struct Lane {
    state: Mutex<State>,
    /// Told when an answer arrives: it may move a wait or free a place.
    answered: Notify,
}

#[derive(Debug)]
struct State {
    pacer: Pacer,
    in_flight: usize,
    counts: Counts,
    /// The last answer was a 429.
    throttled: bool,
}

/// Whether a request may leave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Verdict {
    /// Now, and so many one after the other.
    Go { sends: usize },
    /// When one that is on its way has been answered.
    Full,
    /// At a time of the run.
    Until { at: Duration, reason: Reason },
    /// At a time of the run that is too far away.
    TooLong { at: Duration },
}

/// A request on its way. Dropping it without an answer frees its place and teaches the pacer nothing.
#[derive(Debug)]
pub(super) struct Flight<'a> {
    lane: &'a Lane,
    ticket: Option<Ticket>,
}

impl Lane {
    pub(super) fn new(pacer: Pacer) -> Self {
        Self {
            state: Mutex::new(State {
                pacer,
                in_flight: 0,
                counts: Counts::default(),
                throttled: false,
            }),
            answered: Notify::new(),
        }
    }

    /// Whether a request may leave at `now`.
    pub(super) fn verdict(&self, now: Duration) -> Verdict {
        let state = self.state();
        if state.in_flight >= state.pacer.in_flight_max() {
            return Verdict::Full;
        }
        match state.pacer.wait(now) {
            Wait::Now => Verdict::Go {
                sends: state.pacer.admissible(now),
            },
            Wait::Until { at, reason } => Verdict::Until { at, reason },
            Wait::TooLong { at } => Verdict::TooLong { at },
        }
    }

    /// Sends: takes a place and starts the pacer's watch.
    pub(super) fn send(&self, now: Duration) -> Flight<'_> {
        let mut state = self.state();
        state.in_flight += 1;
        state.counts.requests += 1;
        Flight {
            lane: self,
            ticket: Some(state.pacer.sent(now)),
        }
    }

    /// Returns when an answer arrives after this call, even if it arrives before the future is awaited.
    pub(super) fn answered(&self) -> impl Future<Output = ()> + '_ {
        self.answered.notified()
    }

    /// Tells the pacer what another lane's knows.
    pub(super) fn hear(&self, hearsay: &Hearsay, now: Duration) {
        self.state().pacer.hear(hearsay, now);
    }

    pub(super) fn counts(&self) -> Counts {
        self.state().counts
    }

    /// Whether the last answer was a 429.
    pub(super) fn throttled(&self) -> bool {
        self.state().throttled
    }

    /// Looks at the pacer.
    pub(super) fn pacer<V>(&self, look: impl FnOnce(&Pacer) -> V) -> V {
        look(&self.state().pacer)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held, and a half-noted answer would only cost time.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flight<'_> {
    /// Hands the answer to the pacer.
    pub(super) fn answered(mut self, now: Duration, answer: &Answer) {
        let mut state = self.lane.state();
        state.throttled = matches!(answer, Answer::Throttled(_));
        state.counts.throttled += u64::from(state.throttled);
        if let Some(ticket) = self.ticket.take() {
            state.pacer.answered(ticket, now, answer);
        }
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.lane.state().in_flight -= 1;
        self.lane.answered.notify_waiters();
    }
}
