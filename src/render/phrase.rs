//! A piece of text that remembers which parts are this program's words and which are somebody else's values.
//!
//! Rows are built once and written in many formats, each with its own quoting. A phrase has no `Display`: the only
//! way out of it is a function that treats the values as the format demands.

use super::safe::{self, Shown};

/// Words and values, in the order of reading.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Phrase {
    bits: Vec<Bit>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Bit {
    /// This program's own words, figures and dates.
    Ours(String),
    /// A value of the provider or of the file, as one visible line.
    Theirs(String),
}

impl Phrase {
    /// This program's own words.
    pub(super) fn ours(words: impl Into<String>) -> Self {
        Self {
            bits: vec![Bit::Ours(words.into())],
        }
    }

    /// An address, an id, a role, or another short value.
    pub(super) fn label(value: &str) -> Self {
        Self {
            bits: vec![Bit::Theirs(Shown::label(value).to_string())],
        }
    }

    /// The name of a key or a project, or a shortened key: values that share a row with several others.
    pub(super) fn name(value: &str) -> Self {
        Self {
            bits: vec![Bit::Theirs(Shown::name(value).to_string())],
        }
    }

    /// A sentence with values in it.
    pub(super) fn sentence(text: &str) -> Self {
        Self {
            bits: vec![Bit::Theirs(Shown::sentence(text).to_string())],
        }
    }

    /// The phrase, then another.
    pub(super) fn then(mut self, next: Self) -> Self {
        self.bits.extend(next.bits);
        self
    }

    /// Several phrases with words between them.
    pub(super) fn join(phrases: impl IntoIterator<Item = Self>, between: &str) -> Self {
        let mut joined = Self::default();
        for phrase in phrases {
            if !joined.bits.is_empty() {
                joined.bits.push(Bit::Ours(between.to_owned()));
            }
            joined.bits.extend(phrase.bits);
        }
        joined
    }

    /// One line of plain text.
    pub(super) fn line(&self) -> String {
        self.write(str::to_owned, str::to_owned)
    }

    /// Text for a cell of a Markdown table: values stand in code spans, where nothing is markup or a mention.
    pub(super) fn markdown_cell(&self) -> String {
        self.write(str::to_owned, safe::cell)
    }

    /// Text for an HTML element; a value's direction of writing stays its own.
    pub(super) fn html(&self) -> String {
        self.write(safe::escape_html, |value| {
            format!("<bdi>{}</bdi>", safe::escape_html(value))
        })
    }

    fn write(&self, ours: impl Fn(&str) -> String, theirs: impl Fn(&str) -> String) -> String {
        self.bits
            .iter()
            .map(|bit| match bit {
                Bit::Ours(words) => ours(words),
                Bit::Theirs(value) => theirs(value),
            })
            .collect()
    }
}
