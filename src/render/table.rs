//! The live roster as an aligned table.

use std::fmt::Write as _;

use anstyle::Style;
use unicode_width::UnicodeWidthStr as _;

use super::safe::Shown;
use super::{Paint, words};
use crate::document::{RosterDocument, RosterRow};

const HEADERS: [&str; 6] = ["ADDRESS", "NAME", "ROLE", "ID", "STANDING", "DECLARED"];

/// Returns one aligned line per person under a line of headers, or a sentence where nobody was found.
pub fn roster_table(roster: &RosterDocument, paint: Paint) -> String {
    if roster.people.is_empty() {
        let members = words::count(roster.members, "member");
        let invites = words::count(roster.invites, "pending invite");
        return format!("Nobody found among {members} and {invites}.\n");
    }
    let rows: Vec<[String; 6]> = roster.people.iter().map(cells).collect();
    aligned(&HEADERS, &rows, paint)
}

/// Returns rows of cells that are visible already, aligned under bold headers.
pub(super) fn aligned<const N: usize>(
    headers: &[&str; N],
    rows: &[[String; N]],
    paint: Paint,
) -> String {
    let mut widths = headers.map(str::len);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let headers = line(&headers.map(str::to_owned), &widths);
    let mut text = format!("{}\n", paint.with(Style::new().bold(), &headers));
    for row in rows {
        let _ = writeln!(text, "{}", line(row, &widths));
    }
    text
}

fn line<const N: usize>(cells: &[String; N], widths: &[usize; N]) -> String {
    let mut line = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        line.push_str(cell);
        line.push_str(&" ".repeat(width.saturating_sub(cell.width()) + 2));
    }
    line.trim_end().to_owned()
}

fn cells(row: &RosterRow) -> [String; 6] {
    let RosterRow {
        email,
        name,
        role,
        user_id,
        invite_id,
        until,
        declared,
    } = row;
    let shown = |value: &Option<String>| {
        value
            .as_ref()
            .map_or_else(|| "-".to_owned(), |text| Shown::name(text).to_string())
    };
    let standing = match (invite_id, until) {
        (None, _) => "member".to_owned(),
        (Some(_), None) => "invited".to_owned(),
        (Some(_), Some(until)) => format!("invited until {}", words::date(*until)),
    };
    let declared = match declared {
        None => "-",
        Some(true) => "yes",
        Some(false) => "no",
    };
    [
        email
            .as_ref()
            .map_or_else(|| "-".to_owned(), |text| Shown::label(text).to_string()),
        shown(name),
        if role.is_empty() {
            "-".to_owned()
        } else {
            Shown::name(role).to_string()
        },
        user_id
            .as_ref()
            .or(invite_id.as_ref())
            .map_or_else(|| "-".to_owned(), |text| Shown::label(text).to_string()),
        standing,
        declared.to_owned(),
    ]
}
