//! How many revocations the last seven days have seen: the audit log says it, else the journals, else nobody.
//!
//! The log knows of everybody's revocations, the journals only of this program's, and of those only where they are
//! kept from run to run. A log may lag behind what was just done, so the larger of the two figures counts. The log
//! is read only when a plan takes access from somebody, and then once.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::failure::Failure;
use super::look::Run;
use crate::guardrail::History;
use crate::plan::Plan;
use crate::provider::{AuditSource as _, Transport};
use crate::reconcile::Observed;
use crate::roster::{AuditKind, AuditReading, UserId};

/// The time that the weekly cap is about.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How much later than its request an effect is still thought possible, by a run that follows.
const LATE_MAX: SignedDuration = SignedDuration::from_mins(15);

impl<T: Transport> Run<T> {
    /// Finds out what the weekly cap needs to know for a plan of this roster.
    pub(super) async fn history(
        &self,
        plan: &Plan,
        observed: &Observed,
    ) -> Result<History, Failure> {
        if !plan.actions.iter().any(|row| row.change.is_revocation()) {
            return Ok(unknown("nothing is revoked, so it was not looked at", self));
        }
        let since = self.week_ago(observed);
        let reading = self.read_audit_log(&AuditKind::REVOCATIONS, since).await?;
        Ok(self.history_of(&reading, since))
    }

    /// Reads entries of the audit log, unless somebody asks the run to stop meanwhile.
    pub(super) async fn read_audit_log(
        &self,
        kinds: &[AuditKind],
        since: Timestamp,
    ) -> Result<AuditReading, Failure> {
        tokio::select! {
            biased;
            reading = self.provider.audit_log(kinds, since) => Ok(reading),
            () = self.signals.stop.requested() => {
                Err(Failure::new("stopped before the audit log was read"))
            }
        }
    }

    /// The revocations that a reading and the journals know of, from `since` on.
    pub(super) fn history_of(&self, reading: &AuditReading, since: Timestamp) -> History {
        let journalled = match self.state.revocations_since(since) {
            Ok(journalled) => journalled,
            Err(error) => {
                tracing::warn!(%error, "the journals do not say what was revoked");
                None
            }
        };
        let logged = match reading {
            AuditReading::Read(log) if log.since <= since => Ok(log.revocations(since)),
            AuditReading::Read(_) => Err("the audit log was read for less than a week".to_owned()),
            AuditReading::Off { reason } => Err(format!("the audit log is off ({reason})")),
            AuditReading::Unreadable { reason } => {
                Err(format!("the audit log could not be read ({reason})"))
            }
        };
        match (logged, journalled) {
            // The log knows what became of a request whose answer was lost, unless it is behind what is certain.
            (Ok(logged), Some(journalled)) if journalled.done() <= logged => {
                known(logged, "audit log")
            }
            (_, Some(journalled)) => known(journalled.possible(), "journals"),
            (Ok(logged), None) => known(logged, "audit log"),
            (Err(reason), None) => unknown(&format!("{reason}, and no journal is kept here"), self),
        }
    }

    /// The owners whose revocation the journals call of unknown fate, and who may still lose the role.
    pub(super) fn owners_in_doubt(&self) -> BTreeSet<UserId> {
        let since = ago(self.clock.now(), LATE_MAX);
        match self.state.revocations_since(since) {
            Ok(found) => found.unwrap_or_default().owners_in_doubt(),
            Err(error) => {
                tracing::warn!(%error, "the journals do not say what is still in doubt");
                BTreeSet::new()
            }
        }
    }

    /// Seven days before the roster was read.
    pub(super) fn week_ago(&self, observed: &Observed) -> Timestamp {
        ago(self.read_at(observed), WEEK)
    }

    /// When the roster was read, by the provider's clock where it says its time.
    pub(super) fn read_at(&self, observed: &Observed) -> Timestamp {
        let date = observed.live.organization().date;
        date.unwrap_or_else(|| self.clock.now())
    }
}

/// A moment so long before another.
pub(super) fn ago(now: Timestamp, length: SignedDuration) -> Timestamp {
    now.checked_sub(length).unwrap_or(Timestamp::MIN)
}

fn known(revocations: usize, source: &'static str) -> History {
    History::Known {
        revocations: u32::try_from(revocations).unwrap_or(u32::MAX),
        source,
    }
}

fn unknown<T>(reason: &str, run: &Run<T>) -> History {
    History::Unknown {
        reason: reason.to_owned(),
        required: run.require_history,
    }
}
