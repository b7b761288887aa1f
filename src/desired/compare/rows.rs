//! The export of a people system, read: CSV or JSON lines, columns found by their header.
//!
//! Anything that makes the export as a whole doubtful refuses it: a broken export must not off-board everyone.

use std::collections::{BTreeMap, BTreeSet};

use csv::{Position, ReaderBuilder, StringRecord, Trim};
use jiff::civil::Date;
use serde_json::Value;

use crate::desired::compare::{Column, CompareRefusal};
use crate::desired::violation::quote;
use crate::roster::Email;

/// One row of the export that names a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) email: Email,
    /// Lower-case; empty: none.
    pub(super) status: String,
    pub(super) end: Option<Date>,
}

/// A row that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// Its line, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// A row as texts, before it is known what they mean.
struct RawRow {
    line: u64,
    cells: BTreeMap<Column, String>,
}

/// Reads an export; `named` are headers that the user gave for columns, an empty one for a column to leave out.
pub(super) fn read(
    text: &str,
    named: &BTreeMap<Column, String>,
) -> Result<(Vec<Row>, Vec<BadRow>), CompareRefusal> {
    let text = text.trim_start_matches('\u{feff}');
    let mut bad = Vec::new();
    let is_json = text.trim_start().starts_with('{');
    let (columns, raw) = if is_json {
        json_lines(text, named, &mut bad)?
    } else {
        csv_rows(text, named, &mut bad)?
    };
    for (column, header) in &columns {
        varied(*column, header, &raw)?;
    }
    let mut rows = Vec::new();
    for row in raw {
        let line = row.line;
        let cell = |column| row.cells.get(&column).map_or("", String::as_str);
        let end = date(cell(Column::End), line)?;
        let written = cell(Column::Email);
        match Email::parse(written) {
            Ok(email) => rows.push(Row {
                line,
                email,
                status: cell(Column::Status).to_lowercase(),
                end,
            }),
            Err(error) => bad.push(BadRow {
                line,
                reason: format!("{} is not an e-mail address: {error}", quote(written)),
            }),
        }
    }
    if rows.is_empty() {
        return Err(CompareRefusal::NoRows);
    }
    bad.sort_by_key(|row| row.line);
    Ok((rows, bad))
}

/// The header of each column that is there.
type Columns = BTreeMap<Column, String>;

/// Finds the columns among the headers.
fn columns(headers: &[&str], named: &BTreeMap<Column, String>) -> Result<Columns, CompareRefusal> {
    let plain = |header: &str| header.to_lowercase().replace(['_', '-', ' '], "");
    let mut found = Columns::new();
    for column in Column::ALL {
        let header = match named.get(&column) {
            Some(named) if named.is_empty() => continue,
            Some(named) => headers.iter().find(|header| *header == named),
            None => column
                .headers()
                .iter()
                .find_map(|known| headers.iter().find(|header| plain(header) == *known)),
        };
        match header {
            Some(header) => drop(found.insert(column, (*header).to_owned())),
            None if named.contains_key(&column) || column == Column::Email => {
                return Err(CompareRefusal::NoColumn {
                    column,
                    headers: headers
                        .iter()
                        .map(|header| quote(header))
                        .collect::<Vec<_>>()
                        .join(", "),
                });
            }
            None => {}
        }
    }
    if found.len() < 2 {
        return Err(CompareRefusal::NothingToCompare);
    }
    Ok(found)
}

fn csv_rows(
    text: &str,
    named: &BTreeMap<Column, String>,
    bad: &mut Vec<BadRow>,
) -> Result<(Columns, Vec<RawRow>), CompareRefusal> {
    let first = text.lines().next().unwrap_or_default();
    let count = |delimiter: &u8| first.bytes().filter(|byte| byte == delimiter).count();
    // `max_by_key` takes the last of equals, and a comma is the most usual.
    let delimiter = [b'\t', b';', b',']
        .into_iter()
        .max_by_key(count)
        .unwrap_or(b',');
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .trim(Trim::All)
        .from_reader(text.as_bytes());
    let headers = reader.headers().cloned().unwrap_or_default();
    let headers: Vec<&str> = headers.iter().collect();
    let columns = columns(&headers, named)?;
    let at: BTreeMap<Column, usize> = columns
        .iter()
        .filter_map(|(column, name)| {
            let at = headers.iter().position(|header| header == name)?;
            Some((*column, at))
        })
        .collect();
    let starts: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) => {
                let line = line_of(text, &starts, record.position());
                rows.push(raw_row(line, &record, &at));
            }
            Err(error) => bad.push(BadRow {
                line: line_of(text, &starts, error.position()),
                reason: match error.kind() {
                    csv::ErrorKind::UnequalLengths {
                        expected_len, len, ..
                    } => {
                        format!("it has {len} fields, and the header has {expected_len}")
                    }
                    _ => error.to_string(),
                },
            }),
        }
    }
    Ok((columns, rows))
}

/// The line of a record. The reader's own count is one less where lines end in CRLF.
fn line_of(text: &str, starts: &[usize], position: Option<&Position>) -> u64 {
    let byte = position.map_or(0, Position::byte);
    let mut byte = usize::try_from(byte).unwrap_or(usize::MAX);
    while matches!(text.as_bytes().get(byte), Some(b'\r' | b'\n')) {
        byte += 1;
    }
    let before = starts.partition_point(|start| *start <= byte);
    u64::try_from(before).map_or(u64::MAX, |before| before + 1)
}

fn raw_row(line: u64, record: &StringRecord, at: &BTreeMap<Column, usize>) -> RawRow {
    let cell =
        |(column, at): (&Column, &usize)| (*column, record.get(*at).unwrap_or_default().to_owned());
    RawRow {
        line,
        cells: at.iter().map(cell).collect(),
    }
}

fn json_lines(
    text: &str,
    named: &BTreeMap<Column, String>,
    bad: &mut Vec<BadRow>,
) -> Result<(Columns, Vec<RawRow>), CompareRefusal> {
    let mut objects = Vec::new();
    for (line, written) in (1..).zip(text.lines()) {
        if written.trim().is_empty() {
            continue;
        }
        match serde_json::from_str(written) {
            Ok(Value::Object(object)) => objects.push((line, object)),
            Ok(_) => bad.push(BadRow {
                line,
                reason: "it is not a JSON object".to_owned(),
            }),
            Err(error) => bad.push(BadRow {
                line,
                reason: format!("it is not JSON: {error}"),
            }),
        }
    }
    let headers: BTreeSet<&str> = objects
        .iter()
        .flat_map(|(_, object)| object.keys().map(String::as_str))
        .collect();
    let headers: Vec<&str> = headers.into_iter().collect();
    let columns = columns(&headers, named)?;
    let text_of = |value: Option<&Value>| match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(other) => other.to_string(),
    };
    let rows = objects
        .iter()
        .map(|(line, object)| RawRow {
            line: *line,
            cells: columns
                .iter()
                .map(|(column, header)| (*column, text_of(object.get(header))))
                .collect(),
        })
        .collect();
    Ok((columns, rows))
}

/// Refuses a column that says the same about everybody: its export, or the choice of the column, is broken.
fn varied(column: Column, header: &str, rows: &[RawRow]) -> Result<(), CompareRefusal> {
    let mut values = rows
        .iter()
        .map(|row| row.cells.get(&column).map_or("", String::as_str));
    let Some(first) = values.next() else {
        return Err(CompareRefusal::NoRows);
    };
    let header = header.to_owned();
    // `Active` and `ACTIVE` are one word to whoever reads the status.
    if !values.all(|value| value.to_lowercase() == first.to_lowercase()) {
        return Ok(());
    }
    if first.is_empty() {
        return Err(CompareRefusal::ColumnEmpty { column, header });
    }
    if rows.len() < 2 {
        return Ok(());
    }
    Err(CompareRefusal::ColumnSame {
        column,
        header,
        value: quote(first),
    })
}

/// A day as YYYY-MM-DD; another form may be a month read as a day, and then everybody has left.
fn date(text: &str, line: u64) -> Result<Option<Date>, CompareRefusal> {
    if text.is_empty() {
        return Ok(None);
    }
    let digits = |range| {
        text.get(range)
            .is_some_and(|part: &str| part.bytes().all(|b| b.is_ascii_digit()))
    };
    let iso = text.len() == 10 && digits(0..4) && digits(5..7) && digits(8..10);
    let parsed = text.parse().ok().filter(|_| iso);
    parsed.map(Some).ok_or_else(|| CompareRefusal::NotADay {
        line,
        value: quote(text),
    })
}
