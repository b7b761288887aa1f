//! Strangers' values in what surrounds a plan: what a change loosens, why there is no plan, what is stale, a snapshot.
//!
//! Who writes a pull request is a stranger, too: its members file is read, and what it loosens is shown to a reviewer.

use rosterctl::desired::{Loosening, Place, Source, diagnostics, parse};
use rosterctl::document::{
    DeclaredDocument, PlanDocument, PlanView, ReviewedPlan, SnapshotDocument, plan_schema,
    snapshot_schema,
};
use rosterctl::guardrail::Judgement;
use rosterctl::plan::{Action, Change, Remark};
use rosterctl::render::{
    Comment, Paint, declared_table, failure_github, failure_markdown, gitlab, json, no_plan_text,
    plan_github, plan_html, plan_markdown, plan_text, source_diff, stale_github, stale_html,
    stale_markdown, stale_text, unread_markdown,
};
use rosterctl::roster::{Member, OrganizationId, Role, UserId};
use serde_json::Value;

use super::fixtures::{Shown, approved, now, plan, remove};
use super::hostile::{
    address, assert_annotations_are_ours, assert_is_inert, assert_is_quiet, corpus, hostile,
    hostile_key, hostile_member, id, live, markdown_shape,
};

/// Every kind of loosening, with the value wherever a members file takes text.
pub(super) fn loosened(value: &str) -> Vec<Loosening> {
    let user = || UserId::parse(&id(value)).unwrap();
    let place = || Place {
        file: value.to_owned(),
        line: 1,
        column: 1,
    };
    vec![
        Loosening::TombstoneLifted(value.to_owned()),
        Loosening::PinChanged {
            email: address(value),
            from: user(),
            to: Some(user()),
            place: place(),
        },
        Loosening::Limit {
            name: "revocations_max",
            from: 1.0,
            to: 2.0,
        },
        Loosening::RequiredOwnerDropped(address(value)),
        Loosening::RequiredOwnerAdded(address(value)),
        Loosening::DomainAdded(value.to_owned()),
        Loosening::Unenforced("undeclared"),
        Loosening::FreezeLifted(value.to_owned()),
        Loosening::CeilingRaised {
            files: value.to_owned(),
            from: Some(Role::Reader),
            to: Role::Owner,
        },
        Loosening::UnmanagedAdded(value.to_owned()),
        Loosening::UnmanagedSwitch {
            name: "flags_required",
            to: false,
        },
        Loosening::OwnerAdded {
            email: address(value),
            place: place(),
        },
    ]
}

/// A plan that was made from a snapshot, with every remark there is.
fn offline(value: &str) -> Judgement {
    let mut judgement = hostile(value);
    let caveat = format!("it is of a snapshot, {value}");
    judgement.caveats = vec![caveat, value.to_owned()];
    judgement.plan.remarks = vec![
        Remark::Renamed {
            declared: address(value),
            live: Some(address(value)),
            id: UserId::parse(&id(value)).unwrap(),
        },
        Remark::InviteOfMember {
            email: address(value),
        },
        Remark::KeysUnread {
            reason: value.to_owned(),
        },
        Remark::Narrowed {
            only: vec![address(value)],
            revocations_only: true,
            left: 3,
        },
        Remark::NotThere {
            email: address(value),
        },
    ];
    let accepted = &mut judgement.accepted[0];
    (accepted.message, accepted.way_on) = (value.to_owned(), value.to_owned());
    judgement
}

/// Actions whose every value is the stranger's, and a reviewed plan that has none of them.
fn reviewed(value: &str) -> (ReviewedPlan, Vec<Action>) {
    let fresh = hostile(value).actions.into_iter().map(|mut action| {
        if let Change::CancelInvite { invite } = &mut action.change {
            invite.email = address(value);
        }
        action
    });
    let gone = Member {
        id: UserId::parse("user-reviewed").unwrap(),
        ..hostile_member(value)
    };
    let shown = Shown::new(approved(plan(vec![remove(gone)])), 1);
    let text = json(&PlanDocument::new(&shown.view())).unwrap();
    (ReviewedPlan::parse(&text).unwrap(), fresh.collect())
}

/// The declared people of a file in which a stranger chose what the format leaves free.
fn declared(value: &str) -> DeclaredDocument {
    let text = "version = 1\n[organization]\nid = \"org-a\"\n[members]\n\"a@acme.dev\" = {}\n\
        [departed]\n\"b@acme.dev\" = {}\n";
    let source = Source {
        name: "members.toml".to_owned(),
        text: text.to_owned(),
    };
    let desired = parse(&[source]).unwrap();
    let mut document = DeclaredDocument::new(&desired, "2026-11-24".parse().unwrap());
    let text = || Some(value.to_owned());
    for row in &mut document.members {
        row.email = address(value).to_string();
        (row.name, row.ticket, row.reason) = (text(), text(), text());
        row.aliases = vec![value.to_owned()];
    }
    for row in &mut document.departed {
        (row.ticket, row.reason) = (text(), text());
    }
    document
}

/// Every format of one value, by name.
fn formats(value: &str) -> Vec<(&'static str, String)> {
    let shown = Shown::new(offline(value), 2);
    let loosened = loosened(value);
    let view = PlanView {
        snapshot_taken_at: Some(now()),
        loosened: &loosened,
        ..shown.view()
    };
    let comment = Comment {
        marker: Some(value),
        everything_in: value,
        source_url: Some(value),
        diff: None,
    };
    let (reviewed, actions) = reviewed(value);
    let (past, fresh) = ([reviewed], plan(actions));
    let reasons = [value.to_owned(), value.to_owned()];
    let organization = OrganizationId::parse("org-a").unwrap();
    let roster = live(value);
    let keys = [hostile_key(value)];
    let snapshot = SnapshotDocument::new(&organization, &roster, Ok(&keys), now());
    let source = format!("\"a@acme.dev\" = {{ name = {value:?} }}\n");
    vec![
        ("text", plan_text(&view, Paint::Plain)),
        ("no plan", no_plan_text(&view, Paint::Plain)),
        ("github", plan_github(&view)),
        ("failure github", failure_github(&reasons)),
        ("stale github", stale_github(&past, &fresh)),
        ("html", plan_html(&view)),
        ("stale html", stale_html(&past, &fresh)),
        ("markdown", plan_markdown(&view, &comment)),
        ("stale markdown", stale_markdown(&past, &fresh, &comment)),
        ("failure markdown", failure_markdown(&reasons, &comment)),
        ("unread markdown", unread_markdown(&reasons, &comment)),
        ("stale", stale_text(&past, &fresh, Paint::Plain)),
        ("gitlab", gitlab(&shown.judgement)),
        (
            "source diff",
            source_diff(value, "\n", &source, Paint::Plain),
        ),
        ("declared", declared_table(&declared(value), Paint::Plain)),
        ("plan json", json(&PlanDocument::new(&view)).unwrap()),
        ("snapshot json", json(&snapshot).unwrap()),
        ("declared json", json(&declared(value)).unwrap()),
    ]
}

#[test]
fn every_value_is_one_visible_line_beside_a_plan_too() {
    let plain = formats("Ada");
    for (file, value) in corpus() {
        for ((format, text), (_, usual)) in formats(&value).iter().zip(&plain) {
            assert_is_inert(&file, &value, format, text, usual);
        }
    }
}

#[test]
fn every_annotation_and_every_tag_is_ours_whatever_is_loosened_or_stale() {
    let tags = |text: &str| text.matches('<').count();
    let plain = formats("Ada");
    for (file, value) in corpus() {
        for ((format, text), (_, usual)) in formats(&value).iter().zip(&plain) {
            if format.ends_with("github") {
                assert_annotations_are_ours(&file, text);
            } else if format.ends_with("html") {
                assert_eq!(tags(text), tags(usual), "{format} {file} {value:?}");
            } else if *format == "gitlab" {
                assert_eq!(text, usual, "{file}");
            }
        }
    }
}

#[test]
fn a_comment_has_the_same_tables_whatever_is_loosened_or_stale() {
    let comments = |value: &str| {
        let comment = Comment {
            marker: Some("default"),
            everything_in: value,
            source_url: None,
            diff: None,
        };
        let shown = Shown::new(offline(value), 2);
        let loosened = loosened(value);
        let view = PlanView {
            loosened: &loosened,
            ..shown.view()
        };
        let (reviewed, actions) = reviewed(value);
        [
            plan_markdown(&view, &comment),
            stale_markdown(&[reviewed], &plan(actions), &comment),
            failure_markdown(&[value.to_owned()], &comment),
            unread_markdown(&[value.to_owned()], &comment),
        ]
    };
    let usual = comments("Ada").map(|text| markdown_shape(&text));
    for (file, value) in corpus() {
        for (text, usual) in comments(&value).iter().zip(&usual) {
            assert!(text.len() < 60_000, "{file}: {}", text.len());
            // Of the longest values some rows have no room, which the comment says.
            if !text.contains(" more; ") {
                assert_eq!(markdown_shape(text), *usual, "{file} {value:?}:\n{text}");
            }
        }
    }
}

#[test]
fn documents_give_the_value_back_and_hold_to_their_schemas() {
    let plans = jsonschema::validator_for(&plan_schema()).unwrap();
    let snapshots = jsonschema::validator_for(&snapshot_schema()).unwrap();
    for (file, value) in corpus() {
        let formats = formats(&value);
        let document = |wanted: &str| -> Value {
            let found = formats.iter().find(|(name, _)| *name == wanted);
            serde_json::from_str(&found.unwrap().1).unwrap()
        };
        let (plan, snapshot) = (document("plan json"), document("snapshot json"));
        assert!(plans.is_valid(&plan), "{file} {value:?}");
        assert!(snapshots.is_valid(&snapshot), "{file} {value:?}");
        assert_eq!(plan["caveats"][1], value);
        let message = plan["loosened"][0]["message"].as_str().unwrap();
        assert!(message.starts_with(&value), "{file}");
        let organization = OrganizationId::parse("org-a").unwrap();
        let read = SnapshotDocument::parse(&snapshot.to_string(), &organization).unwrap();
        assert_eq!(read.roster().unwrap(), live(&value), "{file}");
    }
}

#[test]
fn what_is_wrong_with_a_strangers_file_is_said_without_acting_on_it() {
    for (corpus, value) in corpus() {
        let head = "version = 1\n[organization]\nid = \"org-a\"\n[members]\n";
        for text in [
            format!("{head}\"a@acme.dev\" = {{ rol = \"{value}\" }}\n"),
            format!("{head}\"{value}\" = {{ rol = {value:?} }}\n"),
            format!("{head}\"a@acme.dev\" = {{ role = '{value}' }} # {value}\n{value} = 1\n"),
        ] {
            let name = value.chars().take(60).collect();
            let sources = [Source { name, text }];
            let found = parse(&sources).unwrap_err();
            let shown = diagnostics::render(&found, &sources, false);
            assert!(shown.starts_with("error: "), "{corpus}");
            assert_is_quiet(&shown, &format!("{corpus} {shown}"));
        }
    }
}
