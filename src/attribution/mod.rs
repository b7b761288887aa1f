//! Who caused a difference: a plan's rows joined with the organization's audit log.
//!
//! [`differences`] names everything about a roster that somebody should look at, reported rows included, and
//! [`explain`] says of each who did it, when and by which means, or why the log cannot say. Both are pure joins: the
//! log explains a plan and never makes one, so that a log that is off, out of reach or too young costs the
//! explanation and nothing else.

mod appeared;
mod cause;
#[cfg(test)]
mod cause_tests;
mod differences;

pub use appeared::{Appeared, Known, appeared};
pub use cause::{Cause, Silence, explain, explain_appeared};
pub use differences::{Differing, UNMANAGED_PERCENT_MAX, differences};

use crate::plan::Plan;
use crate::roster::{AdminKey, AuditReading, LiveRoster};

/// Everything that a look found different, with its causes.
#[derive(Debug, Clone, PartialEq)]
pub struct Drift {
    /// What differs, in the order of reading, and who caused it where that is asked.
    pub rows: Vec<(Differing, Option<Cause>)>,
    /// What appeared since the last verified run; or why that is not known, in a clause.
    pub appeared: Result<Vec<(Appeared, Cause)>, String>,
    /// What will happen soon, in sentences.
    pub notices: Vec<String>,
    /// The log that the causes are from.
    pub log: AuditReading,
}

impl Drift {
    /// Joins a plan with the log, and the roster with what the last verified run left.
    pub fn new(
        plan: &Plan,
        live: &LiveRoster,
        admin_keys: Result<&[AdminKey], &str>,
        known: Result<&Known, &str>,
        log: AuditReading,
    ) -> Self {
        let rows = differences(plan, live)
            .into_iter()
            .map(|row| {
                let cause = explain(&row, live, &log);
                (row, cause)
            })
            .collect();
        let appeared = known
            .and_then(|known| Ok(appeared(known, live, admin_keys?)))
            .map(|found| {
                found
                    .into_iter()
                    .map(|what| {
                        let cause = explain_appeared(&what, &log);
                        (what, cause)
                    })
                    .collect()
            })
            .map_err(str::to_owned);
        Self {
            rows,
            appeared,
            notices: Vec::new(),
            log,
        }
    }

    /// Whether anything differs: then somebody should look.
    pub fn differs(&self) -> bool {
        !self.rows.is_empty() || self.appeared.as_ref().is_ok_and(|found| !found.is_empty())
    }

    /// What could not be looked at, in sentences.
    pub fn caveats(&self) -> Vec<String> {
        let unread = match &self.log {
            AuditReading::Read(_) => None,
            AuditReading::Off { reason } => Some(format!("the audit log is off: {reason}")),
            AuditReading::Unreadable { reason } => {
                Some(format!("the audit log could not be read: {reason}"))
            }
        };
        let unread = unread.map(|why| format!("who caused what differs is not known: {why}"));
        let blind = self.appeared.as_ref().err().map(|why| {
            format!("whether admin keys or service accounts appeared is not known: {why}")
        });
        unread.into_iter().chain(blind).collect()
    }
}
