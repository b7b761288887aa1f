//! `rosterctl` keeps the members of an `OpenAI` organization exactly equal to a file in git.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        reason = "a test that unwraps fails where it should"
    )
)]

pub mod apply;
pub mod cli;
pub mod desired;
pub mod document;
pub mod guardrail;
pub mod journal;
pub mod outcome;
pub mod pacing;
pub mod plan;
pub mod provider;
pub mod reconcile;
pub mod render;
pub mod roster;
pub mod schedule;
pub mod simulator;
pub mod state;
pub mod verify;
