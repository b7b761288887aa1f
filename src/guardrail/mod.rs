//! The limits on a plan, and the only maker of the value that is executed.
//!
//! Two gates: `preflight` before there is a plan, `approve` after it. A breach about a person withholds that
//! person's actions, and what remains is judged again from scratch; a breach about the plan refuses it whole. What
//! was judged is what is executed: an [`ApprovedPlan`] has no other maker.

mod breach;
mod judgement;

pub use breach::{Breach, BreachKind, Scope};
pub use judgement::{ApprovedPlan, Judgement, Refusal, Withheld};
