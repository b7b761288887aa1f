//! What was measured, beside what is aimed at.

use std::fmt;
use std::fmt::Write as _;
use std::time::Duration;

/// What cannot be measured here.
pub(crate) const UNKNOWN: &str = "not known on this system";

/// A size for people.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10)
}

/// What was measured, and what is aimed at.
#[derive(Debug, Default)]
pub(crate) struct Table {
    text: String,
}

impl Table {
    /// One figure, as text.
    pub(crate) fn row(&mut self, what: &str, found: &str, aim: &str) {
        let _ = writeln!(self.text, "{what:<34}{found:>14}   {aim}");
    }

    /// One time and the most that is aimed at.
    pub(crate) fn time(&mut self, what: &str, found: Duration, aim_ms: u64) {
        let tenths = found.as_micros() / 100;
        let found = format!("{}.{} ms", tenths / 10, tenths % 10);
        self.row(what, &found, &format!("< {aim_ms} ms"));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
