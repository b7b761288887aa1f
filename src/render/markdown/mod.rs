//! A plan or a report as Markdown for a comment on a pull request, an issue or a job summary.
//!
//! A comment has a limit of 65,536 characters; this stays under 60,000 bytes. Revocations get the room first, and
//! when even they do not fit, none of them is shown: a list of some would read as a list of all, so a red headline
//! with their number and the file that has them takes the table's place.

mod table;

use std::fmt::Write as _;

use super::next::{self, Step};
use super::{Totals, drift, report, safe, story, words};
use crate::document::{DriftStanding, DriftView, PlanView, ReportView};

/// Bytes of a comment at most.
const COMMENT_BYTES_MAX: usize = 60_000;
/// Bytes of our own words in a line that says what is left out.
const MORE_BYTES: usize = 120;
/// Bytes of each part of a link at most.
const LINK_BYTES_MAX: usize = 200;
/// Reasons of a failure at most.
const REASONS_MAX: usize = 20;

/// What a comment needs beside the plan or the report in it.
#[derive(Debug, Clone, Copy)]
pub struct Comment<'a> {
    /// The name under which a later comment finds this one, to replace it.
    pub marker: Option<&'a str>,
    /// Where everything is that the comment has no room for: a file's name.
    pub everything_in: &'a str,
    /// The address under which the members file can be read, such as `https://github.com/o/r/blob/SHA`.
    pub source_url: Option<&'a str>,
    /// A unified diff of the roster, shown folded if there is room.
    pub diff: Option<&'a str>,
}

impl Comment<'_> {
    /// A line that nobody sees, by which a later run finds this comment; empty for one that nobody looks for.
    pub(super) fn marker_line(&self, of: &str) -> String {
        let Some(marker) = self.marker else {
            return String::new();
        };
        let name: String = marker
            .chars()
            .take(100)
            .map(|c| {
                if c.is_ascii_alphanumeric() || "._/".contains(c) {
                    c
                } else {
                    '_'
                }
            })
            .collect();
        format!("<!-- rosterctl:{of}:{name} -->\n")
    }
}

/// Returns the comment that shows a plan.
pub fn plan_markdown(view: &PlanView<'_>, comment: &Comment<'_>) -> String {
    let mut foot = String::new();
    for Step { label, command } in next::steps(view) {
        let _ = writeln!(foot, "- {label}: {}", safe::markdown_code(&command));
    }
    let _ = write!(foot, "{}", stamp(view));
    assemble(
        &plan_head(view, comment),
        &story::sections(view),
        &foot,
        comment,
    )
}

/// Returns the comment that shows the end of an apply.
pub fn report_markdown(view: &ReportView<'_>, comment: &Comment<'_>) -> String {
    let organization = safe::markdown_code(&view.plan.judgement.plan.organization);
    let marker = comment.marker_line("plan");
    let (summary, verdict) = (report::summary(view), report::verdict(view));
    let alert = if view.exit_code == 0 {
        ""
    } else {
        "> [!CAUTION]\n> "
    };
    let exit = report::exit(view);
    let head = format!(
        "{marker}### Membership apply for {organization}\n\n{summary}\n\n{alert}{verdict} {exit}\n\n"
    );
    assemble(&head, &report::sections(view), &stamp(&view.plan), comment)
}

/// Returns the body of an issue that shows a drift report.
pub fn drift_markdown(view: &DriftView<'_>, comment: &Comment<'_>) -> String {
    let organization = safe::markdown_code(&view.plan.judgement.plan.organization);
    let marker = comment.marker_line("drift");
    let alert = match view.standing() {
        DriftStanding::None => "",
        DriftStanding::Found => "> [!WARNING]\n> ",
        DriftStanding::Unknown => "> [!CAUTION]\n> ",
    };
    let headline = drift::headline(view);
    let head = format!("{marker}### Membership drift of {organization}\n\n{alert}{headline}\n\n");
    let mut foot = String::new();
    for Step { label, command } in drift::steps(view) {
        let _ = writeln!(foot, "- {label}: {}", safe::markdown_code(&command));
    }
    let (id, version) = (&view.plan.ids.drift, env!("CARGO_PKG_VERSION"));
    let _ = write!(foot, "\n<sub>Drift `{id}` · rosterctl {version}</sub>\n");
    assemble(&head, &drift::sections(view), &foot, comment)
}

/// Returns the comment that says why there is no plan: it replaces the one of an earlier plan, which would mislead.
pub fn failure_markdown(reasons: &[String], comment: &Comment<'_>) -> String {
    let head = "### No membership plan\n\n> [!CAUTION]\n> There is no plan, because:\n\n";
    no_result("plan", head, reasons, comment)
}

/// Returns the body of an issue that says why nobody knows whether anything differs.
pub fn unread_markdown(reasons: &[String], comment: &Comment<'_>) -> String {
    let head = "### Membership drift could not be read\n\n> [!CAUTION]\n> Whether anything differs is not known, because:\n\n";
    no_result("drift", head, reasons, comment)
}

fn no_result(of: &str, head: &str, reasons: &[String], comment: &Comment<'_>) -> String {
    let marker = comment.marker_line(of);
    let mut text = format!("{marker}{head}");
    for reason in reasons.iter().take(REASONS_MAX) {
        let _ = writeln!(text, "- {}", safe::markdown_code(reason));
    }
    if reasons.len() > REASONS_MAX {
        let _ = writeln!(text, "- and {} more", reasons.len() - REASONS_MAX);
    }
    text
}

fn assemble(head: &str, sections: &[story::Section], foot: &str, comment: &Comment<'_>) -> String {
    let room = COMMENT_BYTES_MAX.saturating_sub(head.len() + foot.len());
    let (body, room) = table::tables(sections, comment, room);
    let diff = comment
        .diff
        .map(folded_diff)
        .filter(|diff| diff.len() <= room);
    format!("{head}{body}{}{foot}", diff.unwrap_or_default())
}

fn plan_head(view: &PlanView<'_>, comment: &Comment<'_>) -> String {
    let judgement = view.judgement;
    let organization = safe::markdown_code(&judgement.plan.organization);
    let marker = comment.marker_line("plan");
    let totals = Totals::of(judgement);
    let revocations = judgement
        .actions
        .iter()
        .filter(|action| action.change.is_revocation())
        .count();
    let alert = if !judgement.breaches.is_empty() {
        "> [!CAUTION]\n> This plan is refused: nothing of it is executed.\n\n".to_owned()
    } else if revocations > 0 {
        let revocations = words::count(revocations, "revocation");
        format!("> [!CAUTION]\n> {revocations}: read who loses access before you approve.\n\n")
    } else if totals.is_converged() && !judgement.plan.is_narrowed() {
        "No changes: live equals desired.\n\n".to_owned()
    } else {
        String::new()
    };
    format!("{marker}### Membership plan for {organization}: {totals}\n\n{alert}")
}

/// The plan's id, its time, its cost and the program's version, in small print.
fn stamp(view: &PlanView<'_>) -> String {
    let PlanView {
        judgement,
        ids,
        cost,
        impact: _,
        apply: _,
        redacted: _,
        members_sha256: _,
        snapshot_taken_at: _,
        loosened: _,
    } = view;
    let read = judgement
        .plan
        .observed_at
        .map_or_else(String::new, |at| format!(" · read {}", words::minute(at)));
    let (plan, cost, version) = (&ids.plan, words::cost(cost), env!("CARGO_PKG_VERSION"));
    format!("\n<sub>Plan `{plan}`{read} · {cost} · rosterctl {version}</sub>\n")
}

fn folded_diff(diff: &str) -> String {
    let block = fenced("diff", diff);
    format!("<details><summary>Diff</summary>\n\n{block}\n</details>\n\n")
}

/// Lines in a block whose fence is longer than any run of backticks in them.
pub(super) fn fenced(language: &str, lines: &str) -> String {
    let longest = lines
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{lines}{fence}\n")
}
