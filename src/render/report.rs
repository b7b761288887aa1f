//! The end of an apply as text: what happened to each action, whether it holds, and what the exit code says.
//!
//! A report is honest before it is friendly: what did not happen stands first, and "unknown" is never rounded to
//! "done" or "failed".

use std::fmt::Write as _;

use super::phrase::Phrase;
use super::story::{self, ACTION_HEADERS, Row, Section, Sign, Tone};
use super::text::section_text;
use super::{Paint, impact, withheld, words};
use crate::document::ReportView;
use crate::outcome::{Exit, Outcome};
use crate::plan::{Action, Change, Person};
use crate::verify::{Foreign, Verification};

/// The title of the section of what did not happen.
pub(super) const NOT_DONE: &str = "Not done";
/// The title of the section of people outside the plan who are gone.
pub(super) const COLLATERAL: &str = "Gone, and not by this plan";

/// Returns the report as text, ending in a newline.
pub fn report_text(view: &ReportView<'_>, paint: Paint) -> String {
    let mut text = String::new();
    for section in sections(view) {
        text.push_str(&section_text(&section, paint));
        text.push('\n');
    }
    let _ = writeln!(text, "{}", paint.title(Tone::Change, &summary(view)));
    let _ = writeln!(text, "{}", verdict(view));
    if let Some(journal) = view.journal {
        let _ = writeln!(text, "Journal: {}", Phrase::label(journal).line());
    }
    let _ = writeln!(text, "{}", exit(view));
    text
}

/// The sections that are not empty: what did not happen, what did, what was withheld, and what was proved.
pub(super) fn sections(view: &ReportView<'_>) -> Vec<Section> {
    let now = view.plan.judgement.plan.observed_at;
    let (mut open, mut done) = (Vec::new(), Vec::new());
    for (action, outcome) in view.results() {
        let mut row = Row {
            place: None,
            revokes: false,
            ..story::action_row(action, now)
        };
        row.cells.truncate(3);
        row.cells.push(outcome_phrase(outcome));
        if outcome.is_some_and(Outcome::is_done) {
            done.push(row);
        } else {
            open.push(row);
        }
    }
    let mut sections = vec![
        results(NOT_DONE, Tone::Alarm, open),
        results("Done", Tone::Change, done),
    ];
    // What is left is another plan with another id, so there is nothing to accept here.
    sections.push(withheld::section(&view.plan.judgement.withheld, None, now));
    sections.extend(impact::checklist(view.aftermath, now));
    if let Some(verification) = view.verification {
        sections.extend(verified(verification, view));
    }
    sections.retain(|section| !section.rows.is_empty());
    sections
}

/// `Exit 0: converged, or nothing to do.`
pub(super) fn exit(view: &ReportView<'_>) -> String {
    let code = view.exit_code;
    let exit = Exit::ALL.into_iter().find(|exit| exit.code() == code);
    let meaning = exit.map_or("no code of this program", Exit::meaning);
    let more = match (exit, not_attempted(view)) {
        // The meaning of this code is about what was sent.
        (Some(Exit::Unconfirmed), open @ 1..) => format!("; {open} not attempted"),
        (_, _) => String::new(),
    };
    format!("Exit {code}: {meaning}{more}.")
}

/// `Plan 1a2b…: 3 done, 1 failed; 1 withheld by the guardrails.`
pub(super) fn summary(view: &ReportView<'_>) -> String {
    const ORDER: [&str; 6] = [
        "done",
        "already done",
        "failed",
        "unknown",
        "withheld",
        "not attempted",
    ];
    let name = |outcome: Option<&Outcome>| outcome.map_or("not attempted", Outcome::as_str);
    let names: Vec<&str> = view.results().map(|(_, outcome)| name(outcome)).collect();
    let mut parts: Vec<String> = ORDER
        .into_iter()
        .map(|name| (name, names.iter().filter(|other| **other == name).count()))
        .filter(|(_, number)| *number > 0)
        .map(|(name, number)| format!("{number} {name}"))
        .collect();
    if parts.is_empty() {
        parts.push("nothing to do".to_owned());
    }
    let guarded = super::Totals::of(view.plan.judgement).withheld;
    let guarded = if guarded > 0 {
        format!("; {guarded} withheld by the guardrails")
    } else {
        String::new()
    };
    let id = &view.plan.ids.plan;
    format!("Plan {id}: {}{guarded}.", parts.join(", "))
}

/// Actions that were not sent because the run ended before.
fn not_attempted(view: &ReportView<'_>) -> usize {
    let is_open = |outcome: Option<&Outcome>| {
        outcome.is_none_or(|outcome| matches!(outcome, Outcome::NotAttempted { cause: _ }))
    };
    view.results()
        .filter(|(_, outcome)| is_open(*outcome))
        .count()
}

fn outcome_phrase(outcome: Option<&Outcome>) -> Phrase {
    match outcome {
        None => Phrase::ours("not attempted"),
        Some(outcome) => match outcome.cause() {
            None => Phrase::ours(outcome.as_str()),
            Some(cause) => {
                Phrase::ours(format!("{}: ", outcome.as_str())).then(Phrase::sentence(cause))
            }
        },
    }
}

fn results(title: &'static str, tone: Tone, rows: Vec<Row>) -> Section {
    Section {
        title,
        tone,
        headers: &["Change", "Who", "Role", "Outcome"],
        rows,
    }
}

fn verified(verification: &Verification, view: &ReportView<'_>) -> Vec<Section> {
    let Verification {
        converged: _,
        residual,
        collateral,
        foreign,
    } = verification;
    let gone = |person: &Person| Row {
        sign: Sign::Stop,
        cells: vec![Phrase::label(person.label()), id(person)],
        details: Vec::new(),
        place: None,
        revokes: false,
    };
    let changed = |foreign: &Foreign| Row {
        sign: Sign::Nothing,
        cells: vec![
            Phrase::label(foreign.person.label()),
            Phrase::sentence(&foreign.what),
        ],
        details: Vec::new(),
        place: None,
        revokes: false,
    };
    let now = view.plan.judgement.plan.observed_at;
    let late = |action: &Action| {
        let mut row = story::action_row(action, now);
        row.details.extend(or_undone(&action.change));
        row
    };
    vec![
        Section {
            title: "Executed, not visible yet",
            tone: Tone::Alarm,
            headers: ACTION_HEADERS,
            rows: story::by_risk(residual).into_iter().map(late).collect(),
        },
        Section {
            title: COLLATERAL,
            tone: Tone::Alarm,
            headers: &["Who", "Id"],
            rows: collateral.iter().map(gone).collect(),
        },
        Section {
            title: "Changed by somebody else meanwhile",
            tone: Tone::Quiet,
            headers: &["Who", "What"],
            rows: foreign.iter().map(changed).collect(),
        },
    ]
}

/// What else a change that is not visible may be: whatever gives or sets can be taken back by somebody else.
fn or_undone(change: &Change) -> Option<Phrase> {
    match change {
        Change::SetRole { member: _, to: _ } | Change::Invite { email: _, role: _ } => {
            Some(Phrase::ours(
                "Late, or undone by somebody else meanwhile: the organization's audit log says which",
            ))
        }
        Change::Remove { member: _ }
        | Change::CancelInvite { invite: _ }
        | Change::RevokeKey {
            key: _,
            user: _,
            email: _,
        } => None,
    }
}

fn id(person: &Person) -> Phrase {
    match (&person.email, &person.id) {
        (Some(_), Some(id)) => Phrase::label(id.as_str()),
        (None, _) | (Some(_), None) => Phrase::default(),
    }
}

/// Whether what was done holds, in a sentence: of what was not done, a listing proves nothing.
pub(super) fn verdict(view: &ReportView<'_>) -> String {
    let Some(Verification {
        converged,
        residual,
        collateral,
        foreign: _,
    }) = view.verification
    else {
        return "Not verified.".to_owned();
    };
    if *converged {
        let is_done = |outcome: Option<&Outcome>| outcome.is_some_and(Outcome::is_done);
        let done = view.results().filter(|(_, outcome)| is_done(*outcome));
        let done = done.count();
        let is_whole = done == view.results().count() && view.plan.judgement.withheld.is_empty();
        return match done {
            0 => "Not verified: nothing is known to have been done.",
            _ if is_whole => "Verified: a complete listing after the last change shows all of it.",
            _ => {
                "Verified in part: a complete listing after the last change shows what was done, \
                 which is not the whole plan."
            }
        }
        .to_owned();
    }
    let mut parts = Vec::new();
    if !residual.is_empty() {
        let actions = words::count(residual.len(), "executed action");
        parts.push(format!("{actions} not visible yet"));
    }
    if !collateral.is_empty() {
        let people = match collateral.len() {
            1 => "1 person".to_owned(),
            people => format!("{people} people"),
        };
        parts.push(format!("{people} outside the plan gone"));
    }
    if parts.is_empty() {
        parts.push("no complete listing confirmed it".to_owned());
    }
    format!("Not verified: {}.", parts.join(", "))
}
