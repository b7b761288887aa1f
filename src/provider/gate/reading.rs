//! What is told of a list while it is read: one that is long, or slow, should not look like one that hangs.

use std::sync::Arc;

use crate::roster::Operation;

/// What shows a list that is being read to people.
pub type OnRead = Arc<dyn Fn(ReadNotice) + Send + Sync>;

/// A list goes on or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadNotice {
    /// A page is asked for.
    Page {
        /// The operation that reads it.
        operation: Operation,
        /// Its number in the list, from 1.
        number: usize,
    },
    /// The list is read, or given up.
    End {
        /// The operation that read it.
        operation: Operation,
    },
}

/// A list that is being read. Dropping it says that it ended, however it did.
pub(in crate::provider) struct Reading<'a> {
    pub(super) operation: Operation,
    pub(super) on_read: &'a OnRead,
}

impl Reading<'_> {
    /// Says that a page is asked for, its number counted from 1.
    pub(in crate::provider) fn page(&self, number: usize) {
        let operation = self.operation;
        (self.on_read)(ReadNotice::Page { operation, number });
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        let operation = self.operation;
        (self.on_read)(ReadNotice::End { operation });
    }
}
