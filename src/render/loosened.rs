//! What a change to the members file loosens, as a section above everything that the plan does.
//!
//! It comes first because the file under review is also the file that judges the plan.

use super::phrase::Phrase;
use super::story::{Row, Section, Sign, Tone};
use crate::desired::Loosening;

/// The section; it has no rows where nothing is loosened.
pub(super) fn section(loosened: &[Loosening]) -> Section {
    let mut rows: Vec<Row> = loosened.iter().map(row).collect();
    let limit = loosened.iter().rposition(Loosening::is_guardrail);
    if let Some(row) = limit.and_then(|at| rows.get_mut(at)) {
        row.details.push(Phrase::ours(
            "This plan is judged by the stricter of both files' guardrails; once merged, the file is judged by its own. \
             Way on: merge the guardrails in a change of their own, and then this one",
        ));
    }
    Section {
        title: "Loosened by this change",
        tone: Tone::Alarm,
        headers: &["What"],
        rows,
    }
}

fn row(loosening: &Loosening) -> Row {
    Row {
        sign: Sign::Stop,
        cells: vec![Phrase::sentence(&loosening.to_string())],
        details: Vec::new(),
        place: loosening.place().cloned(),
        revokes: false,
    }
}
