//! Lanes, constraints and cost: in which order actions may leave, and how long that takes.
//!
//! The order is a small partial order and no list of phases: one lane per operation, lanes side by side, and for
//! each action the few others that must have settled before. So a slow limit on removals does not hold back an
//! invite that has nothing to do with them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::pacing::PaceBook;
use crate::plan::{Action, Change};
use crate::roster::{Email, LiveRoster, Operation, UserId};

/// Rows on a page of a listing (API contract, section 2).
pub const PAGE_ROWS: usize = 100;

/// Which action leaves in which lane, and after which others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// One lane for each operation that the actions need.
    pub lanes: Vec<Lane>,
    /// For each action, the actions that must have settled before it is sent.
    pub after: Vec<Vec<usize>>,
}

/// The actions of one operation, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// The operation.
    pub operation: Operation,
    /// Positions in the list of actions.
    pub actions: Vec<usize>,
}

/// Lays actions into lanes.
///
/// An owner revocation waits for every owner grant; for one address, or one member, a cancellation comes before a
/// removal, both before an invite, and all of them before the revocation of a key. Within a lane, what waits for
/// nothing goes first.
pub fn lanes(actions: &[Action]) -> Schedule {
    let grants: Vec<usize> = (0..actions.len())
        .filter(|at| actions[*at].change.promotes())
        .collect();
    let mut people: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, action) in actions.iter().enumerate() {
        for name in names(&action.change) {
            people.entry(name).or_default().push(at);
        }
    }
    let mut after = Vec::with_capacity(actions.len());
    for action in actions {
        let mut before: Vec<usize> = names(&action.change)
            .filter_map(|name| people.get(name))
            .flatten()
            .copied()
            .filter(|other| rank(&actions[*other].change) < rank(&action.change))
            .collect();
        if action.change.revokes_owner() {
            before.extend(&grants);
        }
        before.sort_unstable();
        before.dedup();
        after.push(before);
    }
    let mut lanes: BTreeMap<Operation, Vec<usize>> = BTreeMap::new();
    for (at, action) in actions.iter().enumerate() {
        lanes.entry(action.change.operation()).or_default().push(at);
    }
    let lanes = lanes
        .into_iter()
        .map(|(operation, mut actions)| {
            actions.sort_by_key(|at| !after[*at].is_empty());
            Lane { operation, actions }
        })
        .collect();
    Schedule { lanes, after }
}

/// What the person of a change is known by: no address is an id, so both can stand in one index.
fn names(change: &Change) -> impl Iterator<Item = &str> {
    let id = change.user().map(UserId::as_str);
    change.email().map(Email::as_str).into_iter().chain(id)
}

/// The order of changes of one person.
fn rank(change: &Change) -> u8 {
    match change {
        Change::SetRole { member: _, to: _ } | Change::CancelInvite { invite: _ } => 0,
        Change::Remove { member: _ } => 1,
        Change::Invite { email: _, role: _ } => 2,
        Change::RevokeKey {
            key: _,
            user: _,
            email: _,
        } => 3,
    }
}

/// What an apply of a plan would ask of the provider.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cost {
    /// Per operation, in the order of a run.
    pub operations: Vec<OperationCost>,
    /// The whole time, lanes side by side; `None` where an operation's pace is not known yet.
    pub time: Option<Duration>,
}

/// One operation's part of the cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationCost {
    /// The operation.
    pub operation: Operation,
    /// Requests that are necessary.
    pub requests: usize,
    /// The pace known for it, in words: `8/min`, `no limit seen`.
    pub pace: Option<String>,
    /// The time at that pace.
    pub time: Option<Duration>,
}

/// The requests that these actions make necessary, and the time they take at the pace known for each.
///
/// Writes, one read of the first removal, and the listing that verifies. Nothing to do costs nothing.
pub fn cost(actions: &[Action], live: &LiveRoster, book: &PaceBook) -> Cost {
    let mut requests: BTreeMap<Operation, usize> = BTreeMap::new();
    for action in actions {
        *requests.entry(action.change.operation()).or_default() += 1;
    }
    if requests.is_empty() {
        return Cost {
            operations: Vec::new(),
            time: Some(Duration::ZERO),
        };
    }
    if requests.contains_key(&Operation::DeleteAdminKey) {
        requests.insert(Operation::ListAdminKeys, 1);
    }
    if requests.contains_key(&Operation::DeleteUser) {
        requests.insert(Operation::RetrieveUser, 1);
    }
    let pages = |rows: usize| rows.div_ceil(PAGE_ROWS).max(1);
    requests.insert(Operation::ListUsers, pages(live.members().len()));
    if live.capabilities().invites {
        requests.insert(Operation::ListInvites, pages(live.invites().len()));
    }
    priced(requests, book)
}

/// What a sweep would ask of the provider: the keys of every project and the members of the active ones.
///
/// `projects` are all and the active ones; `None`: nobody has listed them yet, so only the list itself has a figure
/// and the whole time is open.
pub fn sweep_cost(projects: Option<(usize, usize)>, book: &PaceBook) -> Cost {
    let Some((all, active)) = projects else {
        let list = priced(BTreeMap::from([(Operation::ListProjects, 1)]), book);
        return Cost { time: None, ..list };
    };
    let requests = BTreeMap::from([
        (Operation::ListProjectKeys, all),
        (Operation::ListProjectUsers, active),
    ]);
    priced(requests, book)
}

/// Requests and the time they take at the pace known for each, operations side by side.
fn priced(requests: BTreeMap<Operation, usize>, book: &PaceBook) -> Cost {
    let operations: Vec<OperationCost> = requests
        .into_iter()
        .map(|(operation, requests)| {
            let pace = book.pace(operation).map(|learned| learned.pace.to_string());
            OperationCost {
                operation,
                requests,
                pace,
                time: book.time_for(operation, requests),
            }
        })
        .collect();
    let longest = |writes: bool| {
        let times = operations
            .iter()
            .filter(|part| part.operation.is_write() == writes)
            .map(|part| part.time);
        times
            .collect::<Option<Vec<_>>>()
            .map(|times| times.into_iter().max().unwrap_or_default())
    };
    let time = longest(true)
        .zip(longest(false))
        .map(|(writes, reads)| writes + reads);
    Cost { operations, time }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing::{
        TODAY, admin_key, departed_id, desired, entry, invite, live, member, owner, owner_entry,
        revoking_keys,
    };
    use crate::plan::{compute, settle_keys};
    use crate::roster::{Member, OrganizationId, Role};

    #[test]
    fn constraints_are_few_and_lanes_are_side_by_side() {
        let file = desired([
            owner_entry("ada@acme.dev"),
            owner_entry("new@acme.dev"),
            entry("lin@acme.dev"),
        ]);
        let roster = live(
            [
                owner("user-1", "ada@acme.dev"),
                owner("user-2", "eve@acme.dev"),
                member("user-3", "new@acme.dev"),
                member("user-4", "bob@acme.dev"),
            ],
            [
                invite("i-1", "bob@acme.dev", Role::Reader, 0),
                invite("i-2", "lin@acme.dev", Role::Owner, 0),
            ],
        );
        let plan = compute(&file, &roster, TODAY);
        let named: Vec<String> = plan
            .actions
            .iter()
            .map(|action| action.change.to_string())
            .collect();
        assert_eq!(
            named,
            [
                "set the role of new@acme.dev from reader to owner",
                "cancel the invite of bob@acme.dev (reader)",
                "cancel the invite of lin@acme.dev (owner)",
                "remove bob@acme.dev (reader)",
                "remove eve@acme.dev (owner)",
                "invite lin@acme.dev (reader)",
            ]
        );
        let schedule = lanes(&plan.actions);
        assert_eq!(
            schedule.after,
            [vec![], vec![], vec![], vec![1], vec![0], vec![2]]
        );
        let lanes: Vec<_> = schedule
            .lanes
            .iter()
            .map(|lane| (lane.operation.as_str(), lane.actions.clone()))
            .collect();
        assert_eq!(
            lanes,
            [
                ("modify-user", vec![0]),
                ("delete-user", vec![3, 4]),
                ("create-invite", vec![5]),
                ("delete-invite", vec![1, 2])
            ]
        );
    }

    #[test]
    fn a_key_is_revoked_after_everything_else_about_its_owner() {
        let mut file = revoking_keys(desired([owner_entry("ada@acme.dev")]));
        let nameless = Member {
            email: None,
            ..owner("user-2", "eve@acme.dev")
        };
        file.departed.push(departed_id("user-2"));
        let roster = live(
            [
                owner("user-1", "ada@acme.dev"),
                nameless,
                member("user-3", "bo@acme.dev"),
            ],
            [],
        );
        let mut plan = compute(&file, &roster, TODAY);
        let keys = vec![admin_key("key_2", "user-2"), admin_key("key_3", "user-3")];
        settle_keys(&mut plan, &file, &roster, &Ok(keys));
        let schedule = lanes(&plan.actions);
        // Two removals, then the two keys, each after the removal of its own holder.
        assert_eq!(schedule.after, [vec![], vec![], vec![0], vec![1]]);
        let parts = cost(
            &plan.actions,
            &roster,
            &PaceBook::new(OrganizationId::parse("org-test").unwrap()),
        );
        let keys: Vec<_> = parts
            .operations
            .iter()
            .filter(|part| part.operation.as_str().contains("admin-key"))
            .map(|part| part.requests)
            .collect();
        assert_eq!(keys, [1, 2]);
    }

    #[test]
    fn cost_counts_what_is_necessary() {
        let book = PaceBook::new(OrganizationId::parse("org-test").unwrap());
        let roster = live(
            [
                owner("user-1", "ada@acme.dev"),
                member("user-2", "eve@acme.dev"),
            ],
            [],
        );
        let plan = compute(&desired([owner_entry("ada@acme.dev")]), &roster, TODAY);
        let cost = cost(&plan.actions, &roster, &book);
        let parts: Vec<_> = cost
            .operations
            .iter()
            .map(|part| (part.operation.as_str(), part.requests))
            .collect();
        assert_eq!(
            parts,
            [
                ("list-users", 1),
                ("retrieve-user", 1),
                ("delete-user", 1),
                ("list-invites", 1)
            ]
        );
        assert_eq!(cost.time, None);
        assert_eq!(super::cost(&[], &roster, &book).time, Some(Duration::ZERO));
    }
}
