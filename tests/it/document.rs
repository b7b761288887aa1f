//! The published documents against their own schemas, by an independent validator.

use rosterctl::document::{
    ActionDocument, PlanDocument, ReportDocument, plan_schema, report_schema,
};
use rosterctl::guardrail::BreachKind;
use rosterctl::outcome::Outcome;
use rosterctl::render::{ReportView, json};
use rosterctl::verify::{Foreign, Verification};

use crate::render::fixtures::{Shown, approved, assert_valid, breach, everything, plan};

#[test]
fn a_plan_holds_to_its_schema_and_is_read_back() {
    let mut refused = everything();
    refused.breaches = vec![breach(BreachKind::RevocationsMax, 38.0, 10.0)];
    for judgement in [everything(), refused, approved(plan(vec![]))] {
        let shown = Shown::new(judgement, 2);
        let document = PlanDocument::new(&shown.view());
        let text = json(&document).unwrap();
        assert_valid(&plan_schema(), &text);
        assert_eq!(
            serde_json::from_str::<PlanDocument>(&text).unwrap(),
            document
        );
    }
}

#[test]
fn a_plan_document_names_every_action_of_the_plan() {
    let shown = Shown::new(everything(), 2);
    let document = PlanDocument::new(&shown.view());
    let mut lines: Vec<String> = document.lines().collect();
    let mut planned: Vec<String> = shown
        .judgement
        .plan
        .actions
        .iter()
        .map(|action| action.change.canonical())
        .collect();
    lines.sort();
    planned.sort();
    assert_eq!(lines, planned);
    assert_eq!(document.plan_id, shown.ids.plan.full());
    assert_eq!(document.withheld.len(), 2);
}

#[test]
fn a_plan_document_has_the_published_shape() {
    let shown = Shown::new(everything(), 2);
    let document = serde_json::to_value(PlanDocument::new(&shown.view())).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&document["actions"][0]).unwrap(), @r#"
    {
      "after": "reader",
      "before": null,
      "change": "invite",
      "email": "ada@acme.dev",
      "invite_id": null,
      "key": null,
      "notes": [],
      "place": {
        "column": 1,
        "file": "members.toml",
        "line": 12
      },
      "reason": "declared, not in",
      "user_id": null
    }
    "#);
    insta::assert_snapshot!(serde_json::to_string(&document["withheld"][1]).unwrap(), @r#"{"action":null,"breaches":[{"breach":"identity-conflict","figure":null,"limit":null,"message":"root@acme.dev is withheld","subjects":[{"email":"root@acme.dev","user_id":"user-10"}],"way_on":"run with the admin key of another owner"}],"person":{"email":"twin@acme.dev","user_id":null}}"#);
    insta::assert_snapshot!(serde_json::to_string(&document["cost"]).unwrap(), @r#"{"operations":[{"operation":"delete-user","pace":"8/min","requests":2,"seconds":15.0}],"seconds":15.0}"#);
}

#[test]
fn a_schema_refuses_what_is_no_plan() {
    let shown = Shown::new(everything(), 2);
    let mut document = serde_json::to_value(PlanDocument::new(&shown.view())).unwrap();
    let validator = jsonschema::validator_for(&plan_schema()).unwrap();
    assert!(validator.is_valid(&document));
    document["actions"][0]["change"] = "promote".into();
    assert!(!validator.is_valid(&document));
}

#[test]
fn a_report_holds_to_its_schema_and_is_read_back() {
    let shown = Shown::new(everything(), 2);
    let person = shown.judgement.actions[0].person.clone();
    let verification = Verification {
        converged: false,
        residual: shown.judgement.actions.clone(),
        collateral: vec![person.clone()],
        foreign: vec![Foreign {
            person,
            what: "appeared as reader".to_owned(),
        }],
    };
    let cause = || "because".to_owned();
    let request_id = || Some("req_1".to_owned());
    let outcomes = [
        Outcome::Done {
            request_id: request_id(),
        },
        Outcome::AlreadyDone { request_id: None },
        Outcome::Failed { cause: cause() },
        Outcome::Unknown { cause: cause() },
    ];
    let view = ReportView {
        aftermath: None,
        plan: shown.view(),
        outcomes: &outcomes,
        verification: Some(&verification),
        exit_code: 5,
        journal: None,
    };
    let document = ReportDocument::new(&view);
    let text = json(&document).unwrap();
    assert_valid(&report_schema(), &text);
    assert_eq!(
        serde_json::from_str::<ReportDocument>(&text).unwrap(),
        document
    );
    let names: Vec<_> = document
        .outcomes
        .iter()
        .map(|row| row.outcome.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "done",
            "already-done",
            "failed",
            "unknown",
            "not-attempted",
            "not-attempted"
        ]
    );
    assert_eq!(
        document.outcomes[0].action,
        ActionDocument::new(&shown.judgement.actions[0])
    );
}
