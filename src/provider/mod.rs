//! Ports to whoever holds the roster, what can go wrong behind them, and the two adapters that stand behind them.
//!
//! Reading, writing, keys and transport are separate ports, so that a plan has nothing in reach that could change
//! the organization. A write is admitted first (all waiting happens there), then journalled by the caller, then
//! performed: exactly one attempt, whose fate is known, or whose error says that it is not.
//!
//! The ports know no URL. An adapter ([`OpenAi`], [`Legacy`]) knows URLs and JSON and nothing of time; the [`Gate`]
//! knows time and nothing of JSON; a [`Transport`] sends one request. Nothing here reads the environment or a file:
//! the key, the base and the settings come in as values.

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
pub use gate::{
    Counts, Gate, GateSettings, OnRead, OnWait, READ_ATTEMPT_MAX, READ_MAX, ReadNotice, WaitNotice,
};
pub use key::{Credential, CredentialError, KeyKind};
pub use legacy::Legacy;
pub use objection::Objection;
pub use openai::OpenAi;
pub use ports::{
    AuditSource, KeySource, Listing, Performed, Permit, ProjectSource, RosterSink, RosterSource,
    SeenAnswer, Transport, TransportError,
};
pub use sockets::{Sockets, SocketsError};
pub use stop::Stop;
