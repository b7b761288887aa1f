//! How many owners the organization can be sure of while owners are made and unmade.
//!
//! A fixed order cannot keep the law that there are always at least as many owners as at the start or as planned:
//! a promotion may fail after a revocation was lined up. So each owner revocation asks at the moment of sending.

/// The count that every owner revocation is checked against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnerLedger {
    /// Owners that are certain: a revocation counts from its intent, a grant from its success.
    confirmed: usize,
    /// The fewest that there may ever be: at the start, or as planned, whichever is less.
    least: usize,
}

impl OwnerLedger {
    /// The count for a run that starts with so many owners and plans to leave so many.
    pub fn new(at_start: usize, planned: usize) -> Self {
        Self {
            confirmed: at_start,
            least: at_start.min(planned),
        }
    }

    /// Whether one more owner may lose the role now.
    pub(super) fn allows_revocation(&self) -> bool {
        self.confirmed > self.least
    }

    /// A revocation is about to be sent.
    pub(super) fn reserve(&mut self) {
        self.confirmed = self.confirmed.saturating_sub(1);
    }

    /// A revocation did not take effect.
    pub(super) fn restore(&mut self) {
        self.confirmed += 1;
    }

    /// A promotion took effect.
    pub(super) fn grant(&mut self) {
        self.confirmed += 1;
    }

    /// Why a revocation is not allowed.
    pub(super) fn cause(&self) -> String {
        format!(
            "{} owners are certain now, and {} must stay",
            self.confirmed, self.least
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_promotion_withholds_a_revocation() {
        let mut ledger = OwnerLedger::new(2, 2);
        assert!(!ledger.allows_revocation());
        ledger.grant();
        assert!(ledger.allows_revocation());
        ledger.reserve();
        assert!(!ledger.allows_revocation());
        ledger.restore();
        assert!(ledger.allows_revocation());
    }

    #[test]
    fn fewer_owners_may_be_planned() {
        let mut ledger = OwnerLedger::new(3, 1);
        for _ in 0..2 {
            assert!(ledger.allows_revocation());
            ledger.reserve();
        }
        assert!(!ledger.allows_revocation());
    }
}
