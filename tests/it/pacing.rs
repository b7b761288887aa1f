//! The pacer against limiters that are pure arithmetic, in virtual time.

mod figures;
mod limiter;
