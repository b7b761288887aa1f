//! Reading back a write of unknown fate, until its effect is seen or time is up.
//!
//! Never by sending again: an invite is sent once in a run, whatever happens, and everything else at most once more,
//! after a reading that did not find the effect.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::plan::Change;
use crate::provider::{Clock, ErrorKind, KeySource, ProviderError, READ_ATTEMPT_MAX, RosterSource};
use crate::roster::{InviteStatus, LiveRole};

/// How long the effect of a write may stay invisible before it counts as not there.
pub const SETTLE_MAX: Duration = Duration::from_mins(1);
/// How much older than its request an invite may be by the provider's clock.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_secs(60);

/// Time that one look has, however little patience is left: that of one attempt at a read.
pub const LOOK_MIN: Duration = READ_ATTEMPT_MAX;

/// How long to wait after so many looks at what an answer or a listing has not confirmed.
pub const fn pause_after(looks: u32) -> Duration {
    Duration::from_secs(match looks {
        0 | 1 => 1,
        2 => 2,
        3 => 4,
        4 => 8,
        5 => 15,
        _ => 30,
    })
}

/// A look took longer than the patience that was left.
#[derive(Debug, thiserror::Error)]
#[error("it was not answered within {} s", .within.as_secs())]
struct OutOfPatience {
    within: Duration,
}

/// Reads in the time that is `left`, or in that of one attempt where less is.
///
/// Whoever reads back has a limit of its own. The gate tries a read again for minutes, which is right for a listing
/// that a plan is made from and would outlast every such limit here.
pub async fn within<V>(
    left: Duration,
    read: impl Future<Output = Result<V, ProviderError>>,
) -> Result<V, ProviderError> {
    let within = left.max(LOOK_MIN);
    match tokio::time::timeout(within, read).await {
        Ok(read) => read,
        Err(_elapsed) => {
            let error = ProviderError::new("the read-back", ErrorKind::NoAnswer);
            Err(error.because(OutOfPatience { within }))
        }
    }
}

/// What reading back found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// The effect is there to be seen.
    Done,
    /// The row is not found, twice in a row. That proves neither that it is gone, for a live row may be said not to
    /// be there, nor whose doing it is.
    Gone,
    /// The effect did not come and no longer can: the invite was accepted.
    Failed(String),
    /// Whether the effect came can no longer be read: the member is gone.
    Untold(String),
    /// The effect was not seen in time.
    NotSeen,
    /// Nothing could be read in time.
    Unreadable(String),
}

/// One look at what a change would have done.
enum Look {
    Done,
    Gone,
    Never(String),
    Untold(String),
    NotYet,
}

/// Reads back what became of `change`, whose request was sent at `sent_at`: at 1, 2, 4, … seconds from now, until
/// its effect is seen or `patience` is over; a look that is under way then has the time of one attempt. Without patience
/// it looks once, at once.
pub async fn settle(
    source: &(impl RosterSource + KeySource),
    change: &Change,
    sent_at: Timestamp,
    patience: Duration,
    clock: Clock,
) -> Settled {
    let began = clock.elapsed();
    let mut pause = Duration::from_secs(1);
    loop {
        let left = patience.saturating_sub(clock.elapsed().saturating_sub(began));
        clock.sleep_until(clock.elapsed() + pause.min(left)).await;
        let left = patience.saturating_sub(clock.elapsed().saturating_sub(began));
        let seen = within(left, look(source, change, sent_at)).await;
        let is_last = clock.elapsed().saturating_sub(began) >= patience;
        match seen {
            Ok(Look::Done) => return Settled::Done,
            Ok(Look::Gone) => return Settled::Gone,
            Ok(Look::Never(cause)) => return Settled::Failed(cause),
            Ok(Look::Untold(cause)) => return Settled::Untold(cause),
            Ok(Look::NotYet) if is_last => return Settled::NotSeen,
            Err(error) if is_last || is_final(&error) => {
                return Settled::Unreadable(describe(&error));
            }
            Ok(Look::NotYet) | Err(_) => {}
        }
        pause *= 2;
    }
}

/// Whether the effect of a change, whose request was sent at `sent_at`, is there to be read.
pub async fn is_there(
    source: &(impl RosterSource + KeySource),
    change: &Change,
    sent_at: Timestamp,
) -> Result<bool, ProviderError> {
    Ok(match look(source, change, sent_at).await? {
        Look::Done | Look::Gone => true,
        Look::Never(_) | Look::Untold(_) | Look::NotYet => false,
    })
}

/// Whether reading again cannot succeed in this run.
pub(super) fn is_final(error: &ProviderError) -> bool {
    matches!(
        error.kind,
        ErrorKind::Unauthorized | ErrorKind::QuotaExhausted | ErrorKind::DelayTooLong { asked: _ }
    )
}

/// An error and everything under it, in one line.
pub fn describe(error: &ProviderError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// Looks once, and a second time where the row is not found: a single wrong 404 would turn a write that did nothing
/// into one that is done.
async fn look(
    source: &(impl RosterSource + KeySource),
    change: &Change,
    sent_at: Timestamp,
) -> Result<Look, ProviderError> {
    let first = glance(source, change, sent_at).await?;
    match first {
        Look::Gone | Look::Untold(_) => glance(source, change, sent_at).await,
        Look::Done | Look::Never(_) | Look::NotYet => Ok(first),
    }
}

async fn glance(
    source: &(impl RosterSource + KeySource),
    change: &Change,
    sent_at: Timestamp,
) -> Result<Look, ProviderError> {
    Ok(match change {
        Change::Remove { member } => match source.member(&member.id).await? {
            None => Look::Gone,
            Some(_) => Look::NotYet,
        },
        Change::SetRole { member, to } => match source.member(&member.id).await? {
            None => Look::Untold(format!("{} is no longer a member", member.label())),
            Some(row) if row.role == LiveRole::Known(*to) => Look::Done,
            Some(_) => Look::NotYet,
        },
        Change::CancelInvite { invite } => {
            match source.invite(&invite.id).await?.map(|row| row.status) {
                None | Some(InviteStatus::Expired) => Look::Gone,
                Some(InviteStatus::Accepted) => Look::Never("the invite was accepted".to_owned()),
                Some(InviteStatus::Pending) => Look::NotYet,
            }
        }
        Change::RevokeKey {
            key,
            user: _,
            email: _,
        } => {
            let keys = source.list_admin_keys().await?;
            if keys.rows.iter().any(|row| row.id == key.id) {
                Look::NotYet
            } else {
                Look::Gone
            }
        }
        Change::Invite { email, role } => {
            let since = sent_at.checked_sub(CLOCK_TOLERANCE).unwrap_or(sent_at);
            let invites = source.list_invites().await?;
            let is_ours = invites.rows.iter().any(|row| {
                row.email == *email
                    && row.role == LiveRole::Known(*role)
                    && row.created_at.is_some_and(|created_at| created_at >= since)
            });
            if is_ours { Look::Done } else { Look::NotYet }
        }
    })
}
