//! The canonical layout of people: one aligned line each, owners first, then by address, comments with their entry.
//!
//! Sections (runs of entries between blank lines) keep their places, because their heads mean something; only what
//! stands in a section is sorted. Everything that is not a person is left as it is written.

use std::collections::BTreeMap;

use unicode_width::UnicodeWidthStr as _;

use super::edit::sheet::{Block, Form, People, Person, Row, Sheet};
use super::edit::{insert, rank, sections};
use super::line::{comments_in, departed_fields, entry_fields, quoted};
use super::{DesiredRoster, EditError, Source, parse};

/// Formats every file; `sources` is what [`parse`] takes.
///
/// # Errors
///
/// [`EditError`]: a file with violations, or one with a layout that cannot be kept, is left as it is.
pub fn format(sources: &[Source]) -> Result<Vec<Source>, EditError> {
    let roster = parse(sources).map_err(EditError::Violations)?;
    let said = said(&roster);
    let formatted: Vec<Source> = sources
        .iter()
        .map(|source| format_one(source, &said))
        .collect::<Result<_, _>>()?;
    match parse(&formatted) {
        Ok(_) => Ok(formatted),
        Err(violations) => Err(EditError::Result {
            violations,
            sources: formatted,
        }),
    }
}

/// What each entry says, as an inline table.
type Said = BTreeMap<(People, Person), String>;

fn said(roster: &DesiredRoster) -> Said {
    let members = roster.members.values().map(|entry| {
        let person = Person::Email(entry.email.clone());
        ((People::Members, person), entry_fields(entry))
    });
    let departed = roster.departed.iter().filter_map(|gone| {
        let email = gone.email.clone().map(Person::Email);
        let person = email.or(gone.id.clone().map(Person::Id))?;
        Some(((People::Departed, person), departed_fields(gone)))
    });
    members.chain(departed).collect()
}

fn format_one(source: &Source, said: &Said) -> Result<Source, EditError> {
    let mut sheet = Sheet::read(source)?;
    let mut tables = Vec::new();
    let mut at = 0;
    while at < sheet.rows.len() {
        match &mut sheet.rows[at] {
            Row::Entry(block) if block.form == Form::Table => {
                tables.extend(sheet.remove(at));
                // A blank line above may have gone with it.
                at = at.saturating_sub(1);
            }
            Row::Entry(block) => {
                one_line(block, said);
                at += 1;
            }
            Row::Blank(_) | Row::Comment(_) | Row::Header(..) | Row::Code(_) => at += 1,
        }
    }
    for mut block in tables {
        one_line(&mut block, said);
        insert::insert(&mut sheet, block);
    }
    for home in 0..sheet.rows.len() {
        if matches!(sheet.rows[home], Row::Header(Some(_), _)) {
            for section in sections(&sheet, home) {
                sort_and_align(&mut sheet.rows[section]);
            }
        }
    }
    Ok(sheet.to_source())
}

/// Writes an entry in one line; comments inside an entry of several lines move above it.
fn one_line(block: &mut Block, said: &Said) {
    let fields = said.get(&(block.table, block.person.clone()));
    let mut line = format!(
        "{} = {}",
        quoted(&block.key),
        fields.map_or("{}", String::as_str)
    );
    let comments = comments_in(&block.lines.join("\n"));
    match (block.form, comments.as_slice()) {
        (Form::Line, [comment]) => {
            line.push_str("  ");
            line.push_str(comment);
        }
        (Form::Line | Form::Lines | Form::Table, _) => block.comments.extend(comments),
    }
    block.form = Form::Line;
    block.lines = vec![line];
}

fn sort_and_align(rows: &mut [Row]) {
    let key = |row: &Row| match row {
        Row::Entry(block) => {
            let (rank, key) = rank(block);
            // Tombstones have no role.
            (rank && block.table == People::Members, key.to_owned())
        }
        Row::Blank(_) | Row::Comment(_) | Row::Header(..) | Row::Code(_) => (false, String::new()),
    };
    rows.sort_by_cached_key(key);
    let width = |block: &Block| quoted(&block.key).width();
    let column = rows
        .iter()
        .filter_map(|row| match row {
            Row::Entry(block) => Some(width(block)),
            Row::Blank(_) | Row::Comment(_) | Row::Header(..) | Row::Code(_) => None,
        })
        .max();
    for row in rows {
        if let (Row::Entry(block), Some(column)) = (row, column) {
            let padding = " ".repeat(column - width(block));
            let key = quoted(&block.key);
            if let Some(line) = block.lines.first_mut()
                && let Some(rest) = line.strip_prefix(&key)
            {
                *line = format!("{key}{padding} {}", rest.trim_start());
            }
        }
    }
}
