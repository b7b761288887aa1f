//! Tables: a roster, a log, and what is said about each difference.

use jiff::Timestamp;

use super::{Appeared, Cause, Differing, Drift, Known};
use crate::desired::{DesiredRoster, Entry, Stance};
use crate::plan::testing::admin_key as testing_key;
use crate::plan::testing::{
    TODAY, departed, desired, email, entry, invite, live, member, owner, owner_entry, user,
};
use crate::plan::{compute, settle_keys};
use crate::roster::{
    Actor, ActorHolder, AdminKey, AuditEvent, AuditLog, AuditReading, Flags, Happening, InviteId,
    KeyHolder, KeyId, LiveRole, LiveRoster, Member, Role, Somebody, UserId,
};

/// A day and hour of November 2026: `20T09`.
fn at(text: &str) -> Timestamp {
    format!("2026-11-{text}:00:00Z").parse().unwrap()
}

fn kim() -> Actor {
    Actor::Session(Somebody {
        id: Some(user("user-kim")),
        email: Some(email("kim@acme.dev")),
    })
}

fn ci() -> Actor {
    Actor::Key {
        id: Some("key_ci".to_owned()),
        holder: ActorHolder::ServiceAccount(Some("svc-ci".to_owned())),
    }
}

fn event(when: &str, by: Actor, what: Happening) -> AuditEvent {
    AuditEvent {
        id: format!("audit-{when}-{}", what.kind()),
        at: at(when),
        what,
        by,
        project: None,
    }
}

fn added(id: &str) -> Happening {
    Happening::UserAdded {
        user: user(id),
        role: Some(LiveRole::Known(Role::Reader)),
    }
}

fn set(id: &str, role: Role) -> Happening {
    Happening::UserUpdated {
        user: user(id),
        role: Some(LiveRole::Known(role)),
    }
}

fn removed(id: &str) -> Happening {
    Happening::UserDeleted { user: user(id) }
}

fn sent(invite: &str, address: &str) -> Happening {
    Happening::InviteSent {
        invite: InviteId::parse(invite).unwrap(),
        email: Some(email(address)),
        role: Some(LiveRole::Known(Role::Reader)),
    }
}

fn accepted(invite: &str) -> Happening {
    Happening::InviteAccepted {
        invite: InviteId::parse(invite).unwrap(),
    }
}

/// A log that was read since the tenth, the newest first.
fn log(mut events: Vec<AuditEvent>) -> AuditReading {
    events.sort_by_key(|event| std::cmp::Reverse(event.at));
    AuditReading::Read(AuditLog {
        since: at("10T00"),
        events,
    })
}

/// What is said about every difference, one line each.
fn told(file: &DesiredRoster, live: &LiveRoster, log: AuditReading) -> String {
    let plan = compute(file, live, TODAY);
    let drift = Drift::new(&plan, live, Ok(&[]), Ok(&everything(live)), log);
    let lines = drift.rows.iter().map(|(row, cause)| {
        let cause = cause.as_ref().map_or_else(|| "not asked".to_owned(), said);
        format!("{}: {cause}", named(row))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn everything(live: &LiveRoster) -> Known {
    let accounts = live.members().map(|row| row.id.clone());
    Known {
        service_accounts: accounts.collect(),
        ..Known::default()
    }
}

fn said(cause: &Cause) -> String {
    match cause {
        Cause::Told(events) => {
            let line = |event: &AuditEvent| {
                let AuditEvent { at, what, by, .. } = event;
                format!("{} {what} by {by}", at.strftime("%dT%H"))
            };
            events.iter().map(line).collect::<Vec<_>>().join("; ")
        }
        Cause::Untold(silence) => format!("({silence})"),
    }
}

fn named(row: &Differing) -> String {
    match row {
        Differing::DepartedLive(row) => format!("departed {}", row.person.label()),
        Differing::Action(action) => action.change.to_string(),
        Differing::Undecided(conflict) => format!("undecided, {}", conflict.detail),
        Differing::Reported(row) => format!("reported {} {}", row.person.label(), row.difference),
        Differing::Vanished(row) => format!("vanished {}", row.email),
        Differing::LeftoverKey(row) => format!("leftover {}", row.key.id),
        Differing::UnmanagedOwner(row) => format!("unmanaged owner {}", row.person.label()),
        Differing::UnmanagedFraction { unmanaged, rows } => {
            format!("{unmanaged} of {rows} rows unmanaged")
        }
    }
}

fn since(row: Member, when: &str) -> Member {
    Member {
        added_at: Some(at(when)),
        ..row
    }
}

fn file() -> DesiredRoster {
    desired([owner_entry("ada@acme.dev"), owner_entry("bo@acme.dev")])
}

fn owners() -> Vec<Member> {
    vec![
        owner("user-ada", "ada@acme.dev"),
        owner("user-bo", "bo@acme.dev"),
    ]
}

fn with(rows: impl IntoIterator<Item = Member>) -> LiveRoster {
    live(owners().into_iter().chain(rows), [])
}

#[test]
fn how_an_undeclared_member_came_in() {
    let eve = || with([since(member("user-eve", "eve@acme.dev"), "20T10")]);
    let invited = || {
        vec![
            event("20T09", kim(), sent("inv-1", "eve@acme.dev")),
            event("20T10", kim(), accepted("inv-1")),
            event("20T10", kim(), added("user-eve")),
        ]
    };
    let elsewhere = |when: &str| AuditEvent {
        project: Some("Web".to_owned()),
        ..event(when, ci(), added("user-eve"))
    };
    let mut cases = Vec::new();
    for (case, events) in [
        ("invited", invited()),
        (
            "added at once",
            vec![event("20T10", ci(), added("user-eve"))],
        ),
        (
            "an earlier and a later invite are another story",
            [
                invited(),
                vec![
                    event("12T09", ci(), sent("inv-0", "eve@acme.dev")),
                    event("22T09", ci(), sent("inv-2", "eve@acme.dev")),
                ],
            ]
            .concat(),
        ),
        (
            "only the invite is in the log",
            vec![event("20T09", kim(), sent("inv-1", "eve@acme.dev"))],
        ),
        ("added to a project on arrival", vec![elsewhere("20T10")]),
        (
            "added to a project later",
            vec![elsewhere("22T10"), event("11T00", kim(), added("user-x"))],
        ),
        (
            "somebody else",
            vec![event("20T08", kim(), added("user-x"))],
        ),
        (
            "the log is younger",
            vec![event("22T08", kim(), added("user-x"))],
        ),
        ("nothing at all", vec![]),
    ] {
        cases.push(format!("{case}\n  {}", told(&file(), &eve(), log(events))));
    }
    insta::assert_snapshot!(cases.join("\n"), @"
    invited
      remove eve@acme.dev (reader): 20T09 invite sent to eve@acme.dev as reader by kim@acme.dev in the dashboard; 20T10 invite accepted by kim@acme.dev in the dashboard; 20T10 added as reader by kim@acme.dev in the dashboard
    added at once
      remove eve@acme.dev (reader): 20T10 added as reader by key key_ci of service account svc-ci
    an earlier and a later invite are another story
      remove eve@acme.dev (reader): 20T09 invite sent to eve@acme.dev as reader by kim@acme.dev in the dashboard; 20T10 invite accepted by kim@acme.dev in the dashboard; 20T10 added as reader by kim@acme.dev in the dashboard
    only the invite is in the log
      remove eve@acme.dev (reader): 20T09 invite sent to eve@acme.dev as reader by kim@acme.dev in the dashboard
    added to a project on arrival
      remove eve@acme.dev (reader): 20T10 added as reader by key key_ci of service account svc-ci
    added to a project later
      remove eve@acme.dev (reader): (the audit log has nothing about it since 2026-11-10)
    somebody else
      remove eve@acme.dev (reader): (the audit log has nothing about it since 2026-11-10)
    the log is younger
      remove eve@acme.dev (reader): (it happened on 2026-11-20, before the oldest entry of the audit log (2026-11-22))
    nothing at all
      remove eve@acme.dev (reader): (the audit log has nothing about it since 2026-11-10)
    ");
}

#[test]
fn who_made_an_undeclared_owner_one() {
    let mut eve = since(member("user-eve", "eve@acme.dev"), "20T10");
    eve.role = LiveRole::Known(Role::Owner);
    let events = vec![
        event("20T10", ci(), added("user-eve")),
        event("21T10", kim(), set("user-eve", Role::Owner)),
    ];
    insta::assert_snapshot!(told(&file(), &with([eve]), log(events)), @"remove eve@acme.dev (owner): 20T10 added as reader by key key_ci of service account svc-ci; 21T10 role set to owner by kim@acme.dev in the dashboard");
}

#[test]
fn who_changed_a_role_who_invited_and_who_removed() {
    let mut lin = member("user-lin", "lin@acme.dev");
    lin.role = LiveRole::Known(Role::Owner);
    let pinned = Entry {
        id: Some(user("user-gone")),
        ..entry("gone@acme.dev")
    };
    let mut file = desired([
        owner_entry("ada@acme.dev"),
        owner_entry("bo@acme.dev"),
        Entry {
            role: Some(Role::Reader),
            ..entry("lin@acme.dev")
        },
        pinned,
        entry("new@acme.dev"),
    ]);
    let roster = live(
        owners().into_iter().chain([lin]),
        [invite(
            "inv-1",
            "guest@acme.dev",
            Role::Reader,
            1_795_000_000,
        )],
    );
    let events = || {
        vec![
            event("19T08", kim(), set("user-lin", Role::Reader)),
            event("20T08", kim(), set("user-lin", Role::Owner)),
            event("20T09", ci(), removed("user-gone")),
            event("20T10", kim(), sent("inv-1", "guest@acme.dev")),
        ]
    };
    let enforced = told(&file, &roster, log(events()));
    file.policy.roles = Stance::Report;
    file.policy.invites = Stance::Report;
    let assigned = Happening::RoleAssigned {
        principal: "user-lin".to_owned(),
    };
    let by_assignment = vec![event("20T08", ci(), assigned)];
    let reported = told(&file, &roster, log(by_assignment));
    insta::assert_snapshot!(format!("{enforced}\n--- reported\n{reported}"), @"
    cancel the invite of guest@acme.dev (reader): 20T10 invite sent to guest@acme.dev as reader by kim@acme.dev in the dashboard
    set the role of lin@acme.dev from owner to reader: 20T08 role set to owner by kim@acme.dev in the dashboard
    invite new@acme.dev (reader): not asked
    vanished gone@acme.dev: 20T09 removed by key key_ci of service account svc-ci
    --- reported
    invite new@acme.dev (reader): not asked
    reported guest@acme.dev undeclared invite (reader): (it happened on 2026-11-18, before the oldest entry of the audit log (2026-11-20))
    reported lin@acme.dev is owner, declared reader: 20T08 role given by key key_ci of service account svc-ci
    vanished gone@acme.dev: (the audit log has nothing about it since 2026-11-10)
    ");
}

#[test]
fn a_log_that_cannot_say_is_named_for_why() {
    let eve = with([since(member("user-eve", "eve@acme.dev"), "05T10")]);
    let reason = || "missing scope".to_owned();
    let cases = [
        AuditReading::Off { reason: reason() },
        AuditReading::Unreadable { reason: reason() },
        log(vec![]),
    ]
    .map(|reading| told(&file(), &eve, reading));
    insta::assert_snapshot!(cases.join("\n"), @"
    remove eve@acme.dev (reader): (the audit log is switched off)
    remove eve@acme.dev (reader): (the audit log could not be read)
    remove eve@acme.dev (reader): (it happened on 2026-11-05, and the audit log was read since 2026-11-10)
    ");
}

#[test]
fn unmanaged_rows_are_a_difference_when_they_own_or_are_many() {
    let mut file = desired([owner_entry("ada@acme.dev"), owner_entry("bo@acme.dev")]);
    let reader = |n: usize| member(&format!("user-{n}"), &format!("p{n}@acme.dev"));
    let flags = |row: Member, flags: Flags| Member { flags, ..row };
    file.departed.push(departed("p9@acme.dev"));
    for n in 1..=3 {
        file.unmanaged.ids.insert(user(&format!("user-{n}")));
    }
    let scim = Flags {
        scim_managed: Some(true),
        ..Flags::PERSON
    };
    let mut boss = reader(2);
    boss.role = LiveRole::Known(Role::Owner);
    let mut cases = Vec::new();
    for (case, rows) in [
        (
            "one of six",
            vec![reader(1), reader(4), reader(5), reader(6)],
        ),
        (
            "one of five is a fifth, no more",
            vec![reader(1), reader(4), reader(5)],
        ),
        ("one of three", vec![reader(1)]),
        ("an owner", vec![boss, reader(4), reader(5), reader(6)]),
        (
            "protected ones are on neither side",
            vec![
                reader(1),
                reader(4),
                reader(5),
                flags(reader(7), scim),
                flags(reader(8), scim),
            ],
        ),
        ("departed and protected", vec![flags(reader(9), scim)]),
    ] {
        let plan_rows = told(&file, &with(rows), log(vec![]));
        let own: Vec<&str> = plan_rows
            .lines()
            .filter(|line| !line.starts_with("remove"))
            .collect();
        let own = if own.is_empty() {
            "none".to_owned()
        } else {
            own.join(" | ")
        };
        cases.push(format!("{case}: {own}"));
    }
    insta::assert_snapshot!(cases.join("\n"), @"
    one of six: none
    one of five is a fifth, no more: none
    one of three: 1 of 3 rows unmanaged: not asked
    an owner: unmanaged owner p2@acme.dev: (the audit log has nothing about it since 2026-11-10)
    protected ones are on neither side: none
    departed and protected: departed p9@acme.dev: (the audit log has nothing about it since 2026-11-10)
    ");
}

#[test]
fn a_key_that_outlives_its_owner_is_a_difference_unless_an_action_is_about_it() {
    let mut file = file();
    let mut eve = member("user-eve", "eve@acme.dev");
    eve.role = LiveRole::Known(Role::Owner);
    let roster = with([eve]);
    let keys = Ok(vec![
        testing_key("key_ada", "user-ada"),
        testing_key("key_eve", "user-eve"),
        testing_key("key_gone", "user-gone"),
    ]);
    let mut cases = Vec::new();
    for admin_keys in [Stance::Report, Stance::Enforce] {
        file.policy.admin_keys = admin_keys;
        let mut plan = compute(&file, &roster, TODAY);
        settle_keys(&mut plan, &file, &roster, &keys);
        let known = everything(&roster);
        let events = vec![event(
            "20T09",
            kim(),
            Happening::KeyCreated {
                key: KeyId::parse("key_gone").unwrap(),
            },
        )];
        let drift = Drift::new(&plan, &roster, Ok(&[]), Ok(&known), log(events));
        let rows = drift.rows.iter().map(|(row, cause)| {
            let cause = cause.as_ref().map_or_else(|| "not asked".to_owned(), said);
            format!("{}: {cause}", named(row))
        });
        cases.push(format!(
            "{admin_keys:?}\n{}",
            rows.collect::<Vec<_>>().join("\n")
        ));
    }
    insta::assert_snapshot!(cases.join("\n"), @"
    Report
    remove eve@acme.dev (owner): (the audit log has nothing about it since 2026-11-10)
    leftover key_gone: 20T09 key made by kim@acme.dev in the dashboard
    Enforce
    remove eve@acme.dev (owner): (the audit log has nothing about it since 2026-11-10)
    revoke the admin key key_eve of eve@acme.dev: not asked
    leftover key_gone: 20T09 key made by kim@acme.dev in the dashboard
    ");
}

#[test]
fn keys_and_service_accounts_that_were_not_there_appeared() {
    let key = |id: &str, holder: KeyHolder| AdminKey {
        id: KeyId::parse(id).unwrap(),
        name: Some("ci".to_owned()),
        redacted_value: "sk-admin...abc".to_owned(),
        holder,
        created_at: Some(at("20T09")),
        expires_at: None,
        last_used_at: None,
    };
    let keys = [
        key("key_1", KeyHolder::Unknown),
        key("key_2", KeyHolder::Person(user("user-ada"))),
        key("key_3", KeyHolder::ServiceAccount),
    ];
    let mut robot = since(member("user-svc", "x@acme.dev"), "20T09");
    robot.email = None;
    robot.flags.service_account = Some(true);
    let roster = with([robot]);
    let file = file();
    let plan = compute(&file, &roster, TODAY);
    let made = |account: &str| Happening::ServiceAccountCreated {
        account: UserId::parse(account).unwrap(),
    };
    let events = vec![
        event("20T09", kim(), made("user-svc")),
        event(
            "20T09",
            ci(),
            Happening::KeyCreated {
                key: KeyId::parse("key_2").unwrap(),
            },
        ),
    ];
    let known = Known {
        admin_keys: [KeyId::parse("key_1").unwrap()].into(),
        ..Known::default()
    };
    let drift = Drift::new(&plan, &roster, Ok(&keys), Ok(&known), log(events.clone()));
    let lines: Vec<String> = drift
        .appeared
        .as_ref()
        .unwrap()
        .iter()
        .map(|(what, cause)| match what {
            Appeared::AdminKey(key, holder) => {
                let holder = holder.as_ref().map(|row| row.label());
                format!("{} of {holder:?}: {}", key.id, said(cause))
            }
            Appeared::ServiceAccount(row) => format!("{}: {}", row.id, said(cause)),
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    key_2 of Some("ada@acme.dev"): 20T09 key made by key key_ci of service account svc-ci
    key_3 of None: (the audit log has nothing about it since 2026-11-10)
    user-svc: 20T09 service account made by kim@acme.dev in the dashboard
    "#);
    assert!(drift.rows.is_empty() && drift.differs());
    let known = Known {
        admin_keys: keys.iter().map(|key| key.id.clone()).collect(),
        service_accounts: [user("user-svc")].into(),
    };
    for (known, keys, difference) in [
        (Ok(&known), Ok(&keys[..]), Ok(vec![])),
        (Err("no run"), Ok(&keys[..]), Err("no run".to_owned())),
        (Ok(&known), Err("no keys"), Err("no keys".to_owned())),
    ] {
        let drift = Drift::new(&plan, &roster, keys, known, log(events.clone()));
        assert_eq!(drift.appeared, difference);
        assert!(!drift.differs());
    }
}
