//! A person's line, written the one way that this program writes it.

use std::fmt::Write as _;

use super::violation::visible;
use super::{Departed, Entry};

/// A text as a TOML string on one line.
///
/// What cannot be seen in a review (controls, bidirectional and zero-width characters) is written as its escape.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            _ if visible(c).chars().eq([c]) => quoted.push(c),
            // Writing to a String cannot fail.
            _ if u32::from(c) > 0xFFFF => drop(write!(quoted, "\\U{:08X}", u32::from(c))),
            _ => drop(write!(quoted, "\\u{:04X}", u32::from(c))),
        }
    }
    quoted.push('"');
    quoted
}

/// What an entry says, as an inline table.
pub(super) fn entry_fields(entry: &Entry) -> String {
    let Entry {
        email: _,
        role,
        id,
        name,
        expires,
        ticket,
        reason,
        aliases,
        place: _,
    } = entry;
    let aliases: Vec<String> = aliases.iter().map(|alias| quoted(alias.as_str())).collect();
    inline_table(&[
        ("role", role.map(|role| quoted(role.as_str()))),
        ("id", id.as_ref().map(|id| quoted(id.as_str()))),
        ("name", name.as_deref().map(quoted)),
        ("expires", expires.map(|date| date.to_string())),
        ("ticket", ticket.as_deref().map(quoted)),
        ("reason", reason.as_deref().map(quoted)),
        (
            "aliases",
            (!aliases.is_empty()).then(|| format!("[{}]", aliases.join(", "))),
        ),
    ])
}

/// What a tombstone says, as an inline table.
pub(super) fn departed_fields(departed: &Departed) -> String {
    let Departed {
        email,
        id,
        since,
        ticket,
        reason,
        place: _,
    } = departed;
    // Where there is no address the id is the key.
    let id = id.as_ref().filter(|_| email.is_some());
    inline_table(&[
        ("since", since.map(|date| date.to_string())),
        ("ticket", ticket.as_deref().map(quoted)),
        ("reason", reason.as_deref().map(quoted)),
        ("id", id.map(|id| quoted(id.as_str()))),
    ])
}

fn inline_table(fields: &[(&str, Option<String>)]) -> String {
    let written: Vec<String> = fields
        .iter()
        .filter_map(|(key, value)| value.as_ref().map(|value| format!("{key} = {value}")))
        .collect();
    if written.is_empty() {
        return "{}".to_owned();
    }
    format!("{{ {} }}", written.join(", "))
}

/// The comments in a piece of TOML, in order, each from its `#`; what is in a string is none.
pub(super) fn comments_in(text: &str) -> Vec<String> {
    let mut comments = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['#', '"', '\'']) {
        rest = &rest[at..];
        if rest.starts_with('#') {
            let end = rest.find('\n').unwrap_or(rest.len());
            comments.push(rest[..end].trim_end().to_owned());
            rest = &rest[end..];
        } else {
            let open = ["\"\"\"", "'''", "\"", "'"]
                .into_iter()
                .find(|open| rest.starts_with(open));
            rest = after_string(rest, open.unwrap_or("\""));
        }
    }
    comments
}

/// What follows the string that a text begins with.
fn after_string<'t>(text: &'t str, open: &str) -> &'t str {
    let basic = open.starts_with('"');
    let mut at = open.len();
    while at < text.len() {
        let here = &text[at..];
        if basic && here.starts_with('\\') {
            let escaped = here[1..].chars().next().map_or(0, char::len_utf8);
            at += 1 + escaped;
        } else if here.starts_with(open) {
            // Up to two quotes may stand directly before the ones that close.
            let quotes = here.len() - here.trim_start_matches(&open[..1]).len();
            let close = if open.len() == 3 { quotes.min(5) } else { 1 };
            return &here[close..];
        } else {
            at += here.chars().next().map_or(1, char::len_utf8);
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_stays_on_one_line_and_reads_back() {
        for (text, written) in [
            ("Ada", "\"Ada\""),
            ("a\"b\\c", r#""a\"b\\c""#),
            ("a\nb\u{1b}", r#""a\u000Ab\u001B""#),
            ("\u{202e}x\u{200b}", r#""\u202Ex\u200B""#),
            ("漢字 é e\u{301}", "\"漢字 é e\u{301}\""),
            ("\u{e0001}", r#""\U000E0001""#),
        ] {
            assert_eq!(quoted(text), written);
            let table: toml::Table = format!("x = {written}").parse().unwrap();
            assert_eq!(table["x"].as_str(), Some(text));
        }
    }

    #[test]
    fn comments_are_told_from_strings() {
        for (text, comments) in [
            ("a = 1 # x # y", vec!["# x # y"]),
            ("a = \"#\" #1\nb = '#' # 2 \n", vec!["#1", "# 2"]),
            (r##"a = "\"#" # 1"##, vec!["# 1"]),
            ("a = \"\"\"\n# no \"\"\"\"\" # yes", vec!["# yes"]),
            ("a = '''\n# no\\''' # yes", vec!["# yes"]),
            ("a = \"\" # yes", vec!["# yes"]),
            ("a = \"open # no", vec![]),
        ] {
            assert_eq!(comments_in(text), comments, "{text}");
        }
    }
}
