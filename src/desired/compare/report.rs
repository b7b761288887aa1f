//! A comparison as text for people.

use std::fmt;

use crate::desired::compare::{BadRow, Comparison, Finding, Says};
use crate::desired::violation::{quote, visible};

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            declared,
            rows,
            strangers,
            findings,
            absent,
            bad_rows,
            edits: _,
            required_owners,
            deferred,
        } = self;
        let found = declared - absent.len();
        writeln!(
            f,
            "{found} of {declared} declared people are among {rows} rows"
        )?;
        for finding in findings {
            writeln!(f, "  {finding}")?;
        }
        for email in absent {
            writeln!(
                f,
                "  ? {email}: not in the export; nothing is concluded from that"
            )?;
        }
        for BadRow { line, reason } in bad_rows {
            let reason: String = reason.chars().map(visible).collect();
            writeln!(f, "  ! line {line}: {reason}")?;
        }
        for email in required_owners {
            writeln!(
                f,
                "  ! {email}: a required owner, so only a person may edit the entry"
            )?;
        }
        if *strangers > 0 {
            writeln!(
                f,
                "Rows about nobody in the file, whom nothing adds: {strangers}"
            )?;
        }
        if *deferred > 0 {
            let why = "because one edits revocations_max people at most";
            writeln!(f, "Left for a later run, {why}: {deferred}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            email,
            says,
            alias,
            line,
        } = self;
        let mark = match says {
            Says::Left { status: _, on: _ } => '-',
            Says::Ends { on: _, declared: _ } => '~',
            Says::Renewed { on: _, declared: _ }
            | Says::UnknownStatus(_)
            | Says::Contradiction { other_line: _ } => '!',
        };
        write!(f, "{mark} {email}: {says} (line {line}")?;
        match alias {
            Some(alias) => write!(f, ", as {alias})"),
            None => f.write_str(")"),
        }
    }
}

impl fmt::Display for Says {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Left { status, on } => match (status, on) {
                (Some(status), Some(on)) => {
                    write!(f, "has left ({}), last day {on}", quote(status))
                }
                (Some(status), None) => write!(f, "has left ({})", quote(status)),
                (None, Some(on)) => write!(f, "has left, last day {on}"),
                (None, None) => f.write_str("has left"),
            },
            Self::Ends { on, declared: None } => {
                write!(f, "last day {on}, without an end in the file")
            }
            Self::Ends {
                on,
                declared: Some(declared),
            } => write!(f, "last day {on}, in the file {declared}"),
            Self::Renewed { on, declared } => write!(
                f,
                "last day {on}, and the entry expired on {declared}: only a person may renew it"
            ),
            Self::UnknownStatus(status) => write!(f, "the status {} is not known", quote(status)),
            Self::Contradiction { other_line } => {
                write!(f, "line {other_line} says something else")
            }
        }
    }
}
