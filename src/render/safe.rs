//! Text from strangers, made inert: one visible line of bounded length, whatever it was.
//!
//! Names, addresses, ids, roles and error messages come from people whom nobody vetted. Every output passes each of
//! them through exactly one function of this module; no other path from a value to an output exists. What could
//! move a cursor, end a line, hide or reorder characters, or start a command of a CI runner is written as an escape,
//! so that a reviewer sees it; letters of any script and their accents stay as they are.

use std::fmt::{self, Write as _};

use unicode_normalization::char::is_combining_mark;

use crate::roster::is_invisible;

/// Characters of a label at most: every address and every id fits.
const LABEL_CHARS_MAX: usize = 300;
/// Characters of a name at most, where it shares a line with other columns.
const NAME_CHARS_MAX: usize = 40;
/// Characters of a sentence at most.
const SENTENCE_CHARS_MAX: usize = 600;
/// Combining marks on one letter at most; more would paint over the neighbouring lines.
const MARKS_MAX: usize = 4;

/// Untrusted text, shown as one line without anything invisible in it.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    text: &'a str,
    chars_max: usize,
}

impl<'a> Shown<'a> {
    /// An address, an id, a role: a text that must be readable whole.
    pub const fn label(text: &'a str) -> Self {
        Self {
            text,
            chars_max: LABEL_CHARS_MAX,
        }
    }

    /// A name or another free text in a narrow column.
    pub const fn name(text: &'a str) -> Self {
        Self {
            text,
            chars_max: NAME_CHARS_MAX,
        }
    }

    /// Prose in which such values may stand.
    pub const fn sentence(text: &'a str) -> Self {
        Self {
            text,
            chars_max: SENTENCE_CHARS_MAX,
        }
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text, chars_max } = *self;
        let mut left = chars_max;
        let mut marks = None;
        let mut before = ['\0'; 2];
        let mut started = false;
        for c in text.chars() {
            let commands = is_command(c, started, before);
            started |= c != ' ';
            let form = if commands {
                Form::Escaped
            } else if is_combining_mark(c) && !is_invisible(c) {
                marks = marks.map(|count: usize| count + 1);
                match marks {
                    Some(1..=MARKS_MAX) => Form::Plain,
                    // A mark without a letter would settle on our own text.
                    Some(_) | None => Form::Escaped,
                }
            } else {
                marks = Some(0);
                form_of(c)
            };
            before = [before[1], c];
            let len = form.len(c);
            if len > left {
                return f.write_char('…');
            }
            left -= len;
            form.write(c, f)?;
        }
        Ok(())
    }
}

/// Whether a runner of GitHub Actions may begin a command at a character: `::` at the start of a line is one, and so is
/// `##[` anywhere.
const fn is_command(c: char, started: bool, before: [char; 2]) -> bool {
    (!started && c == ':') || (matches!(before, ['#', '#']) && c == '[')
}

/// How one character is written.
#[derive(Clone, Copy)]
enum Form {
    /// As it is.
    Plain,
    /// As Rust writes it in a string: `\n`, `\\`, `\u{202e}`.
    Debug,
    /// As `\u{…}`, although Rust would not.
    Escaped,
}

impl Form {
    fn len(self, c: char) -> usize {
        match self {
            Self::Plain => 1,
            Self::Debug => c.escape_debug().count(),
            Self::Escaped => c.escape_unicode().count(),
        }
    }

    fn write(self, c: char, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain => f.write_char(c),
            Self::Debug => write!(f, "{}", c.escape_debug()),
            Self::Escaped => write!(f, "{}", c.escape_unicode()),
        }
    }
}

fn form_of(c: char) -> Form {
    match c {
        '"' | '\'' => Form::Plain,
        _ if is_invisible(c) => Form::Escaped,
        // Rust escapes what it calls unprintable: controls, bidi controls, zero-width, BOM, tags, private use.
        _ => Form::Debug,
    }
}

/// Whether a character may stand in an output as it is.
pub(super) fn is_visible(c: char) -> bool {
    c == ' ' || c == '\\' || (is_combining_mark(c) && !is_invisible(c)) || form_of(c).len(c) == 1
}

/// Returns a line of the user's own file: as it is written, with what a terminal or a runner acts on as its escape.
pub(super) fn visible_line(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut before = ['\0'; 2];
    let mut started = false;
    for c in line.trim_end_matches('\r').chars() {
        let commands = is_command(c, started, before);
        started |= c != ' ' && c != '\t';
        before = [before[1], c];
        if !commands && (c == '\t' || is_visible(c)) {
            shown.push(c);
        } else {
            shown.extend(c.escape_unicode());
        }
    }
    shown
}

/// Returns untrusted text as a Markdown code span, in which nothing is markup and nobody is mentioned.
///
/// The fence is longer than the longest run of backticks in the text.
pub fn markdown_code(text: &str) -> String {
    code_span(&Shown::sentence(text).to_string())
}

/// Returns the name of a file as a short code span.
pub(super) fn markdown_name(text: &str) -> String {
    code_span(&Shown::name(text).to_string())
}

/// Returns untrusted text as a code span for a cell of a Markdown table: a `|` stays in the cell.
pub fn markdown_cell(text: &str) -> String {
    cell(&Shown::sentence(text).to_string())
}

/// The code span of a cell, for a text that is visible already.
pub(super) fn cell(shown: &str) -> String {
    // A run of backslashes is even after escaping, so the one added here always belongs to its `|`.
    code_span(&shown.replace('|', "\\|"))
}

fn code_span(shown: &str) -> String {
    if shown.trim().is_empty() {
        return "` `".to_owned();
    }
    let longest = shown
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    // A space at both ends is dropped by the reader of Markdown, so it also keeps a space that is the text's own.
    let pad = if shown.starts_with(['`', ' ']) || shown.ends_with(['`', ' ']) {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{shown}{pad}{fence}")
}

/// Returns untrusted text for an HTML element or a quoted attribute.
pub fn html(text: &str) -> String {
    escape_html(&Shown::sentence(text).to_string())
}

/// The escapes of HTML, for a text that is visible already.
pub(super) fn escape_html(shown: &str) -> String {
    let mut escaped = String::with_capacity(shown.len());
    for c in shown.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Returns untrusted text for the message of a GitHub workflow command.
pub fn github_data(text: &str) -> String {
    command_data(&Shown::sentence(text).to_string())
}

/// The escapes of a workflow command's message, for a text that is visible already.
pub(super) fn command_data(shown: &str) -> String {
    shown
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Returns untrusted text for a property, such as `file`, of a GitHub workflow command.
pub fn github_property(text: &str) -> String {
    github_data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_written_out() {
        for (text, shown) in [
            ("Ada Lovelace", "Ada Lovelace"),
            (
                "Zoë 漢字 हिन्दी ไทย \"x\" o'hara",
                "Zoë 漢字 हिन्दी ไทย \"x\" o'hara",
            ),
            ("e\u{301}", "e\u{301}"),
            ("\u{301}e", "\\u{301}e"),
            ("a\n::error::b", "a\\n::error::b"),
            ("a\\nb", "a\\\\nb"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("a\u{202e}b\u{2066}c", "a\\u{202e}b\\u{2066}c"),
            ("a\u{200b}b\u{feff}c", "a\\u{200b}b\\u{feff}c"),
            ("a\u{2028}b\u{a0}c", "a\\u{2028}b\\u{a0}c"),
            ("a\u{e0041}b\u{fe0f}c", "a\\u{e0041}b\\u{fe0f}c"),
            ("\u{3164}\u{2800}", "\\u{3164}\\u{2800}"),
            ("  ::error::x", "  \\u{3a}:error::x"),
            ("##[add-mask]x # ##", "##\\u{5b}add-mask]x # ##"),
            ("", ""),
        ] {
            assert_eq!(Shown::label(text).to_string(), shown, "{text:?}");
            assert!(shown.chars().all(is_visible), "{shown:?}");
        }
    }

    #[test]
    fn a_line_of_a_file_commands_nobody() {
        for (line, shown) in [
            (
                "+\t\"a\\tb\" = { name = \"Zoë\" }\r",
                "+\t\"a\\tb\" = { name = \"Zoë\" }",
            ),
            (" \t::add-mask::x", " \t\\u{3a}:add-mask::x"),
            ("+# ##[add-mask]x", "+# ##\\u{5b}add-mask]x"),
            ("-a\u{1b}[2J\u{202e}b", "-a\\u{1b}[2J\\u{202e}b"),
        ] {
            assert_eq!(visible_line(line), shown);
        }
    }

    #[test]
    fn nothing_is_long() {
        for text in [
            "x".repeat(10_000),
            "\u{202e}".repeat(10_000),
            "漢".repeat(10_000),
        ] {
            let shown = Shown::label(&text).to_string();
            assert!(shown.chars().count() <= LABEL_CHARS_MAX + 1);
            assert!(shown.ends_with('…'));
        }
        let address = "x".repeat(254);
        assert_eq!(Shown::label(&address).to_string(), address);
        let marks = format!("a{}", "\u{301}".repeat(50));
        let plain = Shown::label(&marks).to_string().matches('\u{301}').count();
        assert_eq!(plain, MARKS_MAX);
    }

    #[test]
    fn markdown_keeps_text_in_its_span_and_cell() {
        for (text, code, cell) in [
            ("plain", "`plain`", "`plain`"),
            ("", "` `", "` `"),
            ("a`b", "``a`b``", "``a`b``"),
            ("``x", "``` ``x ```", "``` ``x ```"),
            (" x", "`  x `", "`  x `"),
            ("a|b", "`a|b`", "`a\\|b`"),
            ("a\\|b", "`a\\\\|b`", "`a\\\\\\|b`"),
            ("a\n| b |", "`a\\n| b |`", "`a\\n\\| b \\|`"),
            ("@team #1 <b>", "`@team #1 <b>`", "`@team #1 <b>`"),
        ] {
            assert_eq!(markdown_code(text), code);
            assert_eq!(markdown_cell(text), cell);
        }
    }

    #[test]
    fn other_formats_have_their_own_quotes() {
        assert_eq!(
            html("<script>'&\"</script>"),
            "&lt;script&gt;&#39;&amp;&quot;&lt;/script&gt;"
        );
        assert_eq!(github_data("50%\n::stop::"), "50%25\\n::stop::");
        assert_eq!(github_property("a:b,c%"), "a%3Ab%2Cc%25");
    }
}
