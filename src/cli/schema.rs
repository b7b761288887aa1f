//! `schema`: the published JSON Schemas.

use clap::{Args, ValueEnum};

use super::failure::Failure;
use super::terminal;
use crate::desired;
use crate::document;
use crate::outcome::Exit;
use crate::render;

/// Print a JSON Schema, of the members file or of a document
///
/// Editors complete and check the members file while it is typed: write the schema beside it,
/// `rosterctl schema members > members.schema.json`, and name it in the file's first line,
/// `#:schema ./members.schema.json`.
#[derive(Debug, Args)]
pub(super) struct SchemaArgs {
    /// Of what
    #[arg(value_enum, value_name = "NAME")]
    name: SchemaName,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SchemaName {
    /// The members file
    Members,
    /// A file that the members file includes
    Included,
    /// The document of `plan`
    Plan,
    /// The document of `apply`
    Report,
    /// The document of `drift`
    Drift,
    /// The document of `list`
    Roster,
    /// The document of `snapshot`
    Snapshot,
    /// The document of `check`
    Check,
    /// The document of `members list`
    Declared,
}

/// Prints the schema.
pub(super) fn run(args: &SchemaArgs) -> Result<Exit, Failure> {
    let schema = match args.name {
        SchemaName::Members => desired::members_schema(),
        SchemaName::Included => desired::included_schema(),
        SchemaName::Plan => document::plan_schema(),
        SchemaName::Report => document::report_schema(),
        SchemaName::Drift => document::drift_schema(),
        SchemaName::Roster => document::roster_schema(),
        SchemaName::Snapshot => document::snapshot_schema(),
        SchemaName::Check => document::check_schema(),
        SchemaName::Declared => document::declared_schema(),
    };
    let text = render::json(&schema)
        .map_err(|error| Failure::caused("the schema cannot be written as JSON", error))?;
    terminal::print_as_is(&text)?;
    Ok(Exit::Converged)
}
