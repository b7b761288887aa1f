//! Plans, judges and prints without network, key or file: `cargo run --example plan_offline`.
//!
//! The library's core is pure. Two rosters go in, the declared one as text and the live one as values, and what
//! comes out is a plan, what the guardrails say about it, and any of the published forms of both. A program that
//! gets its rosters from somewhere else, from a backup or from another provider, starts here.

use std::error::Error;
use std::io::{self, Write as _};

use jiff::Timestamp;
use rosterctl::desired::{self, Source};
use rosterctl::document::{PlanIds, PlanView};
use rosterctl::guardrail::{Accepted, Evidence, History, Surroundings, approve, preflight, today};
use rosterctl::pacing::PaceBook;
use rosterctl::plan::compute;
use rosterctl::render::{Paint, plan_text, refusal_text};
use rosterctl::roster::{
    Capabilities, Email, Flags, KeyInUse, LiveRole, LiveRoster, Member, Observation, Role,
    SeenOrganization, UserId,
};
use rosterctl::schedule;

const MEMBERS: &str = r#"
version = 1
organization = { id = "org-Example" }
policy = { undeclared = "remove" }
guardrails = { email_domains = ["acme.dev"] }

[members]
"ada@acme.dev" = { role = "owner" }
"bob@acme.dev" = { role = "owner" }
"lin@acme.dev" = {}
"#;

fn main() -> Result<(), Box<dyn Error>> {
    let source = Source {
        name: "members.toml".to_owned(),
        text: MEMBERS.to_owned(),
    };
    let desired = desired::parse(std::slice::from_ref(&source))
        .map_err(|violations| desired::diagnostics::render(&violations, &[source], false))?;
    let live = live_roster()?;
    let surroundings = Surroundings {
        local_now: "2026-11-24T09:00:00Z".parse()?,
        organization_id_env: None,
    };

    // The first gate: is a plan to be made at all?
    let breaches = preflight(&desired, &live, surroundings);
    if !breaches.is_empty() {
        return Err(refusal_text(&breaches, Paint::Plain).into());
    }

    // The second gate, and the only maker of a plan that may be executed. A refused plan is shown in the same way.
    let plan = compute(&desired, &live, today(&live, surroundings.local_now));
    let judged = approve(
        plan,
        &Evidence {
            desired: &desired,
            live: &live,
            key_in_use: &KeyInUse::Unknown {
                reason: "there is no key".to_owned(),
            },
            history: History::Known {
                revocations: 0,
                source: "journals",
            },
            people_verified: None,
            accepted: Accepted::default(),
        },
    );
    let judgement = match &judged {
        Ok(approved) => approved.judgement(),
        Err(refusal) => refusal.judgement(),
    };
    let view = PlanView {
        impact: None,
        judgement,
        ids: &PlanIds::of(judgement),
        cost: &schedule::cost(
            &judgement.actions,
            &live,
            &PaceBook::new(desired.organization.id.clone()),
        ),
        apply: None,
        redacted: false,
        members_sha256: None,
        snapshot_taken_at: None,
        loosened: &[],
    };
    io::stdout().write_all(plan_text(&view, Paint::Plain).as_bytes())?;
    Ok(())
}

/// A small organization, as an adapter would have read it: two owners, and a reader whom nobody declared.
fn live_roster() -> Result<LiveRoster, Box<dyn Error>> {
    let members = [
        ("user-1", "ada@acme.dev", Role::Owner),
        ("user-2", "bob@acme.dev", Role::Owner),
        ("user-3", "grace@acme.dev", Role::Reader),
    ]
    .into_iter()
    .map(|(id, email, role)| member(id, email, role))
    .collect::<Result<_, _>>()?;
    let observation = Observation {
        organization: SeenOrganization {
            header: Some("org-Example".to_owned()),
            date: Some(Timestamp::from_second(1_795_510_800)?),
        },
        members,
        invites: Vec::new(),
        capabilities: Capabilities::ALL,
    };
    // A list without people, without an owner, or with one id twice is no roster: it would plan from a wrong picture.
    LiveRoster::assemble(observation)
        .map_err(|faults| format!("the roster cannot be used: {faults:?}").into())
}

fn member(id: &str, email: &str, role: Role) -> Result<Member, Box<dyn Error>> {
    Ok(Member {
        id: UserId::parse(id)?,
        email: Some(Email::parse(email)?),
        name: None,
        role: LiveRole::Known(role),
        added_at: None,
        flags: Flags::PERSON,
        api_key_last_used_at: None,
        projects: Vec::new(),
    })
}
