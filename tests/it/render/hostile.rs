//! Strangers' values through every format: each stays one row, one line, inert.

use std::fs;
use std::path::Path;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use rosterctl::desired::Place;
use rosterctl::document::{
    DriftDocument, ImpactView, PlanDocument, ReportDocument, RosterDocument,
};
use rosterctl::guardrail::{BreachKind, Judgement};
use rosterctl::outcome::Outcome;
use rosterctl::plan::{Change, Conflict, Note, Person, Reason, UnmanagedReason};
use rosterctl::render::{
    Comment, Paint, PlanView, ReportView, diff, drift_github, drift_html, drift_markdown,
    drift_text, failure_markdown, json, plan_github, plan_html, plan_markdown, plan_text,
    refusal_text, report_github, report_html, report_markdown, report_text, roster_table,
};
use rosterctl::roster::{
    AdminKey, Capabilities, Email, InviteId, KeyId, LiveRole, LiveRoster, Member, Observation,
    ProjectMembership, Role, SeenOrganization, UserId,
};
use rosterctl::verify::{Foreign, Verification};

use super::fixtures::{Shown, admin_key, breach, everything, invite, member, place};
use super::hostile_drift::HostileDrift;
use super::impact::{aftermath, impact};

/// Bytes to which a line of `long.txt` is repeated.
const LONG_BYTES: usize = 10_000;

/// Every value of the corpus, with the file it comes from.
pub(super) fn corpus() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile");
    let mut values = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ext| ext != "txt") {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for line in fs::read_to_string(&path).unwrap().lines() {
            let value = unescape(line);
            let value = if name == "long.txt" {
                value.repeat(LONG_BYTES / value.len())
            } else {
                value
            };
            values.push((name.clone(), value));
        }
    }
    assert!(values.len() > 90, "{}", values.len());
    values
}

fn unescape(line: &str) -> String {
    let mut value = String::new();
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            value.push(c);
            continue;
        }
        match rest.next().unwrap() {
            'n' => value.push('\n'),
            'r' => value.push('\r'),
            't' => value.push('\t'),
            'e' => value.push('\u{1b}'),
            'u' => {
                let digits: String = rest.by_ref().skip(1).take_while(|c| *c != '}').collect();
                value.push(char::from_u32(u32::from_str_radix(&digits, 16).unwrap()).unwrap());
            }
            other => {
                assert_eq!(other, '\\', "{line}");
                value.push('\\');
            }
        }
    }
    value
}

/// The value as an address, as far as one can hold it: quoted, shortened, or without what no address has.
pub(super) fn address(value: &str) -> Email {
    let kept: String = value
        .chars()
        .filter(|c| !"\"\\".contains(*c))
        .take(40)
        .collect();
    let spelled = [format!("\"{kept}\"@acme.dev"), format!("{kept}@acme.dev")];
    let plain: String = kept.chars().filter(char::is_ascii_graphic).collect();
    let last = format!("\"{plain}\"@acme.dev");
    spelled
        .iter()
        .chain([&last])
        .find_map(|text| Email::parse(text).ok())
        .unwrap_or_else(|| Email::parse("fallback@acme.dev").unwrap())
}

/// The value as an id: without what no id has.
pub(super) fn id(value: &str) -> String {
    let kept = value
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control());
    let kept: String = kept.take(60).collect();
    UserId::parse(&kept).map_or_else(|_| "user-1".to_owned(), |id| id.to_string())
}

pub(super) fn hostile_member(value: &str) -> Member {
    Member {
        id: UserId::parse(&id(value)).unwrap(),
        email: Some(address(value)),
        name: Some(value.to_owned()),
        role: LiveRole::observed(Some(value)),
        projects: vec![ProjectMembership {
            id: None,
            name: Some(value.to_owned()),
            role: Some(value.to_owned()),
        }],
        ..member("user-1", "ada@acme.dev", Role::Reader)
    }
}

pub(super) fn hostile_key(value: &str) -> AdminKey {
    AdminKey {
        id: KeyId::parse(&id(value)).unwrap(),
        redacted_value: value.to_owned(),
        ..admin_key("key_1", "user-1", value)
    }
}

/// The plan with every kind of row, with the value in every place that takes text.
pub(super) fn hostile(value: &str) -> Judgement {
    let mut judgement = everything();
    let text = || value.to_owned();
    let somebody = Person::member(&hostile_member(value));
    let nameless = Person {
        email: None,
        ..somebody.clone()
    };
    let plan = &mut judgement.plan;
    plan.organization = text();
    plan.reported[0].person = nameless.clone();
    plan.unmanaged[0].person = nameless.clone();
    plan.unmanaged[0].role = LiveRole::observed(Some(value));
    plan.unmanaged[0].why = UnmanagedReason::Pattern(text());
    plan.departed_live[0].person = somebody.clone();
    plan.departed_live[0].why = text();
    plan.vanished[0].id = UserId::parse(&id(value)).unwrap();
    plan.vanished[0].place.file = text();
    plan.conflicts = vec![Conflict {
        people: vec![nameless.clone()],
        detail: text(),
        place: place(1),
    }];
    for action in &mut judgement.actions {
        action.person = somebody.clone();
        action.notes.push(Note::Projects {
            projects: hostile_member(value).projects,
        });
        action.place = Some(Place {
            file: text(),
            line: 1,
            column: 1,
        });
        if let Reason::Departed { since: _, ticket } = &mut action.reason {
            *ticket = Some(text());
        }
        match &mut action.change {
            Change::Remove { member } => {
                *member = hostile_member(value);
                member.email = None;
            }
            Change::RevokeKey { key, user, email } => {
                *key = hostile_key(value);
                *user = UserId::parse(&id(value)).unwrap();
                *email = None;
            }
            Change::SetRole { .. } | Change::CancelInvite { .. } | Change::Invite { .. } => {}
        }
    }
    for row in &mut judgement.plan.leftover_keys {
        row.person = nameless.clone();
        row.key = hostile_key(value);
    }
    for withheld in &mut judgement.withheld {
        withheld.person = nameless.clone();
        withheld.breaches[0].message = text();
        withheld.breaches[0].way_on = text();
    }
    judgement.caveats = vec![text()];
    let mut refusing = breach(BreachKind::RevocationsMax, 38.0, 10.0);
    refusing.message = text();
    refusing.way_on = text();
    judgement.breaches = vec![refusing];
    judgement
}

pub(super) fn live(value: &str) -> LiveRoster {
    let mut invite = invite("invite-1", "bo@acme.dev", Role::Reader);
    invite.id = InviteId::parse(&id(value)).unwrap();
    invite.email = address(value);
    LiveRoster::assemble(Observation {
        organization: SeenOrganization {
            header: Some(value.to_owned()),
            date: None,
        },
        members: vec![
            member("owner-1", "owner-of-this@acme.dev", Role::Owner),
            hostile_member(value),
        ],
        invites: vec![invite],
        capabilities: Capabilities::ALL,
    })
    .unwrap()
}

/// Every format of one value, by name.
fn formats(value: &str) -> Vec<(&'static str, String)> {
    let shown = Shown::new(hostile(value), 2);
    let nameless = shown.judgement.plan.reported[0].person.clone();
    let (impact, aftermath) = (impact(&nameless, value), aftermath(&nameless, value));
    let view = PlanView {
        impact: Some(ImpactView::Known(&impact)),
        ..shown.view()
    };
    let causes = vec![
        Outcome::Failed {
            cause: value.to_owned(),
        },
        Outcome::Done {
            request_id: Some(value.to_owned()),
        },
    ];
    let verification = Verification {
        converged: false,
        residual: shown.judgement.actions.clone(),
        collateral: vec![shown.judgement.plan.reported[0].person.clone()],
        foreign: vec![Foreign {
            person: shown.judgement.plan.reported[0].person.clone(),
            what: value.to_owned(),
        }],
    };
    let report = ReportView {
        aftermath: Some(&aftermath),
        plan: view,
        outcomes: &causes,
        verification: Some(&verification),
        exit_code: 5,
        journal: Some(value),
    };
    let comment = Comment {
        marker: Some(value),
        everything_in: value,
        source_url: Some(value),
        diff: None,
    };
    let live = live(value);
    let nobody = LiveRoster::assemble(Observation {
        members: vec![member("owner-1", "owner-of-this@acme.dev", Role::Owner)],
        invites: vec![],
        ..live.to_observation()
    })
    .unwrap();
    let listed = RosterDocument::new(&live, None, None);
    let drift = HostileDrift::new(value);
    vec![
        ("text", plan_text(&view, Paint::Plain)),
        (
            "refusal",
            refusal_text(&shown.judgement.breaches, Paint::Plain),
        ),
        ("report", report_text(&report, Paint::Plain)),
        ("diff", diff(&live, &nobody, Paint::Plain)),
        ("table", roster_table(&listed, Paint::Plain)),
        ("github", plan_github(&view)),
        ("report github", report_github(&report)),
        ("html", plan_html(&view)),
        ("report html", report_html(&report)),
        ("markdown", plan_markdown(&view, &comment)),
        ("report markdown", report_markdown(&report, &comment)),
        (
            "failure markdown",
            failure_markdown(&[value.to_owned()], &comment),
        ),
        ("plan json", json(&PlanDocument::new(&view)).unwrap()),
        ("report json", json(&ReportDocument::new(&report)).unwrap()),
        ("drift", drift_text(&drift.view(), Paint::Plain)),
        ("drift github", drift_github(&drift.view())),
        ("drift html", drift_html(&drift.view())),
        ("drift markdown", drift_markdown(&drift.view(), &comment)),
        (
            "drift json",
            json(&DriftDocument::new(&drift.view())).unwrap(),
        ),
        ("roster json", json(&listed).unwrap()),
    ]
}

/// Whether a character may never stand in an output, whoever wrote it.
fn is_hidden(c: char) -> bool {
    c != '\n'
        && (c.is_control()
            || (c.is_whitespace() && c != ' ')
            || matches!(c,
                '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{e000}'..='\u{f8ff}'
                | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'))
}

/// Fails if an output has anything hidden, a command that is not ours, or other lines than it `usual`ly has.
pub(super) fn assert_is_inert(file: &str, value: &str, format: &str, text: &str, usual: &str) {
    let at = format!(
        "{format} of {file} {:?}:\n{text}",
        value.chars().take(60).collect::<String>()
    );
    assert_is_quiet(if format.ends_with("github") { "" } else { text }, &at);
    assert!(!text.contains(is_hidden) && !text.contains("##["), "{at}");
    // Only a comment has so little room that rows of the longest values are left out, and says so.
    if !(format.ends_with("markdown") && text.contains(" more; ")) {
        assert_eq!(text.lines().count(), usual.lines().count(), "{at}");
    }
}

/// Fails if a text has anything hidden in it, or a command for a runner.
pub(super) fn assert_is_quiet(text: &str, at: &str) {
    assert!(!text.contains(is_hidden), "{at}");
    assert!(!text.contains("##["), "{at}");
    for line in text.lines() {
        assert!(!line.trim_start().starts_with("::"), "{at}");
    }
}

#[test]
fn every_value_is_one_visible_line_in_every_format() {
    let plain = formats("Ada");
    for (file, value) in corpus() {
        for ((format, text), (_, usual)) in formats(&value).iter().zip(&plain) {
            assert_is_inert(&file, &value, format, text, usual);
        }
    }
}

/// Every line is a workflow command with properties that are ours.
pub(super) fn assert_annotations_are_ours(file: &str, text: &str) {
    for line in text.lines() {
        let at = format!("{file}: {line}");
        let level = ["::error ", "::warning ", "::notice "]
            .iter()
            .find(|level| line.starts_with(**level));
        let properties = line[level.expect(&at).len()..].split("::").next().unwrap();
        for property in properties.split(',') {
            let name = property.split('=').next().unwrap();
            assert!(["file", "line", "col", "title"].contains(&name), "{at}");
        }
    }
}

#[test]
fn every_annotation_is_one_of_ours() {
    for (file, value) in corpus() {
        let text = plan_github(&Shown::new(hostile(&value), 2).view());
        assert_annotations_are_ours(&file, &text);
    }
}

#[test]
fn a_page_has_no_tags_but_ours() {
    let tags = |text: &str| text.matches('<').count();
    let page = |value: &str| {
        let mut formats = formats(value).into_iter();
        formats.find(|(name, _)| *name == "html").unwrap().1
    };
    let usual = page("Ada");
    for (file, value) in corpus() {
        let text = page(&value);
        assert_eq!(tags(&text), tags(&usual), "{file} {value:?}");
        assert!(!text.to_lowercase().contains("<script"), "{file} {value:?}");
        assert!(text.contains("default-src 'none'"));
    }
}

/// What a reader of Markdown makes of a comment: rows and cells of each table, and everything that could act.
pub(super) fn markdown_shape(text: &str) -> (Vec<Vec<usize>>, Vec<String>) {
    let mut tables: Vec<Vec<usize>> = Vec::new();
    let mut live = Vec::new();
    let mut is_code = false;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_GFM) {
        match event {
            Event::Start(Tag::Table(_)) => tables.push(Vec::new()),
            Event::Start(Tag::TableHead | Tag::TableRow) => {
                tables.last_mut().unwrap().push(0);
            }
            Event::Start(Tag::TableCell) => {
                *tables.last_mut().unwrap().last_mut().unwrap() += 1;
            }
            Event::Start(tag @ (Tag::Link { .. } | Tag::Image { .. })) => {
                live.push(format!("{tag:?}"));
            }
            Event::Html(html) | Event::InlineHtml(html) => live.push(html.into_string()),
            Event::Start(Tag::CodeBlock(_)) => is_code = true,
            Event::End(TagEnd::CodeBlock) => is_code = false,
            Event::Text(words) if is_code => {
                live.push(format!("{} lines of code", words.lines().count()));
            }
            Event::Text(words) if words.contains('@') => live.push(words.into_string()),
            _ => {}
        }
    }
    (tables, live)
}

#[test]
fn a_comment_has_the_same_tables_whatever_is_in_them() {
    let comment = |value: &str| {
        let shown = Shown::new(hostile(value), 2);
        let impact = impact(&shown.judgement.plan.reported[0].person, value);
        let view = PlanView {
            impact: Some(ImpactView::Known(&impact)),
            ..shown.view()
        };
        let comment = Comment {
            marker: Some("default"),
            everything_in: value,
            source_url: None,
            diff: None,
        };
        plan_markdown(&view, &comment)
    };
    let usual = markdown_shape(&comment("Ada"));
    assert_eq!(usual.0.len(), 12);
    for (file, value) in corpus() {
        let text = comment(&value);
        assert!(text.len() < 60_000, "{file}: {}", text.len());
        assert_eq!(markdown_shape(&text), usual, "{file} {value:?}:\n{text}");
    }
}

#[test]
fn json_gives_the_value_back() {
    for (file, value) in corpus() {
        let document = PlanDocument::new(&Shown::new(hostile(&value), 2).view());
        let text = json(&document).unwrap();
        let back: PlanDocument = serde_json::from_str(&text).unwrap();
        assert_eq!(back, document, "{file}");
        assert_eq!(back.caveats, [value]);
    }
}
