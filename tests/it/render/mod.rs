//! Every format of a plan and a report, one snapshot per situation.

mod everything;
mod fixtures;
mod report;
mod text;
