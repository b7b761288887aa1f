//! The TOML itself: every syntax error in the words of this file, and which of the later findings it makes doubtful.
//!
//! The parser goes on after an error with its best guess. Conclusions from a guess would bury the real mistake, so
//! they are dropped: the rest of a broken line, and everything after a broken header or an unclosed text or list.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::de::{DeTable, Error};

use crate::desired::source::Text;
use crate::desired::violation::{Findings, Spot, Violation, quote};

/// Syntax errors reported per file at most; a binary file has one in every line.
const ERRORS_MAX: usize = 1000;

/// What a file's syntax errors leave in doubt.
#[derive(Debug, Default)]
pub(super) struct Doubt {
    /// The broken texts themselves: what was guessed for them is not worth a second violation.
    broken: Vec<Range<usize>>,
    /// From these offsets to the end of their line.
    lines: Vec<Range<usize>>,
    /// From here to the end of the file.
    rest: Option<usize>,
}

impl Doubt {
    /// Whether any of the file's structure is in doubt, so that what seems missing may be there.
    pub(super) fn any(&self) -> bool {
        !self.lines.is_empty() || self.rest.is_some()
    }

    /// Drops what was found after the first `certain` violations and may be only a consequence of a syntax error.
    pub(super) fn drop_consequences(&self, found: &mut Vec<Violation>, certain: usize) {
        let doubtful = found.split_off(certain);
        found.extend(doubtful.into_iter().filter(|one| !self.covers(one)));
    }

    fn covers(&self, violation: &Violation) -> bool {
        let Range { start, end } = violation.span;
        let touched = |range: &Range<usize>| start <= range.end && range.start <= end;
        // The lists are short or sorted by place, and one per line at most.
        let near = |ranges: &[Range<usize>]| {
            let first = ranges.partition_point(|range| range.end < start);
            ranges[first..].iter().take(2).any(touched)
        };
        self.rest.is_some_and(|rest| rest <= start) || near(&self.lines) || near(&self.broken)
    }
}

/// Parses one source as far as it goes; duplicate keys are returned apart, as where the second one is written.
///
/// `mended` is where the text lives that had to be changed to read on after an error.
pub(super) fn parse<'t, 'a: 't>(
    findings: &mut Findings<'a>,
    source: usize,
    mended: &'t mut String,
) -> (DeTable<'t>, Doubt, Vec<Spot>) {
    let text = &findings.texts[source].source.text;
    let (table, errors) = parse_past_stops(&findings.texts[source], mended);
    let mut doubt = Doubt::default();
    let mut duplicates = Vec::new();
    let mut conflicts = BTreeSet::new();
    let mut before: Option<(usize, usize, String)> = None;
    let mut reported = 0;
    for (span, error) in errors {
        let span = back_to_text(text, span, error.message());
        let Range { start, end } = span;
        let spot = Spot { source, start, end };
        if error.message() == "duplicate key" {
            duplicates.push(spot);
            continue;
        }
        let lines = &findings.texts[source];
        let line = lines.line(start);
        let range = lines.line_range(line);
        let written = &text[range.clone()];
        doubt.add(&span, &range, written, error.message());
        // One mistake often makes several errors: in one place, or of one kind in one line.
        let again = before.as_ref().is_some_and(|(at, on, message)| {
            *at == start || (*on == line && message == error.message())
        });
        before = Some((start, line, error.message().to_owned()));
        if reported == ERRORS_MAX || again {
            continue;
        }
        reported += 1;
        if is_conflict_marker(written) {
            if conflicts.insert(line) {
                report_conflict(findings, source, range);
            }
            continue;
        }
        let (message, help) = in_our_words(lines, &span, written, error.message());
        let violation = findings.report(&spot, message);
        violation.help = help;
    }
    (table, doubt, duplicates)
}

/// Where something is missing is where the text before it ends, not the line on which that is noticed.
fn back_to_text(text: &str, span: Range<usize>, message: &str) -> Range<usize> {
    if span.is_empty() && message.starts_with("missing") {
        let end = text[..span.start].trim_end().len();
        return end..end;
    }
    span
}

/// What the parser says at a key without a value, after which it reads nothing more.
const STOP: &str = "key with no value";

/// Parses a text, and where the parser stopped or stumbled at a whole line, once more without such lines.
fn parse_past_stops<'t, 'a: 't>(
    text: &Text<'a>,
    mended: &'t mut String,
) -> (DeTable<'t>, Vec<(Range<usize>, Error)>) {
    let (table, errors) = DeTable::parse_recoverable(&text.source.text);
    let mut errors = by_place(errors);
    let stops: BTreeSet<usize> = errors
        .iter()
        .map(|(span, error)| (text.line(span.start), error.message()))
        .filter(|(line, message)| {
            message.starts_with(STOP)
                || is_conflict_marker(&text.source.text[text.line_range(*line)])
        })
        .map(|(line, _)| line)
        .collect();
    if stops.is_empty() {
        return (table.into_inner(), errors);
    }
    let mut bytes = text.source.text.as_bytes().to_vec();
    for line in &stops {
        bytes[text.line_range(*line)].fill(b' ');
    }
    // Whole lines are blanked, so what is left is valid text with the same offsets.
    *mended = String::from_utf8(bytes).unwrap_or_default();
    let (table, more) = DeTable::parse_recoverable(mended);
    errors.retain(|(span, _)| stops.contains(&text.line(span.start)));
    errors.extend(by_place(more));
    errors.sort_by_key(|(span, _)| (span.start, span.end));
    (table.into_inner(), errors)
}

fn by_place(errors: Vec<Error>) -> Vec<(Range<usize>, Error)> {
    let mut errors: Vec<(Range<usize>, Error)> = errors
        .into_iter()
        .map(|error| (error.span().unwrap_or(0..0), error))
        .collect();
    errors.sort_by_key(|(span, _)| (span.start, span.end));
    errors
}

impl Doubt {
    fn add(&mut self, span: &Range<usize>, line: &Range<usize>, written: &str, message: &str) {
        let header = written.trim_start().starts_with('[');
        // An error about one whole value (a bad date or number) leaves the rest of the line readable.
        let scalar = message.starts_with("invalid date")
            || message.starts_with("invalid time")
            || message.starts_with("string values must be quoted");
        if header || message.starts_with("unclosed") || message.starts_with("invalid multi-line") {
            let rest = self.rest.map_or(line.start, |rest| rest.min(line.start));
            self.rest = Some(rest);
        } else if scalar && !span.is_empty() {
            self.broken.push(span.clone());
        } else if self.lines.last().is_none_or(|last| last.end < span.start) {
            // The key before a broken value may be cut short, so its finding is in doubt as well.
            self.lines
                .push(span.start.saturating_sub(1)..line.end.max(span.end));
        }
    }
}

fn is_conflict_marker(line: &str) -> bool {
    ["<<<<<<<", "=======", ">>>>>>>", "|||||||"]
        .iter()
        .any(|marker| line.starts_with(marker))
}

fn report_conflict(findings: &mut Findings<'_>, source: usize, line: Range<usize>) {
    let spot = Spot {
        source,
        start: line.start,
        end: line.end,
    };
    findings
        .report(&spot, "a merge conflict is not resolved here")
        .help("keep the lines that hold and delete the markers");
}

/// The parser's message, with the way out of the mistakes that people make in this file.
fn in_our_words(
    text: &Text<'_>,
    span: &Range<usize>,
    line: &str,
    message: &str,
) -> (String, Option<String>) {
    let written = text.source.text.get(span.clone()).unwrap_or_default();
    if message.starts_with("invalid unquoted key") && written.contains('@') {
        let help = "put the address in double quotes: \"ada@acme.dev\" = {}";
        return (
            "an address is a key in quotes".to_owned(),
            Some(help.to_owned()),
        );
    }
    if message.starts_with("string values must be quoted") {
        return if written.is_empty() {
            ("there is no value".to_owned(), None)
        } else if written.starts_with(['\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}']) {
            let help = "write straight quotes: \"…\"".to_owned();
            ("typographic quotes are no quotes".to_owned(), Some(help))
        } else {
            let help = format!("write {}", quote(&format!("\"{written}\"")));
            (format!("{} is not in quotes", quote(written)), Some(help))
        };
    }
    if message.starts_with(STOP) {
        let key = quote(line.trim());
        return (format!("{key} has no `=` and no value"), None);
    }
    (message.to_owned(), None)
}
