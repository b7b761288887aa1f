//! Lanes, constraints and cost: in which order actions may leave, and how long that takes.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::roster::Operation;

/// What an apply of a plan would ask of the provider.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cost {
    /// Per operation, in the order of a run.
    pub operations: Vec<OperationCost>,
    /// The whole time, lanes side by side; `None` where an operation's pace is not known yet.
    pub time: Option<Duration>,
}

/// One operation's part of the cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationCost {
    /// The operation.
    pub operation: Operation,
    /// Requests that are necessary.
    pub requests: usize,
    /// The pace known for it, in words: `8/min`, `no limit seen`.
    pub pace: Option<String>,
    /// The time at that pace.
    pub time: Option<Duration>,
}
