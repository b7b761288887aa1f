//! Whom an edit is about, and what it writes about them.

use std::io::{self, Read as _};

use clap::builder::ValueParser;
use clap::{Args, ValueEnum};
use jiff::civil::Date;

use super::super::failure::Failure;
use super::super::terminal;
use crate::desired::{Fields, Setting};
use crate::outcome::Exit;
use crate::render::safe::Shown;
use crate::roster::{Email, EmailError, Role, UserId};

/// Bytes of standard input at most; 100,000 addresses have about 3 MiB.
const INPUT_BYTES_MAX: u64 = 64 << 20;

/// An address, or the addresses on standard input.
#[derive(Debug, Clone)]
pub(super) enum Who {
    /// One person.
    One(Email),
    /// One address per line; blank lines and `#` comments are passed over.
    Input,
}

/// Reads an argument that names people.
pub(super) fn who(text: &str) -> Result<Who, EmailError> {
    if text == "-" {
        return Ok(Who::Input);
    }
    Email::parse(text).map(Who::One)
}

impl Who {
    /// Everybody, in the order in which they were named.
    pub(super) fn all(&self) -> Result<Vec<Email>, Failure> {
        match self {
            Self::One(email) => Ok(vec![email.clone()]),
            Self::Input => {
                let text = read_input()?;
                addresses(&text)
            }
        }
    }
}

/// Everything on standard input.
pub(super) fn read_input() -> Result<String, Failure> {
    let mut text = String::new();
    io::stdin()
        .take(INPUT_BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(|error| Failure::caused("cannot read standard input", error))?;
    Ok(text)
}

/// One address per line; every line that is none is said before nothing is done.
fn addresses(text: &str) -> Result<Vec<Email>, Failure> {
    let (mut found, mut wrong) = (Vec::new(), 0);
    for (line, written) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let written = written.trim();
        if written.is_empty() || written.starts_with('#') {
            continue;
        }
        match Email::parse(written) {
            Ok(email) => found.push(email),
            Err(error) => {
                wrong += 1;
                let (written, why) = (Shown::label(written), error.to_string());
                let why = Shown::sentence(&why);
                terminal::say(&format!(
                    "standard input, line {line}: `{written}` is not an e-mail address: {why}"
                ));
            }
        }
    }
    match wrong {
        0 => Ok(found),
        1 => Err(Failure::new(
            "1 line of standard input is not an e-mail address",
        )),
        _ => Err(Failure::new(format!(
            "{wrong} lines of standard input are not e-mail addresses"
        ))),
    }
}

/// What is written about a person.
#[derive(Debug, Args)]
pub(super) struct FieldArgs {
    /// Role
    #[arg(long, value_enum, value_name = "ROLE")]
    role: Option<RoleName>,

    /// Last day of access (UTC)
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = ValueParser::from(day))]
    expires: Option<Date>,

    /// Ticket that explains the entry
    #[arg(long, value_name = "TEXT", value_parser = ValueParser::from(text))]
    ticket: Option<String>,

    /// Reason for the entry
    #[arg(long, value_name = "TEXT", value_parser = ValueParser::from(text))]
    reason: Option<String>,

    /// Pinned id of the member; for one person only
    #[arg(long, value_name = "ID", value_parser = ValueParser::from(UserId::parse))]
    id: Option<UserId>,

    /// Pinned name; for one person only
    #[arg(long, value_name = "TEXT", value_parser = ValueParser::from(text))]
    name: Option<String>,

    /// Address under which other systems know the person; repeat it for each; for one person only
    #[arg(long = "alias", value_name = "EMAIL", value_parser = ValueParser::from(Email::parse))]
    aliases: Vec<Email>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RoleName {
    Reader,
    Owner,
}

impl FieldArgs {
    /// What is written, with everything else kept.
    pub(super) fn fields(&self, who: &Who) -> Result<Fields, Failure> {
        let Self {
            role,
            expires,
            ticket,
            reason,
            id,
            name,
            aliases,
        } = self;
        let of_one = id.is_some() || name.is_some() || !aliases.is_empty();
        if of_one && matches!(who, Who::Input) {
            let failure =
                Failure::new("--id, --name and --alias are for one person, and `-` names many");
            return Err(failure.exit(Exit::Usage));
        }
        let role = role.map(|role| match role {
            RoleName::Reader => Role::Reader,
            RoleName::Owner => Role::Owner,
        });
        let aliases = (!aliases.is_empty()).then(|| aliases.clone());
        Ok(Fields {
            role: to(role),
            id: to(id.clone()),
            name: to(name.clone()),
            expires: to(*expires),
            ticket: to(ticket.clone()),
            reason: to(reason.clone()),
            aliases: to(aliases),
        })
    }
}

fn to<T>(value: Option<T>) -> Setting<T> {
    value.map_or(Setting::Keep, Setting::To)
}

/// Reads a day of the command line.
pub(in crate::cli) fn day(text: &str) -> Result<Date, String> {
    let iso = text.len() == 10 && text.bytes().filter(u8::is_ascii_digit).count() == 8;
    text.parse()
        .ok()
        .filter(|_| iso)
        .ok_or_else(|| "it is not a day as YYYY-MM-DD".to_owned())
}

/// Reads a text that says something: an empty one would be written and mean nothing.
pub(super) fn text(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("it is empty".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_written_out() {
        assert_eq!(day("2027-03-31").unwrap(), jiff::civil::date(2027, 3, 31));
        for text in [
            "2027-3-31",
            "20270331",
            "2027-03-31T00:00",
            "2027-02-30",
            "soon",
            "-2027-03-1",
        ] {
            assert!(day(text).is_err(), "{text}");
        }
    }

    #[test]
    fn addresses_stand_one_in_a_line() {
        let found = addresses("\u{feff}a@acme.dev\r\n\n  # who\nB@acme.dev\n").unwrap();
        let found: Vec<&str> = found.iter().map(Email::as_str).collect();
        assert_eq!(found, ["a@acme.dev", "b@acme.dev"]);
        assert_eq!(
            addresses("a\nb@acme.dev\nc@\n").unwrap_err().to_string(),
            "error: 2 lines of standard input are not e-mail addresses"
        );
    }
}
