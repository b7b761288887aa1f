//! `fmt`: the members file in its canonical layout.

use std::path::PathBuf;

use clap::Args;

use super::failure::Failure;
use super::files::{MEMBERS_FILE, MembersFile};
use super::rewrite::{diff, refused, rewrite};
use super::terminal;
use crate::desired::{Source, format};
use crate::outcome::Exit;

/// Lay out the members file: owners first, then by address, one aligned line each
///
/// Comments stay with their entries, sections between blank lines stay where they are, and what is not a person is
/// not touched. Included files are laid out too.
#[derive(Debug, Args)]
pub(super) struct FmtArgs {
    /// Members file
    #[arg(value_name = "FILE", default_value = MEMBERS_FILE)]
    file: PathBuf,

    /// Show what would change, write nothing, and exit 1 if anything would
    #[arg(long)]
    check: bool,
}

/// Lays out the file.
pub(super) fn run(args: &FmtArgs) -> Result<Exit, Failure> {
    let FmtArgs { file, check } = args;
    let file = MembersFile::read(file)?;
    let after = format(&file.sources).map_err(|error| refused(&file, error))?;
    if !check {
        return rewrite(&file, &after, false);
    }
    let differs = |(before, after): &(&Source, &Source)| before.text != after.text;
    let changed: Vec<_> = file.sources.iter().zip(&after).filter(differs).collect();
    if changed.is_empty() {
        return Ok(Exit::Converged);
    }
    terminal::print(&diff(&changed))?;
    let failure = Failure::new(format!("{} is not laid out", file.path.display()));
    Err(failure.hint("lay it out with: rosterctl fmt"))
}
