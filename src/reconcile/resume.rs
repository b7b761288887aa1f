//! After a crash: read back whatever was under way, and close the old journals. Nothing is executed from them.

use std::time::Duration;

use crate::apply::{JournalSink as _, SETTLE_MAX, Settled, settle};
use crate::journal::{Closing, IntentRecord, Record};
use crate::outcome::Outcome;
use crate::plan::Change;
use crate::provider::{Clock, KeySource, RosterSource};
use crate::state::{StateDir, StateError, Unfinished};

/// An unfinished run that was read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resumed {
    /// The id of its plan, all 64 digits.
    pub plan_id: String,
    /// When it started.
    pub started_at: jiff::Timestamp,
    /// Actions it was to execute.
    pub approved: usize,
    /// Actions whose outcome was on record.
    pub settled: usize,
    /// What was under way, and what became of it.
    pub read_back: Vec<(Change, Outcome)>,
}

/// Settles and closes every unfinished journal, oldest first. The caller holds the lock.
///
/// An invite that is younger than [`SETTLE_MAX`] and not visible is waited for until it is that old, so that no
/// second one is planned beside it.
pub async fn resume(
    provider: &(impl RosterSource + KeySource),
    state: &StateDir,
    clock: Clock,
) -> Result<Vec<Resumed>, StateError> {
    let mut resumed = Vec::new();
    for Unfinished {
        mut journal,
        replay,
    } in state.unfinished()?
    {
        let mut read_back = Vec::new();
        for IntentRecord { seq, at, change } in replay.open {
            let outcome = read_back_one(provider, &change, at, clock).await;
            let record = Record::Outcome {
                seq,
                at: clock.now(),
                outcome: outcome.clone(),
            };
            let path = journal.path().to_owned();
            let written = journal.append(&[record]);
            written.map_err(|source| StateError::Io {
                what: "write",
                path,
                source,
            })?;
            read_back.push((change, outcome));
        }
        journal.close(clock.now(), Closing::Resume)?;
        if let Some(plan) = replay.plan {
            resumed.push(Resumed {
                plan_id: plan.plan_id,
                started_at: plan.at,
                approved: plan.approved,
                settled: replay.settled,
                read_back,
            });
        }
    }
    Ok(resumed)
}

async fn read_back_one(
    provider: &(impl RosterSource + KeySource),
    change: &Change,
    sent_at: jiff::Timestamp,
    clock: Clock,
) -> Outcome {
    // A clock that was set back since makes the request one of the future, which is as young as can be.
    let age = Duration::try_from(clock.now().duration_since(sent_at)).unwrap_or_default();
    match settle(
        provider,
        change,
        sent_at,
        SETTLE_MAX.saturating_sub(age),
        clock,
    )
    .await
    {
        Settled::Done => Outcome::Done { request_id: None },
        Settled::Gone => Outcome::AlreadyDone { request_id: None },
        Settled::Failed(cause) => Outcome::Failed { cause },
        Settled::Untold(why) => Outcome::Unknown {
            cause: format!("the run was cut short; {why}"),
        },
        Settled::NotSeen => Outcome::Unknown {
            cause: "the run was cut short, and its effect is not seen".to_owned(),
        },
        Settled::Unreadable(cause) => Outcome::Unknown {
            cause: format!("the run was cut short, and it could not be read back: {cause}"),
        },
    }
}
