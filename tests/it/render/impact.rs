//! What removals break, and the checklist after them, in every format.

use rosterctl::document::{ImpactView, PlanDocument, ReportDocument, plan_schema, report_schema};
use rosterctl::impact::{Aftermath, Impact, KeyFate, OwnedKey, PersonImpact, Survivor, Unread};
use rosterctl::outcome::Outcome;
use rosterctl::plan::Person;
use rosterctl::render::{
    Comment, Paint, PlanView, ReportView, json, plan_github, plan_html, plan_markdown, plan_text,
    redact, report_html, report_text,
};
use rosterctl::roster::{KeyHolder, KeyId, Project, ProjectId, ProjectKey, Role};
use rosterctl::schedule::Cost;

use super::fixtures::{
    Shown, admin_key, approved, assert_valid, hours_ago, member, plan, remove, user,
};

pub(super) fn project(id: &str, name: &str) -> Project {
    Project {
        id: ProjectId::parse(id).unwrap(),
        name: Some(name.to_owned()),
        archived: id == "proj_old",
    }
}

fn eve() -> Person {
    Person::member(&member("user-7", "eve@acme.dev", Role::Reader))
}

/// An impact of every kind, with keys and projects of this name.
pub(super) fn impact(person: &Person, name: &str) -> Impact {
    let key = |id: &str, hours| ProjectKey {
        id: KeyId::parse(id).unwrap(),
        name: Some(name.to_owned()),
        redacted_value: "sk-...abc".to_owned(),
        holder: KeyHolder::Person(user("user-7")),
        last_used_at: Some(hours_ago(hours)),
        owner_has_access: Some(true),
    };
    let owned = |project_id, id, hours| OwnedKey {
        project: project(project_id, name),
        key: key(id, hours),
    };
    Impact {
        people: vec![PersonImpact {
            person: person.clone(),
            project_keys: vec![
                owned("proj_1", "key_1", 2),
                owned("proj_old", "key_2", 2_000),
            ],
            admin_keys: vec![admin_key("key_3", "user-7", name)],
            only_owner_of: vec![project("proj_1", name)],
        }],
        unread: vec![Unread {
            project: Some(project("proj_2", name)),
            why: format!("status 500: {name}"),
        }],
        removals: 2,
        projects: 3,
    }
}

/// An aftermath of every kind, with keys and projects of this name.
pub(super) fn aftermath(person: &Person, name: &str) -> Aftermath {
    let survivor = |project, id: &str, fate| Survivor {
        person: person.clone(),
        project,
        id: KeyId::parse(id).unwrap(),
        name: Some(name.to_owned()),
        redacted_value: "sk-...abc".to_owned(),
        last_used_at: Some(hours_ago(2)),
        fate,
    };
    let of_project = || Some(project("proj_1", name));
    Aftermath {
        survivors: vec![
            survivor(None, "key_3", KeyFate::Works),
            survivor(of_project(), "key_1", KeyFate::Works),
            survivor(of_project(), "key_4", KeyFate::Unread),
            survivor(of_project(), "key_5", KeyFate::Lapsed),
        ],
        gone: 2,
    }
}

fn shown() -> Shown {
    let eve = remove(member("user-7", "eve@acme.dev", Role::Reader));
    Shown::new(approved(plan(vec![eve])), 1)
}

#[test]
fn a_plan_shows_what_its_removals_break() {
    let shown = shown();
    let impact = impact(&eve(), "ci");
    let view = PlanView {
        impact: Some(ImpactView::Known(&impact)),
        ..shown.view()
    };
    insta::assert_snapshot!(plan_text(&view, Paint::Plain), @"
    Plan for org-AbC123, read 2026-11-24 03:15 UTC

    Changes:
      - remove  eve@acme.dev  reader  undeclared

    What the removals break:
      ! eve@acme.dev  project key               ci             ci  sk-...abc       2 hours ago (!)
        eve@acme.dev  project key               ci (archived)  ci  sk-...abc       on 2026-09-01
      ! eve@acme.dev  admin key, outlives them                 ci  sk-admin...abc  3 hours ago (!)
      ! eve@acme.dev  no project owner is left  ci
      !               not read                  ci                                 status 500: ci

    Cost: 1 removal, about 7 s at 8/min.
    Plan: 1 to remove.
    Plan id 0073e2220bd5b08e8d9e.
    Next: rosterctl apply
    ");
    assert!(plan_html(&view).contains("<td>project key</td>"));
    assert_eq!(
        plan_github(&view)
            .matches("title=What the removals break")
            .count(),
        5
    );
    let comment = Comment {
        marker: None,
        everything_in: "plan.json",
        source_url: None,
        diff: None,
    };
    let row = plan_markdown(&view, &comment);
    let row = row
        .lines()
        .find(|line| line.contains("project key"))
        .unwrap();
    insta::assert_snapshot!(row, @"| `!` | `eve@acme.dev` | project key | `ci` | `ci` | `sk-...abc` | 2 hours ago (!) |");
    assert_valid(&plan_schema(), &json(&PlanDocument::new(&view)).unwrap());
}

#[test]
fn a_plan_says_so_where_nobody_looked_or_nothing_breaks() {
    let shown = shown();
    let none = Impact {
        removals: 2,
        projects: 12,
        ..Impact::default()
    };
    let one = Impact {
        removals: 1,
        projects: 1,
        ..Impact::default()
    };
    let cost = Cost::default();
    let mut told = Vec::new();
    for impact in [
        ImpactView::Known(&none),
        ImpactView::Known(&one),
        ImpactView::Open(&cost),
        ImpactView::Open(&shown.cost),
        ImpactView::Unread("status 403\n::error::x"),
    ] {
        let view = PlanView {
            impact: Some(impact),
            ..shown.view()
        };
        let text = plan_text(&view, Paint::Plain);
        let (_, text) = text.split_once("What the removals break:\n").unwrap();
        told.push(text.lines().next().unwrap().to_owned());
        assert_valid(&plan_schema(), &json(&PlanDocument::new(&view)).unwrap());
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    None of the 2 people who are removed owns a key, and of 12 projects none is left without an owner
    The person who is removed owns no key, and of 1 project none is left without an owner
    Not looked at. --impact reads the keys and members of every project: no requests
    Not looked at. --impact reads the keys and members of every project: the list of projects, then two pages for each
    The projects could not be listed: status 403\n::error::x
    "#);
}

#[test]
fn a_report_lists_what_is_to_be_rotated() {
    let shown = shown();
    let aftermath = aftermath(&eve(), "ci");
    let view = ReportView {
        plan: shown.view(),
        outcomes: &[Outcome::Done { request_id: None }],
        verification: None,
        aftermath: Some(&aftermath),
        exit_code: 0,
        journal: None,
    };
    insta::assert_snapshot!(report_text(&view, Paint::Plain), @"
    Done:
      - remove  eve@acme.dev  reader  done

    Keys to rotate, of whoever was removed:
      ! [ ]  eve@acme.dev  (admin key)  ci  sk-...abc  2 hours ago (!)  works, and can invite them back: revoke it
      ! [ ]  eve@acme.dev  ci           ci  sk-...abc  2 hours ago (!)  still works: give its users another, then delete it
      ! [ ]  eve@acme.dev  ci           ci  sk-...abc  2 hours ago (!)  could not be read again: look whether it works
        [ ]  eve@acme.dev  ci           ci  sk-...abc  2 hours ago (!)  has stopped: give its users another, then delete it

    Keys that are gone:
        2 keys of whoever was removed are listed no more

    Plan 0073e2220bd5b08e8d9e: 1 done.
    Not verified.
    Exit 0: converged, or nothing to do.
    ");
    assert!(report_html(&view).contains("<td>[ ]</td>"));
    assert_valid(
        &report_schema(),
        &json(&ReportDocument::new(&view)).unwrap(),
    );
}

#[test]
fn masked_values_show_no_address() {
    let impact = redact::impact(&impact(&eve(), "of eve@acme.dev"));
    let aftermath = redact::aftermath(&aftermath(&eve(), "of eve@acme.dev"));
    assert!(!format!("{impact:?}{aftermath:?}").contains("eve@"));
}
