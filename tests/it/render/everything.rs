//! One plan in which every kind of row occurs.

use rosterctl::guardrail::{BreachKind, Judgement};
use rosterctl::plan::{
    Conflict, DepartedLive, Difference, LeftoverKey, Note, OwnerFate, Person, Plan, Reason, Remark,
    Reported, UnmanagedReason, UnmanagedRow, Vanished,
};
use rosterctl::roster::{LiveRole, ProjectMembership, Protection, Role};

use super::fixtures::{
    admin_key, approved, breach, cancel, email, hours_ago, invite, invited, leftover_key, member,
    place, plan, remove, revoke_key, set_role, user, with, withheld,
};

pub(super) fn judgement() -> Judgement {
    let mut actions = vec![
        invited("ada@acme.dev", Role::Reader),
        remove(member("user-7", "eve@acme.dev", Role::Reader)),
        with(
            remove(member("user-8", "mallory@acme.dev", Role::Owner)),
            [
                Note::Owner,
                Note::KeyUsed {
                    at: hours_ago(2),
                    recent: true,
                },
                Note::AddedRecently { at: hours_ago(30) },
                Note::Projects {
                    projects: ["Search", "Default project"]
                        .map(|name| ProjectMembership {
                            id: None,
                            name: Some(name.to_owned()),
                            role: Some("owner".to_owned()),
                        })
                        .to_vec(),
                },
            ],
        ),
        cancel(invite("invite-1", "bob@acme.dev", Role::Reader)),
        set_role(member("user-9", "lin@acme.dev", Role::Owner), Role::Reader),
        revoke_key(
            admin_key("key_1", "user-8", "deploy"),
            &member("user-8", "mallory@acme.dev", Role::Owner),
        ),
    ];
    actions[0].place = Some(place(12));
    actions[1].reason = Reason::Departed {
        since: Some("2026-11-20".parse().unwrap()),
        ticket: Some("HR-9".to_owned()),
    };
    let key_owner = remove(member("user-10", "root@acme.dev", Role::Owner));
    let all = actions.iter().cloned().chain([key_owner.clone()]);
    let mut judgement = approved(rows(plan(all.collect())));
    judgement.actions = actions;
    let mut undecided = withheld(BreachKind::IdentityConflict, vec![key_owner.clone()]);
    undecided.person = Person::address(&email("twin@acme.dev"));
    undecided.actions = Vec::new();
    judgement.withheld = vec![withheld(BreachKind::KeyOwner, vec![key_owner]), undecided];
    judgement.accepted = vec![breach(BreachKind::ChangesMax, 21.0, 20.0)];
    judgement.caveats = vec!["the weekly cap is not enforced: no history is readable".to_owned()];
    judgement
}

fn rows(plan: Plan) -> Plan {
    let person = |id: &str, address: &str| Person {
        email: Some(email(address)),
        id: Some(user(id)),
    };
    let reported = |address: &str, difference| Reported {
        person: Person::address(&email(address)),
        difference,
    };
    let reader = || LiveRole::Known(Role::Reader);
    Plan {
        conflicts: vec![Conflict {
            people: vec![Person::address(&email("twin@acme.dev"))],
            detail: "twin@acme.dev is pinned to user-30, and live as user-31".to_owned(),
            place: place(30),
        }],
        reported: vec![
            reported(
                "guest@acme.dev",
                Difference::UndeclaredInvite {
                    role: reader(),
                    scim: true,
                },
            ),
            reported(
                "odd@acme.dev",
                Difference::UnknownRole {
                    live: LiveRole::observed(Some("admin")),
                    desired: Role::Reader,
                },
            ),
        ],
        unmanaged: vec![
            UnmanagedRow {
                person: person("user-20", "bot@acme.dev"),
                role: reader(),
                invite: false,
                why: UnmanagedReason::Protected(Protection::ServiceAccount),
            },
            UnmanagedRow {
                person: person("user-21", "support@openai.com"),
                role: LiveRole::Known(Role::Owner),
                invite: false,
                why: UnmanagedReason::Pattern("*@openai.com".to_owned()),
            },
        ],
        vanished: vec![Vanished {
            email: email("gone@acme.dev"),
            id: user("user-22"),
            place: place(40),
        }],
        departed_live: vec![DepartedLive {
            person: person("user-23", "old@acme.dev"),
            role: reader(),
            why: "departed since 2026-11-20".to_owned(),
            protection: Protection::ScimManaged,
        }],
        leftover_keys: vec![
            leftover_key(
                admin_key("key_1", "user-8", "deploy"),
                &member("user-8", "mallory@acme.dev", Role::Owner),
            ),
            LeftoverKey {
                fate: OwnerFate::Demoted,
                ..leftover_key(
                    admin_key("key_2", "user-9", "export"),
                    &member("user-9", "lin@acme.dev", Role::Owner),
                )
            },
        ],
        remarks: vec![
            Remark::Renamed {
                declared: email("grace@acme.dev"),
                live: Some(email("grace.hopper@acme.dev")),
                id: user("user-24"),
            },
            Remark::Invited {
                email: email("new@acme.dev"),
            },
        ],
        ..plan
    }
}
