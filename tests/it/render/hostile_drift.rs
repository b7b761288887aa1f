//! Strangers' values in a drift report: who is in the audit log wrote none of this program's lines.

use rosterctl::attribution::{Appeared, Cause, Differing, Drift, Silence};
use rosterctl::document::{DriftDocument, DriftView, drift_schema};
use rosterctl::render::{Comment, drift_github, drift_html, drift_markdown, json};
use rosterctl::roster::{
    Actor, ActorHolder, AuditEvent, AuditReading, Happening, InviteId, LiveRole, Somebody, UserId,
};

use super::fixtures::{Shown, hours_ago, now};
use super::hostile::{
    address, assert_annotations_are_ours, corpus, hostile, hostile_key, hostile_member, id,
    markdown_shape,
};

/// A report in which the value stands in every place that takes text.
pub(super) struct HostileDrift {
    shown: Shown,
    drift: Drift,
}

impl HostileDrift {
    pub(super) fn new(value: &str) -> Self {
        let shown = Shown::new(hostile(value), 2);
        let plan = &shown.judgement.plan;
        let told = || Some(Cause::Told(events(value)));
        let mut rows: Vec<(Differing, Option<Cause>)> = Vec::new();
        let actions = shown.judgement.actions.iter().cloned().map(Box::new);
        rows.extend(actions.map(|action| (Differing::Action(action), told())));
        rows.extend(
            plan.conflicts
                .iter()
                .map(|row| (Differing::Undecided(row.clone()), told())),
        );
        rows.extend(
            plan.reported
                .iter()
                .map(|row| (Differing::Reported(row.clone()), told())),
        );
        rows.extend(
            plan.vanished
                .iter()
                .map(|row| (Differing::Vanished(row.clone()), told())),
        );
        rows.extend(plan.departed_live.iter().map(|row| {
            let silence = Silence::Nothing {
                since: hours_ago(9),
            };
            (
                Differing::DepartedLive(row.clone()),
                Some(Cause::Untold(silence)),
            )
        }));
        rows.extend(
            plan.leftover_keys
                .iter()
                .map(|row| (Differing::LeftoverKey(row.clone()), told())),
        );
        rows.extend(
            plan.unmanaged
                .iter()
                .map(|row| (Differing::UnmanagedOwner(row.clone()), told())),
        );
        let (unmanaged, all) = (3, 9);
        rows.push((
            Differing::UnmanagedFraction {
                unmanaged,
                rows: all,
            },
            None,
        ));
        let holder = || Some(Box::new(hostile_member(value)));
        let appeared = vec![
            (
                Appeared::AdminKey(hostile_key(value), holder()),
                Cause::Told(events(value)),
            ),
            (
                Appeared::ServiceAccount(Box::new(hostile_member(value))),
                Cause::Told(events(value)),
            ),
        ];
        let drift = Drift {
            rows,
            appeared: Ok(appeared),
            notices: vec![value.to_owned()],
            log: AuditReading::Off {
                reason: value.to_owned(),
            },
        };
        Self { shown, drift }
    }

    pub(super) fn view(&self) -> DriftView<'_> {
        DriftView {
            plan: self.shown.view(),
            drift: Some(&self.drift),
        }
    }
}

/// An entry of every actor, with the value wherever the provider sends text.
fn events(value: &str) -> Vec<AuditEvent> {
    let user = || UserId::parse(&id(value)).unwrap();
    let somebody = || Somebody {
        id: Some(user()),
        email: Some(address(value)),
    };
    let key = |holder| Actor::Key {
        id: Some(value.to_owned()),
        holder,
    };
    [
        Actor::Session(somebody()),
        key(ActorHolder::Person(somebody())),
        key(ActorHolder::ServiceAccount(Some(value.to_owned()))),
    ]
    .into_iter()
    .map(|by| AuditEvent {
        id: value.to_owned(),
        at: hours_ago(3),
        what: Happening::InviteSent {
            invite: InviteId::parse(&id(value)).unwrap(),
            email: Some(address(value)),
            role: Some(LiveRole::observed(Some(value))),
        },
        by,
        project: Some(value.to_owned()),
    })
    .collect()
}

#[test]
fn every_annotation_of_a_drift_is_one_of_ours() {
    for (file, value) in corpus() {
        let text = drift_github(&HostileDrift::new(&value).view());
        assert_annotations_are_ours(&file, &text);
    }
}

#[test]
fn a_page_and_an_issue_have_the_same_shape_whatever_is_in_them() {
    let tags = |text: &str| text.matches('<').count();
    let issue = |value: &str| {
        let comment = Comment {
            marker: Some("default"),
            everything_in: value,
            source_url: None,
            diff: None,
        };
        drift_markdown(&HostileDrift::new(value).view(), &comment)
    };
    let usual = HostileDrift::new("Ada");
    let (page, shape) = (
        tags(&drift_html(&usual.view())),
        markdown_shape(&issue("Ada")),
    );
    for (file, value) in corpus() {
        let html = drift_html(&HostileDrift::new(&value).view());
        assert_eq!(tags(&html), page, "{file} {value:?}");
        let text = issue(&value);
        assert!(text.len() < 60_000, "{file}: {}", text.len());
        // Of the longest values some rows have no room, which the issue says.
        if !text.contains(" more; ") {
            assert_eq!(markdown_shape(&text), shape, "{file} {value:?}:\n{text}");
        }
    }
}

#[test]
fn a_document_of_any_values_is_valid() {
    let validator = jsonschema::validator_for(&drift_schema()).unwrap();
    for (file, value) in corpus() {
        let hostile = HostileDrift::new(&value);
        let document = DriftDocument::new(&hostile.view());
        assert_eq!(document.observed_at, Some(now()));
        let text = json(&document).unwrap();
        let parsed: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(validator.is_valid(&parsed), "{file} {value:?}");
    }
}
