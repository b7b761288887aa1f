//! A piece of text that remembers which parts are this program's words and which are somebody else's values.
//!
//! Rows are built once and written in many formats, each with its own quoting. A phrase has no `Display`: the only
//! way out of it is a function that treats the values as the format demands.

use super::safe::Shown;

/// Words and values, in the order of reading.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Phrase {
    bits: Vec<Bit>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Bit {
    /// This program's own words, figures and dates.
    Ours(String),
    /// A value of the provider or of the file.
    Theirs(String),
}

impl Phrase {
    /// This program's own words.
    pub(super) fn ours(words: impl Into<String>) -> Self {
        Self {
            bits: vec![Bit::Ours(words.into())],
        }
    }

    /// A value, or a sentence with values in it.
    pub(super) fn theirs(value: impl Into<String>) -> Self {
        Self {
            bits: vec![Bit::Theirs(value.into())],
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
        let mut text = String::new();
        for bit in &self.bits {
            match bit {
                Bit::Ours(words) => text.push_str(words),
                Bit::Theirs(value) => text.push_str(&Shown::sentence(value).to_string()),
            }
        }
        text
    }
}
