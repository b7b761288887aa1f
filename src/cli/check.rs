//! `check`: is the members file right. Offline.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;

use super::failure::Failure;
use super::files::{MEMBERS_FILE, MembersFile, shown};
use super::terminal;
use crate::desired::{DesiredRoster, diagnostics};
use crate::outcome::Exit;
use crate::render::Paint;

/// Check the members file, offline
///
/// Reports everything that is wrong with the file at once, each with its line and column, and exits 1. Neither the
/// network nor a key is needed.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Members file
    #[arg(value_name = "FILE", default_value = MEMBERS_FILE)]
    file: PathBuf,

    /// Set the form of the result
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: CheckFormat,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum CheckFormat {
    /// For people
    #[default]
    Text,
}

/// Checks the file.
pub(super) fn run(args: &CheckArgs) -> Result<Exit, Failure> {
    let CheckArgs { file, format } = args;
    let CheckFormat::Text = format;
    let file = MembersFile::read(file)?;
    let desired = match file.parse() {
        Ok(desired) => desired,
        Err(violations) => {
            let coloured = terminal::paint_out() == Paint::Coloured;
            let text = diagnostics::render(&violations, &file.sources, coloured);
            terminal::print(&(text + "\n"))?;
            return Err(file.invalid(&violations));
        }
    };
    let today = jiff::Timestamp::now()
        .to_zoned_datetime(TimeZone::UTC)
        .date();
    for warning in desired.warnings(today) {
        terminal::say(&format!("warning: {warning}"));
    }
    let active = desired.active(today).count();
    terminal::print(&format!(
        "{}: ok, {}\n",
        shown(&file.path),
        summary(&desired, active)
    ))?;
    Ok(Exit::Converged)
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
