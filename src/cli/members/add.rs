//! `members add`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::ValueParser;

use super::super::failure::Failure;
use super::super::files::MembersFile;
use super::super::rewrite::EditArgs;
use super::people::{FieldArgs, Who, who};
use crate::desired::{Edit, Source};
use crate::outcome::Exit;

/// Declare a person
///
/// The line goes where a sorted section stays sorted. Nothing is sent: `apply` invites, after a review.
#[derive(Debug, Args)]
pub(super) struct AddArgs {
    /// Address, or `-` for one address per line on standard input
    #[arg(value_name = "EMAIL", value_parser = ValueParser::from(who))]
    who: Who,

    #[command(flatten)]
    fields: FieldArgs,

    /// Write into an included file instead of the members file itself
    #[arg(long, value_name = "FILE")]
    into: Option<PathBuf>,

    /// Leave people as they are who are declared already
    #[arg(long)]
    if_absent: bool,

    #[command(flatten)]
    edit: EditArgs,
}

pub(super) fn run(args: &AddArgs) -> Result<Exit, Failure> {
    let AddArgs {
        who,
        fields,
        into,
        if_absent,
        edit,
    } = args;
    let fields = fields.fields(who)?;
    let (file, _) = edit.read()?;
    let into = into.as_deref().map(|into| source_name(&file, into));
    let edits: Vec<Edit> = who
        .all()?
        .into_iter()
        .map(|email| Edit::Add {
            email,
            fields: fields.clone(),
            into: into.clone(),
            if_absent: *if_absent,
        })
        .collect();
    edit.make(&file, &edits)
}

/// The name that a file has among those of the members file, however it was written.
fn source_name(file: &MembersFile, path: &Path) -> String {
    let is_it = |source: &&Source| {
        let found = fs::canonicalize(&source.name).ok();
        found.is_some() && found == fs::canonicalize(path).ok()
    };
    let source = file.sources.iter().find(is_it);
    source.map_or_else(|| path.display().to_string(), |source| source.name.clone())
}
