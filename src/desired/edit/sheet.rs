//! A members file as rows: what an edit does not touch is written back byte for byte.
//!
//! A TOML library that edits drops a byte order mark, turns CRLF into LF, and takes a comment away with the entry
//! below it. So the file is cut into lines, an entry owns its lines and the comments directly above it, and only
//! the lines of an entry that changes are given to the library. A layout in which an entry does not own whole
//! lines is refused rather than guessed at.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::desired::source::{BOM, Text};
use crate::desired::{EditError, Place, Source};
use crate::roster::{Email, UserId};

/// A members file as rows.
#[derive(Debug, Clone)]
pub(in crate::desired) struct Sheet {
    name: String,
    bom: bool,
    newline: &'static str,
    /// Whether the last line has an end.
    ended: bool,
    pub(in crate::desired) rows: Vec<Row>,
}

/// One or more whole lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::desired) enum Row {
    /// A line of white space.
    Blank(String),
    /// A line that is only a comment, and belongs to no entry.
    Comment(String),
    /// A table header; the table, where it is one of people.
    Header(Option<People>, String),
    /// Anything else.
    Code(String),
    /// A person.
    Entry(Block),
}

impl Row {
    /// How many lines it has.
    fn height(&self) -> usize {
        match self {
            Self::Entry(block) => block.comments.len() + block.lines.len(),
            Self::Blank(_) | Self::Comment(_) | Self::Header(..) | Self::Code(_) => 1,
        }
    }
}

/// A table whose entries are people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::desired) enum People {
    /// `[members]`.
    Members,
    /// `[departed]`.
    Departed,
}

impl People {
    pub(in crate::desired) const fn name(self) -> &'static str {
        match self {
            Self::Members => "members",
            Self::Departed => "departed",
        }
    }
}

/// Who an entry is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::desired) enum Person {
    Email(Email),
    Id(UserId),
}

impl Person {
    pub(in crate::desired) fn as_str(&self) -> &str {
        match self {
            Self::Email(email) => email.as_str(),
            Self::Id(id) => id.as_str(),
        }
    }
}

/// How an entry is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::desired) enum Form {
    /// `"ada@acme.dev" = { … }` in one line.
    Line,
    /// The same in several lines.
    Lines,
    /// `[members."ada@acme.dev"]` and the lines below it.
    Table,
}

/// A person's lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::desired) struct Block {
    pub(in crate::desired) table: People,
    pub(in crate::desired) person: Person,
    /// The key's text, without quotes.
    pub(in crate::desired) key: String,
    pub(in crate::desired) owner: bool,
    pub(in crate::desired) form: Form,
    /// Whether an edit wrote it.
    pub(in crate::desired) is_new: bool,
    /// Comment lines directly above.
    pub(in crate::desired) comments: Vec<String>,
    pub(in crate::desired) lines: Vec<String>,
}

impl Sheet {
    /// Cuts a file that has no violation into rows.
    pub(in crate::desired) fn read(source: &Source) -> Result<Self, EditError> {
        let text = Text::new(source);
        let newline = line_end(source)?;
        let (table, _) = DeTable::parse_recoverable(&source.text);
        let mut marks = Marks::default();
        for (key, value) in table.get_ref() {
            match key.get_ref().as_ref() {
                "members" => marks.people(&text, People::Members, value)?,
                "departed" => marks.people(&text, People::Departed, value)?,
                _ => marks.insides(&text, value),
            }
        }
        let bom = source.text.starts_with(BOM);
        Ok(Self {
            name: source.name.clone(),
            bom,
            newline,
            ended: source.text.ends_with('\n') || source.text.is_empty(),
            rows: marks.rows(&text),
        })
    }

    pub(in crate::desired) fn to_source(&self) -> Source {
        let mut lines: Vec<&str> = Vec::new();
        for row in &self.rows {
            match row {
                Row::Blank(line) | Row::Comment(line) | Row::Header(_, line) | Row::Code(line) => {
                    lines.push(line);
                }
                Row::Entry(block) => {
                    lines.extend(
                        block
                            .comments
                            .iter()
                            .chain(&block.lines)
                            .map(String::as_str),
                    );
                }
            }
        }
        let mut text = String::new();
        if self.bom {
            text.push(BOM);
        }
        text.push_str(&lines.join(self.newline));
        if self.ended && !lines.is_empty() {
            text.push_str(self.newline);
        }
        Source {
            name: self.name.clone(),
            text,
        }
    }

    /// The row of a person.
    pub(in crate::desired) fn find(&self, table: People, person: &Person) -> Option<usize> {
        self.rows.iter().position(|row| match row {
            Row::Entry(block) => block.table == table && block.person == *person,
            Row::Blank(_) | Row::Comment(_) | Row::Header(..) | Row::Code(_) => false,
        })
    }

    /// The refusal to edit a row.
    pub(in crate::desired) fn refuse(&self, at: usize, reason: &'static str) -> EditError {
        let above: usize = self.rows[..at].iter().map(Row::height).sum();
        let comments = match self.rows.get(at) {
            Some(Row::Entry(block)) => block.comments.len(),
            Some(Row::Blank(_) | Row::Comment(_) | Row::Header(..) | Row::Code(_)) | None => 0,
        };
        EditError::Layout {
            place: Place {
                file: self.name.clone(),
                line: above + comments + 1,
                column: 1,
            },
            reason,
        }
    }

    /// Takes a person's lines out; of two blank lines that would then meet, one goes too.
    pub(in crate::desired) fn remove(&mut self, at: usize) -> Option<Block> {
        let blank = |row: Option<&Row>| matches!(row, None | Some(Row::Blank(_)));
        if !matches!(self.rows.get(at), Some(Row::Entry(_))) {
            return None;
        }
        let Row::Entry(block) = self.rows.remove(at) else {
            return None;
        };
        let above = at.checked_sub(1);
        if let Some(above) = above.filter(|above| matches!(self.rows[*above], Row::Blank(_)))
            && blank(self.rows.get(at))
        {
            self.rows.remove(above);
        }
        Some(block)
    }
}

fn line_end(source: &Source) -> Result<&'static str, EditError> {
    let text = &source.text;
    let windows = text.matches("\r\n").count();
    let all = text.matches('\n').count();
    if windows == 0 {
        Ok("\n")
    } else if windows == all {
        Ok("\r\n")
    } else {
        Err(EditError::MixedLineEnds {
            file: source.name.clone(),
        })
    }
}

/// What the parser knows about lines, by their index.
#[derive(Debug, Default)]
struct Marks {
    /// Entries by their first line, with their last.
    entries: BTreeMap<usize, (usize, Block)>,
    headers: BTreeMap<usize, People>,
    /// Lines that continue a value: what they look like means nothing.
    inside: Vec<Range<usize>>,
}

type Value<'a> = Spanned<DeValue<'a>>;

impl Marks {
    fn people(
        &mut self,
        text: &Text<'_>,
        table: People,
        value: &Value<'_>,
    ) -> Result<(), EditError> {
        let refuse = |at: usize, reason| EditError::Layout {
            place: text.place(at),
            reason,
        };
        let written = &text.source.text;
        let at = value.span().start;
        match written[at..].chars().next() {
            Some('[') => drop(self.headers.insert(text.line(at), table)),
            Some('{') => return Err(refuse(at, "the table is written as a value")),
            // A table that only the headers of its entries imply.
            _ => {}
        }
        let DeValue::Table(entries) = value.get_ref() else {
            return Err(refuse(at, "it is not a table"));
        };
        for (key, value) in entries {
            let start = value.span().start;
            let first = text.line(key.span().start);
            let form = match written[start..].chars().next() {
                Some('{') => Form::Line,
                Some('[') => Form::Table,
                _ => {
                    return Err(refuse(
                        key.span().start,
                        "a person is written in dotted keys",
                    ));
                }
            };
            let before = &written[text.line_range(first).start..key.span().start];
            let (form, last) = match form {
                Form::Table => (form, first),
                Form::Line | Form::Lines if before.trim().is_empty() => {
                    let last = text.line(value.span().end.saturating_sub(1));
                    self.insides(text, value);
                    (
                        if last == first {
                            Form::Line
                        } else {
                            Form::Lines
                        },
                        last,
                    )
                }
                Form::Line | Form::Lines => {
                    return Err(refuse(key.span().start, "a person does not begin the line"));
                }
            };
            let Some(person) = person(table, key.get_ref()) else {
                return Err(refuse(key.span().start, "the key is nobody"));
            };
            let block = Block {
                table,
                person,
                key: key.get_ref().to_string(),
                owner: is_owner(value),
                form,
                is_new: false,
                comments: Vec::new(),
                lines: Vec::new(),
            };
            self.entries.insert(first, (last, block));
            if form == Form::Table {
                self.table_insides(text, value);
            }
        }
        Ok(())
    }

    fn table_insides(&mut self, text: &Text<'_>, value: &Value<'_>) {
        if let DeValue::Table(fields) = value.get_ref() {
            for (_, field) in fields {
                self.insides(text, field);
            }
        }
    }

    /// Marks the lines that a value of several lines continues on.
    fn insides(&mut self, text: &Text<'_>, value: &Value<'_>) {
        let span = value.span();
        let header = text.source.text[span.start..].starts_with('[');
        match value.get_ref() {
            // A table with a header, or an array of such tables, is no value that goes on.
            DeValue::Table(fields)
                if header || !text.source.text[span.start..].starts_with('{') =>
            {
                for (_, field) in fields {
                    self.insides(text, field);
                }
            }
            DeValue::Array(items) => {
                for item in items {
                    self.insides(text, item);
                }
                self.mark(text, &span);
            }
            _ => self.mark(text, &span),
        }
    }

    fn mark(&mut self, text: &Text<'_>, span: &Range<usize>) {
        let first = text.line(span.start);
        let last = text.line(span.end.saturating_sub(1).max(span.start));
        if last > first {
            self.inside.push(first + 1..last + 1);
        }
    }

    /// The rows, in the order of the lines.
    fn rows(mut self, text: &Text<'_>) -> Vec<Row> {
        let count = text.lines();
        let mut inside = vec![false; count];
        for range in std::mem::take(&mut self.inside) {
            inside[range].fill(true);
        }
        let mut rows: Vec<Row> = Vec::new();
        let mut line = 0;
        while line < count {
            let written = &text.source.text[text.line_range(line)];
            if let Some((last, mut block)) = self.entries.remove(&line) {
                let last = if block.form == Form::Table {
                    table_end(text, line, &inside)
                } else {
                    last
                };
                block.comments = take_comments(&mut rows);
                block.lines = (line..=last)
                    .map(|line| text.source.text[text.line_range(line)].to_owned())
                    .collect();
                rows.push(Row::Entry(block));
                line = last + 1;
                continue;
            }
            let owned = written.to_owned();
            rows.push(match written.trim_start().chars().next() {
                _ if inside[line] => Row::Code(owned),
                None => Row::Blank(owned),
                Some('#') => Row::Comment(owned),
                Some('[') => Row::Header(self.headers.get(&line).copied(), owned),
                Some(_) => Row::Code(owned),
            });
            line += 1;
        }
        rows
    }
}

/// The comment lines directly above what comes next.
fn take_comments(rows: &mut Vec<Row>) -> Vec<String> {
    let mut comments = Vec::new();
    while let Some(Row::Comment(comment)) = rows.pop_if(|row| matches!(row, Row::Comment(_))) {
        comments.push(comment);
    }
    comments.reverse();
    comments
}

/// The last line of a person's own table: before the next header, without blank lines and comments at the end.
fn table_end(text: &Text<'_>, header: usize, inside: &[bool]) -> usize {
    let line = |line: usize| text.source.text[text.line_range(line)].trim_start();
    let next = (header + 1..inside.len())
        .find(|at| !inside[*at] && line(*at).starts_with('['))
        .unwrap_or(inside.len());
    (header..next)
        .rev()
        .find(|at| inside[*at] || !(line(*at).is_empty() || line(*at).starts_with('#')))
        .unwrap_or(header)
}

fn person(table: People, key: &str) -> Option<Person> {
    match table {
        People::Departed if !key.contains('@') => UserId::parse(key).ok().map(Person::Id),
        People::Members | People::Departed => Email::parse(key).ok().map(Person::Email),
    }
}

fn is_owner(value: &Value<'_>) -> bool {
    let role = value.get_ref().get("role");
    role.is_some_and(|role| role.get_ref().as_str() == Some("owner"))
}
