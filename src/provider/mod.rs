//! Ports to whoever holds the roster, and what can go wrong behind them. No URL is known here.
//!
//! Reading, writing, keys and transport are separate ports, so that a plan has nothing in reach that could change
//! the organization. A write is admitted first (all waiting happens there), then journalled by the caller, then
//! performed: exactly one attempt, whose fate is known, or whose error says that it is not.

#[cfg(test)]
mod canned;
mod clock;
mod endpoint;
mod error;
mod gate;
mod key;
mod legacy;
mod objection;
mod openai;
mod ports;
mod sockets;
mod stop;

pub use clock::Clock;
pub use endpoint::{BaseUrl, BaseUrlError};
pub use error::{Effect, ErrorKind, ProviderError, Retry};
pub use gate::{Counts, Gate, GateSettings, OnWait, READ_MAX, WaitNotice};
pub use key::{Credential, CredentialError, KeyKind};
pub use legacy::Legacy;
pub use objection::Objection;
pub use openai::OpenAi;
pub use ports::{
    KeySource, Listing, Performed, Permit, RosterSink, RosterSource, SeenAnswer, Transport,
    TransportError,
};
pub use sockets::{Sockets, SocketsError};
pub use stop::Stop;
