//! The journal of one apply: its records as lines, and what they prove after a crash.
//!
//! One JSON object a line. Record 0 is the whole plan; an intent is written and made durable before its request is
//! sent, so whatever a crash interrupts has an intent without an outcome, and is read back. The journal is the
//! audit log and *evidence only*: nothing is ever executed from it. It holds addresses, and never a secret.

mod record;
mod replay;
mod revocations;

pub use record::{BreachRecord, Closing, IntentRecord, KeyOwner, PlanRecord, Record};
pub use replay::{Decoded, JournalFault, OpenIntent, Replay, decode, encode, replay};
pub use revocations::Revocations;
