//! `members add`.

use clap::Args;
use clap::builder::ValueParser;

use super::super::failure::Failure;
use super::super::rewrite::EditArgs;
use super::people::{FieldArgs, Who, who};
use crate::desired::Edit;
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
        if_absent,
        edit,
    } = args;
    let fields = fields.fields(who)?;
    let (file, _) = edit.read()?;
    let edits: Vec<Edit> = who
        .all()?
        .into_iter()
        .map(|email| Edit::Add {
            email,
            fields: fields.clone(),
            if_absent: *if_absent,
        })
        .collect();
    edit.make(&file, &edits)
}
