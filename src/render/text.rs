//! A plan as text for a terminal: aligned rows with `+ ~ -` in front, readable without colour.
//!
//! Who loses access stands before who gets it, what stops the plan before what it would do, and the last lines are
//! the ones a reader needs next: the totals, the plan's id and the command to go on with.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use super::next::{self, Step};
use super::phrase::Phrase;
use super::safe::Shown;
use super::story::{self, Row, Section};
use super::{Paint, Totals, loosened, words};
use crate::document::PlanView;
use crate::guardrail::{Breach, Judgement};

/// Columns that a cell may widen its column to; a longer one only moves what follows it in its own row.
const COLUMN_WIDTH_MAX: usize = 48;
/// Rows of one quiet section at most: a reader of the terminal looks for differences, and the documents have the rest.
const QUIET_ROWS_MAX: usize = 25;

/// Returns the plan as text, ending in a newline.
pub fn plan_text(view: &PlanView<'_>, paint: Paint) -> String {
    let judgement = view.judgement;
    // Of a part of a plan nobody can say that live equals desired.
    if Totals::of(judgement).is_converged() && !judgement.plan.is_narrowed() {
        return converged(view, paint);
    }
    let mut text = format!("Plan for {}\n", stamp(judgement));
    for section in story::sections(view) {
        text.push('\n');
        text.push_str(&section_text(&section, paint));
    }
    let _ = writeln!(text, "\nCost: {}.", words::cost(view.cost));
    let _ = writeln!(
        text,
        "{}",
        paint.title(story::Tone::Change, &next::headline(judgement))
    );
    let _ = writeln!(text, "Plan id {}.", view.ids.plan);
    for Step { label, command } in next::steps(view) {
        let _ = writeln!(text, "{label}: {command}");
    }
    text
}

/// Returns the breaches that forbid making a plan, or executing any, as text ending in a newline.
pub fn refusal_text(breaches: &[Breach], paint: Paint) -> String {
    section_text(&story::refused(breaches, None), paint)
}

/// Returns why there is no plan, and above it what the change to the members file loosens.
pub fn no_plan_text(view: &PlanView<'_>, paint: Paint) -> String {
    let loosened = loosened::section(view.loosened);
    let refusal = refusal_text(&view.judgement.breaches, paint);
    if loosened.rows.is_empty() {
        return refusal;
    }
    format!("{}\n{refusal}", section_text(&loosened, paint))
}

/// The plan of a roster in which nothing differs: one line, and below it what every plan shows.
fn converged(view: &PlanView<'_>, paint: Paint) -> String {
    let people = words::count(view.judgement.plan.unchanged, "member");
    let mut text = format!(
        "No changes. Live equals desired: {people} and pending invites as declared ({}).\n",
        stamp(view.judgement)
    );
    for section in story::sections(view) {
        text.push('\n');
        text.push_str(&section_text(&section, paint));
    }
    text
}

/// `org-AbC123, read 2026-11-24 03:15 UTC`.
fn stamp(judgement: &Judgement) -> String {
    let plan = &judgement.plan;
    let organization = Phrase::label(&plan.organization).line();
    match plan.observed_at {
        Some(at) => format!("{organization}, read {}", words::minute(at)),
        None => organization,
    }
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
        story::Tone::Alarm | story::Tone::Change | story::Tone::Difference => rows,
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

/// A row in one sentence: `remove eve@acme.dev reader undeclared`, with two spaces between the cells as in a table.
pub(super) fn sentence(row: &Row) -> String {
    let cells = row.cells.iter().map(Phrase::line);
    cells
        .filter(|cell| !cell.is_empty())
        .collect::<Vec<_>>()
        .join("  ")
}

fn row_text(text: &mut String, row: &Row, cells: &[String], widths: &[usize], paint: Paint) {
    let mut line = format!("  {}", row.sign.as_str());
    for (cell, width) in cells.iter().zip(widths) {
        line.push(' ');
        line.push_str(cell);
        let padding = width.saturating_sub(cell.width()) + 1;
        line.push_str(&" ".repeat(padding));
    }
    if let Some(place) = &row.place {
        let _ = write!(line, "({}:{})", Shown::label(&place.file), place.line);
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
    if let Some(last) = widths.last_mut() {
        *last = 0;
    }
    widths
}
