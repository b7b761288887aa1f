//! Answers in, waits out: how fast one operation may be called.
//!
//! The admin API publishes no limits; measured ones are 6 to 10 requests a minute per endpoint, often without
//! `Retry-After` (API contract, section 11). So every [`Operation`](crate::roster::Operation) has one [`Pacer`]
//! that listens to the answers and says when the next request may leave. It is pure: time is a [`Duration`] since
//! the start of the run and comes in as an argument, chance comes from a seeded generator that the caller gives,
//! and an hour of pacing takes a test no time at all.
//!
//! Limits of one organization's endpoints are alike, so a write of which nothing is known begins with the [`Hearsay`] of one
//! that has met its limit: each operation would otherwise pay for the same 429s.
//!
//! The caller's loop, with `n` requests of the operation in flight:
//!
//! ```text
//! if pacer.listens()                       pacer.hear(another.hearsay())
//! while n >= pacer.in_flight_max()         wait for an answer
//! match pacer.wait(now)
//!     Now                                  ticket = pacer.sent(now), send
//!     Until { at, reason }                 show the reason, sleep until `at`, ask again (an answer may move it)
//!     TooLong { at }                       end the run: what is left can go on at `at`
//! pacer.answered(ticket, now, &answer)     with Answer::{Accepted, Throttled, Failed}(Hints::read(…))
//! ```
//!
//! What is absent on purpose: retrying. A pacer delays whatever is sent next; whether an action is sent again is
//! the business of whoever knows its effect.
//!
//! [`Duration`]: std::time::Duration

mod backoff;
mod book;
mod bucket;
mod candidate;
mod ceiling;
mod estimator;
mod evidence;
mod exchange;
mod hearsay;
mod hints;
mod pace;
mod pacer;
mod prior;
mod summary;
mod window;

pub use book::{BookError, PaceBook};
pub use exchange::{Answer, PaceSettings, Reason, Ticket, Wait};
pub use hearsay::Hearsay;
pub use hints::{Hints, Quota};
pub use pace::{LearnedPace, Pace};
pub use pacer::Pacer;
