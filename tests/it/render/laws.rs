//! No format loses an action, and what has no room is counted.

use std::cell::Cell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use rosterctl::document::PlanDocument;
use rosterctl::guardrail::{BreachKind, Judgement};
use rosterctl::plan::{Action, Change, Reason};
use rosterctl::render::{
    Comment, Paint, Totals, gitlab, json, plan_github, plan_html, plan_markdown, plan_text,
};
use rosterctl::roster::Role;

use super::fixtures::{
    Shown, approved, breach, cancel, invite, invited, member, plan, remove, set_role,
};
use crate::laws::{CASES, law, law_of};

/// What a row of an action says first, and whom it is about.
type Rows = BTreeMap<(String, String), usize>;

const COMMENT: Comment<'static> = Comment {
    marker: None,
    everything_in: "plan.json",
    source_url: None,
    diff: None,
};

fn verb(change: &Change) -> &'static str {
    match change {
        Change::Remove { .. } => "remove",
        Change::SetRole { .. } => "re-role",
        Change::CancelInvite { .. } => "cancel invite",
        Change::RevokeKey { .. } => "revoke key",
        Change::Invite { .. } => "invite",
    }
}

fn counted<'a>(rows: impl Iterator<Item = (&'a str, &'a str)>) -> Rows {
    let mut counts = Rows::new();
    let verbs = ["remove", "re-role", "cancel invite", "revoke key", "invite"];
    for (verb, who) in rows.filter(|(verb, _)| verbs.contains(verb)) {
        let row = (verb.to_owned(), who.to_owned());
        *counts.entry(row).or_default() += 1;
    }
    counts
}

fn rows_of<'a>(actions: impl Iterator<Item = &'a Action>) -> Rows {
    counted(actions.map(|action| {
        let email = action.change.email();
        let who = email.map_or_else(|| action.person.label(), |email| email.as_str());
        (verb(&action.change), who)
    }))
}

/// Columns that two spaces or more divide.
fn columns(line: &str) -> Option<(&str, &str)> {
    let mut fields = line.split("  ").filter(|field| !field.trim().is_empty());
    Some((fields.next()?.trim(), fields.next()?.trim()))
}

fn text_rows(text: &str) -> Rows {
    let rows = text.lines().filter_map(|line| line.strip_prefix("  "));
    counted(rows.filter_map(|line| columns(line.get(2..)?)))
}

fn html_rows(text: &str) -> Rows {
    counted(text.split("<tr>").filter_map(|row| {
        let mut cells = row.split("<td>").skip(1);
        let verb = cells.next()?.split('<').next()?;
        let who = cells.next()?.strip_prefix("<bdi>")?.split('<').next()?;
        Some((verb, who))
    }))
}

fn markdown_rows(text: &str) -> Rows {
    counted(text.lines().filter_map(|line| {
        let mut cells = line.strip_prefix('|')?.split('|').skip(1);
        Some((cells.next()?.trim(), cells.next()?.trim().trim_matches('`')))
    }))
}

fn github_rows(text: &str) -> Rows {
    counted(
        text.lines()
            .filter_map(|line| columns(line.splitn(3, "::").nth(2)?)),
    )
}

/// The figures in front of a word, added.
fn figures_before(text: &str, word: &str) -> usize {
    let mut parts = text.split(word).collect::<Vec<_>>();
    parts.pop();
    let figure = |part: &&str| part.rsplit([' ', '*']).next()?.parse::<usize>().ok();
    parts.iter().filter_map(figure).sum()
}

/// Fails unless each format that has no limit shows each action of the plan exactly once.
fn assert_all_there(shown: &Shown) {
    let view = shown.view();
    let judgement = &shown.judgement;
    let held = judgement.withheld.iter().flat_map(|row| &row.actions);
    let due = rows_of(judgement.actions.iter().chain(held));
    assert_eq!(text_rows(&plan_text(&view, Paint::Plain)), due);
    assert_eq!(html_rows(&plan_html(&view)), due);
    let document = PlanDocument::new(&view);
    let text = json(&document).unwrap();
    let back: PlanDocument = serde_json::from_str(&text).unwrap();
    let mut lines: Vec<String> = back.lines().collect();
    lines.sort();
    let actions = judgement.plan.actions.iter();
    let mut canonical: Vec<String> = actions.map(|action| action.change.canonical()).collect();
    canonical.sort();
    assert_eq!(lines, canonical);
    let totals = Totals::of(judgement);
    assert_eq!(totals.actions(), judgement.actions.len());
    let figures: BTreeMap<String, usize> = serde_json::from_str(&gitlab(judgement)).unwrap();
    assert_eq!(figures.values().sum::<usize>(), totals.actions());
    let gone = ["remove", "cancel invite", "revoke key"];
    let gone = judgement
        .actions
        .iter()
        .filter(|row| gone.contains(&verb(&row.change)));
    assert_eq!(figures["delete"], gone.count());
}

/// Fails unless the annotations have each action, or say how many there are more.
fn assert_annotated(shown: &Shown) {
    let text = plan_github(&shown.view());
    let judgement = &shown.judgement;
    let held = judgement.withheld.iter().flat_map(|row| &row.actions);
    let mut due = rows_of(judgement.actions.iter().chain(held));
    for (row, count) in github_rows(&text) {
        let left = due.get_mut(&row).expect("an annotation of an action");
        *left = left.checked_sub(count).expect("each once");
    }
    let missing: usize = due.values().sum();
    let more = figures_before(&text, " more; the JSON document");
    assert!(missing <= more, "{missing} of {more} more:\n{text}");
}

#[test]
fn no_format_loses_an_action() {
    law(|world, live, plan| {
        let judgement: Judgement = match world.judge(live, plan) {
            Ok(approved) => approved.judgement().clone(),
            Err(refusal) => refusal.judgement().clone(),
        };
        let shown = Shown::new(judgement, 1);
        assert_all_there(&shown);
        assert_annotated(&shown);
        let held = shown.judgement.withheld.iter().flat_map(|row| &row.actions);
        let comment = plan_markdown(&shown.view(), &COMMENT);
        assert_eq!(
            markdown_rows(&comment),
            rows_of(shown.judgement.actions.iter().chain(held)),
            "{comment}"
        );
    });
}

/// One action of any kind about a person of its own, with as long a reason as a ticket makes it.
fn action(n: usize, kind: u8, ticket: usize) -> Action {
    let address = format!("p{n:03}@acme.dev");
    let somebody = |role| member(&format!("user-{n:03}"), &address, role);
    let mut action = match kind {
        0 => remove(somebody(Role::Reader)),
        1 => set_role(somebody(Role::Owner), Role::Reader),
        2 => set_role(somebody(Role::Reader), Role::Owner),
        3 => cancel(invite(&format!("invite-{n:03}"), &address, Role::Reader)),
        _ => invited(&address, Role::Reader),
    };
    if ticket > 0 {
        action.reason = Reason::Departed {
            since: None,
            ticket: Some("𝒳".repeat(ticket)),
        };
    }
    action
}

/// Plans of which some are too large for a comment, and some revoke nothing.
fn large() -> impl Strategy<Value = Judgement> {
    let kinds = prop::collection::vec((0..5u8, 0..3usize), 0..130);
    (kinds, any::<bool>(), any::<bool>()).prop_map(|(kinds, revoking, refused)| {
        let kinds = kinds.into_iter();
        let kinds = kinds.filter(|(kind, _)| revoking || *kind == 2 || *kind == 4);
        let actions = kinds
            .enumerate()
            .map(|(n, (kind, ticket))| action(n, kind, ticket * 290));
        let mut judgement = approved(plan(actions.collect()));
        if refused {
            judgement.breaches = vec![breach(BreachKind::RevocationsMax, 38.0, 10.0)];
        }
        judgement
    })
}

#[test]
fn a_comment_has_all_revocations_or_none_and_counts_what_has_no_room() {
    let (none, some) = (Cell::new(0), Cell::new(0));
    law_of(&large(), |judgement| {
        let shown = Shown::new(judgement, 1);
        let comment = plan_markdown(&shown.view(), &COMMENT);
        assert!(comment.len() < 60_000, "{}", comment.len());
        let actions = &shown.judgement.actions;
        let revoking = || actions.iter().filter(|row| row.change.is_revocation());
        let rows = markdown_rows(&comment);
        let alarm = figures_before(&comment, " revocations do not fit here");
        if alarm > 0 {
            assert_eq!(alarm, revoking().count());
            assert!(rows.is_empty(), "{comment}");
            none.set(none.get() + 1);
            return;
        }
        for (row, count) in rows_of(revoking()) {
            assert_eq!(rows.get(&row), Some(&count), "{row:?}");
        }
        let there: usize = rows.values().sum();
        let left = figures_before(&comment, " more; `plan.json`")
            + figures_before(&comment, " in `plan.json`.");
        assert_eq!(there + left, actions.len(), "{comment}");
        some.set(some.get() + u32::from(left > 0));
    });
    let (none, some) = (none.get(), some.get());
    assert!(none >= CASES / 20 && some >= CASES / 20, "{none} {some}");
}
