//! The integration tests: one binary, one module per room of the house.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a test that unwraps fails where it should"
)]

mod admin_keys;
mod apply;
mod canary_key;
mod chaos;
mod cli;
mod crash;
mod demo;
mod desired;
mod desired_compare;
mod desired_diagnostics;
mod desired_edit;
mod desired_export;
mod desired_format;
mod desired_include;
mod desired_schema;
mod desired_syntax;
mod desired_violations;
mod document;
mod faults;
mod fuzz;
mod gitops;
mod laws;
mod links;
mod owners;
mod pacing;
mod provider;
mod provider_sockets;
mod readme;
#[cfg(unix)]
mod release;
mod render;
mod reviewed;
mod settle;
mod simulator;
mod snapshot;
mod support;
mod sweep;
mod tidy;
