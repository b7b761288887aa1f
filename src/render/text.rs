//! A plan as text for a terminal: aligned rows with `+ ~ -` in front, readable without colour.
//!
//! Who loses access stands before who gets it, what stops the plan before what it would do, and the last lines are
//! the ones a reader needs next: the totals, the plan's id and the command to go on with.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use super::phrase::Phrase;
use super::story::{self, Row, Section};
use super::{Paint, Totals, words};
use crate::document::PlanView;
use crate::guardrail::{Breach, BreachKind, Judgement};

/// Columns that a cell may widen its column to; a longer one only moves what follows it in its own row.
const COLUMN_WIDTH_MAX: usize = 48;
/// Rows of one quiet section at most: a reader of the terminal looks for changes, and the documents have them all.
const QUIET_ROWS_MAX: usize = 25;

/// Returns the plan as text, ending in a newline.
pub fn plan_text(view: &PlanView<'_>, paint: Paint) -> String {
    let judgement = view.judgement;
    let totals = Totals::of(judgement);
    if totals.is_converged() && judgement.caveats.is_empty() && judgement.plan.remarks.is_empty() {
        return converged(judgement, totals);
    }
    let mut text = format!("{}\n", head(judgement));
    for section in story::sections(view) {
        text.push('\n');
        text.push_str(&section_text(&section, paint));
    }
    let _ = writeln!(text, "\nCost: {}.", words::cost(view.cost));
    let _ = writeln!(
        text,
        "{}",
        paint.title(story::Tone::Change, &headline(judgement))
    );
    let _ = writeln!(text, "Plan id {}.", view.ids.plan);
    for line in view
        .apply
        .map(|command| next(view, command))
        .unwrap_or_default()
    {
        let _ = writeln!(text, "{line}");
    }
    text
}

/// Returns the breaches that forbid making a plan, or executing any, as text ending in a newline.
pub fn refusal_text(breaches: &[Breach], paint: Paint) -> String {
    section_text(&story::refused(breaches, None), paint)
}

/// The plan of a roster in which nothing differs, in one line.
fn converged(judgement: &Judgement, totals: Totals) -> String {
    let plan = &judgement.plan;
    let people = words::count(plan.unchanged, "member");
    let unmanaged = match totals.unmanaged {
        0 => String::new(),
        rows => format!("; {rows} unmanaged"),
    };
    format!(
        "No changes. Live equals desired: {people} and pending invites as declared{unmanaged} ({}).\n",
        stamp(judgement)
    )
}

/// `Plan for org-AbC123, read 2026-11-24 03:15 UTC`.
fn head(judgement: &Judgement) -> String {
    format!("Plan for {}", stamp(judgement))
}

fn stamp(judgement: &Judgement) -> String {
    let plan = &judgement.plan;
    let organization = Phrase::theirs(plan.organization.as_str()).line();
    match plan.observed_at {
        Some(at) => format!("{organization}, read {}", words::minute(at)),
        None => organization,
    }
}

/// `Plan: 2 to remove; 1 withheld; 3 reported.`, and whether it is refused.
pub(super) fn headline(judgement: &Judgement) -> String {
    let totals = Totals::of(judgement);
    if judgement.breaches.is_empty() {
        format!("Plan: {totals}.")
    } else {
        let kinds = kinds(&judgement.breaches).join(", ");
        format!("Plan: {totals}. Refused by {kinds}: nothing is executed.")
    }
}

/// The commands that go on from here.
fn next(view: &PlanView<'_>, command: &str) -> Vec<String> {
    let (judgement, id) = (view.judgement, &view.ids.plan);
    let refusing = &judgement.breaches;
    let withholding: Vec<Breach> = judgement
        .withheld
        .iter()
        .flat_map(|withheld| withheld.breaches.iter().cloned())
        .collect();
    let mut lines = Vec::new();
    if refusing.iter().any(|breach| !breach.kind.is_overridable()) {
        return lines;
    }
    if !refusing.is_empty() {
        let kinds = kinds(refusing).join(",");
        lines.push(format!(
            "To accept these figures once: {command} --accept {id}:{kinds}"
        ));
    } else if !judgement.actions.is_empty() {
        lines.push(format!("Next: {command}"));
    }
    let accepted: Vec<Breach> = refusing
        .iter()
        .chain(
            withholding
                .iter()
                .filter(|breach| breach.kind.is_overridable()),
        )
        .cloned()
        .collect();
    if withholding
        .iter()
        .any(|breach| breach.kind.is_overridable())
    {
        let kinds = kinds(&accepted).join(",");
        lines.push(format!(
            "With what is withheld: {command} --accept {id}:{kinds}"
        ));
    }
    lines
}

/// The names of breaches, each once, in the order of the guardrails.
fn kinds(breaches: &[Breach]) -> Vec<&'static str> {
    let named = |kind: &BreachKind| breaches.iter().any(|breach| breach.kind == *kind);
    BreachKind::ALL
        .into_iter()
        .filter(named)
        .map(BreachKind::as_str)
        .collect()
}

/// A title and its aligned rows.
pub(super) fn section_text(section: &Section, paint: Paint) -> String {
    let Section {
        title,
        tone,
        headers,
        rows,
    } = section;
    let mut text = format!("{}:\n", paint.title(*tone, title));
    let shown = match tone {
        story::Tone::Quiet => &rows[..rows.len().min(QUIET_ROWS_MAX)],
        story::Tone::Alarm | story::Tone::Change => rows,
    };
    let lines: Vec<Vec<String>> = shown
        .iter()
        .map(|row| row.cells.iter().map(Phrase::line).collect())
        .collect();
    let widths = widths(&lines, headers.len());
    for (row, cells) in shown.iter().zip(&lines) {
        row_text(&mut text, row, cells, &widths, paint);
    }
    if shown.len() < rows.len() {
        let _ = writeln!(
            text,
            "    and {} more; the JSON document has all of them",
            rows.len() - shown.len()
        );
    }
    text
}

fn row_text(text: &mut String, row: &Row, cells: &[String], widths: &[usize], paint: Paint) {
    let mut line = format!("  {}", row.sign.as_str());
    for (cell, width) in cells.iter().zip(widths) {
        line.push(' ');
        line.push_str(cell);
        let padding = width.saturating_sub(cell.width()) + 1;
        line.push_str(&" ".repeat(padding));
    }
    let _ = writeln!(text, "{}", paint.row(row.sign, line.trim_end()));
    for detail in &row.details {
        let _ = writeln!(text, "      {}", detail.line());
    }
}

/// The width of each column in terminal cells; the last one needs none.
fn widths(lines: &[Vec<String>], columns: usize) -> Vec<usize> {
    let mut widths = vec![0; columns];
    for cells in lines {
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = (*width).max(cell.width().min(COLUMN_WIDTH_MAX));
        }
    }
    widths
}
