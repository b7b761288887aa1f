//! Values of the file, read into the types of the program, with a violation for each that does not fit.

use std::ops::Range;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::desired::violation::{Findings, Spot, Violation, quote};

/// A key as it is written.
pub(super) type Key<'a> = Spanned<DeString<'a>>;
/// A value as it is written.
pub(super) type Value<'a> = Spanned<DeValue<'a>>;

/// Reads the values of one source.
pub(super) struct Reader<'f, 'a> {
    /// The source's index.
    pub(super) source: usize,
    pub(super) findings: &'f mut Findings<'a>,
}

impl Reader<'_, '_> {
    pub(super) fn spot(&self, span: &Range<usize>) -> Spot {
        Spot {
            source: self.source,
            start: span.start,
            end: span.end,
        }
    }

    pub(super) fn report(
        &mut self,
        span: &Range<usize>,
        message: impl Into<String>,
    ) -> &mut Violation {
        let spot = self.spot(span);
        self.findings.report(&spot, message)
    }

    /// Reports a key that means nothing where it stands. `table` is the table's name for the message, if it has one.
    pub(super) fn unknown_key(&mut self, key: &Key<'_>, table: Option<&str>, known: &[&str]) {
        let text = key.get_ref();
        let place = table.map_or_else(String::new, |table| format!(" in {table}"));
        let help = suggestion(text, known.iter().copied()).map_or_else(
            || format!("the keys here are {}", list_of(known)),
            |near| format!("did you mean `{near}`?"),
        );
        self.report(&key.span(), format!("unknown key {}{place}", quote(text)))
            .help(help);
    }

    fn wrong_type(&mut self, key: &str, value: &Value<'_>, wanted: &str) -> &mut Violation {
        let found = type_of(value.get_ref());
        self.report(
            &value.span(),
            format!("{} must be {wanted}, and this is {found}", quote(key)),
        )
    }

    pub(super) fn table<'v>(&mut self, key: &str, value: Value<'v>) -> Option<DeTable<'v>> {
        if matches!(value.get_ref(), DeValue::Table(_)) {
            match value.into_inner() {
                DeValue::Table(table) => Some(table),
                _ => None,
            }
        } else {
            self.wrong_type(key, &value, "a table");
            None
        }
    }

    pub(super) fn text(&mut self, key: &str, value: &Value<'_>) -> Option<String> {
        if let DeValue::String(text) = value.get_ref() {
            Some(text.clone().into_owned())
        } else {
            self.wrong_type(key, value, "a string");
            None
        }
    }

    /// Reads a free text; one of only white space says nothing.
    pub(super) fn note(&mut self, key: &str, value: &Value<'_>) -> Option<String> {
        self.text(key, value).filter(|text| !text.trim().is_empty())
    }

    /// Reads one of a few words.
    pub(super) fn word<T: Copy>(
        &mut self,
        key: &str,
        value: &Value<'_>,
        words: &[(&str, T)],
    ) -> Option<T> {
        let text = self.text(key, value)?;
        let found = words.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let help = suggestion(&text, names.iter().copied()).map_or_else(
                || format!("the values are {}", list_of(&names)),
                |near| format!("did you mean `{near}`?"),
            );
            self.report(
                &value.span(),
                format!("unknown value {} for {}", quote(&text), quote(key)),
            )
            .help(help);
        }
        found.map(|(_, meaning)| *meaning)
    }

    /// Reads a text by a parser of its own; `what` says what the text should have been.
    pub(super) fn parsed<T, E: ToString>(
        &mut self,
        key: &str,
        value: &Value<'_>,
        what: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(key, value)?;
        match parse(&text) {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                self.not_a(&value.span(), &text, what, &error.to_string());
                None
            }
        }
    }

    pub(super) fn not_a(&mut self, span: &Range<usize>, text: &str, what: &str, why: &str) {
        // The reason may repeat the text, and the text may hold what a terminal would act on.
        let why: String = why
            .chars()
            .map(crate::desired::violation::visible)
            .collect();
        self.report(span, format!("{} is not {what}: {why}", quote(text)));
    }

    /// Reads a list, each element with its span.
    pub(super) fn list<'v>(&mut self, key: &str, value: Value<'v>) -> Vec<Value<'v>> {
        if matches!(value.get_ref(), DeValue::Array(_)) {
            match value.into_inner() {
                DeValue::Array(items) => items.into_iter().collect(),
                _ => Vec::new(),
            }
        } else {
            self.wrong_type(key, &value, "a list");
            Vec::new()
        }
    }

    pub(super) fn boolean(&mut self, key: &str, value: &Value<'_>) -> Option<bool> {
        if let DeValue::Boolean(yes) = value.get_ref() {
            Some(*yes)
        } else {
            self.wrong_type(key, value, "`true` or `false`");
            None
        }
    }

    /// Reads a whole number, 0 or more.
    pub(super) fn whole(&mut self, key: &str, value: &Value<'_>) -> Option<u32> {
        let DeValue::Integer(number) = value.get_ref() else {
            self.wrong_type(key, value, "a whole number");
            return None;
        };
        let parsed = u32::from_str_radix(number.as_str(), number.radix()).ok();
        if parsed.is_none() {
            self.report(
                &value.span(),
                format!("{} must be from 0 to {}", quote(key), u32::MAX),
            );
        }
        parsed
    }

    /// Reads a part of a whole, from 0 to 1.
    pub(super) fn fraction(&mut self, key: &str, value: &Value<'_>) -> Option<f64> {
        let text = match value.get_ref() {
            DeValue::Float(number) => number.as_str(),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            _ => {
                self.wrong_type(key, value, "a number from 0 to 1");
                return None;
            }
        };
        let parsed = text.parse().ok().filter(|part| (0.0..=1.0).contains(part));
        if parsed.is_none() {
            self.report(
                &value.span(),
                format!("{} must be a number from 0 to 1", quote(key)),
            )
            .help("it is a part of the whole: a quarter is 0.25");
        }
        parsed
    }

    /// Reads a day: a bare date, because an instant would leave open in whose time zone the day ends.
    pub(super) fn date(&mut self, key: &str, value: &Value<'_>) -> Option<Date> {
        let moment = match value.get_ref() {
            DeValue::Datetime(moment) => moment,
            DeValue::String(text) => {
                let help = match text.trim().parse::<Date>() {
                    Ok(date) => format!("write it without quotes: {key} = {date}"),
                    Err(_) => format!("write a day, without quotes: {key} = 2027-03-31"),
                };
                self.wrong_type(key, value, "a date").help(help);
                return None;
            }
            _ => {
                self.wrong_type(key, value, "a date")
                    .help(format!("write a day, without quotes: {key} = 2027-03-31"));
                return None;
            }
        };
        let date = moment.date.and_then(|date| {
            let year = i16::try_from(date.year).ok()?;
            let month = i8::try_from(date.month).ok()?;
            let day = i8::try_from(date.day).ok()?;
            Date::new(year, month, day).ok()
        });
        if moment.time.is_some() || moment.offset.is_some() || date.is_none() {
            let day = date.map_or_else(|| "2027-03-31".to_owned(), |date| date.to_string());
            self.wrong_type(key, value, "a date")
                .help(format!("write only the day (UTC): {key} = {day}"));
            return None;
        }
        date
    }
}

/// The known word that a text is most probably meant to be.
fn suggestion<'w>(text: &str, known: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    const BYTES_MAX: usize = 40;
    if text.len() > BYTES_MAX {
        return None;
    }
    let text = text.to_lowercase().replace('-', "_");
    known
        .map(|word| (strsim::damerau_levenshtein(&text, word), word))
        .filter(|(distance, word)| *distance <= (word.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// `a`, `b` and `c`, each in backquotes.
pub(super) fn list_of(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => format!("`{only}`"),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(|word| format!("`{word}`")).collect();
            format!("{} and `{last}`", first.join(", "))
        }
    }
}

fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(moment) if moment.time.is_none() => "a date",
        DeValue::Datetime(_) => "a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suggestion_is_near() {
        let known = ["role", "expires", "required_owners"];
        for (text, near) in [
            ("rol", Some("role")),
            ("Role", Some("role")),
            ("expire", Some("expires")),
            ("required-owners", Some("required_owners")),
            ("requird_owner", Some("required_owners")),
            ("name", None),
            ("", None),
        ] {
            assert_eq!(suggestion(text, known.into_iter()), near, "{text}");
        }
    }
}
