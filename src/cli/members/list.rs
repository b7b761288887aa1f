//! `members list`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::super::failure::Failure;
use super::super::files::{MEMBERS_FILE, MembersFile};
use super::super::{documents, terminal, today};
use crate::document::DeclaredDocument;
use crate::outcome::Exit;
use crate::render::{self, redact};

/// List the people whom the file names
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Members file
    #[arg(long, value_name = "FILE", default_value = MEMBERS_FILE)]
    file: PathBuf,

    /// Set the form of the result
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: ListFormat,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum ListFormat {
    /// For people
    #[default]
    Table,
    /// For programs
    Json,
}

pub(super) fn run(args: &ListArgs) -> Result<Exit, Failure> {
    let ListArgs { file, format } = args;
    let desired = MembersFile::read(file)?.declared()?;
    let mut document = DeclaredDocument::new(&desired, today());
    if terminal::redacts() {
        redact::declared(&mut document);
    }
    match format {
        ListFormat::Table => {
            terminal::print(&render::declared_table(&document, terminal::paint_out()))
        }
        ListFormat::Json => terminal::print_as_is(&documents::json(&document)?),
    }?;
    Ok(Exit::Converged)
}
