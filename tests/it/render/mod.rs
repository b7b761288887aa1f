//! Every format of a plan and a report, one snapshot per situation.

mod everything;
pub(crate) mod fixtures;
mod formats;
mod hostile;
mod hostile_change;
mod hostile_drift;
mod impact;
mod laws;
mod redacted;
mod report;
mod table;
mod text;
