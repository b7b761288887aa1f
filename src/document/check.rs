//! The document of a checked members file: what is wrong with it, what deserves a word, and whose access ends soon.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FORMAT_VERSION, PlaceDocument};
use crate::desired::{DesiredRoster, Expiry, Label, Violation};

/// A members file, checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CheckDocument {
    /// The version of this format. A reader refuses a newer one.
    pub format_version: u32,
    /// The file, as it was named to the program.
    pub file: String,
    /// Everything that is wrong, by place; empty: the file is valid.
    pub violations: Vec<ViolationDocument>,
    /// What is allowed and probably not meant, one sentence each.
    pub warnings: Vec<String>,
    /// Whose access ends soon, the nearest first.
    pub expiring: Vec<ExpiryDocument>,
    /// Declared people; null where the file has violations.
    pub members: Option<usize>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ViolationDocument {
    /// What is wrong.
    pub message: String,
    /// Where it begins.
    pub place: PlaceDocument,
    /// The way out, where there is an obvious one.
    pub help: Option<String>,
    /// Other places that it is about.
    pub related: Vec<RelatedDocument>,
}

/// Another place that a violation is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RelatedDocument {
    /// What is there.
    pub message: String,
    /// Where it begins.
    pub place: PlaceDocument,
}

/// A declared person whose access ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExpiryDocument {
    /// Whose.
    pub email: String,
    /// The last day (UTC) of access, YYYY-MM-DD.
    #[schemars(with = "String", extend("format" = "date"))]
    pub last_day: Date,
    /// Days from the day of the check to the last day.
    pub days_left: i64,
    /// Where the entry is written.
    pub place: PlaceDocument,
}

impl CheckDocument {
    /// Writes what is wrong with a file.
    pub fn invalid(file: &str, violations: &[Violation]) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            file: file.to_owned(),
            violations: violations.iter().map(violation).collect(),
            warnings: Vec::new(),
            expiring: Vec::new(),
            members: None,
        }
    }

    /// Writes what a valid file deserves to have said about it on a day.
    pub fn valid(file: &str, desired: &DesiredRoster, today: Date, expiring: &[Expiry]) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            file: file.to_owned(),
            violations: Vec::new(),
            warnings: desired
                .warnings(today)
                .iter()
                .map(ToString::to_string)
                .collect(),
            expiring: expiring.iter().map(expiry).collect(),
            members: Some(desired.members.len()),
        }
    }
}

fn violation(violation: &Violation) -> ViolationDocument {
    let Violation {
        message,
        place,
        source: _,
        span: _,
        labels,
        help,
    } = violation;
    ViolationDocument {
        message: message.clone(),
        place: PlaceDocument::new(place),
        help: help.clone(),
        related: labels.iter().map(related).collect(),
    }
}

fn related(label: &Label) -> RelatedDocument {
    let Label {
        message,
        place,
        source: _,
        span: _,
    } = label;
    RelatedDocument {
        message: message.clone(),
        place: PlaceDocument::new(place),
    }
}

fn expiry(expiry: &Expiry) -> ExpiryDocument {
    let Expiry {
        last_day,
        email,
        days_left,
        place,
    } = expiry;
    ExpiryDocument {
        email: email.to_string(),
        last_day: *last_day,
        days_left: *days_left,
        place: PlaceDocument::new(place),
    }
}
