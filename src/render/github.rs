//! A plan or a report as annotations of a GitHub Actions run.
//!
//! GitHub shows about ten annotations of a level and step, so each level ends with how many more there are: a
//! reader must not take ten removals for all of them. Every line begins with a command of ours, and values are
//! escaped, so none of them can begin one.

use std::fmt::Write as _;

use super::next;
use super::safe;
use super::story::{self, Row, Section, Tone};
use super::{drift, report, text};
use crate::document::{DriftView, PlanView, ReportView};

/// Annotations of one level at most, the last one counting the rest.
const ANNOTATIONS_MAX: usize = 10;

/// The levels of annotations, the worst first.
const LEVELS: [&str; 3] = ["error", "warning", "notice"];

/// Returns one workflow command per line: refusals, then what takes access, then the rest, then the headline.
pub fn plan_github(view: &PlanView<'_>) -> String {
    let mut lines = annotations(&story::sections(view));
    let headline = next::headline(view.judgement);
    notice(
        &mut lines,
        &format!("{headline} Plan id {}.", view.ids.plan),
    );
    lines
}

/// Returns one workflow command per line: what did not happen, what did, then the summary.
pub fn report_github(view: &ReportView<'_>) -> String {
    let mut lines = annotations(&report::sections(view));
    let (summary, verdict) = (report::summary(view), report::verdict(view));
    notice(
        &mut lines,
        &format!("{summary} {verdict} {}", report::exit(view)),
    );
    lines
}

/// Returns one workflow command per line: what differs with who caused it, then the headline.
pub fn drift_github(view: &DriftView<'_>) -> String {
    let mut lines = annotations(&drift::sections(view));
    let (headline, id) = (drift::headline(view), &view.plan.ids.drift);
    notice(&mut lines, &format!("{headline} Drift id {id}."));
    lines
}

/// Returns one workflow command per reason why there is no result.
pub fn failure_github(reasons: &[String]) -> String {
    let mut lines = String::new();
    let shown = if reasons.len() > ANNOTATIONS_MAX {
        &reasons[..ANNOTATIONS_MAX - 1]
    } else {
        reasons
    };
    for reason in shown {
        let reason = safe::github_data(reason);
        let _ = writeln!(lines, "::error title=Membership::{reason}");
    }
    if shown.len() < reasons.len() {
        let more = reasons.len() - shown.len();
        let _ = writeln!(lines, "::error title=Membership::and {more} more");
    }
    lines
}

fn notice(lines: &mut String, text: &str) {
    let _ = writeln!(
        lines,
        "::notice title=Membership::{}",
        safe::github_data(text)
    );
}

fn annotations(sections: &[Section]) -> String {
    let mut lines = String::new();
    for level in LEVELS {
        let found: Vec<(&Section, &Row)> = sections
            .iter()
            .flat_map(|section| section.rows.iter().map(move |row| (section, row)))
            .filter(|(section, row)| self::level(section, row) == Some(level))
            .collect();
        let shown = if found.len() > ANNOTATIONS_MAX {
            &found[..ANNOTATIONS_MAX - 1]
        } else {
            &found
        };
        for (section, row) in shown {
            annotation(&mut lines, level, section, row);
        }
        if shown.len() < found.len() {
            let more = found.len() - shown.len();
            let _ = writeln!(
                lines,
                "::{level} title=Membership::and {more} more; the JSON document has all of them"
            );
        }
    }
    lines
}

/// The level of a row; quiet rows are in the documents and need no annotation.
fn level(section: &Section, row: &Row) -> Option<&'static str> {
    const ERRORS: [&str; 3] = [story::REFUSED, report::NOT_DONE, report::COLLATERAL];
    match section.tone {
        Tone::Alarm if ERRORS.contains(&section.title) => Some("error"),
        Tone::Alarm => Some("warning"),
        Tone::Change if row.revokes => Some("warning"),
        Tone::Change => Some("notice"),
        Tone::Difference | Tone::Quiet => None,
    }
}

fn annotation(lines: &mut String, level: &str, section: &Section, row: &Row) {
    let mut message = text::sentence(row);
    for detail in &row.details {
        let _ = write!(message, ". {}", detail.line());
    }
    let place = row.place.as_ref().map_or_else(String::new, |place| {
        format!(
            "file={},line={},col={},",
            safe::github_property(&place.file),
            place.line,
            place.column
        )
    });
    let title = safe::github_property(section.title);
    let _ = writeln!(
        lines,
        "::{level} {place}title={title}::{}",
        safe::command_data(&message)
    );
}
