//! `.rosterctl/<organization id>/` on disk: the lock, the journals, the learned pace, the last verified roster.
//!
//! The folder lies beside the members file, readable by its owner only, and ignores itself in git. What is in it is
//! evidence and convenience: losing it costs time and history, never correctness.

mod folder;
mod journal_file;
mod lock;
mod pace_file;

pub use folder::{Snapshot, StateDir, StateError};
pub use journal_file::{JournalFile, Unfinished};
pub use lock::Lock;
pub use pace_file::{SetAside, Unusable};
