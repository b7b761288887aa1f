//! The records of a journal.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::outcome::Outcome;
use crate::plan::{Action, Change, PlanId};
use crate::roster::{Email, UserId};

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "record")]
pub enum Record {
    /// The approved plan: the first record, once.
    Plan(PlanRecord),
    /// A request is about to be sent.
    Intent(IntentRecord),
    /// A request of an intent was not sent, or had no effect, or another intent of the same change stands in its place:
    /// the intent is void. One whose request may still take effect is never void without a successor.
    Void {
        /// The intent.
        seq: u64,
        /// When.
        at: Timestamp,
        /// Why, in a clause.
        why: String,
    },
    /// What became of an intent.
    Outcome {
        /// The intent.
        seq: u64,
        /// When it was known.
        at: Timestamp,
        /// What happened.
        outcome: Outcome,
    },
    /// The last record: nothing is open.
    Closed {
        /// When.
        at: Timestamp,
        /// By whom.
        by: Closing,
    },
}

/// Who closed a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Closing {
    /// The run that opened it.
    Apply,
    /// A later run, which read back what was open.
    Resume,
}

/// The plan that a run set out to execute, and on whose word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanRecord {
    /// The version of the journal's format.
    pub format_version: u32,
    /// The version of this program.
    pub rosterctl: String,
    /// When the run started to execute.
    pub at: Timestamp,
    /// All 64 digits of the plan's id.
    pub plan_id: String,
    /// The organization, as the plan names it.
    pub organization: String,
    /// Every action of the plan, the withheld ones too: they are what the id is taken over.
    pub actions: Vec<Action>,
    /// How many of the actions are to be executed.
    pub approved: usize,
    /// The breaches that were accepted.
    pub accepted: Vec<BreachRecord>,
    /// The holder of the admin key in use, where that is known.
    pub key_owner: Option<KeyOwner>,
    /// What the run belongs to: a commit, a pull request, a CI run.
    pub reference: Option<String>,
}

/// The holder of the admin key in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyOwner {
    /// The member's id.
    pub id: UserId,
    /// The address, where the roster has it.
    pub email: Option<Email>,
}

/// An accepted breach, as far as a later acceptance is compared with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BreachRecord {
    /// Its name.
    pub breach: String,
    /// Its figure, where it has one.
    pub figure: Option<f64>,
    /// Whom it was about.
    pub subjects: Vec<String>,
}

/// A request that is about to be sent, with the whole state before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntentRecord {
    /// The intent's number in this journal, from 1.
    pub seq: u64,
    /// When it was written.
    pub at: Timestamp,
    /// What is to be changed.
    pub change: Change,
}

impl PlanRecord {
    /// The version that this program writes, and the newest that it reads.
    pub const FORMAT_VERSION: u32 = 1;

    /// Whether the recorded actions still have the recorded id.
    pub fn recomputes(&self) -> bool {
        PlanId::of_actions(&self.organization, &self.actions).full() == self.plan_id
    }
}
