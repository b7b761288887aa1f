//! The only mutator: executes an approved plan and says what became of every action.
//!
//! Lanes run side by side, one write in flight in each. A batch is what the lane's pace admits without waiting; its
//! intents are made durable together before the first of them is sent. Execution decides nothing about *what* to
//! do: it only refuses to send what has become unsafe at that moment (an owner too many, an invite whose
//! predecessor stands, a removal before the first one is proven), and says so.

mod batch;
mod breaker;
mod lane;
mod owners;
mod settle;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

use tokio::sync::Notify;

pub use self::owners::OwnerLedger;
use crate::guardrail::ApprovedPlan;
use crate::journal::Record;
use crate::outcome::Outcome;
use crate::plan::Action;
use crate::provider::{Clock, RosterSink, Stop};
use crate::roster::{Operation, UserId};
use crate::schedule::{self, Schedule};

pub use self::settle::{
    LOOK_MIN, SETTLE_MAX, Settled, describe, is_there, pause_after, settle, within,
};

/// Where records go. A record that is committed survives a crash; one that is appended may not.
pub trait JournalSink {
    /// The number of the next intent, counted through the whole journal.
    fn next_seq(&mut self) -> u64;

    /// Writes records that become durable with the next commit.
    fn append(&mut self, records: &[Record]) -> io::Result<()>;

    /// Writes records and makes everything written so far durable.
    fn commit(&mut self, records: &[Record]) -> io::Result<()>;
}

/// Watches a run, for progress and logs.
pub trait Observer {
    /// Something happened.
    fn observe(&mut self, event: Event<'_>);
}

/// What an observer is told.
#[derive(Debug)]
pub enum Event<'a> {
    /// A lane asks for leave to send. It may have to wait for its pace.
    Admitting {
        /// The operation.
        operation: Operation,
        /// Actions of the lane that have no outcome yet.
        left: usize,
    },
    /// A batch leaves: its operation, its size, and how many of the lane's actions are left with it.
    Batch {
        /// The operation.
        operation: Operation,
        /// Requests in the batch.
        size: usize,
        /// Actions of the lane that have no outcome yet, the batch included.
        left: usize,
    },
    /// An action has its outcome.
    Settled {
        /// The action.
        action: &'a Action,
        /// What happened.
        outcome: &'a Outcome,
    },
    /// A write of unknown fate is being read back.
    ReadingBack {
        /// The action.
        action: &'a Action,
        /// Why its fate is unknown.
        cause: &'a str,
    },
    /// The first removal is being read back before any other is sent.
    ProvingCanary {
        /// The action.
        action: &'a Action,
    },
    /// The first removal is proven, after this time.
    CanaryProven {
        /// From the answer to the first read that did not find the member.
        lag: Duration,
    },
    /// The end state is being verified, after everything that was sent.
    Verifying(Verifying),
}

/// What a verification waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verifying {
    /// As long as the first removal stayed visible, before the listing.
    Lag(Duration),
    /// A complete listing.
    Listing,
    /// Rows that are gone and were not to go: each is read by its id.
    Vanished {
        /// How many.
        rows: usize,
    },
    /// Changes that are not visible yet: each is read again after a pause.
    Unconfirmed {
        /// How many.
        changes: usize,
        /// The pause.
        pause: Duration,
        /// Until the verification gives up.
        left: Duration,
    },
}

/// What a run goes by beside its plan.
#[derive(Debug, Clone, Copy)]
pub struct Conditions<'a> {
    /// The request to stop.
    pub stop: &'a Stop,
    /// The run's clock.
    pub clock: Clock,
    /// How long the first removal may stay visible, and how long the end state is waited for.
    pub verify_timeout: Duration,
    /// Owners whose revocation an earlier run sent a short while ago, without learning its fate.
    pub owners_in_doubt: &'a BTreeSet<UserId>,
}

/// What an execution did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// One for each action of the plan, in its order.
    pub outcomes: Vec<Outcome>,
    /// The actions whose effect was read, and not only answered: their places among the outcomes.
    pub seen: Vec<usize>,
    /// How long the first removal stayed visible; zero where nothing was removed.
    pub lag: Duration,
    /// Why the run ended before its end, if it did.
    pub ended: Option<End>,
    /// The owners that are certain at the end.
    pub owners: OwnerLedger,
}

/// What ends a whole run early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Somebody asked it to stop.
    Stopped,
    /// The key, the quota, the pace or the journal no longer lets it go on.
    Barred {
        /// Why.
        cause: String,
    },
    /// The first removal was answered as done, and stayed visible.
    CanaryVisible {
        /// Who, and for how long.
        cause: String,
    },
}

impl End {
    /// Why actions were not attempted.
    pub fn cause(&self) -> &str {
        match self {
            Self::Stopped => "the run was stopped",
            Self::Barred { cause } | Self::CanaryVisible { cause } => cause,
        }
    }
}

/// One execution: what all lanes share.
struct Run<'a, S, J, O> {
    actions: &'a [Action],
    schedule: Schedule,
    sink: &'a S,
    conditions: Conditions<'a>,
    /// Told whenever an action gets its outcome or the run ends.
    changed: Notify,
    /// Borrowed for moments only, never across a wait.
    shared: RefCell<Shared<'a, J, O>>,
}

struct Shared<'a, J, O> {
    journal: &'a mut J,
    observer: &'a mut O,
    outcomes: Vec<Option<Outcome>>,
    seen: Vec<usize>,
    owners: OwnerLedger,
    lag: Duration,
    ended: Option<End>,
}

/// Executes an approved plan. Every action has an outcome at the end, whatever happens.
pub async fn execute(
    plan: &ApprovedPlan,
    sink: &impl RosterSink,
    journal: &mut impl JournalSink,
    owners: OwnerLedger,
    conditions: Conditions<'_>,
    observer: &mut impl Observer,
) -> Execution {
    let actions = plan.actions();
    let outcomes = vec![None; actions.len()];
    let shared = Shared {
        journal,
        observer,
        outcomes,
        seen: Vec::new(),
        owners,
        lag: Duration::ZERO,
        ended: None,
    };
    let schedule = schedule::lanes(actions);
    let run = Run {
        actions,
        schedule,
        sink,
        conditions,
        changed: Notify::new(),
        shared: RefCell::new(shared),
    };
    let lane = |operation| Box::pin(run.lane(operation));
    tokio::join!(
        lane(Operation::ModifyUser),
        lane(Operation::DeleteInvite),
        lane(Operation::DeleteUser),
        lane(Operation::CreateInvite),
        lane(Operation::DeleteAdminKey),
    );
    let Shared {
        journal: _,
        observer: _,
        outcomes,
        seen,
        owners,
        lag,
        ended,
    } = run.shared.into_inner();
    let unsettled = || Outcome::NotAttempted {
        cause: "its lane ended".to_owned(),
    };
    let outcomes = outcomes
        .into_iter()
        .map(|outcome| outcome.unwrap_or_else(unsettled))
        .collect();
    Execution {
        outcomes,
        seen,
        lag,
        ended,
        owners,
    }
}
