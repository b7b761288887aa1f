//! Situations, each a line: what the file says, what is live, what is planned.

use super::testing::{
    TODAY, departed, desired, email, entry, invite, live, member, owner, owner_entry, user,
};
use super::{Plan, compute};
use crate::desired::{DesiredRoster, EmailPattern, Entry, Stance};
use crate::roster::{Capabilities, Flags, LiveRole, LiveRoster, Member, Role};

/// The plan's actions and everything it shows, one line each.
fn lines(plan: &Plan) -> Vec<String> {
    let mut lines: Vec<String> = plan
        .actions
        .iter()
        .map(|action| format!("{}: {}", action.change, action.reason))
        .collect();
    lines.extend(
        plan.conflicts
            .iter()
            .map(|conflict| format!("conflict: {}", conflict.detail)),
    );
    lines.extend(
        plan.reported
            .iter()
            .map(|row| format!("reported {}: {}", row.person.label(), row.difference)),
    );
    lines.extend(
        plan.unmanaged
            .iter()
            .map(|row| format!("unmanaged {}: {}", row.person.label(), row.why)),
    );
    lines.extend(
        plan.vanished
            .iter()
            .map(|row| format!("vanished {} {}", row.email, row.id)),
    );
    lines.extend(plan.departed_live.iter().map(|row| {
        format!(
            "stuck {}: {}, {}",
            row.person.label(),
            row.why,
            row.protection
        )
    }));
    lines.extend(plan.remarks.iter().map(ToString::to_string));
    lines
}

/// Ada, the owner, declared and live, and whatever a situation adds.
fn plan(entries: Vec<Entry>, rows: Vec<Member>) -> Vec<String> {
    lines(&compute(
        &with_ada(entries),
        &live([ada()].into_iter().chain(rows), []),
        TODAY,
    ))
}

fn ada() -> Member {
    owner("user-ada", "ada@acme.dev")
}

fn with_ada(entries: Vec<Entry>) -> DesiredRoster {
    desired([owner_entry("ada@acme.dev")].into_iter().chain(entries))
}

fn pinned(address: &str, id: &str) -> Entry {
    Entry {
        id: Some(user(id)),
        ..entry(address)
    }
}

fn expired(address: &str) -> Entry {
    Entry {
        expires: Some(TODAY.yesterday().unwrap()),
        ..entry(address)
    }
}

fn flagged(row: Member, flags: Flags) -> Member {
    Member { flags, ..row }
}

const SCIM: Flags = Flags {
    scim_managed: Some(true),
    ..Flags::PERSON
};

#[test]
fn equal_rosters_need_nothing() {
    assert_eq!(
        plan(
            vec![entry("lin@acme.dev")],
            vec![member("user-lin", "LIN@acme.dev")]
        ),
        [""; 0]
    );
}

#[test]
fn undeclared_members_are_removed_and_absent_people_invited() {
    assert_eq!(
        plan(
            vec![entry("new@acme.dev")],
            vec![member("user-eve", "eve@acme.dev")]
        ),
        [
            "remove eve@acme.dev (reader): undeclared",
            "invite new@acme.dev (reader): declared, not in"
        ]
    );
}

#[test]
fn expiry_is_the_day_after_the_last_day() {
    let last_day = |day| Entry {
        expires: Some(day),
        ..entry("lin@acme.dev")
    };
    let rows = || vec![member("user-lin", "lin@acme.dev")];
    assert_eq!(plan(vec![last_day(TODAY)], rows()), [""; 0]);
    assert_eq!(
        plan(vec![last_day(TODAY.yesterday().unwrap())], rows()),
        ["remove lin@acme.dev (reader): expired on 2026-11-23"]
    );
    assert_eq!(plan(vec![expired("gone@acme.dev")], vec![]), [""; 0]);
}

#[test]
fn roles_are_set_unless_the_row_or_the_file_forbids_it() {
    let unknown = Member {
        role: LiveRole::observed(Some("admin")),
        ..member("user-3", "zoe@acme.dev")
    };
    assert_eq!(
        plan(
            vec![
                owner_entry("lin@acme.dev"),
                entry("bo@acme.dev"),
                entry("zoe@acme.dev"),
                owner_entry("kay@acme.dev")
            ],
            vec![
                member("user-1", "lin@acme.dev"),
                owner("user-2", "bo@acme.dev"),
                unknown,
                flagged(member("user-4", "kay@acme.dev"), SCIM),
            ],
        ),
        [
            "set the role of lin@acme.dev from reader to owner: role differs",
            "set the role of bo@acme.dev from owner to reader: owner whose entry has no role",
            "reported kay@acme.dev: is reader, declared owner; a SCIM-managed row is never re-roled",
            "reported zoe@acme.dev: has unknown role `admin`, declared reader; it is never set",
        ]
    );
}

#[test]
fn protected_rows_are_left_and_departed_ones_shown() {
    let service = Flags {
        service_account: Some(true),
        ..Flags::PERSON
    };
    let default_user = Flags {
        default_user: Some(true),
        ..Flags::PERSON
    };
    let mut file = with_ada(vec![expired("lin@acme.dev")]);
    file.departed.push(departed("old@acme.dev"));
    let rows = [
        ada(),
        flagged(member("user-1", "bot@acme.dev"), service),
        flagged(member("user-2", "first@acme.dev"), default_user),
        flagged(member("user-3", "old@acme.dev"), SCIM),
        flagged(member("user-4", "lin@acme.dev"), SCIM),
    ];
    assert_eq!(
        lines(&compute(&file, &live(rows, []), TODAY)),
        [
            "unmanaged bot@acme.dev: service account",
            "unmanaged first@acme.dev: default user",
            "stuck lin@acme.dev: expired on 2026-11-23, SCIM-managed",
            "stuck old@acme.dev: departed since 2026-11-24, SCIM-managed",
        ]
    );
}

#[test]
fn tombstones_and_expiries_outrank_unmanaged_and_policy() {
    let mut file = with_ada(vec![expired("lin@acme.dev"), owner_entry("kay@acme.dev")]);
    file.departed.push(departed("old@acme.dev"));
    file.policy.undeclared = Some(Stance::Report);
    file.policy.invites = Stance::Report;
    file.unmanaged
        .emails
        .push(EmailPattern::parse("*@acme.dev").unwrap());
    let rows = [
        ada(),
        member("user-1", "old@acme.dev"),
        member("user-2", "lin@acme.dev"),
        member("user-3", "kay@acme.dev"),
        member("user-4", "eve@acme.dev"),
    ];
    let invites = [
        invite("i-1", "old@acme.dev", Role::Reader, 0),
        invite("i-2", "lin@acme.dev", Role::Reader, 0),
    ];
    assert_eq!(
        lines(&compute(&file, &live(rows, invites), TODAY)),
        [
            "set the role of kay@acme.dev from reader to owner: role differs",
            "cancel the invite of lin@acme.dev (reader): expired on 2026-11-23",
            "cancel the invite of old@acme.dev (reader): departed since 2026-11-24",
            "remove lin@acme.dev (reader): expired on 2026-11-23",
            "remove old@acme.dev (reader): departed since 2026-11-24",
            "unmanaged eve@acme.dev: matches `*@acme.dev`",
        ]
    );
}

#[test]
fn a_pin_is_an_identity() {
    assert_eq!(
        plan(
            vec![pinned("new@acme.dev", "user-1")],
            vec![member("user-1", "old@acme.dev")]
        ),
        ["new@acme.dev is user-1, whose address is now old@acme.dev: rename the entry"]
    );
    assert_eq!(
        plan(vec![pinned("lin@acme.dev", "user-1")], vec![]),
        ["vanished lin@acme.dev user-1"]
    );
    assert_eq!(
        plan(
            vec![pinned("lin@acme.dev", "user-1")],
            vec![
                member("user-1", "x@acme.dev"),
                member("user-2", "lin@acme.dev")
            ]
        ),
        ["conflict: lin@acme.dev is pinned to user-1, and the address is live as user-2"]
    );
    assert_eq!(
        plan(
            vec![pinned("lin@acme.dev", "user-1")],
            vec![member("user-2", "lin@acme.dev")]
        ),
        [
            "conflict: lin@acme.dev is pinned to user-1, who is not live, and the address is live as user-2"
        ]
    );
    // Addresses that stand on one side only, before, between and after those that meet.
    assert_eq!(
        plan(
            vec![
                pinned("b@acme.dev", "user-3"),
                pinned("d@acme.dev", "user-9"),
                pinned("e@acme.dev", "user-1"),
            ],
            vec![
                member("user-1", "e@acme.dev"),
                member("user-2", "a@acme.dev"),
                member("user-3", "c@acme.dev"),
                member("user-4", "f@acme.dev"),
            ]
        ),
        [
            "remove a@acme.dev (reader): undeclared",
            "remove f@acme.dev (reader): undeclared",
            "vanished d@acme.dev user-9",
            "b@acme.dev is user-3, whose address is now c@acme.dev: rename the entry"
        ]
    );
    assert_eq!(
        plan(
            vec![pinned("a@acme.dev", "user-1"), entry("b@acme.dev")],
            vec![member("user-1", "b@acme.dev")]
        ),
        [
            "conflict: a@acme.dev and b@acme.dev both mean user-1",
            "a@acme.dev is user-1, whose address is now b@acme.dev: rename the entry"
        ]
    );
}

#[test]
fn a_declared_departed_row_is_a_conflict() {
    let mut file = with_ada(vec![entry("lin@acme.dev")]);
    file.departed.push(crate::desired::Departed {
        id: Some(user("user-1")),
        ..departed("old@acme.dev")
    });
    assert_eq!(
        lines(&compute(
            &file,
            &live([ada(), member("user-1", "lin@acme.dev")], []),
            TODAY
        )),
        ["conflict: lin@acme.dev is declared, and user-1 is departed (members.toml:9:1)"]
    );
}

#[test]
fn what_unmanaged_leaves_is_named_for_why_and_nothing_else_is_left() {
    let mut file = with_ada(vec![]);
    for pattern in ["bot-*@acme.dev", "?x@acme.dev"] {
        file.unmanaged
            .emails
            .push(EmailPattern::parse(pattern).unwrap());
    }
    file.unmanaged.ids = [user("user-1"), user("user-5")].into();
    file.departed.push(departed("bot-old@acme.dev"));
    file.policy.freeze = Some("audit".to_owned());
    let rows = [
        ada(),
        member("user-1", "bot-a@acme.dev"),
        member("user-2", "bot-b@acme.dev"),
        member("user-3", "robot-c@acme.dev"),
        member("user-4", "bot-d@acme.dev.evil.dev"),
        member("user-5", "bot-old@acme.dev"),
        member("user-6", "ax@acme.dev"),
        member("user-7", "aax@acme.dev"),
    ];
    let invites = [
        invite("i-1", "bot-new@acme.dev", Role::Reader, 0),
        invite("i-2", "guest@acme.dev", Role::Reader, 0),
    ];
    assert_eq!(
        lines(&compute(&file, &live(rows, invites), TODAY)),
        [
            "cancel the invite of guest@acme.dev (reader): undeclared",
            "remove aax@acme.dev (reader): undeclared",
            "remove bot-d@acme.dev.evil.dev (reader): undeclared",
            "remove bot-old@acme.dev (reader): departed since 2026-11-24",
            "remove robot-c@acme.dev (reader): undeclared",
            "unmanaged ax@acme.dev: matches `?x@acme.dev`",
            "unmanaged bot-a@acme.dev: listed by id",
            "unmanaged bot-b@acme.dev: matches `bot-*@acme.dev`",
            "unmanaged bot-new@acme.dev: matches `bot-*@acme.dev`",
        ]
    );
}

#[test]
fn of_several_invites_the_newest_with_the_declared_role_stays() {
    let at = |role, created| invite(&format!("i-{created}"), "lin@acme.dev", role, created);
    let file = with_ada(vec![entry("lin@acme.dev")]);
    let invites = [
        at(Role::Reader, 1),
        at(Role::Owner, 4),
        at(Role::Reader, 3),
        at(Role::Owner, 2),
    ];
    let plan = compute(&file, &live([ada()], invites), TODAY);
    let cancelled: Vec<&str> = plan
        .actions
        .iter()
        .map(|action| match &action.change {
            crate::plan::Change::CancelInvite { invite } => invite.id.as_str(),
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(cancelled, ["i-1", "i-2", "i-4"]);
}

#[test]
fn invites_of_declared_people() {
    let at = |role, created| invite(&format!("i-{created}"), "lin@acme.dev", role, created);
    let of = |roles: Stance, invites: Vec<crate::roster::Invite>| {
        let mut file = with_ada(vec![entry("lin@acme.dev")]);
        file.policy.roles = roles;
        lines(&compute(&file, &live([ada()], invites), TODAY))
    };
    assert_eq!(
        of(Stance::Enforce, vec![at(Role::Reader, 1)]),
        ["lin@acme.dev is invited and has not accepted yet"]
    );
    assert_eq!(
        of(Stance::Enforce, vec![at(Role::Owner, 1)]),
        [
            "cancel the invite of lin@acme.dev (owner): invited with another role",
            "invite lin@acme.dev (reader): invited with another role"
        ]
    );
    assert_eq!(
        of(Stance::Report, vec![at(Role::Owner, 1)]),
        ["reported lin@acme.dev: invited as owner, declared reader"]
    );
    assert_eq!(
        of(
            Stance::Report,
            vec![at(Role::Reader, 1), at(Role::Reader, 2), at(Role::Owner, 3)]
        ),
        [
            "cancel the invite of lin@acme.dev (reader): invited more than once",
            "reported lin@acme.dev: invited as owner, declared reader",
            "lin@acme.dev is invited and has not accepted yet"
        ]
    );
}

#[test]
fn invites_of_undeclared_people() {
    let of = |stance: Stance, rows: Vec<Member>| {
        let mut file = with_ada(vec![]);
        file.policy.invites = stance;
        let invites = [invite("i-1", "eve@acme.dev", Role::Reader, 0)];
        lines(&compute(
            &file,
            &live([ada()].into_iter().chain(rows), invites),
            TODAY,
        ))
    };
    assert_eq!(
        of(Stance::Enforce, vec![]),
        ["cancel the invite of eve@acme.dev (reader): undeclared"]
    );
    assert_eq!(
        of(Stance::Report, vec![]),
        ["reported eve@acme.dev: undeclared invite (reader)"]
    );
    assert_eq!(
        of(Stance::Report, vec![member("user-1", "eve@acme.dev")]),
        [
            "cancel the invite of eve@acme.dev (reader): invited, and removed as a member",
            "remove eve@acme.dev (reader): undeclared"
        ]
    );
    assert_eq!(
        of(
            Stance::Enforce,
            vec![flagged(member("user-1", "zoe@acme.dev"), SCIM)]
        ),
        [
            "reported eve@acme.dev: undeclared invite (reader), left because members are SCIM-managed",
            "unmanaged zoe@acme.dev: SCIM-managed"
        ]
    );
}

#[test]
fn a_pending_invite_of_somebody_who_is_in_is_left() {
    let file = with_ada(vec![]);
    let roster = live([ada()], [invite("i-1", "ada@acme.dev", Role::Reader, 0)]);
    assert_eq!(
        lines(&compute(&file, &roster, TODAY)),
        ["ada@acme.dev is a member and has a pending invite, which is left"]
    );
}

#[test]
fn what_the_provider_cannot_do_is_reported() {
    let mut observation = live(
        [
            ada(),
            member("user-1", "lin@acme.dev"),
            owner("user-2", "eve@acme.dev"),
        ],
        [],
    )
    .to_observation();
    observation.capabilities = Capabilities {
        invites: false,
        roles: false,
        owner_removal: false,
    };
    let roster = LiveRoster::assemble(observation).unwrap();
    let file = with_ada(vec![owner_entry("lin@acme.dev"), entry("new@acme.dev")]);
    assert_eq!(
        lines(&compute(&file, &roster, TODAY)),
        [
            "reported eve@acme.dev: is not to be in, and may be an owner, whom this API cannot remove",
            "reported lin@acme.dev: is reader, declared owner",
            "reported new@acme.dev: declared (reader), not in",
        ]
    );
}

#[test]
fn what_is_counted() {
    let mut file = with_ada(vec![entry("lin@acme.dev"), entry("new@acme.dev")]);
    file.unmanaged
        .emails
        .push(EmailPattern::parse("*@openai.com").unwrap());
    let rows = [
        ada(),
        member("user-1", "lin@acme.dev"),
        owner("user-2", "x@openai.com"),
        member("user-3", "eve@acme.dev"),
    ];
    let invites = [
        invite("i-1", "new@acme.dev", Role::Reader, 0),
        invite("i-2", "y@openai.com", Role::Reader, 0),
    ];
    let plan = compute(&file, &live(rows, invites), TODAY);
    assert_eq!((plan.unchanged, plan.managed), (3, 4));
    assert_eq!(
        plan.owners
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        ["user-ada"]
    );
    assert_eq!(plan.organization, "org-test");
    assert!(plan.suspicions.is_empty());
}

#[test]
fn a_typing_error_is_a_suspicion_beside_its_two_actions() {
    let plan = compute(
        &with_ada(vec![entry("grace.hoper@acme.dev")]),
        &live([ada(), member("user-1", "grace.hopper@acme.dev")], []),
        TODAY,
    );
    assert_eq!(plan.actions.len(), 2);
    assert_eq!(
        plan.suspicions[0].declared.email,
        Some(email("grace.hoper@acme.dev"))
    );
}

#[test]
fn a_row_that_may_be_an_owner_stays_where_owners_cannot_be_removed() {
    let of = |word: Option<&str>| {
        let row = Member {
            role: LiveRole::observed(word),
            ..member("user-eve", "eve@acme.dev")
        };
        let mut observation = live([ada(), row], []).to_observation();
        observation.capabilities = Capabilities {
            invites: false,
            roles: false,
            owner_removal: false,
        };
        let roster = LiveRoster::assemble(observation).unwrap();
        lines(&compute(&with_ada(vec![]), &roster, TODAY))
    };
    for word in [None, Some("Owner"), Some("admin"), Some("owner")] {
        assert_eq!(
            of(word),
            [
                "reported eve@acme.dev: is not to be in, and may be an owner, whom this API cannot remove"
            ],
            "{word:?}"
        );
    }
    assert_eq!(
        of(Some("reader")),
        ["remove eve@acme.dev (reader): undeclared"]
    );
}
