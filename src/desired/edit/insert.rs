//! Where a new person's line goes, and how it is aligned.
//!
//! A section is a run of one-line entries without a blank line or a comment of its own between them. A sorted
//! section stays sorted; in any other the new line comes last. Nobody else's line is touched: a key that is longer
//! than the others' is not a reason for a diff of the whole section.

use std::collections::BTreeMap;
use std::ops::Range;

use unicode_width::UnicodeWidthStr as _;

use crate::desired::edit::sheet::{Block, Form, People, Row, Sheet};

/// Lines above and below a new one that say how it is aligned.
const NEIGHBOURS: usize = 10;

/// In which order a section's entries stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Owners first, then by key.
    OwnersFirst,
    /// By key.
    Key,
    /// As people wrote them.
    Free,
}

/// Puts a person's line in its place.
pub(in crate::desired) fn insert(sheet: &mut Sheet, mut block: Block) {
    let Some(home) = home(sheet, block.table) else {
        new_table(sheet, block);
        return;
    };
    let sections = sections(sheet, home);
    let Some(section) = choose(sheet, &sections, block.owner) else {
        // An empty table: directly below its header, so that no comment there becomes the entry's.
        sheet.rows.insert(home + 1, Row::Entry(block));
        return;
    };
    let entries: Vec<&Block> = sheet.rows[section.clone()]
        .iter()
        .filter_map(line_block)
        .collect();
    let after = match order(&entries) {
        Order::OwnersFirst => entries.partition_point(|other| rank(other) < rank(&block)),
        Order::Key => entries.partition_point(|other| other.key_rank() < block.key_rank()),
        Order::Free => entries.len(),
    };
    if let Some(line) = block.lines.first_mut() {
        let first = after.saturating_sub(NEIGHBOURS);
        let last = entries.len().min(after + NEIGHBOURS);
        *line = aligned(line, &entries[first..last]);
    }
    sheet.rows.insert(section.start + after, Row::Entry(block));
}

/// How the section is ordered in which an entry stands.
pub(super) fn order_around(sheet: &Sheet, at: usize) -> Order {
    let entries: Vec<&Block> = sheet.rows[section_around(sheet, at)]
        .iter()
        .filter_map(line_block)
        .collect();
    order(&entries)
}

/// Moves an entry that has changed to where its section stays sorted, if it was: a promotion goes up to the owners.
pub(super) fn reorder(sheet: &mut Sheet, at: usize, was: Order) {
    if was != Order::OwnersFirst || order_around(sheet, at) != Order::Free {
        return;
    }
    let section = section_around(sheet, at);
    let row = sheet.rows.remove(at);
    let others = &sheet.rows[section.start..section.end - 1];
    let before = others
        .iter()
        .filter_map(line_block)
        .filter(|other| line_block(&row).is_some_and(|block| rank(other) < rank(block)));
    let to = section.start + before.count();
    sheet.rows.insert(to, row);
}

/// The entries around a row, without anything else between them.
fn section_around(sheet: &Sheet, at: usize) -> Range<usize> {
    let is_line = |row: &Row| line_block(row).is_some_and(|block| block.form != Form::Table);
    let start = sheet.rows[..at].iter().rev().take_while(|row| is_line(row));
    let end = sheet.rows[at..].iter().take_while(|row| is_line(row));
    at - start.count()..at + end.count()
}

/// Aligns the sections in which every entry is new: there is nobody else's line to leave alone.
pub(super) fn align_new(sheet: &mut Sheet) {
    for home in 0..sheet.rows.len() {
        if !matches!(sheet.rows[home], Row::Header(Some(_), _)) {
            continue;
        }
        for section in sections(sheet, home) {
            let rows = &mut sheet.rows[section];
            let is_new = |row: &Row| line_block(row).is_some_and(|block| block.is_new);
            if rows.iter().all(is_new) {
                align(rows);
            }
        }
    }
}

/// Pads the keys of one-line entries to the width of the longest.
fn align(rows: &mut [Row]) {
    let width = |row: &Row| {
        let line = line_block(row)?.lines.first()?;
        Some(split_key(line)?.0.trim_end().width())
    };
    let column = rows.iter().filter_map(width).max().unwrap_or(0);
    for row in rows {
        if let Row::Entry(block) = row
            && let Some(line) = block.lines.first_mut()
            && let Some((key, rest)) = split_key(line)
        {
            let key = key.trim_end();
            let padding = " ".repeat(column - key.width());
            *line = format!("{key}{padding} {rest}");
        }
    }
}

/// The row of the table's header.
fn home(sheet: &Sheet, table: People) -> Option<usize> {
    sheet
        .rows
        .iter()
        .position(|row| matches!(row, Row::Header(Some(found), _) if *found == table))
}

/// Opens a table at the end of the file, or above the first person who has a table of their own: below such a
/// table's header a line would be that person's.
fn new_table(sheet: &mut Sheet, block: Block) {
    let first = sheet
        .rows
        .iter()
        .position(|row| matches!(row, Row::Entry(other) if other.table == block.table));
    let at = first.unwrap_or(sheet.rows.len());
    let blank = || Row::Blank(String::new());
    let header = Row::Header(Some(block.table), format!("[{}]", block.table.name()));
    let mut rows = vec![header, Row::Entry(block)];
    if at > 0 && !matches!(sheet.rows[at - 1], Row::Blank(_)) {
        rows.insert(0, blank());
    }
    if at < sheet.rows.len() {
        rows.push(blank());
    }
    sheet.rows.splice(at..at, rows);
}

/// The sections below a table's header, as row ranges.
pub(in crate::desired) fn sections(sheet: &Sheet, home: usize) -> Vec<Range<usize>> {
    let mut sections: Vec<Range<usize>> = Vec::new();
    for (at, row) in sheet.rows.iter().enumerate().skip(home + 1) {
        match row {
            Row::Entry(block) if block.form == Form::Table => break,
            Row::Header(..) => break,
            Row::Entry(_) => match sections.last_mut() {
                Some(last) if last.end == at => last.end += 1,
                Some(_) | None => sections.push(at..at + 1),
            },
            Row::Blank(_) | Row::Comment(_) | Row::Code(_) => {}
        }
    }
    sections
}

/// The section for a new entry: for an owner the first one of owners only, for others the last that is not such.
fn choose(sheet: &Sheet, sections: &[Range<usize>], owner: bool) -> Option<Range<usize>> {
    let of_owners = |section: &&Range<usize>| {
        let rows = &sheet.rows[(*section).clone()];
        rows.iter().filter_map(line_block).all(|block| block.owner)
    };
    let chosen = if owner {
        sections.iter().find(of_owners)
    } else {
        sections.iter().rev().find(|section| !of_owners(section))
    };
    chosen.or(sections.last()).cloned()
}

fn line_block(row: &Row) -> Option<&Block> {
    match row {
        Row::Entry(block) => Some(block),
        Row::Blank(_) | Row::Comment(_) | Row::Header(..) | Row::Code(_) => None,
    }
}

impl Block {
    /// What a section is sorted by: the key as it compares.
    pub(in crate::desired) fn key_rank(&self) -> &str {
        self.person.as_str()
    }
}

/// The canonical order: owners, then by key.
pub(in crate::desired) fn rank(block: &Block) -> (bool, &str) {
    (!block.owner, block.key_rank())
}

fn order(entries: &[&Block]) -> Order {
    if entries.is_sorted_by_key(|block| rank(block)) {
        Order::OwnersFirst
    } else if entries.is_sorted_by_key(|block| block.key_rank()) {
        Order::Key
    } else {
        Order::Free
    }
}

/// Pads a line's key so that its `=` stands where those of most of these lines do, if they were put there.
fn aligned(line: &str, entries: &[&Block]) -> String {
    let mut columns: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for entry in entries {
        if let Some((key, _)) = entry.lines.first().and_then(|line| split_key(line)) {
            columns.entry(key.width()).or_default().push(key);
        }
    }
    // Without padding, keys of one length stand in one column by chance.
    let is_meant = |keys: &[&str]| {
        let padded = keys.iter().any(|key| key.ends_with("  "));
        keys.len() == entries.len() || (padded && keys.len() * 2 > entries.len())
    };
    let usual = columns.into_iter().find(|(_, keys)| is_meant(keys));
    let Some(((column, _), (key, rest))) = usual.zip(split_key(line)) else {
        return line.to_owned();
    };
    let key = key.trim_end();
    let padding = column.saturating_sub(key.width()).max(1);
    format!("{key}{}{rest}", " ".repeat(padding))
}

/// A line before and from its `=`; the key may hold one in quotes.
fn split_key(line: &str) -> Option<(&str, &str)> {
    let (mut quote, mut escaped) = (None, false);
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (Some('"'), '\\') if !escaped => {
                escaped = true;
                continue;
            }
            (Some(open), _) if c == open && !escaped => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '=') => return Some(line.split_at(at)),
            (Some(_) | None, _) => {}
        }
        escaped = false;
    }
    None
}
