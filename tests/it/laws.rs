//! Laws of planning and guarding, over generated organizations.
//!
//! People come from a small pool of indexes, so that entries, tombstones, rows and invites meet often.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan as _};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rosterctl::desired::{
    Departed, DesiredOrganization, DesiredRoster, EmailPattern, Entry, Guardrails, Place, Policy,
    Stance, Unmanaged,
};
use rosterctl::document::SnapshotDocument;
use rosterctl::guardrail::{
    Accepted, ApprovedPlan, BreachKind, Evidence, History, Judgement, Refusal, approve,
    owners_after,
};
use rosterctl::plan::{Change, Person, Plan, compute, effect};
use rosterctl::roster::{
    Capabilities, Email, Flags, Invite, InviteId, InviteStatus, KeyInUse, LiveRole, LiveRoster,
    Member, Observation, OrganizationId, Protection, Role, SeenOrganization, UserId,
};

const TODAY: Date = date(2026, 11, 24);
const CASES: u32 = 1000;

/// One person of the pool, as bits: whether and how they are declared, departed, live and invited.
type Bits = (u8, u8, u8, u8);

/// Addresses of the pool; a few differ by a letter, so that suspicions arise.
fn address(at: usize) -> Email {
    let names = [
        "grace.hopper",
        "grace.hoper",
        "ada.lovelace",
        "linus",
        "margaret",
        "barbara.liskov",
        "edsger",
        "donald.knuth",
        "аda.lovelace",
    ];
    let domain = if at % 7 == 6 {
        "openai.com"
    } else {
        "acme.dev"
    };
    let name = names
        .get(at)
        .map_or_else(|| format!("person{at}"), |name| (*name).to_owned());
    Email::parse(&format!("{name}@{domain}")).unwrap()
}

fn id(at: usize) -> UserId {
    UserId::parse(&format!("user-{at:02}")).unwrap()
}

fn place(line: usize) -> Place {
    Place {
        file: "members.toml".to_owned(),
        line,
        column: 1,
    }
}

fn entry(at: usize, bits: u8) -> Entry {
    let expires = match bits >> 4 & 0b11 {
        0 => Some(TODAY.checked_sub(1.day()).unwrap()),
        1 => Some(TODAY),
        _ => None,
    };
    let id = match bits >> 2 & 0b11 {
        0 => Some(id(at)),
        1 if bits & 0x80 != 0 => Some(id(at + 40)),
        _ => None,
    };
    let role = [
        None,
        Some(Role::Reader),
        Some(Role::Owner),
        Some(Role::Owner),
    ][usize::from(bits & 0b11)];
    Entry {
        email: address(at),
        role,
        id,
        name: None,
        expires,
        ticket: None,
        reason: None,
        aliases: Vec::new(),
        place: place(at + 1),
    }
}

fn member(at: usize, bits: u8) -> Member {
    let flags = match bits >> 2 & 0b111 {
        0 => Flags {
            scim_managed: Some(true),
            ..Flags::PERSON
        },
        1 => Flags {
            service_account: Some(true),
            ..Flags::PERSON
        },
        2 if bits & 0x80 != 0 => Flags {
            default_user: Some(true),
            ..Flags::PERSON
        },
        3 if bits & 0x80 != 0 => Flags::default(),
        _ => Flags::PERSON,
    };
    let email = match bits >> 5 & 0b11 {
        0 => None,
        // A pinned person whose address changed.
        1 => Some(Email::parse(&format!("renamed{at}@acme.dev")).unwrap()),
        _ => Some(address(at)),
    };
    let role = [
        LiveRole::Known(Role::Reader),
        LiveRole::Known(Role::Owner),
        LiveRole::Known(Role::Owner),
        LiveRole::Other("admin".to_owned()),
    ];
    Member {
        id: id(at),
        email,
        name: None,
        role: role[usize::from(bits & 0b11)].clone(),
        added_at: None,
        flags,
        api_key_last_used_at: None,
        projects: Vec::new(),
    }
}

fn invite(at: usize, number: u8, role: Role) -> Invite {
    Invite {
        id: InviteId::parse(&format!("invite-{at:02}-{number}")).unwrap(),
        email: address(at),
        role: LiveRole::Known(role),
        status: InviteStatus::Pending,
        created_at: Some(Timestamp::from_second(1_700_000_000 + i64::from(number)).unwrap()),
        expires_at: None,
    }
}

/// A file and an organization that nobody has checked yet.
#[derive(Debug, Clone)]
struct World {
    desired: DesiredRoster,
    observation: Observation,
}

fn world(people: &[Bits], policy: u8) -> World {
    let stance = |bit: u8| {
        if policy >> bit & 1 == 1 {
            Stance::Enforce
        } else {
            Stance::Report
        }
    };
    let (mut members, mut departed, mut rows, mut invites) =
        (BTreeMap::new(), Vec::new(), Vec::new(), Vec::new());
    for (at, (declared, gone, live, invited)) in people.iter().copied().enumerate() {
        if declared & 0x40 != 0 {
            let entry = entry(at, declared);
            members.insert(entry.email.clone(), entry);
        } else if gone.is_multiple_of(4) {
            let by_id = gone & 0b100 == 0;
            departed.push(Departed {
                email: Some(address(at)),
                id: by_id.then(|| id(at)),
                since: None,
                ticket: None,
                reason: None,
                place: place(100 + at),
            });
        }
        if live & 0x80 != 0 || live & 0b11 == 1 {
            rows.push(member(at, live));
        }
        let role = if invited & 1 == 1 {
            Role::Owner
        } else {
            Role::Reader
        };
        for number in 0..[0, 0, 0, 1, 1, 2, 0, 0][usize::from(invited >> 1 & 0b111)] {
            invites.push(invite(
                at,
                number,
                if number == 0 { role } else { Role::Reader },
            ));
        }
    }
    let boss = Email::parse("boss@acme.dev").unwrap();
    rows.push(Member {
        id: UserId::parse("user-boss").unwrap(),
        email: Some(boss.clone()),
        ..member(0, 0b0101_0001)
    });
    members.insert(
        boss.clone(),
        Entry {
            email: boss.clone(),
            ..entry(0, 0b0011_1010)
        },
    );
    let guardrails = Guardrails {
        revocations_max: 6,
        owners_min: 1,
        required_owners: [boss].into(),
        email_domains: ["acme.dev".to_owned()].into(),
        ..Guardrails::default()
    };
    let unmanaged = Unmanaged {
        emails: vec![EmailPattern::parse("*@openai.com").unwrap()],
        ids: [id(11)].into(),
        ..Unmanaged::default()
    };
    let desired = DesiredRoster {
        organization: DesiredOrganization {
            id: OrganizationId::parse("org-test").unwrap(),
            slug: None,
        },
        policy: Policy {
            undeclared: Some(stance(0)),
            invites: stance(1),
            absent: stance(2),
            roles: if (policy >> 3).is_multiple_of(4) {
                Stance::Report
            } else {
                Stance::Enforce
            },
            admin_keys: stance(1),
            freeze: None,
        },
        guardrails,
        unmanaged,
        members,
        departed,
    };
    let organization = SeenOrganization {
        header: Some("org-test".to_owned()),
        date: None,
    };
    World {
        desired,
        observation: Observation {
            organization,
            members: rows,
            invites,
            capabilities: Capabilities::ALL,
        },
    }
}

fn worlds() -> impl Strategy<Value = World> {
    let bits = (any::<u8>(), any::<u8>(), any::<u8>(), any::<u8>());
    (prop::collection::vec(bits, 6..20), any::<u8>())
        .prop_map(|(people, policy)| world(&people, policy))
}

fn live(world: &World) -> LiveRoster {
    LiveRoster::assemble(world.observation.clone()).unwrap()
}

/// Runs a law over generated worlds.
fn law(check: impl Fn(&World, &LiveRoster, &Plan)) {
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    // A law that holds by chance is no law: the cases are the same on every machine.
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
        .run(&worlds(), |world| {
            let live = live(&world);
            let plan = compute(&world.desired, &live, TODAY);
            check(&world, &live, &plan);
            Ok(())
        })
        .unwrap();
}

#[test]
fn every_situation_is_generated_often_enough() {
    let counts = std::cell::RefCell::new(BTreeMap::<&str, u32>::new());
    law(|world, live, plan| {
        let removes = |wanted: fn(&rosterctl::plan::Reason) -> bool| {
            plan.actions.iter().any(|action| wanted(&action.reason))
        };
        let swaps = plan.actions.iter().any(|action| action.change.promotes())
            && plan
                .actions
                .iter()
                .any(|action| action.change.revokes_owner());
        let duplicate = live
            .invites()
            .chunk_by(|a, b| a.email == b.email)
            .any(|group| group.len() > 1);
        for (class, present) in [
            (
                "expired",
                removes(|reason| matches!(reason, rosterctl::plan::Reason::Expired { .. })),
            ),
            (
                "departed",
                removes(|reason| matches!(reason, rosterctl::plan::Reason::Departed { .. })),
            ),
            (
                "pinned rename",
                plan.remarks
                    .iter()
                    .any(|remark| matches!(remark, rosterctl::plan::Remark::Renamed { .. })),
            ),
            ("vanished", !plan.vanished.is_empty()),
            ("conflict", !plan.conflicts.is_empty()),
            (
                "scim",
                live.members()
                    .any(|row| row.protection() == Some(Protection::ScimManaged)),
            ),
            ("null e-mail", live.members().any(|row| row.email.is_none())),
            ("duplicate invite", duplicate),
            ("owner swap", swaps),
            ("suspicion", !plan.suspicions.is_empty()),
            (
                "reported",
                world.desired.policy.undeclared == Some(Stance::Report),
            ),
        ] {
            *counts.borrow_mut().entry(class).or_default() += u32::from(present);
        }
    });
    let counts = counts.into_inner();
    #[expect(clippy::print_stdout, reason = "the counts are what this test shows")]
    {
        println!("of {CASES} cases: {counts:?}");
    }
    for (class, count) in counts {
        assert!(
            count >= CASES / 20,
            "{class} occurs in {count} of {CASES} cases"
        );
    }
}

#[test]
fn what_a_plan_promises_leaves_nothing_to_do() {
    law(|world, live, plan| {
        let again = compute(&world.desired, &effect(live, &plan.actions), TODAY);
        assert!(
            again.actions.is_empty(),
            "{:#?}\nafter {:#?}",
            again.actions,
            plan.actions
        );
    });
}

#[test]
fn the_order_of_reading_changes_nothing() {
    law(|world, _, plan| {
        let mut turned = world.clone();
        turned.observation.members.reverse();
        turned.observation.invites.reverse();
        turned.desired.departed.reverse();
        let other = compute(&turned.desired, &live(&turned), TODAY);
        assert_eq!(plan.id(), other.id());
        assert_eq!(*plan, other);
    });
}

#[test]
fn nobody_who_may_be_in_is_ever_removed() {
    law(|world, _, plan| {
        for action in &plan.actions {
            let Change::Remove { member } = &action.change else {
                continue;
            };
            assert_eq!(member.protection(), None);
            let by_id = world
                .desired
                .members
                .values()
                .find(|entry| entry.id.as_ref() == Some(&member.id));
            let by_address = member
                .email
                .as_ref()
                .and_then(|email| world.desired.members.get(email));
            for entry in by_id.into_iter().chain(by_address) {
                assert!(!entry.is_active(TODAY), "{} is declared", member.label());
            }
            let gone = !matches!(action.reason, rosterctl::plan::Reason::Undeclared);
            let pattern = member
                .email
                .as_ref()
                .and_then(|email| world.desired.unmanaged.pattern_for(email));
            assert!(
                gone || (pattern.is_none() && !world.desired.unmanaged.ids.contains(&member.id))
            );
        }
    });
}

#[test]
fn every_prefix_of_a_plan_keeps_enough_owners() {
    law(|_, _, plan| {
        let least = plan
            .owners
            .len()
            .min(owners_after(plan, &plan.actions).len());
        for len in 0..=plan.actions.len() {
            assert!(owners_after(plan, &plan.actions[..len]).len() >= least);
        }
    });
}

fn judge(world: &World, live: &LiveRoster, plan: &Plan) -> Result<ApprovedPlan, Box<Refusal>> {
    let key_in_use = KeyInUse::Unknown {
        reason: "the list could not be read".to_owned(),
    };
    let evidence = Evidence {
        desired: &world.desired,
        live,
        key_in_use: &key_in_use,
        history: History::Known {
            revocations: 0,
            source: "audit log",
        },
        people_verified: None,
        accepted: Accepted::default(),
    };
    approve(plan.clone(), &evidence)
}

/// The breaches about people that an action has, written down a second time from the design's table.
fn withholds(world: &World, plan: &Plan, action: &rosterctl::plan::Action) -> bool {
    let guardrails = &world.desired.guardrails;
    let is = |email: &Email| action.person.email.as_ref() == Some(email);
    let suspicious = plan
        .suspicions
        .iter()
        .any(|pair| pair.declared.is(&action.person) || pair.live.is(&action.person));
    let by_change = match &action.change {
        Change::Remove { member } => !member.flags.unknown().is_empty() || member.role.is_owner(),
        Change::SetRole {
            member,
            to: Role::Reader,
        } => member.role.is_owner(),
        Change::SetRole {
            member: _,
            to: Role::Owner,
        } => !guardrails.required_owners.iter().any(is),
        Change::Invite { email, role } => {
            email.domain() != "acme.dev"
                || (*role == Role::Owner && !guardrails.required_owners.contains(email))
        }
        Change::CancelInvite { invite: _ }
        | Change::RevokeKey {
            key: _,
            user: _,
            email: _,
        } => false,
    };
    suspicious || by_change
}

#[test]
fn what_is_withheld_is_exactly_the_people_with_breaches() {
    law(|world, live, plan| {
        let judged = judge(world, live, plan);
        let judgement: &Judgement = match &judged {
            Ok(approved) => approved.judgement(),
            Err(refusal) => refusal.judgement(),
        };
        let breached: Vec<&Person> = plan
            .actions
            .iter()
            .filter(|action| withholds(world, plan, action))
            .map(|action| &action.person)
            .collect();
        for action in &plan.actions {
            let kept = judgement.actions.contains(action);
            let expected = !breached.iter().any(|person| person.is(&action.person));
            assert_eq!(
                kept, expected,
                "{} in {:#?}",
                action.change, judgement.withheld
            );
        }
        let withheld: usize = judgement.withheld.iter().map(|row| row.actions.len()).sum();
        assert_eq!(
            withheld + judgement.actions.len(),
            plan.actions.len(),
            "nothing is lost"
        );
        assert!(
            judgement
                .withheld
                .iter()
                .all(|row| !row.breaches.is_empty())
        );
    });
}

#[test]
fn an_approved_plan_is_within_every_limit() {
    law(|world, live, plan| {
        let Ok(approved) = judge(world, live, plan) else {
            return;
        };
        let guardrails = &world.desired.guardrails;
        let revocations = approved
            .actions()
            .iter()
            .filter(|action| action.change.is_revocation())
            .count();
        let changes = approved.actions().len() - revocations;
        assert!(revocations <= usize::try_from(guardrails.revocations_max).unwrap());
        assert!(changes <= usize::try_from(guardrails.changes_max).unwrap());
        if revocations > 3 {
            assert!(
                revocations * 4 <= plan.managed,
                "{revocations} of {}",
                plan.managed
            );
        }
        let after = owners_after(plan, approved.actions());
        assert!(after == plan.owners || !after.is_empty());
        assert!(approved.judgement().breaches.is_empty());
        assert!(
            !approved
                .judgement()
                .accepted
                .iter()
                .any(|breach| breach.kind == BreachKind::IdentityConflict)
        );
    });
}

#[test]
fn a_snapshot_is_the_roster_it_was_taken_of() {
    law(|world, live, plan| {
        let id = &world.desired.organization.id;
        let document = SnapshotDocument::new(id, live, Ok(&[]), Timestamp::UNIX_EPOCH);
        let text = serde_json::to_string(&document).unwrap();
        let read = SnapshotDocument::parse(&text, id).unwrap();
        let read = read.roster().unwrap();
        assert_eq!(read, *live);
        assert_eq!(compute(&world.desired, &read, TODAY).id(), plan.id());
    });
}
