//! What reading a file, planning, judging and showing cost grows with the members and not with their square.
//!
//! Time cannot be asserted in a test, so what is counted is memory asked for: how often, and how many bytes. Both are
//! exact and the same on every machine. This is a binary of its own because counting replaces its allocator.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::fmt::Write as _;

use jiff::civil::{Date, date};
use rosterctl::desired::{DesiredRoster, Source, parse};
use rosterctl::document::{PlanDocument, PlanIds, PlanView};
use rosterctl::guardrail::{Accepted, Evidence, History, Judgement, approve};
use rosterctl::pacing::PaceBook;
use rosterctl::plan::{Plan, compute};
use rosterctl::render::{Comment, Paint, json, plan_markdown, plan_text};
use rosterctl::roster::{
    Capabilities, Email, Flags, KeyInUse, LiveRole, LiveRoster, Member, Observation, Role,
    SeenOrganization, UserId,
};
use rosterctl::schedule;

/// Four times as many each: what doubles as it grows has doubled twice, and stands where it stood.
const SIZES: [usize; 3] = [1_000, 4_000, 16_000];
/// How much more a member may cost among the most than among the fewest.
const RATIO_MAX: f64 = 1.15;
/// In one of so many the file and the roster differ, in each of the ways.
const DIFFERS_ONE_IN: usize = 8;
const TODAY: Date = date(2026, 11, 24);

/// Memory asked for.
#[derive(Debug, Clone, Copy)]
struct Asked {
    times: u64,
    bytes: u64,
}

fn asked<T>(work: impl FnOnce() -> T) -> Asked {
    let counted = allocation_counter::measure(|| drop(work()));
    Asked {
        times: counted.count_total,
        bytes: counted.bytes_total,
    }
}

/// Says what a member costs among the fewest and among the most, where that is not the same.
fn not_linear(stage: &str, asked: [Asked; 3]) -> Option<String> {
    let each = |figure: fn(Asked) -> u64| {
        let figures = asked.into_iter().map(figure).zip(SIZES);
        let each: Vec<f64> = figures
            .map(|(figure, members)| {
                f64::from(u32::try_from(figure).unwrap())
                    / f64::from(u32::try_from(members).unwrap())
            })
            .collect();
        (each[2] > each[0] * RATIO_MAX || each[1] > each[0] * RATIO_MAX).then_some(each)
    };
    let (times, bytes) = (each(|asked| asked.times), each(|asked| asked.bytes));
    (times.is_some() || bytes.is_some())
        .then(|| format!("{stage}: allocations per member {times:?}, bytes per member {bytes:?}"))
}

fn person(number: usize) -> (String, String) {
    // Neither ids nor addresses come in the order of the lines.
    let mixed = number.wrapping_mul(7_919) % 1_000_003;
    (
        format!("user-{mixed:07}"),
        format!("person.{:07}@acme.dev", 9_999_999 - mixed),
    )
}

/// One in so many is re-roled, removed, invited to a forbidden domain, departed or expired; the others agree.
fn members_file(members: usize) -> String {
    let mut text =
        "version = 1\n[organization]\nid = \"org-1\"\n[policy]\nundeclared = \"remove\"\n\
         [guardrails]\nemail_domains = [\"acme.dev\"]\nrequired_owners = [\"ada@acme.dev\"]\n\
         [members]\n\"ada@acme.dev\" = { role = \"owner\" }\n"
            .to_owned();
    let mut departed = String::from("[departed]\n");
    for number in 0..members {
        let (id, email) = person(number);
        let _ = match number % DIFFERS_ONE_IN {
            0 => writeln!(text, "\"{email}\" = {{ role = \"owner\", id = \"{id}\" }}"),
            1 => writeln!(text, "\"new.{number:07}@elsewhere.dev\" = {{}}"),
            2 => writeln!(departed, "\"{email}\" = {{ since = 2026-01-31 }}"),
            3 => writeln!(
                text,
                "\"{email}\" = {{ expires = 2026-11-01, ticket = \"OPS-1\" }}"
            ),
            _ => writeln!(text, "\"{email}\" = {{ id = \"{id}\", name = \"A Name\" }}"),
        };
    }
    text + &departed
}

fn live(members: usize) -> LiveRoster {
    let row = |id: &str, email: &str, role| Member {
        id: UserId::parse(id).unwrap(),
        email: Some(Email::parse(email).unwrap()),
        name: Some("A Name".to_owned()),
        role: LiveRole::Known(role),
        added_at: None,
        flags: Flags::PERSON,
        api_key_last_used_at: None,
        projects: Vec::new(),
    };
    let mut rows = vec![row("user-ada", "ada@acme.dev", Role::Owner)];
    for number in 0..members {
        let (id, email) = person(number);
        rows.push(row(&id, &email, Role::Reader));
    }
    LiveRoster::assemble(Observation {
        organization: SeenOrganization {
            header: Some("org-1".to_owned()),
            date: None,
        },
        members: rows,
        invites: Vec::new(),
        capabilities: Capabilities::ALL,
    })
    .unwrap()
}

fn judge(plan: Plan, desired: &DesiredRoster, live: &LiveRoster) -> Judgement {
    let evidence = Evidence {
        desired,
        live,
        key_in_use: &KeyInUse::Unknown {
            reason: "there is no key".to_owned(),
        },
        history: History::Known {
            revocations: 0,
            source: "journals",
        },
        people_verified: None,
        accepted: Accepted::default(),
    };
    match approve(plan, &evidence) {
        Ok(approved) => approved.judgement().clone(),
        Err(refusal) => refusal.judgement().clone(),
    }
}

const STAGES: [&str; 6] = ["parse", "compute", "approve", "text", "JSON", "Markdown"];

/// What each stage asks for, in the order of [`STAGES`].
fn stages(members: usize) -> [Asked; 6] {
    let sources = [Source {
        name: "members.toml".to_owned(),
        text: members_file(members),
    }];
    let desired = parse(&sources).unwrap();
    let live = live(members);
    let plan = compute(&desired, &live, TODAY);
    let judgement = judge(plan.clone(), &desired, &live);
    // A quarter goes, an eighth is invited and withheld, an eighth is promoted and withheld.
    let part = members / DIFFERS_ONE_IN;
    assert_eq!(judgement.withheld.len(), 2 * part);
    assert!(judgement.actions.len() >= 2 * part);
    let pace = PaceBook::new(desired.organization.id.clone());
    let cost = schedule::cost(&plan.actions, &live, &pace);
    let ids = PlanIds::of(&judgement);
    let view = PlanView {
        judgement: &judgement,
        ids: &ids,
        cost: &cost,
        impact: None,
        apply: None,
        redacted: false,
        members_sha256: None,
        snapshot_taken_at: None,
        loosened: &[],
    };
    let comment = Comment {
        marker: None,
        everything_in: "plan.json",
        source_url: None,
        diff: None,
    };
    [
        asked(|| parse(&sources)),
        asked(|| compute(&desired, &live, TODAY)),
        asked(|| judge(plan, &desired, &live)),
        asked(|| plan_text(&view, Paint::Plain)),
        asked(|| json(&PlanDocument::new(&view))),
        asked(|| plan_markdown(&view, &comment)),
    ]
}

#[test]
fn a_member_costs_the_same_among_few_and_among_many() {
    let columns = SIZES.map(stages);
    let faults: Vec<String> = STAGES
        .iter()
        .enumerate()
        .filter_map(|(row, stage)| not_linear(stage, columns.map(|column| column[row])))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

/// The count sees what it is there for: one clone of everybody per hundred members.
#[test]
fn a_quadratic_clone_is_seen() {
    let clones = |members: usize| {
        let names = vec![String::from("a name"); members];
        asked(|| {
            for _ in 0..members / 100 {
                drop(names.clone());
            }
        })
    };
    assert!(not_linear("clones", SIZES.map(clones)).is_some());
}
