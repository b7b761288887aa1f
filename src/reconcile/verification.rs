//! Proving the end state: one complete listing after the last change, then only what it did not confirm.

use std::collections::BTreeSet;
use std::time::Duration;

use super::observe::{ObserveError, roster};
use crate::apply::{
    Conditions, Event, LOOK_MIN, Observer, Verifying, describe, is_there, pause_after, within,
};
use crate::outcome::Outcome;
use crate::plan::{Action, Change, Person};
use crate::provider::{Clock, KeySource, ProviderError, RosterSource, Stop};
use crate::roster::{InviteId, InviteStatus, LiveRole, LiveRoster, UserId};
use crate::verify::{Foreign, Verification, assess, keys_visible};

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

/// What an execution leaves to be verified.
#[derive(Debug, Clone, Copy)]
pub struct Trace<'a> {
    /// Every action with its outcome.
    pub executed: &'a [(Action, Outcome)],
    /// The actions whose effect was already read.
    pub seen: &'a [Action],
    /// How long the first removal stayed visible.
    pub lag: Duration,
}

/// Verifies what was executed.
///
/// The lag is waited for before the listing. Rows that the listing does not confirm are read again, one by one, after
/// 1, 2, 4, 8 and 15 seconds and then every 30, until the conditions' time is up. A row that no answer deleted, and that
/// the listing shows, is not gone because it is not found by its id, however often: another complete listing has to
/// agree.
pub async fn verify(
    provider: &(impl RosterSource + KeySource),
    before: &LiveRoster,
    trace: Trace<'_>,
    conditions: Conditions<'_>,
    watch: &mut impl Observer,
) -> Result<Verification, Unverified> {
    let Trace {
        executed,
        seen,
        lag,
    } = trace;
    let Conditions {
        stop,
        clock,
        verify_timeout,
        owners_in_doubt: _,
    } = conditions;
    if stop.is_requested() {
        // Nothing is told of a wait that does not come.
        return Err(Unverified::Stopped);
    }
    let began = clock.elapsed();
    let mut tell = |verifying| watch.observe(Event::Verifying(verifying));
    if !lag.is_zero() {
        tell(Verifying::Lag(lag));
        pause(lag, clock, stop).await?;
    }
    tell(Verifying::Listing);
    let after = roster(provider)
        .await
        .map_err(|error| Unverified::Unread(Box::new(error)))?;
    let mut found = assess(before, &after, executed);
    if executed
        .iter()
        .any(|(action, _)| action.change.key().is_some())
    {
        let keys = provider.list_admin_keys().await;
        let keys =
            keys.map_err(|error| Unverified::Unread(Box::new(ObserveError::Provider(error))))?;
        found.residual.extend(keys_visible(&keys.rows, executed));
    }
    let mut looks = 1;
    let left = || verify_timeout.saturating_sub(clock.elapsed().saturating_sub(began));
    if !found.collateral.is_empty() {
        let rows = found.collateral.len();
        tell(Verifying::Vanished { rows });
    }
    found.collateral = still_gone(provider, before, found.collateral, left).await;
    set_back(provider, seen, &mut found, left).await;
    while !found.residual.is_empty() && !left().is_zero() {
        let wait = pause_after(looks).min(left());
        tell(Verifying::Unconfirmed {
            changes: found.residual.len(),
            pause: wait,
            left: left(),
        });
        pause(wait, clock, stop).await?;
        looks += 1;
        // The last round begins when the time is up, and has that of one read for all its rows.
        let round = Round {
            clock,
            ends: clock.elapsed() + left().max(LOOK_MIN),
        };
        found.residual = still_open(provider, executed, found.residual, &round).await;
    }
    found.converged = found.residual.is_empty() && found.collateral.is_empty();
    Ok(found)
}

/// Moves roles that were seen as this run had set them, and are not so any more, to what somebody else did.
///
/// A listing may lag where a row does not, so the row itself has to say so, too.
async fn set_back(
    provider: &impl RosterSource,
    seen: &[Action],
    found: &mut Verification,
    left: impl Fn() -> Duration,
) {
    for action in std::mem::take(&mut found.residual) {
        let (Change::SetRole { member, to }, true) = (&action.change, seen.contains(&action))
        else {
            found.residual.push(action);
            continue;
        };
        let person = Person::member(member);
        match within(left(), provider.member(&member.id)).await {
            Ok(Some(row)) if row.role == LiveRole::Known(*to) => {}
            Ok(Some(row)) => {
                // Another role than the one before has a row already.
                if !found.foreign.iter().any(|other| other.person == person) {
                    let what = format!("was set back from {to} to {}", row.role);
                    found.foreign.push(Foreign { person, what });
                }
            }
            Ok(None) | Err(_) => found.residual.push(action),
        }
    }
    found.foreign.sort();
}

/// One round of looks, and when it ends.
struct Round {
    clock: Clock,
    ends: Duration,
}

impl Round {
    /// Reads; `None`: a read that fails confirms nothing, and neither does one for which there is no time.
    async fn read<V>(&self, read: impl Future<Output = Result<V, ProviderError>>) -> Option<V> {
        let left = self.ends.saturating_sub(self.clock.elapsed());
        if left.is_zero() {
            return None;
        }
        within(left, read).await.ok()
    }
}

/// One round of looks: the actions that are still not visible.
async fn still_open(
    provider: &(impl RosterSource + KeySource),
    executed: &[(Action, Outcome)],
    residual: Vec<Action>,
    round: &Round,
) -> Vec<Action> {
    let (mut open, mut doubted) = (Vec::new(), Vec::new());
    for action in residual {
        let is_there = is_there(provider, &action.change, round.clock.started_at());
        match round.read(is_there).await {
            Some(true) if rests_on_absence(executed, &action) => doubted.push(action),
            Some(true) => {}
            Some(false) | None => open.push(action),
        }
    }
    open.extend(still_listed(provider, doubted, round).await);
    open
}

/// Whether nothing but rows that were not found says that an action took effect.
fn rests_on_absence(executed: &[(Action, Outcome)], action: &Action) -> bool {
    executed.iter().any(|(other, outcome)| {
        other == action && matches!(outcome, Outcome::AlreadyDone { request_id: _ })
    })
}

/// The actions whose row another complete listing still shows, or may: a listing that fails shows nothing.
async fn still_listed(
    provider: &impl RosterSource,
    doubted: Vec<Action>,
    round: &Round,
) -> Vec<Action> {
    let is_about = |wanted: fn(&Change) -> bool| doubted.iter().any(|row| wanted(&row.change));
    let mut members: Option<BTreeSet<UserId>> = None;
    let mut invites: Option<BTreeSet<InviteId>> = None;
    if is_about(|change| matches!(change, Change::CancelInvite { invite: _ })) {
        let listing = round.read(provider.list_invites()).await;
        invites = listing.map(|listing| {
            let rows = listing.rows.into_iter();
            rows.filter(|row| row.status == InviteStatus::Pending)
                .map(|row| row.id)
                .collect()
        });
    }
    if is_about(|change| change.removed().is_some()) {
        let listing = round.read(provider.list_members()).await;
        members = listing.map(|listing| listing.rows.into_iter().map(|row| row.id).collect());
    }
    let mut listed = doubted;
    listed.retain(|action| match &action.change {
        Change::Remove { member } => members
            .as_ref()
            .is_none_or(|members| members.contains(&member.id)),
        Change::CancelInvite { invite } => invites
            .as_ref()
            .is_none_or(|invites| invites.contains(&invite.id)),
        // What these two leave is seen, not absent; a key is looked for in a complete listing in the first place.
        Change::SetRole { member: _, to: _ }
        | Change::Invite { email: _, role: _ }
        | Change::RevokeKey {
            key: _,
            user: _,
            email: _,
        } => false,
    });
    listed
}

async fn pause(duration: Duration, clock: Clock, stop: &Stop) -> Result<(), Unverified> {
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
