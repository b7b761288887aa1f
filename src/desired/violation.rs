//! What is wrong with a members file, and where.
//!
//! A violation carries byte spans for the underline and places for the one-line form, so that a terminal, a CI
//! annotation and a JSON document all say the same line and column.

use std::fmt;
use std::ops::Range;

use super::source::Text;
use super::{Place, Source};
use crate::roster::is_invisible;

/// One thing that is wrong with the members file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// What is wrong, in a clause, without the way out.
    pub message: String,
    /// Where it begins.
    pub place: Place,
    /// The source, by its index in the slice that was parsed.
    pub source: usize,
    /// What to underline, in bytes of that source.
    pub span: Range<usize>,
    /// Other places that it is about: "first declared here".
    pub labels: Vec<Label>,
    /// The way out, where there is an obvious one.
    pub help: Option<String>,
}

/// Another place that a violation is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// What is there.
    pub message: String,
    /// Where it begins.
    pub place: Place,
    /// The source, by its index in the slice that was parsed.
    pub source: usize,
    /// What to underline, in bytes of that source.
    pub span: Range<usize>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            message,
            place,
            source: _,
            span: _,
            labels,
            help,
        } = self;
        write!(f, "{place}: {message}")?;
        for label in labels {
            write!(f, "; {} ({})", label.message, label.place)?;
        }
        match help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

impl Violation {
    /// Adds the way out.
    pub(super) fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }
}

/// Bytes of one source: a place before it is counted out in lines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    pub(super) source: usize,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The violations found so far, and the texts they are in.
#[derive(Debug)]
pub(super) struct Findings<'a> {
    pub(super) texts: Vec<Text<'a>>,
    pub(super) found: Vec<Violation>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(sources: &'a [Source]) -> Self {
        Self {
            texts: sources.iter().map(Text::new).collect(),
            found: Vec::new(),
        }
    }

    pub(super) fn place(&self, spot: &Spot) -> Place {
        self.texts[spot.source].place(spot.start)
    }

    pub(super) fn report(&mut self, spot: &Spot, message: impl Into<String>) -> &mut Violation {
        let violation = Violation {
            message: message.into(),
            place: self.place(spot),
            source: spot.source,
            span: spot.start..spot.end,
            labels: Vec::new(),
            help: None,
        };
        self.found.push(violation);
        let last = self.found.len() - 1;
        &mut self.found[last]
    }

    /// Reports a violation that is about two places.
    pub(super) fn report_pair(
        &mut self,
        spot: &Spot,
        message: impl Into<String>,
        other: &Spot,
        label: &str,
    ) -> &mut Violation {
        let label = Label {
            message: label.to_owned(),
            place: self.place(other),
            source: other.source,
            span: other.start..other.end,
        };
        let violation = self.report(spot, message);
        violation.labels.push(label);
        violation
    }

    /// Everything that was found, in the order of the files and of the places in them.
    pub(super) fn into_sorted(self) -> Vec<Violation> {
        let mut found = self.found;
        found.sort_by(|a, b| {
            (a.source, a.span.start, a.span.end).cmp(&(b.source, b.span.start, b.span.end))
        });
        found
    }
}

/// A text from the file in backquotes, with what a terminal or a runner acts on escaped, and cut where it is too long.
pub(super) fn quote(text: &str) -> String {
    const CHARS_MAX: usize = 80;
    let mut quoted = String::from("`");
    let cut = text.char_indices().nth(CHARS_MAX).map(|(at, _)| at);
    push_visible(&mut quoted, &text[..cut.unwrap_or(text.len())]);
    if cut.is_some() {
        quoted.push('…');
    }
    quoted.push('`');
    quoted
}

/// Pushes a text as it may be shown.
pub(super) fn push_visible(shown: &mut String, text: &str) {
    for c in text.chars() {
        if c == '[' && shown.ends_with("##") {
            // To the runner of GitHub Actions this begins a command, wherever it stands.
            shown.extend(c.escape_unicode());
        } else {
            shown.push_str(&visible(c));
        }
    }
}

/// A character as it may be shown: what cannot be seen, or moves what can, as its escape.
pub(super) fn visible(c: char) -> String {
    match c {
        '"' | '\'' | '\\' => c.to_string(),
        _ if is_invisible(c) => c.escape_unicode().to_string(),
        _ if unicode_normalization::char::is_combining_mark(c) => c.to_string(),
        _ => c.escape_debug().to_string(),
    }
}
