//! The limits on a plan, and the only maker of the value that is executed.
//!
//! Two gates: [`preflight`] before there is a plan, [`approve`] after it. A breach about a person withholds that
//! person's actions, and what remains is judged again from scratch; a breach about the plan refuses it whole. What
//! was judged is what is executed: an [`ApprovedPlan`] has no other maker.

mod acceptance;
mod approve;
#[cfg(test)]
mod approve_tests;
mod breach;
mod judgement;
mod limits;
mod narrowed;
mod people;
mod preflight;
mod withhold;

pub use acceptance::{
    Acceptance, AcceptanceError, AcceptanceFault, Accepted, ReviewedBreach, all_used,
};
pub use approve::{Evidence, History, approve};
pub use breach::{Breach, BreachKind, Scope};
pub use judgement::{ApprovedPlan, Judgement, Refusal, Withheld};
pub use limits::{is_shrunk, owners_after};
pub use narrowed::approve_narrowed;
pub use preflight::{Surroundings, frozen, preflight, roster_unusable, today};
