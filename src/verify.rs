//! Does it hold: what a complete listing after the last change proves.

use serde::{Deserialize, Serialize};

use crate::plan::{Action, Person};

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// Every executed action is visible and nobody outside the plan is gone.
    pub converged: bool,
    /// Executed actions that are not visible yet.
    pub residual: Vec<Action>,
    /// People outside the plan who were live before and are gone after.
    pub collateral: Vec<Person>,
    /// What somebody else did meanwhile.
    pub foreign: Vec<Foreign>,
}

/// A change that was not this run's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Foreign {
    /// Whose row.
    pub person: Person,
    /// What happened to it: `appeared as reader`, `was re-roled from reader to owner`.
    pub what: String,
}
