//! One lane: sends its actions one after the other, as fast as its pace and the other lanes allow.

use std::collections::{BTreeMap, VecDeque};

use super::breaker::Breaker;
use super::settle::{describe, is_final, pause_after, within};
use super::{End, Event, JournalSink, Observer, Run};
use crate::outcome::Outcome;
use crate::plan::{Action, Change};
use crate::provider::{ErrorKind, ProviderError, RosterSink};
use crate::roster::{Operation, UserId};

/// Actions whose intents are made durable together at most.
const BATCH_MAX: usize = 10;

/// What a lane knows beside what all lanes share.
pub(super) struct LaneState {
    pub(super) operation: Operation,
    /// Actions without an outcome, in order.
    pub(super) queue: VecDeque<usize>,
    pub(super) breaker: Breaker,
    /// How often each action was tried without effect.
    pub(super) tries: BTreeMap<usize, Tries>,
    /// Whether the first removal has been proven, or need not be.
    pub(super) canary_proven: bool,
}

/// Attempts of one action that had no effect, or none that was seen.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Tries {
    pub(super) throttled: u32,
    pub(super) not_sent: u32,
    /// A request was of unknown fate, and its effect was not seen in time.
    pub(super) unseen: bool,
    /// The intent that is open although nothing is under way, because of that request.
    pub(super) open: Option<u64>,
}

impl LaneState {
    /// Whether an earlier request for an action was of unknown fate: what was not seen in time may be late.
    pub(super) fn is_doubtful(&self, at: usize) -> bool {
        self.tries.get(&at).is_some_and(|tries| tries.unseen)
    }

    /// What may be said of an action whose last attempt had no effect: nothing is certain if an earlier one was of
    /// unknown fate.
    pub(super) fn doubted(&self, at: usize, outcome: Outcome) -> Outcome {
        let sent_before = self.is_doubtful(at);
        match outcome {
            Outcome::Failed { cause }
            | Outcome::Withheld { cause }
            | Outcome::NotAttempted { cause }
                if sent_before =>
            {
                Outcome::Unknown {
                    cause: format!("{cause}; an earlier attempt was of unknown fate"),
                }
            }
            Outcome::Done { request_id: _ }
            | Outcome::AlreadyDone { request_id: _ }
            | Outcome::Failed { cause: _ }
            | Outcome::Withheld { cause: _ }
            | Outcome::Unknown { cause: _ }
            | Outcome::NotAttempted { cause: _ } => outcome,
        }
    }
}

impl<S: RosterSink, J: JournalSink, O: Observer> Run<'_, S, J, O> {
    /// Runs the lane of one operation until each of its actions has an outcome.
    pub(super) async fn lane(&self, operation: Operation) {
        let Some(lane) = self
            .schedule
            .lanes
            .iter()
            .find(|lane| lane.operation == operation)
        else {
            return;
        };
        let mut state = LaneState {
            operation,
            queue: lane.actions.iter().copied().collect(),
            breaker: Breaker::default(),
            tries: BTreeMap::new(),
            canary_proven: operation != Operation::DeleteUser,
        };
        while !state.queue.is_empty() {
            let changed = self.changed.notified();
            if let Some(cause) = self.over(&state) {
                self.abandon(&mut state, &cause);
                return;
            }
            let ready = self.ready(&mut state);
            if ready.is_empty() {
                if !state.queue.is_empty() {
                    tokio::select! {
                        biased;
                        () = self.conditions.stop.requested() => {}
                        () = changed => {}
                    }
                }
                continue;
            }
            let left = state.queue.len();
            self.tell(Event::Admitting { operation, left });
            match self.sink.admit(operation, ready.len()).await {
                // Other lanes went on while this one waited, so what may be sent is asked again.
                Ok(permit) => {
                    let mut batch = self.ready(&mut state);
                    batch.truncate(permit.sends);
                    self.send(&mut state, &batch).await;
                }
                Err(error) => self.barred(&error),
            }
        }
    }

    /// Tells the observer.
    pub(super) fn tell(&self, event: Event<'_>) {
        self.shared.borrow_mut().observer.observe(event);
    }

    /// Why the lane sends nothing more, if so.
    pub(super) fn over(&self, state: &LaneState) -> Option<String> {
        if self.conditions.stop.is_requested() {
            self.end(End::Stopped);
        }
        let ended = self
            .shared
            .borrow()
            .ended
            .as_ref()
            .map(|end| end.cause().to_owned());
        ended.or_else(|| state.breaker.tripped())
    }

    /// Ends the run for every lane. The first end is the one that is reported.
    pub(super) fn end(&self, end: End) {
        self.shared.borrow_mut().ended.get_or_insert(end);
        self.changed.notify_waiters();
    }

    /// An operation that is not admitted ends the run: the key, the quota or the pace says so.
    fn barred(&self, error: &ProviderError) {
        match error.kind {
            ErrorKind::Stopped => self.end(End::Stopped),
            _ => self.end(End::Barred {
                cause: describe(error),
            }),
        }
    }

    fn abandon(&self, state: &mut LaneState, cause: &str) {
        while let Some(at) = state.queue.pop_front() {
            let outcome = Outcome::NotAttempted {
                cause: cause.to_owned(),
            };
            self.leave(state, at, outcome);
        }
    }

    /// What the lane may send now: what waits for nothing that is open. What has become unsafe is withheld here.
    fn ready(&self, state: &mut LaneState) -> Vec<usize> {
        let batch_max = if state.canary_proven { BATCH_MAX } else { 1 };
        let mut send = Vec::new();
        let mut place = 0;
        // It ends with a full batch: a queue of thousands is not walked to its end for each ten.
        while send.len() < batch_max
            && let Some(at) = state.queue.get(place).copied()
        {
            if !self.is_unblocked(at) {
                place += 1;
                continue;
            }
            if let Some(cause) = self.forbidden_now(at, &send) {
                state.queue.remove(place);
                self.leave(state, at, Outcome::Withheld { cause });
            } else {
                send.push(at);
                place += 1;
            }
        }
        send
    }

    fn is_unblocked(&self, at: usize) -> bool {
        let shared = self.shared.borrow();
        self.schedule.after[at]
            .iter()
            .all(|before| shared.outcomes[*before].is_some())
    }

    /// Why an action must not be sent at this moment. `chosen` are the ones that would leave before it.
    fn forbidden_now(&self, at: usize, chosen: &[usize]) -> Option<String> {
        let shared = self.shared.borrow();
        let change = &self.actions[at].change;
        if let Some(owner) = self.owner_at_stake(at) {
            let before = chosen
                .iter()
                .filter_map(|other| self.owner_at_stake(*other));
            let leaving: Vec<&UserId> = before.collect();
            return shared.owners.forbids(owner, &leaving);
        }
        let stands = |is_meant: fn(&Change) -> bool| {
            self.schedule.after[at].iter().any(|before| {
                let outcome = shared.outcomes[*before].as_ref();
                is_meant(&self.actions[*before].change) && !outcome.is_some_and(Outcome::is_done)
            })
        };
        match change {
            // Cancel, then invite: both or neither.
            Change::Invite { email, role: _ } => {
                stands(|before| matches!(before, Change::CancelInvite { invite: _ }))
                    .then(|| format!("the invite of {email} that it replaces was not cancelled"))
            }
            // A key is revoked because its owner goes; an owner who stays keeps it.
            Change::RevokeKey {
                key: _,
                user: _,
                email: _,
            } => stands(|before| before.is_revocation() && before.member().is_some())
                .then(|| "its owner was neither removed nor demoted".to_owned()),
            Change::SetRole { member: _, to: _ }
            | Change::CancelInvite { invite: _ }
            | Change::Remove { member: _ } => None,
        }
    }

    /// The member from whom an action takes the role of owner, if it does.
    pub(super) fn owner_at_stake(&self, at: usize) -> Option<&UserId> {
        let change = &self.actions[at].change;
        let member = change.member().filter(|_| change.revokes_owner());
        member.map(|member| &member.id)
    }

    /// Gives an action its outcome and tells everybody.
    pub(super) fn settled(&self, at: usize, outcome: Outcome) {
        let action: &Action = &self.actions[at];
        let mut shared = self.shared.borrow_mut();
        shared.observer.observe(Event::Settled {
            action,
            outcome: &outcome,
        });
        if action.change.promotes()
            && outcome.is_done()
            && let Some(member) = action.change.member()
        {
            shared.owners.grant(&member.id);
        }
        shared.outcomes[at] = Some(outcome);
        drop(shared);
        self.changed.notify_waiters();
    }

    /// Reads the first removal back until the member is gone, and ends the run if they stay.
    ///
    /// A provider that answers "deleted" and deletes nobody, or somebody else, is found out at the price of one.
    pub(super) async fn prove_canary(&self, state: &mut LaneState, at: usize) {
        let action = &self.actions[at];
        let Change::Remove { member } = &action.change else {
            return;
        };
        self.tell(Event::ProvingCanary { action });
        let began = self.conditions.clock.elapsed();
        let timeout = self.conditions.verify_timeout;
        for looks in 1.. {
            let spent = self.conditions.clock.elapsed().saturating_sub(began);
            let read = within(timeout.saturating_sub(spent), self.sink.member(&member.id)).await;
            let lag = self.conditions.clock.elapsed().saturating_sub(began);
            let seen = match read {
                Ok(None) => {
                    state.canary_proven = true;
                    let mut shared = self.shared.borrow_mut();
                    shared.lag = lag;
                    shared.observer.observe(Event::CanaryProven { lag });
                    return;
                }
                Ok(Some(_)) => format!(
                    "{} was reported removed and is still there after {} s",
                    member.label(),
                    lag.as_secs()
                ),
                Err(error) if is_final(&error) => return self.barred(&error),
                Err(error) => format!(
                    "the removal of {} could not be read back: {}",
                    member.label(),
                    describe(&error)
                ),
            };
            if self.conditions.stop.is_requested() {
                return self.end(End::Stopped);
            }
            if lag >= timeout {
                return self.end(End::CanaryVisible { cause: seen });
            }
            let pause = pause_after(looks).min(timeout.saturating_sub(lag));
            tokio::select! {
                biased;
                () = self.conditions.stop.requested() => {}
                () = self.conditions.clock.sleep_until(self.conditions.clock.elapsed() + pause) => {}
            }
        }
    }
}
