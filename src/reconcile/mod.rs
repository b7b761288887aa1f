//! The story: observe, prepare, (ask,) finish.
//!
//! ```text
//! observe   the whole roster, invites before users, and whose key this is
//! prepare   preflight, compute, approve: a plan that may be executed, or why not
//! finish    execute, wait the lag, verify, and the key owner's action last
//! ```
//!
//! Every step returns a value for the next; nothing is decided twice.

mod finish;
mod observe;
mod prepare;
mod resume;
mod sweep;
mod verification;

pub use finish::{Finished, finish};
pub use observe::{ObserveError, Observed, observe};
pub use prepare::{Prepared, Terms, draft, prepare};
pub use resume::{Resumed, resume};
pub use sweep::{Sweep, sweep, sweep_again};
pub use verification::{Trace, Unverified, verify};
