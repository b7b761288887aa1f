//! The declared people as an aligned table.

use super::Paint;
use super::safe::Shown;
use super::table::aligned;
use crate::document::{DeclaredDocument, DeclaredRow, DepartedRow, PlaceDocument};

const HEADERS: [&str; 6] = ["ADDRESS", "ROLE", "ID", "STANDING", "TICKET", "PLACE"];

/// Returns one aligned line per person under a line of headers, or a sentence where the file names nobody.
pub fn declared_table(declared: &DeclaredDocument, paint: Paint) -> String {
    let DeclaredDocument {
        format_version: _,
        organization,
        members,
        departed,
    } = declared;
    if members.is_empty() && departed.is_empty() {
        return format!("Nobody is declared in {}.\n", Shown::label(organization));
    }
    let rows: Vec<[String; 6]> = members
        .iter()
        .map(member)
        .chain(departed.iter().map(tombstone))
        .collect();
    aligned(&HEADERS, &rows, paint)
}

fn member(row: &DeclaredRow) -> [String; 6] {
    let standing = match (row.expires, row.active) {
        (None, _) => "declared".to_owned(),
        (Some(day), true) => format!("declared until {day}"),
        (Some(day), false) => format!("expired on {day}"),
    };
    [
        Shown::label(&row.email).to_string(),
        cell(row.role.as_deref()),
        cell(row.id.as_deref()),
        standing,
        cell(row.ticket.as_deref()),
        place(&row.place),
    ]
}

fn tombstone(row: &DepartedRow) -> [String; 6] {
    let standing = row
        .since
        .map_or_else(|| "departed".to_owned(), |day| format!("departed on {day}"));
    [
        cell(row.email.as_deref()),
        "-".to_owned(),
        cell(row.id.as_deref()),
        standing,
        cell(row.ticket.as_deref()),
        place(&row.place),
    ]
}

fn cell(text: Option<&str>) -> String {
    text.map_or_else(|| "-".to_owned(), |text| Shown::name(text).to_string())
}

fn place(place: &PlaceDocument) -> String {
    let PlaceDocument { file, line, column } = place;
    format!("{}:{line}:{column}", Shown::label(file))
}
