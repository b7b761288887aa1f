//! A members file as text with a name, and places in it.

use std::fmt;
use std::ops::Range;

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

/// The byte order mark that some editors put first; it is no character of the first line.
pub(super) const BOM: char = '\u{feff}';

/// A text and the name under which messages show it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Source {
    /// The path as the user wrote it.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// Where something is written, for messages: `members.toml:12:1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The source's name.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Returns the SHA-256, in hexadecimal digits, over the texts of a members file and of what it includes.
///
/// The names are left out: the same file is read under another path in another place.
pub fn sha256(sources: &[Source]) -> String {
    let mut context = Context::new(&SHA256);
    for Source { name: _, text } in sources {
        // With its length in front, no text can pass for two.
        context.update(format!("{}\n", text.len()).as_bytes());
        context.update(text.as_bytes());
    }
    let digest = context.finish();
    let digits = digest.as_ref().iter().map(|byte| format!("{byte:02x}"));
    digits.collect()
}

/// A source and where its lines begin, found once: places are asked for by the thousand.
#[derive(Debug)]
pub(super) struct Text<'a> {
    pub(super) source: &'a Source,
    line_starts: Vec<usize>,
}

impl<'a> Text<'a> {
    pub(super) fn new(source: &'a Source) -> Self {
        let first = if source.text.starts_with(BOM) {
            BOM.len_utf8()
        } else {
            0
        };
        let later = source.text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            source,
            line_starts: std::iter::once(first).chain(later).collect(),
        }
    }

    /// How many lines there are; an end at the end begins no further one.
    pub(super) fn lines(&self) -> usize {
        match self.line_starts.last() {
            Some(last) if *last == self.source.text.len() => self.line_starts.len() - 1,
            Some(_) | None => self.line_starts.len(),
        }
    }

    /// The index of the line, from 0, that a byte offset is in.
    pub(super) fn line(&self, offset: usize) -> usize {
        self.line_starts
            .partition_point(|start| *start <= offset)
            .saturating_sub(1)
    }

    /// The bytes of a line, without its end.
    pub(super) fn line_range(&self, line: usize) -> Range<usize> {
        let text = &self.source.text;
        let start = self.line_starts.get(line).map_or(text.len(), |at| *at);
        let end = self
            .line_starts
            .get(line + 1)
            .map_or(text.len(), |next| next - 1);
        let end = if text[start..end].ends_with('\r') {
            end - 1
        } else {
            end
        };
        start..end
    }

    /// The place of a byte offset; an offset inside a character counts as the character's.
    pub(super) fn place(&self, offset: usize) -> Place {
        let line = self.line(offset);
        let start = self.line_starts[line];
        let before = self.source.text.as_bytes().get(start..offset);
        // Characters are counted as bytes that do not continue one, so no offset can panic.
        let column = before.map_or(0, |bytes| {
            bytes.iter().filter(|byte| (**byte & 0xC0) != 0x80).count()
        });
        Place {
            file: self.source.name.clone(),
            line: line + 1,
            column: column + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_characters_of_the_line() {
        for (text, offset, place) in [
            ("", 0, "f:1:1"),
            ("ab\ncd", 4, "f:2:2"),
            ("ab\r\ncd", 4, "f:2:1"),
            ("\u{feff}ab", 3, "f:1:1"),
            ("\u{feff}ab", 0, "f:1:1"),
            ("\u{feff}ab\nä漢x", 11, "f:2:3"),
            ("ab\n", 3, "f:2:1"),
        ] {
            let source = Source {
                name: "f".to_owned(),
                text: text.to_owned(),
            };
            assert_eq!(
                Text::new(&source).place(offset).to_string(),
                place,
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_digest_is_of_the_texts() {
        let digest = |texts: &[&str]| {
            let source = |text: &&str| Source {
                name: "f".to_owned(),
                text: (*text).to_owned(),
            };
            sha256(&texts.iter().map(source).collect::<Vec<_>>())
        };
        assert_eq!(digest(&["a"]).len(), 64);
        assert_ne!(digest(&["ab", ""]), digest(&["a", "b"]));
    }

    #[test]
    fn a_line_has_no_end() {
        let source = Source {
            name: "f".to_owned(),
            text: "\u{feff}ab\r\n\nc\r".to_owned(),
        };
        let text = Text::new(&source);
        let lines: Vec<_> = (0..4)
            .map(|line| &source.text[text.line_range(line)])
            .collect();
        assert_eq!(lines, ["ab", "", "c", ""]);
    }
}
