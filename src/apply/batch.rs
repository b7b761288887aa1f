//! One batch: intents made durable together, then one request after the other, each with its fate on record.

use jiff::Timestamp;

use super::lane::LaneState;
use super::settle::{SETTLE_MAX, Settled, describe, settle};
use super::{End, Event, JournalSink, Observer, Run};
use crate::journal::{IntentRecord, Record};
use crate::outcome::Outcome;
use crate::plan::Change;
use crate::provider::{ErrorKind, Performed, ProviderError, Retry, RosterSink, SeenAnswer};

/// 429s that one action meets before it is given up: a limit of one request a minute for an hour and a half.
const THROTTLED_MAX: u32 = 90;
/// Connections that fail before one action is given up.
const NOT_SENT_MAX: u32 = 4;

/// What came of one request.
enum Fate {
    /// The action has its outcome.
    Settled(Outcome),
    /// The action has its outcome, and the member whom it is about is gone, whoever took them.
    Lapsed(Outcome),
    /// The request had no effect, or none that was seen, and the action goes back to the head of the queue.
    Again { why: String },
    /// The run is over, and this request had no effect.
    Over { why: String },
}

impl<S: RosterSink, J: JournalSink, O: Observer> Run<'_, S, J, O> {
    /// Sends a batch. What is not sent after all stays in the queue.
    pub(super) async fn send(&self, state: &mut LaneState, batch: &[usize]) {
        if batch.is_empty() {
            return;
        }
        let Some(intents) = self.write_intents(state, batch) else {
            return;
        };
        let mut is_cut = None;
        for (at, intent) in batch.iter().copied().zip(intents) {
            let why = is_cut.clone().or_else(|| self.over(state));
            if let Some(why) = why {
                self.take_back(state, at, intent.seq, &why);
                continue;
            }
            match self.attempt(state, at, &intent).await {
                Fate::Settled(outcome) => {
                    if took_nothing(&outcome) {
                        self.clear(at);
                    }
                    let is_canary =
                        !state.canary_proven && matches!(outcome, Outcome::Done { request_id: _ });
                    self.conclude(state, at, intent.seq, outcome);
                    if is_canary {
                        self.prove_canary(state, at).await;
                    }
                }
                // An owner who is gone is not certain any more, whoever took them.
                Fate::Lapsed(outcome) => self.conclude(state, at, intent.seq, outcome),
                Fate::Again { why } => {
                    self.take_back(state, at, intent.seq, &why);
                    is_cut = Some(why);
                }
                Fate::Over { why } => {
                    self.take_back(state, at, intent.seq, &why);
                    self.end(End::Barred { cause: why });
                }
            }
        }
    }

    /// Puts an outcome on record and takes its action out of the queue.
    fn conclude(&self, state: &mut LaneState, at: usize, seq: u64, outcome: Outcome) {
        // What is sent stands near the head, so it is found at once.
        if let Some(place) = state.queue.iter().position(|queued| *queued == at) {
            state.queue.remove(place);
        }
        self.append(&Record::Outcome {
            seq,
            at: self.conditions.clock.now(),
            outcome: outcome.clone(),
        });
        self.settled(at, outcome);
    }

    /// Gives an action that is not sent any more its outcome, which is that of an earlier sending, too.
    pub(super) fn leave(&self, state: &mut LaneState, at: usize, outcome: Outcome) {
        let outcome = state.doubted(at, outcome);
        let tries = state.tries.get_mut(&at);
        match tries.and_then(|tries| tries.open.take()) {
            Some(seq) => self.conclude(state, at, seq, outcome),
            None => self.settled(at, outcome),
        }
    }

    /// Writes the intents of a batch; `None`: they could not be written, nothing is sent and the run is over.
    fn write_intents(&self, state: &mut LaneState, batch: &[usize]) -> Option<Vec<IntentRecord>> {
        let mut shared = self.shared.borrow_mut();
        let intents: Vec<IntentRecord> = batch
            .iter()
            .map(|at| IntentRecord {
                seq: shared.journal.next_seq(),
                at: self.conditions.clock.now(),
                change: self.actions[*at].change.clone(),
            })
            .collect();
        let mut records: Vec<Record> = intents.iter().cloned().map(Record::Intent).collect();
        // An intent that stayed open is void only where the one that takes its place is written.
        records.extend(superseded(state, batch, &intents));
        if let Err(error) = shared.journal.commit(&records) {
            drop(shared);
            self.end(End::Barred {
                cause: format!("the journal cannot be written: {error}"),
            });
            return None;
        }
        for owner in batch.iter().filter_map(|at| self.owner_at_stake(*at)) {
            shared.owners.doubt(owner);
        }
        let (operation, size, left) = (state.operation, batch.len(), state.queue.len());
        shared.observer.observe(Event::Batch {
            operation,
            size,
            left,
        });
        Some(intents)
    }

    /// An action's owner is certain again, if it is an owner revocation.
    fn clear(&self, at: usize) {
        if let Some(owner) = self.owner_at_stake(at) {
            self.shared.borrow_mut().owners.clear(owner);
        }
    }

    /// Takes back an intent whose request had no effect.
    ///
    /// That says nothing of an earlier request for the same action. While one was not seen and may be late, the intent
    /// stays open, so that a crash forgets nothing, and its owner in doubt.
    fn take_back(&self, state: &mut LaneState, at: usize, seq: u64, why: &str) {
        if state.is_doubtful(at) {
            state.tries.entry(at).or_default().open = Some(seq);
            return;
        }
        self.clear(at);
        self.append(&Record::Void {
            seq,
            at: self.conditions.clock.now(),
            why: why.to_owned(),
        });
    }

    /// Writes a record that rides on the next commit. A journal that fails ends the run: what follows would have
    /// no evidence.
    fn append(&self, record: &Record) {
        let written = self
            .shared
            .borrow_mut()
            .journal
            .append(std::slice::from_ref(record));
        if let Err(error) = written {
            self.end(End::Barred {
                cause: format!("the journal cannot be written: {error}"),
            });
        }
    }

    async fn attempt(&self, state: &mut LaneState, at: usize, intent: &IntentRecord) -> Fate {
        let fate = self.attempt_once(state, at, intent).await;
        match fate {
            Fate::Settled(outcome) => Fate::Settled(state.doubted(at, outcome)),
            Fate::Lapsed(outcome) => Fate::Lapsed(state.doubted(at, outcome)),
            Fate::Again { why: _ } | Fate::Over { why: _ } => fate,
        }
    }

    async fn attempt_once(&self, state: &mut LaneState, at: usize, intent: &IntentRecord) -> Fate {
        match self.sink.perform(&intent.change).await {
            Ok(Performed { answer, request_id }) => {
                state.breaker.succeed();
                Fate::Settled(match answer {
                    SeenAnswer::Done | SeenAnswer::Invited(_) => Outcome::Done { request_id },
                    SeenAnswer::AlreadyGone => Outcome::AlreadyDone { request_id },
                })
            }
            Err(error) => match error.retry() {
                Retry::Paced => throttled(state, at, &error),
                Retry::Backoff => not_sent(state, at, &error),
                Retry::Observe => self.read_back(state, at, intent.at, &error).await,
                Retry::Never => refused(state, &error),
            },
        }
    }

    /// Settles a write of unknown fate.
    async fn read_back(
        &self,
        state: &mut LaneState,
        at: usize,
        sent_at: Timestamp,
        error: &ProviderError,
    ) -> Fate {
        let (action, cause) = (&self.actions[at], describe(error));
        self.tell(Event::ReadingBack {
            action,
            cause: &cause,
        });
        let settled = settle(
            self.sink,
            &action.change,
            sent_at,
            SETTLE_MAX,
            self.conditions.clock,
        )
        .await;
        let tries = state.tries.entry(at).or_default();
        let outcome = match settled {
            Settled::Done => {
                state.breaker.succeed();
                self.shared.borrow_mut().seen.push(at);
                Outcome::Done {
                    request_id: error.request_id.clone(),
                }
            }
            Settled::Gone => {
                state.breaker.succeed();
                Outcome::AlreadyDone {
                    request_id: error.request_id.clone(),
                }
            }
            Settled::Failed(why) => Outcome::Failed {
                cause: format!("{cause}; {why}"),
            },
            Settled::Untold(why) => Outcome::Unknown {
                cause: format!("{cause}; {why}"),
            },
            Settled::NotSeen
                if tries.unseen
                    || matches!(action.change, Change::Invite { email: _, role: _ }) =>
            {
                state.breaker.exhaust("their fate stayed unknown");
                Outcome::Unknown {
                    cause: format!("{cause}; its effect was not seen"),
                }
            }
            Settled::NotSeen => {
                tries.unseen = true;
                return Fate::Again {
                    why: format!("{cause}; its effect was not seen, so it is sent once more"),
                };
            }
            Settled::Unreadable(why) => {
                state.breaker.exhaust("their fate could not be read");
                Outcome::Unknown {
                    cause: format!("{cause}; it could not be read back: {why}"),
                }
            }
        };
        Fate::Settled(outcome)
    }
}

/// The ends of the intents that stayed open after an earlier sending, in whose place new ones stand from now on.
fn superseded(state: &mut LaneState, batch: &[usize], intents: &[IntentRecord]) -> Vec<Record> {
    let mut records = Vec::new();
    for (at, intent) in batch.iter().zip(intents) {
        let tries = state.tries.get_mut(at);
        if let Some(seq) = tries.and_then(|tries| tries.open.take()) {
            let why = format!(
                "its effect was not seen, and the intent {} is in its place",
                intent.seq
            );
            records.push(Record::Void {
                seq,
                at: intent.at,
                why,
            });
        }
    }
    records
}

/// Whether nothing that was ever sent for an action took effect.
fn took_nothing(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Failed { cause: _ }
        | Outcome::Withheld { cause: _ }
        | Outcome::NotAttempted { cause: _ } => true,
        Outcome::Done { request_id: _ }
        | Outcome::AlreadyDone { request_id: _ }
        | Outcome::Unknown { cause: _ } => false,
    }
}

fn throttled(state: &mut LaneState, at: usize, error: &ProviderError) -> Fate {
    let tries = state.tries.entry(at).or_default();
    tries.throttled += 1;
    if tries.throttled < THROTTLED_MAX {
        return Fate::Again {
            why: "429".to_owned(),
        };
    }
    Fate::Settled(Outcome::Failed {
        cause: format!("{} after {THROTTLED_MAX} attempts", describe(error)),
    })
}

fn not_sent(state: &mut LaneState, at: usize, error: &ProviderError) -> Fate {
    let tries = state.tries.entry(at).or_default();
    tries.not_sent += 1;
    if tries.not_sent < NOT_SENT_MAX {
        return Fate::Again {
            why: "not sent".to_owned(),
        };
    }
    state.breaker.exhaust("no connection could be made");
    Fate::Settled(Outcome::Failed {
        cause: describe(error),
    })
}

/// An answer that no second attempt would change.
fn refused(state: &mut LaneState, error: &ProviderError) -> Fate {
    let cause = describe(error);
    match error.kind {
        ErrorKind::Unauthorized
        | ErrorKind::QuotaExhausted
        | ErrorKind::DelayTooLong { asked: _ }
        | ErrorKind::Stopped => Fate::Over { why: cause },
        ErrorKind::Forbidden => {
            state.breaker.forbid();
            Fate::Settled(Outcome::Failed { cause })
        }
        ErrorKind::NotFound => Fate::Lapsed(Outcome::Failed { cause }),
        ErrorKind::NotSent
        | ErrorKind::NoAnswer
        | ErrorKind::Throttled { retry_after: _ }
        | ErrorKind::Rejected
        | ErrorKind::Unavailable
        | ErrorKind::Unreadable
        | ErrorKind::Paging { page: _ } => Fate::Settled(Outcome::Failed { cause }),
    }
}
