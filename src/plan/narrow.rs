//! A plan cut down to some people, or to what takes access.
//!
//! Narrowing comes before judging and naming, so that the plan that is asked about, accepted, executed and verified
//! is one and the same: the narrowed one. It only takes actions out, and keeps their order.

use std::collections::BTreeSet;

use super::{Action, Person, Plan, Reason, Remark};
use crate::desired::{Departed, DesiredRoster};
use crate::roster::{Email, LiveRoster, UserId};

/// What a run is narrowed to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Narrowing {
    /// Only the actions of these people, by declared or live address; none: everybody's.
    pub only: BTreeSet<Email>,
    /// Only what takes something from somebody. An invite that is exchanged for one with
    /// another role is both actions or neither.
    pub revocations_only: bool,
}

impl Narrowing {
    /// Whether nothing is narrowed.
    pub fn is_whole(&self) -> bool {
        self.only.is_empty() && !self.revocations_only
    }
}

/// A plan after narrowing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Narrowed {
    /// What is left of the plan; its remarks begin with what was left out.
    pub plan: Plan,
    /// Named people who are in or invited, and about whom the narrowed plan has nothing to do.
    pub idle: Vec<Email>,
}

/// Narrows a plan of these rosters.
///
/// A named address without an action is idle, unless it is neither live nor pending: then it is a remark that there is
/// nothing left to do about it.
pub fn narrow(
    full: &Plan,
    desired: &DesiredRoster,
    live: &LiveRoster,
    narrowing: &Narrowing,
) -> Narrowed {
    let mut plan = full.clone();
    if narrowing.is_whole() {
        let idle = Vec::new();
        return Narrowed { plan, idle };
    }
    let Narrowing {
        only,
        revocations_only,
    } = narrowing;
    let named: Vec<Named<'_>> = only
        .iter()
        .map(|email| Named::find(email, full, desired, live))
        .collect();
    let is_named =
        |action: &Action| named.is_empty() || named.iter().any(|one| one.is_acted_on(action));
    plan.actions
        .retain(|action| is_named(action) && (!revocations_only || takes(action)));
    if !named.is_empty() {
        plan.conflicts.retain(|conflict| {
            let mut people = conflict.people.iter();
            people.any(|person| named.iter().any(|one| one.is(person)))
        });
    }
    let mut remarks = vec![Remark::Narrowed {
        only: only.iter().cloned().collect(),
        revocations_only: *revocations_only,
        left: full.actions.len() - plan.actions.len(),
    }];
    let mut idle = Vec::new();
    for one in &named {
        let has_conflict = plan
            .conflicts
            .iter()
            .any(|conflict| conflict.people.iter().any(|person| one.is(person)));
        if has_conflict || plan.actions.iter().any(|action| one.is_acted_on(action)) {
            continue;
        }
        let email = one.email.clone();
        if one.is_there(live) {
            idle.push(email);
        } else {
            remarks.push(Remark::NotThere { email });
        }
    }
    plan.remarks.splice(0..0, remarks);
    Narrowed { plan, idle }
}

fn takes(action: &Action) -> bool {
    action.change.takes() && action.reason != Reason::InviteRoleDiffers
}

/// A named address, and the members' ids that it stands for.
struct Named<'a> {
    email: &'a Email,
    ids: BTreeSet<&'a UserId>,
}

impl<'a> Named<'a> {
    /// The live row with the address, those that its entry and its tombstones pin, and those of its actions: a member's
    /// row and an admin key may know one person by different names.
    fn find(
        email: &'a Email,
        full: &'a Plan,
        desired: &'a DesiredRoster,
        live: &'a LiveRoster,
    ) -> Self {
        let row = live.member_by_email(email).map(|member| &member.id);
        let entry = desired.members.get(email);
        let pinned = entry.and_then(|entry| entry.id.as_ref());
        let is_theirs = |gone: &&Departed| gone.email.as_ref() == Some(email);
        let buried = desired.departed.iter().filter(is_theirs);
        let buried = buried.filter_map(|gone| gone.id.as_ref());
        let mut named = Self {
            email,
            ids: row.into_iter().chain(pinned).chain(buried).collect(),
        };
        for action in &full.actions {
            if named.is_acted_on(action) {
                named.ids.extend(&action.person.id);
                named.ids.extend(action.change.user());
            }
        }
        named
    }

    fn is(&self, person: &Person) -> bool {
        person.email.as_ref() == Some(self.email)
            || person.id.as_ref().is_some_and(|id| self.ids.contains(id))
    }

    fn is_acted_on(&self, action: &Action) -> bool {
        let user = action.change.user();
        self.is(&action.person)
            || action.change.email() == Some(self.email)
            || user.is_some_and(|id| self.ids.contains(id))
    }

    fn is_there(&self, live: &LiveRoster) -> bool {
        self.ids.iter().any(|id| live.member(id).is_some())
            || !live.invites_of(self.email).is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing::{
        TODAY, admin_key, departed, desired, email, entry, invite, live, member, owner,
        owner_entry, revoking_keys, user,
    };
    use crate::plan::{compute, settle_keys};
    use crate::roster::Role;

    /// Ada stays; grace is demoted and loses a key, eve is removed and her invite cancelled, lin is to be invited, kim
    /// is invited with the wrong role, bob's address differs from the declared one, gus is gone and departed.
    fn rosters() -> (DesiredRoster, LiveRoster) {
        let mut bob = owner_entry("bob@acme.dev");
        bob.id = Some(user("user-bob"));
        let mut file = revoking_keys(desired([
            owner_entry("ada@acme.dev"),
            entry_reader("grace@acme.dev"),
            bob,
            entry("lin@acme.dev"),
            entry("kim@acme.dev"),
        ]));
        file.departed = vec![departed("eve@acme.dev"), departed("gus@acme.dev")];
        let rows = [
            owner("user-ada", "ada@acme.dev"),
            owner("user-grace", "grace@acme.dev"),
            member("user-bob", "robert@acme.dev"),
            member("user-eve", "eve@acme.dev"),
        ];
        let invites = [
            invite("invite-eve", "eve@acme.dev", Role::Reader, 1),
            invite("invite-kim", "kim@acme.dev", Role::Owner, 1),
        ];
        (file, live(rows, invites))
    }

    fn entry_reader(address: &str) -> crate::desired::Entry {
        crate::desired::Entry {
            role: Some(Role::Reader),
            ..entry(address)
        }
    }

    fn full(file: &DesiredRoster, roster: &LiveRoster) -> Plan {
        let mut plan = compute(file, roster, TODAY);
        let keys = Ok(vec![admin_key("key_1", "user-grace")]);
        settle_keys(&mut plan, file, roster, &keys);
        plan
    }

    fn changes(plan: &Plan) -> Vec<String> {
        let actions = plan.actions.iter();
        actions.map(|action| action.change.to_string()).collect()
    }

    #[test]
    fn what_is_kept_is_somebodys_or_takes() {
        let (file, roster) = rosters();
        let full = full(&file, &roster);
        let all = [
            "set the role of robert@acme.dev from reader to owner",
            "cancel the invite of eve@acme.dev (reader)",
            "cancel the invite of kim@acme.dev (owner)",
            "set the role of grace@acme.dev from owner to reader",
            "remove eve@acme.dev (reader)",
            "invite kim@acme.dev (reader)",
            "invite lin@acme.dev (reader)",
            "revoke the admin key key_1 of grace@acme.dev",
        ];
        assert_eq!(changes(&full), all);
        for (only, revocations_only, kept, idle) in [
            (&[][..], false, &[0, 1, 2, 3, 4, 5, 6, 7][..], &[][..]),
            (&[], true, &[1, 3, 4, 7], &[]),
            (&["eve@acme.dev"], false, &[1, 4], &[]),
            (&["grace@acme.dev"], false, &[3, 7], &[]),
            // By the declared address and by the live one.
            (&["bob@acme.dev"], false, &[0], &[]),
            (&["robert@acme.dev"], false, &[0], &[]),
            (&["kim@acme.dev", "lin@acme.dev"], false, &[2, 5, 6], &[]),
            (
                &["grace@acme.dev", "eve@acme.dev"],
                true,
                &[1, 3, 4, 7],
                &[],
            ),
            // In, and as declared; in, and given something; not in.
            (
                &["ada@acme.dev", "eve@acme.dev"],
                false,
                &[1, 4],
                &["ada@acme.dev"],
            ),
            (&["bob@acme.dev"], true, &[], &["bob@acme.dev"]),
            (&["lin@acme.dev"], true, &[], &[]),
            (&["gus@acme.dev"], false, &[], &[]),
        ] {
            let narrowing = Narrowing {
                only: only.iter().map(|address| email(address)).collect(),
                revocations_only,
            };
            let narrowed = narrow(&full, &file, &roster, &narrowing);
            let kept: Vec<_> = kept.iter().map(|index: &usize| all[*index]).collect();
            assert_eq!(changes(&narrowed.plan), kept, "{narrowing:?}");
            let idle: Vec<_> = idle.iter().map(|address| email(address)).collect();
            assert_eq!(narrowed.idle, idle, "{narrowing:?}");
            assert_eq!(narrowed.plan.is_narrowed(), !narrowing.is_whole());
            assert_eq!(
                narrowed.plan.id() == full.id(),
                kept.len() == all.len(),
                "{narrowing:?}"
            );
        }
    }

    #[test]
    fn a_departed_person_is_found_by_id_under_another_address() {
        let mut gone = departed("eve@acme.dev");
        gone.id = Some(user("user-eve"));
        let mut file = desired([owner_entry("ada@acme.dev")]);
        file.departed = vec![gone];
        let rows = [
            owner("user-ada", "ada@acme.dev"),
            member("user-eve", "mallory@acme.dev"),
        ];
        let roster = live(rows, []);
        let full = compute(&file, &roster, TODAY);
        for only in ["eve@acme.dev", "mallory@acme.dev"] {
            let narrowing = Narrowing {
                only: [email(only)].into(),
                revocations_only: false,
            };
            let narrowed = narrow(&full, &file, &roster, &narrowing);
            assert_eq!(
                changes(&narrowed.plan),
                ["remove mallory@acme.dev (reader)"],
                "{only}"
            );
        }
    }

    #[test]
    fn the_plan_says_what_was_left_out_and_who_is_not_there() {
        let (file, roster) = rosters();
        let full = full(&file, &roster);
        for (only, revocations_only, said) in [
            (
                vec!["eve@acme.dev", "gus@acme.dev"],
                false,
                vec![
                    "narrowed to eve@acme.dev, gus@acme.dev: 6 other actions are left",
                    "gus@acme.dev is neither in nor invited: nothing is to be done",
                ],
            ),
            (
                vec![],
                true,
                vec!["narrowed to what takes access: 4 other actions are left"],
            ),
            (
                vec!["grace@acme.dev"],
                true,
                vec!["narrowed to what takes access from grace@acme.dev: 6 other actions are left"],
            ),
        ] {
            let narrowing = Narrowing {
                only: only.into_iter().map(email).collect(),
                revocations_only,
            };
            let plan = narrow(&full, &file, &roster, &narrowing).plan;
            let remarks: Vec<_> = plan.remarks.iter().map(ToString::to_string).collect();
            assert_eq!(remarks[..said.len()], said);
        }
    }

    #[test]
    fn a_conflict_is_kept_for_the_person_it_is_about() {
        let mut bob = entry("bob@acme.dev");
        bob.id = Some(user("user-1"));
        let file = desired([owner_entry("ada@acme.dev"), bob]);
        let rows = [
            owner("user-ada", "ada@acme.dev"),
            member("user-1", "someone@acme.dev"),
            member("user-2", "bob@acme.dev"),
            member("user-eve", "eve@acme.dev"),
        ];
        let roster = live(rows, []);
        let full = compute(&file, &roster, TODAY);
        assert_eq!(full.conflicts.len(), 1);
        for (only, conflicts) in [
            ("bob@acme.dev", 1),
            ("someone@acme.dev", 1),
            ("eve@acme.dev", 0),
        ] {
            let narrowing = Narrowing {
                only: [email(only)].into(),
                revocations_only: false,
            };
            let narrowed = narrow(&full, &file, &roster, &narrowing);
            assert_eq!(narrowed.plan.conflicts.len(), conflicts, "{only}");
            assert!(narrowed.idle.is_empty(), "{only}");
        }
    }
}
