//! `check`: is the members file right. Offline.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::builder::ValueParser;
use clap::{Args, ValueEnum};
use jiff::civil::Date;

use super::failure::Failure;
use super::files::{MEMBERS_FILE, MembersFile, shown};
use super::members::day;
use super::{documents, terminal, today};
use crate::desired::{DesiredRoster, EXPIRY_NOTICE_DAYS, Violation, diagnostics};
use crate::document::CheckDocument;
use crate::outcome::Exit;
use crate::render::{self, Paint};

/// Check the members file, offline
///
/// Reports everything that is wrong with the file at once, each with its line and column, and exits 1. Says whose
/// access ends soon. Neither the network nor a key is needed.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Members file
    #[arg(value_name = "FILE", default_value = MEMBERS_FILE)]
    file: PathBuf,

    /// Announce expiries of the next so many days
    #[arg(long, value_name = "DAYS", default_value_t = EXPIRY_NOTICE_DAYS)]
    expiry_notice_days: u32,

    /// Show what will have lapsed on a later day
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = ValueParser::from(day))]
    as_of: Option<Date>,

    /// Set the form of the result
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: CheckFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum CheckFormat {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
    /// For GitHub Actions: an annotation on each line
    Github,
}

/// Checks the file.
pub(super) fn run(args: &CheckArgs) -> Result<Exit, Failure> {
    let CheckArgs {
        file,
        expiry_notice_days,
        as_of,
        format,
    } = args;
    let file = MembersFile::read(file)?;
    let name = file.path.display().to_string();
    let desired = match file.parse() {
        Ok(desired) => desired,
        Err(violations) => {
            let document = CheckDocument::invalid(&name, &violations);
            print(*format, &document, || diagnosed(&file, &violations))?;
            return Err(file.invalid(&violations));
        }
    };
    let today = today();
    let (expiring, day) = match as_of {
        Some(day) => (desired.lapsing(today, *day), *day),
        None => (desired.expiring(today, *expiry_notice_days), today),
    };
    let document = CheckDocument::valid(&name, &desired, day, &expiring);
    if *format != CheckFormat::Text {
        print(*format, &document, String::new)?;
        return Ok(Exit::Converged);
    }
    for warning in &document.warnings {
        terminal::say(&format!("warning: {warning}"));
    }
    for expiry in &expiring {
        terminal::say(&format!("notice: {expiry}"));
    }
    let active = desired.active(day).count();
    let summary = summary(&desired, active);
    let when = as_of.map_or_else(String::new, |day| format!(" as of {day}"));
    terminal::print(&format!("{}: ok, {summary}{when}\n", shown(&file.path)))?;
    Ok(Exit::Converged)
}

fn print(
    format: CheckFormat,
    document: &CheckDocument,
    text: impl FnOnce() -> String,
) -> Result<(), Failure> {
    match format {
        CheckFormat::Text => terminal::print(&text()),
        CheckFormat::Json => terminal::print_as_is(&documents::json(document)?),
        CheckFormat::Github => terminal::print(&render::check_github(document)),
    }
}

fn diagnosed(file: &MembersFile, violations: &[Violation]) -> String {
    let coloured = terminal::paint_out() == Paint::Coloured;
    diagnostics::render(violations, &file.sources, coloured) + "\n"
}

/// `12 members of org-AbC123, 1 of them expired, 2 departed`.
fn summary(desired: &DesiredRoster, active: usize) -> String {
    let declared = desired.members.len();
    let mut text = match declared {
        1 => format!("1 member of {}", desired.organization.id),
        _ => format!("{declared} members of {}", desired.organization.id),
    };
    if active < declared {
        let _ = write!(text, ", {} of them expired", declared - active);
    }
    if !desired.departed.is_empty() {
        let _ = write!(text, ", {} departed", desired.departed.len());
    }
    text
}
