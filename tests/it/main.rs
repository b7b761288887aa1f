//! The integration tests: one binary, one module per room of the house.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a test that unwraps fails where it should"
)]

mod tidy;
