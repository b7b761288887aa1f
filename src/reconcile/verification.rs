//! Proving the end state: one complete listing after the last change, then only what it did not confirm.

use std::time::Duration;

use super::observe::{ObserveError, roster};
use crate::apply::{Conditions, LOOK_MIN, describe, is_there, pause_after, within};
use crate::outcome::Outcome;
use crate::plan::{Action, Person};
use crate::provider::{Clock, RosterSource, Stop};
use crate::roster::LiveRoster;
use crate::verify::{Verification, assess};

/// Why the end state is not known.
#[derive(Debug, thiserror::Error)]
pub enum Unverified {
    /// The listing failed.
    #[error("the end state could not be read")]
    Unread(#[source] Box<ObserveError>),
    /// Somebody asked the run to stop.
    #[error("stopped before the end state was read")]
    Stopped,
}

/// Verifies what was executed.
///
/// `lag` is how long the first removal stayed visible, and is waited for before the listing. Rows that the listing
/// does not confirm are read again, one by one, after 1, 2, 4, 8 and 15 seconds and then every 30, until
/// the conditions' time is up.
pub async fn verify(
    provider: &impl RosterSource,
    before: &LiveRoster,
    executed: &[(Action, Outcome)],
    lag: Duration,
    conditions: Conditions<'_>,
) -> Result<Verification, Unverified> {
    let Conditions {
        stop,
        clock,
        verify_timeout,
    } = conditions;
    let began = clock.elapsed();
    let sent_at = clock.started_at();
    pause(lag, clock, stop).await?;
    let after = roster(provider)
        .await
        .map_err(|error| Unverified::Unread(Box::new(error)))?;
    let mut found = assess(before, &after, executed);
    let mut looks = 1;
    let left = || verify_timeout.saturating_sub(clock.elapsed().saturating_sub(began));
    found.collateral = still_gone(provider, before, found.collateral, left).await;
    while !found.residual.is_empty() && !left().is_zero() {
        pause(pause_after(looks).min(left()), clock, stop).await?;
        looks += 1;
        // The last round begins when the time is up, and has that of one read for all its rows.
        let round_ends = clock.elapsed() + left().max(LOOK_MIN);
        let mut open = Vec::new();
        for action in found.residual {
            let round = round_ends.saturating_sub(clock.elapsed());
            // A read that fails confirms nothing, and neither does one for which there is no time.
            let is_seen = !round.is_zero()
                && within(round, is_there(provider, &action.change, sent_at))
                    .await
                    .unwrap_or(false);
            if !is_seen {
                open.push(action);
            }
        }
        found.residual = open;
    }
    found.converged = found.residual.is_empty() && found.collateral.is_empty();
    Ok(found)
}

async fn pause(duration: Duration, clock: Clock, stop: &Stop) -> Result<(), Unverified> {
    if duration.is_zero() {
        return Ok(());
    }
    tokio::select! {
        biased;
        () = stop.requested() => Err(Unverified::Stopped),
        () = clock.sleep_until(clock.elapsed() + duration) => Ok(()),
    }
}

/// Reads each vanished row by its id before it is called collateral: a listing may lag where a row does not.
async fn still_gone(
    provider: &impl RosterSource,
    before: &LiveRoster,
    vanished: Vec<Person>,
    left: impl Fn() -> Duration,
) -> Vec<Person> {
    let mut gone = Vec::new();
    for person in vanished {
        let Some(id) = person.id.as_ref().filter(|id| before.member(id).is_some()) else {
            continue;
        };
        match within(left(), provider.member(id)).await {
            Ok(Some(_)) => {}
            Ok(None) => gone.push(person),
            Err(error) => {
                tracing::debug!(error = describe(&error), "a vanished row could not be read");
                gone.push(person);
            }
        }
    }
    gone
}
