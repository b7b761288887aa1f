//! What to change in an organization, and why.
//!
//! [`compute`] is pure, total and deterministic: the same desired and live rosters give the same plan, whatever
//! order they were read in. Actions carry every id and the whole state before, so that execution decides nothing.
//! A plan says what would make live equal to desired; whether that may happen is the guardrails' matter.

mod action;
mod canonical;

pub use action::{Action, Change, Note, Person, Reason};
