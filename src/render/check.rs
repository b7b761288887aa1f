//! A checked members file as annotations of a GitHub Actions run: each lands on its line of the pull request.

use std::fmt::Write as _;

use super::safe::{github_data, github_property};
use crate::document::{CheckDocument, ExpiryDocument, PlaceDocument, ViolationDocument};

/// Annotations at most; GitHub shows fewer, and a file with more violations has one cause.
const ANNOTATIONS_MAX: usize = 50;

/// Returns one workflow command per violation, warning and expiry.
pub fn check_github(document: &CheckDocument) -> String {
    let CheckDocument {
        format_version: _,
        file,
        violations,
        warnings,
        expiring,
        members: _,
    } = document;
    let mut text = String::new();
    for violation in violations.iter().take(ANNOTATIONS_MAX) {
        let ViolationDocument {
            message,
            place,
            help,
            related,
        } = violation;
        let mut message = message.clone();
        for other in related {
            let PlaceDocument { file, line, column } = &other.place;
            let _ = write!(message, "; {} ({file}:{line}:{column})", other.message);
        }
        if let Some(help) = help {
            let _ = write!(message, "; {help}");
        }
        annotation(&mut text, "error", place, &message);
    }
    if let Some(more) = violations
        .len()
        .checked_sub(ANNOTATIONS_MAX)
        .filter(|n| *n > 0)
    {
        let _ = writeln!(text, "::error title=members file::and {more} more");
    }
    let top = PlaceDocument {
        file: file.clone(),
        line: 1,
        column: 1,
    };
    for warning in warnings {
        annotation(&mut text, "warning", &top, warning);
    }
    for expiry in expiring.iter().take(ANNOTATIONS_MAX) {
        let ExpiryDocument {
            email,
            last_day,
            days_left: _,
            place,
        } = expiry;
        annotation(
            &mut text,
            "notice",
            place,
            &format!("{email} expires on {last_day}"),
        );
    }
    text
}

fn annotation(text: &mut String, level: &str, place: &PlaceDocument, message: &str) {
    let PlaceDocument { file, line, column } = place;
    let _ = writeln!(
        text,
        "::{level} file={},line={line},col={column},title=members file::{}",
        github_property(file),
        github_data(message)
    );
}
