//! JSON that is as inert as every other format.
//!
//! JSON lets nearly every character stand raw in a string, so a document on a terminal or in a CI log could still
//! hide text or start a runner's command. What is not visible is written as `\uXXXX`; the values stay the same.

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use super::safe;

/// Returns a document as indented JSON, ending in a newline.
///
/// # Errors
///
/// Only where the value itself cannot be JSON: a map with keys that are no strings.
pub fn json(document: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut bytes = Vec::new();
    let formatter = Inert {
        pretty: PrettyFormatter::new(),
    };
    document.serialize(&mut Serializer::with_formatter(&mut bytes, formatter))?;
    bytes.push(b'\n');
    String::from_utf8(bytes).map_err(serde::ser::Error::custom)
}

/// The usual indented form, with invisible characters escaped.
struct Inert {
    pretty: PrettyFormatter<'static>,
}

impl Formatter for Inert {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        let mut plain = 0;
        for (at, c) in fragment.char_indices() {
            let starts_command = c == '[' && fragment[..at].ends_with("##");
            if safe::is_visible(c) && !starts_command {
                continue;
            }
            writer.write_all(&fragment.as_bytes()[plain..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            plain = at + c.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[plain..])
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.pretty.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.pretty.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_and_nothing_invisible_is_written() {
        let value = serde_json::json!({"name": [
            "Zoë 漢字 \\ \" e\u{301}",
            "a\u{202e}b\u{9b}c\u{e0041}\u{fe0f}\n\u{1b}",
            "##[add-mask]x",
            {},
        ], "empty": []});
        let text = json(&value).unwrap();
        assert!(
            text.chars().all(|c| c == '\n' || safe::is_visible(c)),
            "{text}"
        );
        assert!(text.contains("Zoë 漢字") && !text.contains("##["));
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            value
        );
    }
}
