//! Masking addresses before anything is shown: `ada@acme.dev` becomes `a***@acme.dev`.
//!
//! The values themselves are masked, not the texts made from them, so that one function covers every format. The
//! mask is a function of the address alone: the same person looks the same in a plan, a report and a log of any
//! run, and ids tell apart whom the mask makes equal. There is no hash in it, because whoever has a list of
//! employees could try them all. Display names are left out. Ids stay: they are what a support request needs.

mod documents;
mod drift;
mod impact;
mod values;

pub use documents::{declared, document, listed, snapshot, values};
pub use drift::drift;
pub use impact::{aftermath, impact};
pub use values::{judgement, loosening, outcomes, roster, verification};

use crate::roster::Email;

/// Characters of a local part from which its first one may be shown.
const LOCAL_CHARS_MIN: usize = 3;

/// Returns the address with its local part masked.
pub fn email(email: &Email) -> Email {
    let masked = format!("{}@{}", mask(email.local()), email.domain());
    // A mask of a letter and asterisks is a valid local part in front of a domain that was valid before.
    Email::parse(&masked).unwrap_or_else(|_| email.clone())
}

/// Returns a text in which every address is masked: for logs, messages and whatever else is prose.
pub fn text(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut done = 0;
    for (at, sign) in signs(text) {
        if at < done || !text[at + sign.len()..].starts_with(is_domain_char) {
            continue;
        }
        let Some(start) = local_start(&text[done..at]).map(|start| done + start) else {
            continue;
        };
        masked.push_str(&text[done..start]);
        masked.push_str(&mask(&text[start..at]));
        masked.push_str(sign);
        done = at + sign.len();
    }
    masked.push_str(&text[done..]);
    masked
}

/// The places of `@`, plain or as it stands in a URL.
fn signs(text: &str) -> impl Iterator<Item = (usize, &'static str)> {
    text.char_indices().filter_map(|(at, c)| match c {
        '@' => Some((at, "@")),
        '%' if text[at..].starts_with("%40") => Some((at, "%40")),
        _ => None,
    })
}

/// Where the local part at the end of a text starts, if there is one.
fn local_start(text: &str) -> Option<usize> {
    if let Some(quoted) = text.strip_suffix('"') {
        return quoted.rfind('"');
    }
    let start = text
        .char_indices()
        .rev()
        .take_while(|(_, c)| is_local_char(*c))
        .last()?
        .0;
    // A colour stands in front of an address without a space: its figures and its `m` are no part of it.
    let start = match text[..start].strip_suffix("\u{1b}[") {
        Some(_) => start + text[start..].find('m').map_or(0, |end| end + 1),
        None => start,
    };
    // Punctuation of the sentence, such as an opening quote, is no part of the address that follows it.
    let local = &text[start..];
    let letter = local.find(char::is_alphanumeric)?;
    Some(start + letter)
}

fn is_local_char(c: char) -> bool {
    c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c)
}

fn is_domain_char(c: char) -> bool {
    c.is_alphanumeric()
}

fn mask(local: &str) -> String {
    let first = local.chars().next().filter(|c| c.is_alphanumeric());
    match first {
        Some(first) if local.chars().count() >= LOCAL_CHARS_MIN => format!("{first}***"),
        Some(_) | None => "***".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_prose_are_masked_and_the_rest_stays() {
        for (plain, masked) in [
            ("", ""),
            ("no address here, @team", "no address here, @team"),
            ("ada@acme.dev", "a***@acme.dev"),
            (
                "remove ada@acme.dev (reader).",
                "remove a***@acme.dev (reader).",
            ),
            (
                "`ada@acme.dev`, <bo@acme.dev>",
                "`a***@acme.dev`, <***@acme.dev>",
            ),
            (
                "{\"email\":\"ada@acme.dev\"}",
                "{\"email\":\"a***@acme.dev\"}",
            ),
            ("\"a b\"@acme.dev is in", "***@acme.dev is in"),
            ("дана@acme.dev", "д***@acme.dev"),
            ("*@openai.com", "*@openai.com"),
            ("a.b+c@x.dev,d.e-f@x.dev", "a***@x.dev,d***@x.dev"),
            ("ada%40acme.dev", "a***%40acme.dev"),
            ("a@b@acme.dev", "***@***@acme.dev"),
            (
                "\u{1b}[31mada@acme.dev\u{1b}[0m",
                "\u{1b}[31ma***@acme.dev\u{1b}[0m",
            ),
            ("\u{1b}[31m@acme.dev", "\u{1b}[31m@acme.dev"),
        ] {
            assert_eq!(text(plain), masked, "{plain}");
            assert_eq!(text(&text(plain)), masked, "{plain}: masking twice");
        }
    }

    #[test]
    fn a_masked_address_is_an_address() {
        for (plain, masked) in [
            ("ada@acme.dev", "a***@acme.dev"),
            ("bo@acme.dev", "***@acme.dev"),
            ("\"a b\"@acme.dev", "***@acme.dev"),
            ("_ada@acme.dev", "***@acme.dev"),
            ("дана@acme.dev", "д***@acme.dev"),
        ] {
            let address = Email::parse(plain).unwrap();
            assert_eq!(email(&address).as_str(), masked, "{plain}");
        }
    }
}
