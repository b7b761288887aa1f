//! What journals say of the revocations of some days, for the weekly cap.
//!
//! A cap is there to be kept, so what may have taken effect counts as if it had: a revocation of unknown fate, and one
//! whose run was cut before its outcome. Where a later request for the very same change is known to be done, the two
//! are one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{IntentRecord, Record};
use crate::outcome::Outcome;
use crate::plan::Change;
use crate::roster::UserId;

/// Revocations that journals tell of.
#[derive(Debug, Clone, Default)]
pub struct Revocations {
    done: usize,
    possible: Vec<Change>,
}

impl Revocations {
    /// Those that certainly took effect.
    pub fn done(&self) -> usize {
        self.done
    }

    /// Those that took effect or may have.
    pub fn possible(&self) -> usize {
        self.done + self.possible.len()
    }

    /// The owners among those who may have lost the role.
    pub fn owners_in_doubt(&self) -> BTreeSet<UserId> {
        let owners = self.possible.iter().filter(|change| change.revokes_owner());
        owners
            .filter_map(|change| Some(change.member()?.id.clone()))
            .collect()
    }

    /// Adds what one journal says of the time from `since` on. Journals are added oldest first.
    pub fn add(&mut self, records: &[Record], since: Timestamp) {
        let mut open: BTreeMap<u64, &IntentRecord> = BTreeMap::new();
        for record in records {
            match record {
                Record::Intent(intent) if intent.change.is_revocation() => {
                    open.insert(intent.seq, intent);
                }
                Record::Void { seq, at: _, why: _ } => _ = open.remove(seq),
                Record::Outcome { seq, at, outcome } => {
                    if let Some(intent) = open.remove(seq).filter(|_| *at >= since) {
                        self.settle(&intent.change, outcome);
                    }
                }
                Record::Plan(_) | Record::Intent(_) | Record::Closed { at: _, by: _ } => {}
            }
        }
        for IntentRecord { seq: _, at, change } in open.into_values() {
            if *at >= since {
                self.doubt(change);
            }
        }
    }

    fn settle(&mut self, change: &Change, outcome: &Outcome) {
        match outcome {
            Outcome::Done { request_id: _ } | Outcome::AlreadyDone { request_id: _ } => {
                self.done += 1;
                self.possible.retain(|other| other != change);
            }
            Outcome::Unknown { cause: _ } => self.doubt(change),
            Outcome::Failed { cause: _ }
            | Outcome::Withheld { cause: _ }
            | Outcome::NotAttempted { cause: _ } => {}
        }
    }

    fn doubt(&mut self, change: &Change) {
        if !self.possible.contains(change) {
            self.possible.push(change.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing::{member, owner};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn intent(seq: u64, person: u64) -> Record {
        let change = Change::Remove {
            member: member(&format!("user-{person}"), &format!("p{person}@acme.dev")),
        };
        Record::Intent(IntentRecord {
            seq,
            at: at(10),
            change,
        })
    }

    fn ended(seq: u64, second: i64, outcome: Outcome) -> Record {
        Record::Outcome {
            seq,
            at: at(second),
            outcome,
        }
    }

    fn done() -> Outcome {
        Outcome::Done { request_id: None }
    }

    fn unknown() -> Outcome {
        Outcome::Unknown {
            cause: "no answer".to_owned(),
        }
    }

    /// What certainly took effect, and what may have.
    fn count(journals: &[&[Record]], since: i64) -> (usize, usize) {
        let mut found = Revocations::default();
        for records in journals {
            found.add(records, at(since));
        }
        (found.done(), found.possible())
    }

    #[test]
    fn revocations_are_counted_by_their_outcomes() {
        let records = [
            intent(1, 1),
            intent(2, 2),
            ended(1, 50, done()),
            ended(2, 150, done()),
        ];
        assert_eq!(count(&[&records], 100), (1, 1));
        assert_eq!(count(&[&records], 0), (2, 2));
    }

    #[test]
    fn an_owner_is_in_doubt_until_the_revocation_is_done() {
        let revoke = |seq, who| {
            Record::Intent(IntentRecord {
                seq,
                at: at(10),
                change: Change::Remove { member: who },
            })
        };
        let records = [
            revoke(1, owner("user-1", "p1@acme.dev")),
            revoke(2, owner("user-2", "p2@acme.dev")),
            revoke(3, member("user-3", "p3@acme.dev")),
            revoke(4, owner("user-4", "p4@acme.dev")),
            ended(1, 50, unknown()),
            ended(2, 50, done()),
            ended(3, 50, unknown()),
        ];
        let mut found = Revocations::default();
        found.add(&records, at(0));
        let ids: Vec<String> = found
            .owners_in_doubt()
            .iter()
            .map(UserId::to_string)
            .collect();
        assert_eq!(ids, ["user-1", "user-4"]);
    }

    #[test]
    fn what_may_have_taken_effect_counts_once() {
        let failed = Outcome::Failed {
            cause: "403".to_owned(),
        };
        let void = Record::Void {
            seq: 4,
            at: at(60),
            why: "429".to_owned(),
        };
        let cut = [
            intent(1, 1),
            intent(2, 2),
            intent(3, 3),
            intent(4, 4),
            ended(1, 50, unknown()),
            ended(2, 50, failed),
            void,
        ];
        assert_eq!(count(&[&cut], 0), (0, 2));
        assert_eq!(count(&[&cut], 20), (0, 1), "the open intent is of before");
        // The next run does not know better about the first and removes the third.
        let next = [
            intent(1, 1),
            intent(2, 3),
            ended(1, 80, unknown()),
            ended(2, 80, done()),
        ];
        assert_eq!(count(&[&cut, &next], 0), (1, 2));
    }
}
