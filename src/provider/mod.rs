//! Ports to whoever holds the roster, and what can go wrong behind them. No URL is known here.
//!
//! Reading, writing, keys and transport are separate ports, so that a plan has nothing in reach that could change
//! the organization. A write is admitted first (all waiting happens there), then journalled by the caller, then
//! performed: exactly one attempt, whose fate is known, or whose error says that it is not.

mod clock;
mod error;
mod objection;
mod ports;
mod stop;

pub use clock::Clock;
pub use error::{Effect, ErrorKind, ProviderError, Retry};
pub use objection::Objection;
pub use ports::{
    KeySource, Listing, Performed, Permit, RosterSink, RosterSource, SeenAnswer, Transport,
    TransportError,
};
pub use stop::Stop;
