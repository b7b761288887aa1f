//! Masked plans: no format shows an address, and the plan's names stay those of the real ones.

use rosterctl::document::{PlanDocument, ReportDocument, RosterDocument};
use rosterctl::guardrail::BreachKind;
use rosterctl::outcome::Outcome;
use rosterctl::plan::{Conflict, Likeness, Person, Suspicion};
use rosterctl::render::{
    Comment, Paint, PlanView, ReportView, diff, json, plan_github, plan_html, plan_markdown,
    plan_text, redact, report_github, report_html, report_markdown, report_text, roster_table,
};
use rosterctl::roster::{Capabilities, LiveRoster, Observation, Role, SeenOrganization};
use rosterctl::verify::{Foreign, Verification};

use super::fixtures::{Shown, breach, email, everything, invite, member, place};

/// Local parts that no output may hold; each is part of an address of the plan.
const LOCALS: [&str; 15] = [
    "ada", "eve", "mallory", "bob", "lin", "root", "twin", "guest", "odd", "bot", "support",
    "gone", "old", "grace", "hopper",
];

fn shows_a_local_part(text: &str) -> Option<&'static str> {
    LOCALS
        .into_iter()
        .find(|local| text.contains(&format!("{local}@")))
}

#[test]
fn no_format_shows_an_address() {
    let mut judgement = everything();
    let somebody = Person::address(&email("mallory@acme.dev"));
    judgement.plan.suspicions = vec![Suspicion {
        likeness: Likeness::Spelling,
        declared: somebody.clone(),
        live: somebody.clone(),
    }];
    judgement.plan.conflicts = vec![Conflict {
        people: vec![somebody.clone()],
        detail: "mallory@acme.dev is two people".to_owned(),
        place: place(1),
    }];
    let mut refusing = breach(BreachKind::OwnersMin, 1.0, 2.0);
    refusing.message = "only mallory@acme.dev would be left".to_owned();
    refusing.subjects = vec![somebody.clone()];
    judgement.breaches = vec![refusing];
    let real = Shown::new(judgement, 2);
    let masked = redact::judgement(&real.judgement);
    let view = PlanView {
        impact: None,
        judgement: &masked,
        redacted: true,
        ..real.view()
    };
    let verification = redact::verification(&Verification {
        converged: false,
        residual: real.judgement.actions.clone(),
        collateral: vec![somebody.clone()],
        foreign: vec![Foreign {
            person: somebody,
            what: "was renamed to mallory@acme.dev".to_owned(),
        }],
    });
    let outcomes = redact::outcomes(&[Outcome::Failed {
        cause: "mallory@acme.dev is the last owner".to_owned(),
    }]);
    let report = ReportView {
        aftermath: None,
        plan: view,
        outcomes: &outcomes,
        verification: Some(&verification),
        exit_code: 5,
        journal: None,
    };
    let comment = Comment {
        marker: None,
        everything_in: "plan.json",
        source_url: None,
        diff: None,
    };
    for text in [
        plan_text(&view, Paint::Plain),
        report_text(&report, Paint::Plain),
        plan_github(&view),
        report_github(&report),
        plan_html(&view),
        report_html(&report),
        plan_markdown(&view, &comment),
        report_markdown(&report, &comment),
        json(&PlanDocument::new(&view)).unwrap(),
        json(&ReportDocument::new(&report)).unwrap(),
    ] {
        assert_eq!(shows_a_local_part(&text), None, "{text}");
        assert!(text.contains("m***@acme.dev"), "{text}");
        assert!(
            text.contains("user-8") || !text.contains("user_id"),
            "{text}"
        );
    }
    let document = PlanDocument::new(&view);
    assert!(document.redacted);
    assert_eq!(document.plan_id, real.ids.plan.full());
    assert_eq!(document.actions.len(), real.judgement.actions.len());
}

#[test]
fn a_masked_roster_has_no_names() {
    let mut ada = member("user-1", "ada@acme.dev", Role::Owner);
    ada.name = Some("Ada Lovelace".to_owned());
    let live = LiveRoster::assemble(Observation {
        organization: SeenOrganization::default(),
        // The mask makes these two equal, and both are still there.
        members: vec![ada, member("user-2", "adam@acme.dev", Role::Reader)],
        invites: vec![invite("invite-1", "eve@acme.dev", Role::Reader)],
        capabilities: Capabilities::ALL,
    })
    .unwrap();
    let masked = redact::roster(&live);
    insta::assert_snapshot!(roster_table(&RosterDocument::new(&masked, None, None), Paint::Plain), @"
    ADDRESS        NAME  ROLE    ID        STANDING                  DECLARED
    a***@acme.dev  -     owner   user-1    member                    -
    a***@acme.dev  -     reader  user-2    member                    -
    e***@acme.dev  -     reader  invite-1  invited until 2026-11-26  -
    ");
    assert_eq!(diff(&masked, &masked, Paint::Plain), "");
}
