//! A reviewed plan as the upper bound of a run.

use std::time::Duration;

use rosterctl::document::{Bound, PlanDocument, ReviewedError, ReviewedPlan, stale};
use rosterctl::guardrail::{Acceptance, AcceptanceFault, Accepted, Breach, BreachKind, Judgement};
use rosterctl::plan::{Action, Person};
use rosterctl::render::{Paint, PlanView, json, redact, stale_text};
use rosterctl::roster::{LiveRole, Role};
use serde_json::Value;

use crate::render::fixtures::{
    Shown, approved, breach, cancel, email, everything, hours_ago, invite, invited, member, now,
    plan, remove, set_role, withheld,
};

fn written(judgement: Judgement) -> String {
    json(&PlanDocument::new(&Shown::new(judgement, 1).view())).unwrap()
}

fn reviewed(actions: Vec<Action>) -> ReviewedPlan {
    ReviewedPlan::parse(&written(approved(plan(actions)))).unwrap()
}

fn eve() -> Action {
    remove(member("user-7", "eve@acme.dev", Role::Reader))
}

fn bob() -> Action {
    cancel(invite("invite-1", "bob@acme.dev", Role::Reader))
}

#[test]
fn a_fresh_plan_may_do_less_and_never_more() {
    let lin = || set_role(member("user-9", "lin@acme.dev", Role::Owner), Role::Reader);
    let ada = |role| invited("ada@acme.dev", role);
    for (past, fresh, unreviewed) in [
        (vec![], vec![], 0),
        (vec![eve(), lin()], vec![lin(), eve()], 0),
        (vec![eve(), lin()], vec![eve()], 0),
        (vec![eve()], vec![eve(), lin()], 1),
        (vec![ada(Role::Reader)], vec![ada(Role::Owner)], 1),
        (vec![ada(Role::Owner)], vec![ada(Role::Reader)], 1),
        (
            vec![eve()],
            vec![remove(member("user-8", "eve@acme.dev", Role::Reader))],
            1,
        ),
        (
            vec![eve()],
            vec![remove(member("user-7", "eve@acme.dev", Role::Owner))],
            1,
        ),
    ] {
        let plan = plan(fresh);
        assert_eq!(reviewed(past).bounds(&plan).len(), unreviewed, "{plan:?}");
    }
}

#[test]
fn a_cancelled_invite_covers_the_member_that_it_became() {
    let bob_as = |role: LiveRole| {
        let mut member = member("user-30", "bob@acme.dev", Role::Reader);
        member.role = role;
        plan(vec![remove(member)])
    };
    let reader = LiveRole::Known(Role::Reader);
    let owner = LiveRole::Known(Role::Owner);
    let other = LiveRole::observed(Some("admin"));
    for (role, unreviewed) in [(reader, 0), (owner, 1), (other, 1)] {
        assert_eq!(
            reviewed(vec![bob()]).bounds(&bob_as(role)).len(),
            unreviewed
        );
    }
    let somebody = plan(vec![remove(member(
        "user-30",
        "rob@acme.dev",
        Role::Reader,
    ))]);
    assert_eq!(reviewed(vec![bob()]).bounds(&somebody).len(), 1);
}

#[test]
fn several_reviewed_plans_bound_together() {
    let fresh = plan(vec![eve(), bob(), invited("new@acme.dev", Role::Reader)]);
    let past = [reviewed(vec![eve()]), reviewed(vec![bob()])];
    let unreviewed: Vec<_> = stale(&past, &fresh)
        .iter()
        .map(|action| action.change.to_string())
        .collect();
    assert_eq!(unreviewed, ["invite new@acme.dev (reader)"]);
    insta::assert_snapshot!(stale_text(&past, &fresh, Paint::Plain), @"
    Stale: 1 action of the fresh plan is in no reviewed plan.
    --- reviewed
    +++ fresh
    @@ -1,2 +1,3 @@
     cancel-invite bob@acme.dev invite-1 reader
    +invite new@acme.dev reader
     remove eve@acme.dev user-7 reader
    Way on: write a new plan with `plan --out`, have it reviewed, and apply that one.
    ");
}

#[test]
fn a_document_is_believed_only_as_far_as_its_id() {
    let text = written(everything());
    let plan = ReviewedPlan::parse(&text).unwrap();
    assert_eq!(
        plan.id().full(),
        Shown::new(everything(), 1).ids.plan.full()
    );
    assert!(
        plan.bounds(&everything().plan).is_empty(),
        "withheld actions were reviewed too"
    );

    let altered = |change: &dyn Fn(&mut Value)| {
        let mut document: Value = serde_json::from_str(&text).unwrap();
        change(&mut document);
        ReviewedPlan::parse(&document.to_string())
    };
    for edit in [
        &(|document: &mut Value| document["actions"][1]["user_id"] = "user-1".into())
            as &dyn Fn(&mut Value),
        &|document| document["actions"][0]["after"] = "owner".into(),
        &|document| document["organization"] = "org-Other".into(),
        &|document| document["withheld"][0]["action"] = Value::Null,
        &|document| document["plan_id"] = "0".repeat(64).into(),
        &|document| {
            let copy = document["actions"][0].clone();
            document["actions"].as_array_mut().unwrap().push(copy);
        },
    ] {
        assert!(matches!(altered(edit), Err(ReviewedError::Altered { .. })));
    }
    // What the id is not over may be read differently by a newer version, and changes nothing.
    assert!(altered(&|document| document["actions"][0]["reason"] = "x".into()).is_ok());
    assert!(altered(&|document| document["later"] = "x".into()).is_ok());
}

#[test]
fn what_cannot_bound_a_run_says_why() {
    let text = written(approved(plan(vec![eve()])));
    let refuse = |text: &str| ReviewedPlan::parse(text).unwrap_err().to_string();
    assert_eq!(refuse("{"), "it is no plan document");
    assert_eq!(refuse("{\"format_version\": 1}"), "it is no plan document");
    assert_eq!(
        refuse("{\"format_version\": 2, \"actions\": \"in a shape of tomorrow\"}"),
        "its format_version is 2, and this version of rosterctl reads 1"
    );
    let shown = Shown::new(approved(plan(vec![eve()])), 1);
    let masked = redact::judgement(&shown.judgement);
    let view = PlanView {
        impact: None,
        judgement: &masked,
        redacted: true,
        ..shown.view()
    };
    assert_eq!(
        refuse(&json(&PlanDocument::new(&view)).unwrap()),
        "it was written with --redact-emails, so no action can be compared with it"
    );

    let week = Duration::from_hours(7 * 24);
    let plan = ReviewedPlan::parse(&text).unwrap();
    let check = |organization, now| {
        plan.check(organization, now, week)
            .map_err(|error| error.to_string())
    };
    assert_eq!(check("org-AbC123", now()), Ok(()));
    assert_eq!(check("org-AbC123", hours_ago(-7 * 24)), Ok(()));
    assert_eq!(
        check("org-Other", now()).unwrap_err(),
        "it is a plan for org-AbC123, and this is org-Other"
    );
    assert_eq!(
        check("org-AbC123", hours_ago(-7 * 24 - 1)).unwrap_err(),
        "its roster was read at 2026-11-24T03:15:00Z, and --plan-max-age is 7 days"
    );
    assert_eq!(check("org-AbC123", hours_ago(24)), Ok(()));
    assert_eq!(
        check("org-AbC123", hours_ago(25)).unwrap_err(),
        "its roster was read at 2026-11-24T03:15:00Z, which is yet to come"
    );
    let mut undated: Value = serde_json::from_str(&text).unwrap();
    undated["observed_at"] = Value::Null;
    let undated = ReviewedPlan::parse(&undated.to_string()).unwrap();
    assert!(matches!(
        undated.check("org-AbC123", now(), week),
        Err(ReviewedError::Undated)
    ));
}

#[test]
fn a_reviewed_breach_covers_none_that_is_worse() {
    let mut judgement = approved(plan(vec![eve()]));
    judgement.breaches = vec![
        breach(BreachKind::RevocationsMax, 38.0, 10.0),
        breach(BreachKind::OwnersMin, 1.0, 2.0),
    ];
    judgement.withheld = vec![withheld(BreachKind::KeyOwner, vec![bob()])];
    judgement.plan.actions.push(bob());
    let plan = ReviewedPlan::parse(&written(judgement)).unwrap();
    let about = |address: &str| Breach {
        limit: None,
        figure: None,
        subjects: vec![Person::address(&email(address))],
        ..breach(BreachKind::KeyOwner, 0.0, 0.0)
    };
    for (fresh, covered) in [
        (breach(BreachKind::RevocationsMax, 38.0, 10.0), true),
        (breach(BreachKind::RevocationsMax, 37.0, 5.0), true),
        (breach(BreachKind::RevocationsMax, 39.0, 10.0), false),
        (breach(BreachKind::OwnersMin, 1.0, 2.0), true),
        (breach(BreachKind::OwnersMin, 0.0, 2.0), false),
        (breach(BreachKind::ChangesMax, 1.0, 0.0), false),
        (about("bob@acme.dev"), true),
        (about("rob@acme.dev"), false),
    ] {
        let accepted = Accepted {
            reviewed: plan.breaches().to_vec(),
            ..Accepted::default()
        };
        assert_eq!(accepted.holds(&fresh), covered, "{fresh:?}");
    }
}

#[test]
fn an_acceptance_follows_its_plan_as_that_shrinks() {
    let mut judgement = approved(plan(vec![eve(), bob()]));
    judgement.breaches = vec![breach(BreachKind::RevocationsMax, 2.0, 1.0)];
    let seen = [ReviewedPlan::parse(&written(judgement)).unwrap()];
    let (reviewed, unfinished) = (
        Bound {
            reviewed: &seen,
            unfinished: &[],
        },
        Bound {
            reviewed: &[],
            unfinished: &seen,
        },
    );
    let nothing = Bound::default();
    let (whole, smaller) = (plan(vec![eve(), bob()]), plan(vec![eve()]));
    let grown = plan(vec![eve(), bob(), invited("new@acme.dev", Role::Reader)]);
    let id = whole.id();
    let accept = |kind: &str| [Acceptance::parse(&format!("{id}:{kind}")).unwrap()];
    let two = breach(BreachKind::RevocationsMax, 2.0, 1.0);
    let three = breach(BreachKind::RevocationsMax, 3.0, 1.0);
    // Whether the acceptance is taken at all, and whether it holds for two and for three revocations.
    for (bound, fresh, taken) in [
        (nothing, &whole, Some((true, true))),
        (nothing, &smaller, None),
        (reviewed, &smaller, Some((true, false))),
        (reviewed, &grown, None),
        (unfinished, &smaller, Some((true, false))),
        (unfinished, &grown, None),
    ] {
        let accepted = bound.accepted(&accept("revocations-max"), fresh).ok();
        let held = accepted.map(|accepted| (accepted.holds(&two), accepted.holds(&three)));
        assert_eq!(held, taken, "{bound:?}");
    }
    assert_eq!(
        reviewed.accepted(&accept("key-owner"), &smaller),
        Err(AcceptanceFault::Lacking(BreachKind::KeyOwner))
    );
}
