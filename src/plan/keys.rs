//! Admin keys that outlive their owner, and what becomes of them.
//!
//! An admin key goes on working when whoever holds it is removed or demoted, and whoever has it can invite them back.
//! So each such key is named, and under `admin_keys = "revoke"` its revocation is an action of its own. Only what the
//! provider shows as `sk-admin…` counts: the list has been seen with keys of projects in it (API contract, section
//! 6), and revoking one of those would break something that has every right to work. For the same reason a key whose
//! owner is not in the roster is only named, unless the file declares exactly that id departed.

use std::cell::OnceCell;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::compute::{departed_reason, order};
use super::identity::{self, Claim, Identities};
use super::{Action, Change, Note, Person, Plan, Reason, Remark};
use crate::desired::{DesiredRoster, Stance};
use crate::roster::{AdminKey, KeyHolder, LiveRole, LiveRoster, Member, Role, UserId};

/// How the provider's shortened form of an admin key begins (API contract, section 1).
const ADMIN_PREFIX: &str = "sk-admin";

/// An admin key that outlives its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftoverKey {
    /// Who holds it.
    pub person: Person,
    /// The key.
    pub key: AdminKey,
    /// What became of the holder, or becomes of them by this plan.
    pub fate: OwnerFate,
}

/// What became of the holder of an admin key.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum OwnerFate {
    /// This plan removes them.
    Removed,
    /// This plan makes a reader of them.
    Demoted,
    /// They are a reader, and only owners make such keys.
    Reader,
    /// They are not in the organization.
    Gone,
}

impl OwnerFate {
    /// A clause about the holder.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Removed => "its owner is removed",
            Self::Demoted => "its owner is demoted",
            Self::Reader => "its owner is only a reader",
            Self::Gone => "its owner is not in the organization",
        }
    }
}

/// Names the admin keys that outlive their owner, and plans their revocation where the file says so.
///
/// `keys` is every admin key, or why they could not be read. Without the list nothing can be named, which the plan
/// says if it takes the role of owner from anybody, or if the file wants such keys revoked.
pub fn settle_keys(
    plan: &mut Plan,
    desired: &DesiredRoster,
    live: &LiveRoster,
    keys: &Result<Vec<AdminKey>, String>,
) {
    let keys = match keys {
        Ok(keys) => keys,
        Err(reason) => {
            let takes_owner = |action: &Action| action.change.revokes_owner();
            if desired.policy.admin_keys == Stance::Enforce || plan.actions.iter().any(takes_owner)
            {
                let reason = reason.clone();
                plan.remarks.push(Remark::KeysUnread { reason });
                plan.remarks.sort();
            }
            return;
        }
    };
    let is_expired = |key: &AdminKey| {
        plan.observed_at
            .zip(key.expires_at)
            .is_some_and(|(now, end)| end <= now)
    };
    let scene = Scene {
        plan,
        desired,
        live,
        identities: OnceCell::new(),
    };
    let mut found: Vec<Leftover<'_>> = keys
        .iter()
        .filter(|key| key.redacted_value.starts_with(ADMIN_PREFIX) && !is_expired(key))
        .filter_map(|key| scene.leftover(key))
        .collect();
    found.sort_by(|a, b| (&a.person, &a.key.id).cmp(&(&b.person, &b.key.id)));
    let now = plan.observed_at;
    for row in found {
        if row.declared && desired.policy.admin_keys == Stance::Enforce {
            plan.actions.push(revocation(desired, &row, now));
        }
        let Leftover {
            person,
            user: _,
            key,
            fate,
            declared: _,
        } = row;
        let key = key.clone();
        plan.leftover_keys.push(LeftoverKey { person, key, fate });
    }
    order(&mut plan.actions);
}

/// A key that outlives its owner, before it is decided what becomes of it.
struct Leftover<'a> {
    person: Person,
    user: &'a UserId,
    key: &'a AdminKey,
    fate: OwnerFate,
    /// Whether the file says that the holder is no owner.
    declared: bool,
}

/// What a key's holder is looked up in.
struct Scene<'a> {
    plan: &'a Plan,
    desired: &'a DesiredRoster,
    live: &'a LiveRoster,
    /// Needed for readers who hold a key only, and there are few.
    identities: OnceCell<Identities<'a>>,
}

impl Scene<'_> {
    fn leftover<'k>(&self, key: &'k AdminKey) -> Option<Leftover<'k>> {
        let KeyHolder::Person(user) = &key.holder else {
            return None;
        };
        let of = |person, fate, declared| {
            Some(Leftover {
                person,
                user,
                key,
                fate,
                declared,
            })
        };
        for action in &self.plan.actions {
            match &action.change {
                Change::Remove { member } if member.id == *user => {
                    return of(action.person.clone(), OwnerFate::Removed, true);
                }
                Change::SetRole {
                    member,
                    to: Role::Reader,
                } if member.id == *user => {
                    return of(action.person.clone(), OwnerFate::Demoted, true);
                }
                Change::Remove { member: _ }
                | Change::SetRole { member: _, to: _ }
                | Change::CancelInvite { invite: _ }
                | Change::Invite { email: _, role: _ }
                | Change::RevokeKey {
                    key: _,
                    user: _,
                    email: _,
                } => {}
            }
        }
        if let Some(member) = self.live.member(user) {
            let declared = self.is_declared_reader(member)?;
            return of(Person::member(member), OwnerFate::Reader, declared);
        }
        let (person, departed) = absent(self.desired, user);
        of(person, OwnerFate::Gone, departed)
    }

    /// Whether a live reader is declared to be one; `None` for whoever is no reader, or is left alone.
    fn is_declared_reader(&self, member: &Member) -> Option<bool> {
        let is_left = self
            .plan
            .unmanaged
            .iter()
            .any(|row| row.person.id.as_ref() == Some(&member.id));
        if member.role != LiveRole::Known(Role::Reader) || member.protection().is_some() || is_left
        {
            return None;
        }
        let identities = self
            .identities
            .get_or_init(|| identity::resolve(self.desired, self.live));
        Some(match identities.claim(&member.id) {
            Some(Claim::Declared(entry)) => {
                entry.is_active(self.plan.today) && entry.role != Some(Role::Owner)
            }
            Some(Claim::Departed(_) | Claim::Conflict) | None => false,
        })
    }
}

/// Somebody who is not in, by the names that the file has for the id, and whether it declares them departed.
fn absent(desired: &DesiredRoster, user: &UserId) -> (Person, bool) {
    let departed = desired
        .departed
        .iter()
        .find(|departed| departed.id.as_ref() == Some(user));
    let pinned = desired
        .members
        .values()
        .find(|entry| entry.id.as_ref() == Some(user));
    let email = departed
        .and_then(|departed| departed.email.clone())
        .or_else(|| pinned.map(|entry| entry.email.clone()));
    let person = Person {
        email,
        id: Some(user.clone()),
    };
    (person, departed.is_some())
}

fn revocation(desired: &DesiredRoster, row: &Leftover<'_>, now: Option<Timestamp>) -> Action {
    let Leftover {
        person,
        user,
        key,
        fate,
        declared: _,
    } = row;
    let departed = desired
        .departed
        .iter()
        .find(|departed| departed.id.as_ref() == Some(*user));
    let reason = match (fate, departed) {
        (OwnerFate::Gone, Some(departed)) => departed_reason(departed),
        (OwnerFate::Gone | OwnerFate::Removed | OwnerFate::Demoted | OwnerFate::Reader, _) => {
            Reason::KeyOutlives { owner: *fate }
        }
    };
    let change = Change::RevokeKey {
        key: (*key).clone(),
        user: (*user).clone(),
        email: person.email.clone(),
    };
    let used = key.last_used_at.map(|at| Note::key_used(at, now));
    Action {
        change,
        person: person.clone(),
        reason,
        notes: used.into_iter().collect(),
        place: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desired::{Departed, Entry};
    use crate::plan::compute;
    use crate::plan::testing::{
        TODAY, admin_key, departed, desired, entry, live, member, owner, owner_entry, user,
    };

    /// Ada stays an owner, Bob becomes a reader, Eve and Mallory go, Rae is a reader with an old key.
    fn file(stance: Stance) -> DesiredRoster {
        let mut file = desired([
            owner_entry("ada@acme.dev"),
            Entry {
                role: Some(Role::Reader),
                ..entry("bob@acme.dev")
            },
            entry("rae@acme.dev"),
        ]);
        file.policy.admin_keys = stance;
        file.departed.push(Departed {
            id: Some(user("user-old")),
            ..departed("old@acme.dev")
        });
        file
    }

    fn roster() -> LiveRoster {
        live(
            [
                owner("user-ada", "ada@acme.dev"),
                owner("user-bob", "bob@acme.dev"),
                owner("user-eve", "eve@acme.dev"),
                member("user-mal", "mal@acme.dev"),
                member("user-rae", "rae@acme.dev"),
            ],
            [],
        )
    }

    fn keys() -> Vec<AdminKey> {
        let key = admin_key;
        let project_key = AdminKey {
            redacted_value: "sk-proj-...abc".to_owned(),
            ..key("key_project", "user-eve")
        };
        let machine = AdminKey {
            holder: KeyHolder::ServiceAccount,
            ..key("key_machine", "user-eve")
        };
        vec![
            key("key_rae", "user-rae"),
            key("key_eve_2", "user-eve"),
            key("key_eve_1", "user-eve"),
            key("key_ada", "user-ada"),
            key("key_bob", "user-bob"),
            key("key_old", "user-old"),
            key("key_nobody", "user-nobody"),
            project_key,
            machine,
        ]
    }

    fn named(plan: &Plan) -> Vec<String> {
        let line =
            |row: &LeftoverKey| format!("{} {} {:?}", row.person.label(), row.key.id, row.fate);
        plan.leftover_keys.iter().map(line).collect()
    }

    fn revoked(plan: &Plan) -> Vec<String> {
        let changes = plan.actions.iter().map(|action| &action.change);
        changes
            .filter(|change| change.key().is_some())
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn every_key_that_outlives_its_owner_is_named() {
        let mut plan = compute(&file(Stance::Report), &roster(), TODAY);
        let before = plan.actions.clone();
        settle_keys(&mut plan, &file(Stance::Report), &roster(), &Ok(keys()));
        assert_eq!(plan.actions, before);
        assert_eq!(
            named(&plan),
            [
                "user-nobody key_nobody Gone",
                "bob@acme.dev key_bob Demoted",
                "eve@acme.dev key_eve_1 Removed",
                "eve@acme.dev key_eve_2 Removed",
                "old@acme.dev key_old Gone",
                "rae@acme.dev key_rae Reader",
            ]
        );
    }

    #[test]
    fn what_the_file_decides_about_is_revoked_and_nothing_else() {
        let file = file(Stance::Enforce);
        let mut plan = compute(&file, &roster(), TODAY);
        settle_keys(&mut plan, &file, &roster(), &Ok(keys()));
        assert_eq!(
            revoked(&plan),
            [
                "revoke the admin key key_bob of bob@acme.dev",
                "revoke the admin key key_eve_1 of eve@acme.dev",
                "revoke the admin key key_eve_2 of eve@acme.dev",
                "revoke the admin key key_old of old@acme.dev",
                "revoke the admin key key_rae of rae@acme.dev",
            ]
        );
        // Whatever order the keys come in, it is one plan.
        let mut reversed = compute(&file, &roster(), TODAY);
        let keys = keys().into_iter().rev().collect();
        settle_keys(&mut reversed, &file, &roster(), &Ok(keys));
        assert_eq!(reversed, plan);
    }

    #[test]
    fn a_list_that_cannot_be_read_names_nothing_and_says_so() {
        let unread = Err("403".to_owned());
        let ada = || live([owner("user-ada", "ada@acme.dev")], []);
        let mut enforced = desired([owner_entry("ada@acme.dev")]);
        enforced.policy.admin_keys = Stance::Enforce;
        for (file, roster, remarks) in [
            (file(Stance::Enforce), roster(), 1),
            (desired([owner_entry("ada@acme.dev")]), ada(), 0),
            // Nobody is demoted now, and somebody may have been.
            (enforced, ada(), 1),
        ] {
            let mut plan = compute(&file, &roster, TODAY);
            settle_keys(&mut plan, &file, &roster, &unread);
            assert_eq!((plan.remarks.len(), plan.leftover_keys.len()), (remarks, 0));
            assert_eq!(revoked(&plan), [] as [&str; 0]);
        }
    }
}
