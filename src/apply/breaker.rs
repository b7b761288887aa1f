//! When a lane gives up: three actions that exhausted their attempts for one cause, or a second refusal.
//!
//! A 429, or a 400, 404, 409 or 422 about one person, says nothing about the next one and never counts.

use std::collections::BTreeMap;

/// Exhausted actions of one cause that stop a lane.
const EXHAUSTED_MAX: u32 = 3;
/// 403s without a success between that stop a lane.
const FORBIDDEN_MAX: u32 = 2;

/// What a lane has suffered since its last success.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    exhausted: BTreeMap<&'static str, u32>,
    forbidden: u32,
}

impl Breaker {
    /// An action took effect: everything is forgotten.
    pub(super) fn succeed(&mut self) {
        *self = Self::default();
    }

    /// An action used up its attempts.
    pub(super) fn exhaust(&mut self, cause: &'static str) {
        *self.exhausted.entry(cause).or_default() += 1;
    }

    /// An action was forbidden.
    pub(super) fn forbid(&mut self) {
        self.forbidden += 1;
    }

    /// Why the lane stops, once it does.
    pub(super) fn tripped(&self) -> Option<String> {
        if self.forbidden >= FORBIDDEN_MAX {
            return Some(format!(
                "{FORBIDDEN_MAX} requests in a row were forbidden (403)"
            ));
        }
        let (cause, count) = self
            .exhausted
            .iter()
            .find(|(_, count)| **count >= EXHAUSTED_MAX)?;
        Some(format!("{count} actions failed because {cause}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_counted_apart_and_a_success_resets() {
        let mut breaker = Breaker::default();
        for cause in ["a", "b", "a", "b"] {
            breaker.exhaust(cause);
        }
        assert_eq!(breaker.tripped(), None);
        breaker.succeed();
        breaker.exhaust("a");
        breaker.exhaust("a");
        assert_eq!(breaker.tripped(), None);
        breaker.exhaust("a");
        assert_eq!(breaker.tripped().unwrap(), "3 actions failed because a");
    }

    #[test]
    fn one_refusal_is_a_persons_and_two_are_the_lanes() {
        let mut breaker = Breaker::default();
        breaker.forbid();
        assert_eq!(breaker.tripped(), None);
        breaker.succeed();
        breaker.forbid();
        assert_eq!(breaker.tripped(), None);
        breaker.forbid();
        assert!(breaker.tripped().is_some());
    }
}
