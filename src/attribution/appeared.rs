//! What appeared since the last verified run and is no member's row: admin keys and service accounts.
//!
//! Neither is ever acted on here. Both are ways in that outlive the person who made them, so whoever reads a drift
//! report should hear of them once they are there.

use std::collections::BTreeSet;

use crate::roster::{AdminKey, KeyHolder, KeyId, LiveRoster, Member, UserId};

/// What the last verified run left.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// Every admin key.
    pub admin_keys: BTreeSet<KeyId>,
    /// Every service account among the members.
    pub service_accounts: BTreeSet<UserId>,
}

/// Something that was not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appeared {
    /// An admin key, with whoever holds it where that is a member.
    AdminKey(AdminKey, Option<Box<Member>>),
    /// A service account.
    ServiceAccount(Box<Member>),
}

/// Everything that was not there after the last verified run: keys first, both in the order of their ids.
pub fn appeared(known: &Known, live: &LiveRoster, admin_keys: &[AdminKey]) -> Vec<Appeared> {
    let mut keys: Vec<&AdminKey> = admin_keys
        .iter()
        .filter(|key| !known.admin_keys.contains(&key.id))
        .collect();
    keys.sort_by(|a, b| a.id.cmp(&b.id));
    let holder = |key: &AdminKey| match &key.holder {
        KeyHolder::Person(id) => live.member(id).cloned().map(Box::new),
        KeyHolder::ServiceAccount | KeyHolder::Unknown => None,
    };
    let accounts = live.members().filter(|row| {
        row.flags.service_account == Some(true) && !known.service_accounts.contains(&row.id)
    });
    keys.into_iter()
        .map(|key| Appeared::AdminKey(key.clone(), holder(key)))
        .chain(accounts.map(|row| Appeared::ServiceAccount(Box::new(row.clone()))))
        .collect()
}
