//! `man`: the manual pages, one for the program and one for each command.
//!
//! Packagers run it once for a release, so it is no part of the help. A page is made from the definition that parses
//! the arguments and holds no date: the same version makes the same bytes.

use std::fs;
use std::path::PathBuf;

use clap::{Args, CommandFactory as _};

use super::Cli;
use super::failure::Failure;
use super::files;
use crate::outcome::Exit;

/// Write the manual pages into a folder
///
/// One page for the program and one for each command, in section 1.
#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// The folder, made if it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Writes the pages.
pub(super) fn run(args: &ManArgs) -> Result<Exit, Failure> {
    fs::create_dir_all(&args.out)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), &args.out))
        .map_err(|error| {
            let folder = files::shown(&args.out);
            Failure::caused(format!("cannot write the manual pages to {folder}"), error)
        })?;
    Ok(Exit::Converged)
}
