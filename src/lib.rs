//! `rosterctl` keeps the members of an `OpenAI` organization exactly equal to a file in git.
//!
//! The core is pure: [`desired`] reads the file, [`plan`] compares it with a live roster, [`guardrail`] judges the
//! plan. Everything that waits, sends or writes lies below it, and [`cli`] on top.
//!
//! ```
//! use rosterctl::desired::{Source, parse};
//!
//! let text = r#"
//! version = 1
//! organization = { id = "org-Example" }
//! members = { "ada@acme.dev" = { role = "owner" }, "lin@acme.dev" = {} }
//! "#;
//! let source = Source { name: "members.toml".to_owned(), text: text.to_owned() };
//! let desired = parse(&[source]).expect("the file has no violation");
//! assert_eq!(desired.members.len(), 2);
//! ```
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        reason = "a test that unwraps fails where it should"
    )
)]

pub mod apply;
pub mod attribution;
pub mod cli;
pub mod desired;
pub mod document;
pub mod guardrail;
pub mod impact;
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
