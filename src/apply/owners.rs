//! How many owners the organization can be sure of while owners are made and unmade.
//!
//! A fixed order cannot keep the law that there are always at least as many owners as at the start or as planned:
//! a promotion may fail after a revocation was lined up. So each owner revocation asks at the moment of sending.
//! The ledger knows owners by their ids and does not count them up and down: who was in doubt already cannot be lost
//! a second time, however often a revocation is sent.

use std::collections::BTreeSet;

use crate::roster::UserId;

/// The owners that every owner revocation is checked against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerLedger {
    /// Owners at the start of whom there was no doubt, and whoever was certainly promoted since.
    owners: BTreeSet<UserId>,
    /// Members who may have lost the role: from the intent on, until it is certain that nothing was taken.
    doubtful: BTreeSet<UserId>,
    /// The fewest certain owners that there may ever be: at the start, or as planned, whichever is less.
    least: usize,
}

impl OwnerLedger {
    /// The ledger of a run that starts with these owners and plans to leave so many. Of some it is in doubt from the
    /// start whether they stay owners, and nothing that this run learns of its own requests takes that doubt away.
    pub fn new(at_start: &BTreeSet<UserId>, in_doubt: &BTreeSet<UserId>, planned: usize) -> Self {
        Self {
            least: at_start.len().min(planned),
            owners: at_start.difference(in_doubt).cloned().collect(),
            doubtful: BTreeSet::new(),
        }
    }

    /// Why a member must not lose the role now, if so. `leaving` are those whose revocations leave before.
    pub(super) fn forbids(&self, member: &UserId, leaving: &[&UserId]) -> Option<String> {
        let Self {
            owners,
            doubtful,
            least,
        } = self;
        let certain = |owner: &&UserId| !doubtful.contains(*owner) && !leaving.contains(owner);
        let now = owners.iter().filter(certain).count();
        let then = owners
            .iter()
            .filter(|owner| certain(owner) && *owner != member)
            .count();
        let (owners, are) = if now == 1 {
            ("owner", "is")
        } else {
            ("owners", "are")
        };
        (then < *least).then(|| format!("{now} {owners} {are} certain now, and {least} must stay"))
    }

    /// A revocation is about to be sent: its member is no certain owner any more.
    pub(super) fn doubt(&mut self, member: &UserId) {
        self.doubtful.insert(member.clone());
    }

    /// No request that was ever sent took the role of this member.
    pub(super) fn clear(&mut self, member: &UserId) {
        self.doubtful.remove(member);
    }

    /// A promotion took effect.
    pub(super) fn grant(&mut self, member: &UserId) {
        self.owners.insert(member.clone());
        self.doubtful.remove(member);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> UserId {
        UserId::parse(name).unwrap()
    }

    fn ledger(owners: &[&str], planned: usize) -> OwnerLedger {
        let owners = owners.iter().map(|name| id(name)).collect();
        OwnerLedger::new(&owners, &BTreeSet::new(), planned)
    }

    #[test]
    fn a_failed_promotion_withholds_a_revocation() {
        let mut ledger = ledger(&["ada", "bob"], 2);
        assert_eq!(
            ledger.forbids(&id("bob"), &[]).unwrap(),
            "2 owners are certain now, and 2 must stay"
        );
        ledger.grant(&id("eve"));
        assert_eq!(ledger.forbids(&id("bob"), &[]), None);
        ledger.doubt(&id("bob"));
        assert!(ledger.forbids(&id("ada"), &[]).is_some());
        ledger.clear(&id("bob"));
        assert_eq!(ledger.forbids(&id("ada"), &[]), None);
    }

    #[test]
    fn fewer_owners_may_be_planned() {
        let mut ledger = ledger(&["ada", "bob", "cy"], 1);
        for leaver in ["bob", "cy"] {
            assert_eq!(ledger.forbids(&id(leaver), &[]), None);
            ledger.doubt(&id(leaver));
        }
        assert!(ledger.forbids(&id("ada"), &[]).is_some());
    }

    #[test]
    fn what_was_in_doubt_before_the_run_stays_so() {
        let owners = BTreeSet::from([id("ada"), id("bob"), id("cy")]);
        let mut ledger = OwnerLedger::new(&owners, &BTreeSet::from([id("bob")]), 2);
        assert_eq!(ledger.forbids(&id("bob"), &[]), None);
        ledger.doubt(&id("bob"));
        ledger.clear(&id("bob"));
        assert!(ledger.forbids(&id("cy"), &[]).is_some());
        ledger.grant(&id("eve"));
        assert_eq!(ledger.forbids(&id("cy"), &[]), None);
    }

    #[test]
    fn nobody_is_lost_twice() {
        let mut ledger = ledger(&["ada", "bob", "cy"], 2);
        ledger.doubt(&id("bob"));
        ledger.doubt(&id("bob"));
        // Sent again, it takes nothing that is certain; anybody else would be one too many.
        assert_eq!(ledger.forbids(&id("bob"), &[]), None);
        assert!(ledger.forbids(&id("cy"), &[]).is_some());
        // Whose revocation leaves before counts once, in doubt or not.
        assert!(ledger.forbids(&id("cy"), &[&id("bob")]).is_some());
        ledger.clear(&id("bob"));
        assert!(ledger.forbids(&id("cy"), &[&id("bob")]).is_some());
        assert_eq!(ledger.forbids(&id("cy"), &[]), None);
        // Who was no owner takes none away.
        assert_eq!(ledger.forbids(&id("zed"), &[&id("bob")]), None);
    }
}
