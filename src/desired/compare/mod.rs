//! The members file against an export of the HR or identity system: who has left, whose contract ends.
//!
//! The export is evidence, not authority. Only an explicit word or a date makes an edit, and every edit takes access
//! away or ends it on a day; absence never writes and nobody is ever added. An export that is doubtful as a whole
//! is refused as a whole.

mod report;
mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::civil::Date;

use super::{DesiredRoster, Edit, Entry, Fields, Setting, Tombstone};
use crate::roster::Email;
pub use rows::BadRow;
use rows::Row;

/// Words that say that a person has left.
const LEFT: [&str; 9] = [
    "left",
    "departed",
    "terminated",
    "offboarded",
    "deprovisioned",
    "former",
    "resigned",
    "retired",
    "dismissed",
];

/// Words that say that a person is there.
const PRESENT: [&str; 8] = [
    "",
    "active",
    "employed",
    "current",
    "present",
    "provisioned",
    "on leave",
    "enabled",
];

/// Declared people of ten who must be in the export.
const FOUND_OF_TEN_MIN: usize = 9;

/// A column that is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// The address.
    Email,
    /// A word that says whether the person is there.
    Status,
    /// The last day.
    End,
}

impl Column {
    /// Every column.
    pub const ALL: [Self; 3] = [Self::Email, Self::Status, Self::End];

    /// The column's name on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Status => "status",
            Self::End => "end",
        }
    }

    /// Headers by which it is found: lower case, without spaces, hyphens and underscores.
    const fn headers(self) -> &'static [&'static str] {
        match self {
            Self::Email => &[
                "email",
                "workemail",
                "emailaddress",
                "primaryemail",
                "mail",
                "username",
            ],
            Self::Status => &[
                "status",
                "employmentstatus",
                "employeestatus",
                "workerstatus",
                "state",
            ],
            Self::End => &[
                "enddate",
                "contractend",
                "contractenddate",
                "terminationdate",
                "lastday",
                "lastworkingday",
                "leavedate",
                "end",
            ],
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How an export is read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CompareOptions {
    /// Headers for columns that are not found by themselves; an empty one leaves the column out.
    pub columns: BTreeMap<Column, String>,
    /// More words, lower case, that say that a person has left.
    pub left_words: BTreeSet<String>,
}

/// Why the whole export is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompareRefusal {
    /// It has no row that names a person.
    #[error("the export has no row with an address")]
    NoRows,
    /// A column is not there.
    #[error("the export has no column for {column}; its headers are {headers}")]
    NoColumn {
        /// Which.
        column: Column,
        /// The headers, quoted.
        headers: String,
    },
    /// There is an address and nothing else.
    #[error("the export has neither a column for status nor one for end")]
    NothingToCompare,
    /// A column has no value at all.
    #[error("the column {header:?} ({column}) is empty on every row")]
    ColumnEmpty {
        /// What it was taken for.
        column: Column,
        /// Its header.
        header: String,
    },
    /// A column says the same about everybody.
    #[error("the column {header:?} ({column}) is {value} on every row")]
    ColumnSame {
        /// What it was taken for.
        column: Column,
        /// Its header.
        header: String,
        /// The value, quoted.
        value: String,
    },
    /// A date is in another form.
    #[error("line {line}: {value} is not a day as YYYY-MM-DD")]
    NotADay {
        /// The line, from 1.
        line: u64,
        /// The value, quoted.
        value: String,
    },
    /// Too many declared people are not in the export.
    #[error("only {found} of {declared} declared people are in the export, and 90 % are wanted")]
    TooFewFound {
        /// Declared people in the export.
        found: usize,
        /// Declared people.
        declared: usize,
    },
}

/// What an export says about one declared person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The declared address.
    pub email: Email,
    /// What it says.
    pub says: Says,
    /// The alias by which the person was found, if it was one.
    pub alias: Option<Email>,
    /// The line of the export, from 1.
    pub line: u64,
}

/// What an export says about a person, where it says something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says {
    /// The person has left: the status, and the last day, where each says so.
    Left {
        /// The word.
        status: Option<String>,
        /// The day, in the past.
        on: Option<Date>,
    },
    /// The last day is today or later, and not the one in the file.
    Ends {
        /// The last day.
        on: Date,
        /// The last day in the file.
        declared: Option<Date>,
    },
    /// The last day is today or later, and the entry's was in the past: renewing access is for a person.
    Renewed {
        /// The last day.
        on: Date,
        /// The last day in the file.
        declared: Date,
    },
    /// A word that is not known.
    UnknownStatus(String),
    /// Two rows that say different things.
    Contradiction {
        /// The line of the other row.
        other_line: u64,
    },
}

/// The members file against an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// Declared people.
    pub declared: usize,
    /// Rows of the export that name somebody.
    pub rows: usize,
    /// Rows whose address nobody declared has: never added.
    pub strangers: usize,
    /// What the export says about declared people, those who have left first.
    pub findings: Vec<Finding>,
    /// Declared people who are not in the export: reported, never written.
    pub absent: Vec<Email>,
    /// Rows that cannot be read.
    pub bad_rows: Vec<BadRow>,
    /// What `--write` does, in order; never more people than `revocations_max`.
    pub edits: Vec<Edit>,
    /// Required owners whom the export would take access from: only a person may.
    pub required_owners: Vec<Email>,
    /// People for a later run, because `revocations_max` are edited in this one.
    pub deferred: usize,
}

/// Compares an export (CSV or JSON lines) with the members file.
///
/// # Errors
///
/// [`CompareRefusal`] where the export as a whole cannot be trusted.
pub fn compare(
    desired: &DesiredRoster,
    export: &str,
    options: &CompareOptions,
    today: Date,
) -> Result<Comparison, CompareRefusal> {
    let (rows, bad_rows) = rows::read(export, &options.columns)?;
    let mut by_email: BTreeMap<&Email, Vec<&Row>> = BTreeMap::new();
    for row in &rows {
        by_email.entry(&row.email).or_default().push(row);
    }
    let mut findings = Vec::new();
    let mut absent = Vec::new();
    let mut known: BTreeSet<&Email> = BTreeSet::new();
    for entry in desired.members.values() {
        let addresses = std::iter::once(&entry.email).chain(&entry.aliases);
        let found: Vec<&Row> = addresses
            .filter_map(|address| by_email.get_key_value(address))
            .flat_map(|(address, rows)| {
                known.insert(address);
                rows.iter().copied()
            })
            .collect();
        if found.is_empty() {
            absent.push(entry.email.clone());
        }
        findings.extend(finding(entry, &found, options, today));
    }
    let declared = desired.members.len();
    let found = declared - absent.len();
    if found * 10 < declared * FOUND_OF_TEN_MIN {
        return Err(CompareRefusal::TooFewFound { found, declared });
    }
    findings.sort_by_key(|finding| (finding.says.rank(), finding.email.clone()));
    let mut comparison = Comparison {
        declared,
        rows: rows.len(),
        strangers: rows
            .iter()
            .filter(|row| !known.contains(&row.email))
            .count(),
        findings,
        absent,
        bad_rows,
        edits: Vec::new(),
        required_owners: Vec::new(),
        deferred: 0,
    };
    comparison.decide(desired, today);
    Ok(comparison)
}

fn finding(entry: &Entry, rows: &[&Row], options: &CompareOptions, today: Date) -> Option<Finding> {
    let said: Vec<(&Row, Option<Says>)> = rows
        .iter()
        .map(|row| (*row, says(entry, row, options, today)))
        .collect();
    let (first, says) = said.first()?;
    let other = said.iter().find(|(_, other)| other != says);
    let says = match other {
        Some((other, _)) => Says::Contradiction {
            other_line: other.line,
        },
        None => says.clone()?,
    };
    Some(Finding {
        email: entry.email.clone(),
        says,
        alias: (first.email != entry.email).then(|| first.email.clone()),
        line: first.line,
    })
}

/// What one row says about a person; `None`: that nothing changes.
fn says(entry: &Entry, row: &Row, options: &CompareOptions, today: Date) -> Option<Says> {
    let Row {
        line: _,
        email: _,
        status,
        end,
    } = row;
    let left = LEFT.contains(&status.as_str()) || options.left_words.contains(status);
    let over = end.filter(|end| *end < today);
    if left || over.is_some() {
        return Some(Says::Left {
            status: left.then(|| status.clone()),
            on: over,
        });
    }
    if !PRESENT.contains(&status.as_str()) {
        return Some(Says::UnknownStatus(status.clone()));
    }
    let on = (*end)?;
    if let Some(declared) = entry.expires.filter(|declared| *declared < today) {
        return Some(Says::Renewed { on, declared });
    }
    (entry.expires != Some(on)).then_some(Says::Ends {
        on,
        declared: entry.expires,
    })
}

impl Says {
    fn rank(&self) -> u8 {
        match self {
            Self::Left { status: _, on: _ } => 0,
            Self::Ends { on: _, declared: _ } => 1,
            Self::Renewed { on: _, declared: _ } => 2,
            Self::UnknownStatus(_) => 3,
            Self::Contradiction { other_line: _ } => 4,
        }
    }
}

impl Comparison {
    /// Turns findings into edits, as far as they may be written.
    fn decide(&mut self, desired: &DesiredRoster, today: Date) {
        let people_max = usize::try_from(desired.guardrails.revocations_max).unwrap_or(usize::MAX);
        for finding in &self.findings {
            let Some(edit) = edit(finding, today) else {
                continue;
            };
            if desired.guardrails.required_owners.contains(&finding.email) {
                self.required_owners.push(finding.email.clone());
            } else if self.edits.len() == people_max {
                self.deferred += 1;
            } else {
                self.edits.push(edit);
            }
        }
    }
}

fn edit(finding: &Finding, today: Date) -> Option<Edit> {
    let email = finding.email.clone();
    match &finding.says {
        Says::Left { status, on } => Some(Edit::Remove {
            email,
            tombstone: Some(Tombstone {
                // The last day is a day of access, so they are gone since the next one; without it, since now at the
                // latest, because a tombstone without a day is never old.
                since: on.map_or(Some(today), |day| day.tomorrow().ok()),
                ticket: None,
                reason: status
                    .as_ref()
                    .map(|word| format!("{word}, says the people system")),
            }),
            if_present: false,
        }),
        Says::Ends { on, declared: _ } => Some(Edit::Set {
            email,
            fields: Fields {
                expires: Setting::To(*on),
                ..Fields::default()
            },
            if_present: false,
        }),
        Says::Renewed { on: _, declared: _ }
        | Says::UnknownStatus(_)
        | Says::Contradiction { other_line: _ } => None,
    }
}
