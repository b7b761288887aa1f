//! `members remove`.

use clap::Args;
use clap::builder::ValueParser;

use super::super::failure::Failure;
use super::super::rewrite::EditArgs;
use super::super::today;
use super::people::{Who, text, who};
use crate::desired::{Edit, Tombstone};
use crate::outcome::Exit;

/// Take a person out of the file
///
/// With --departed the entry becomes a tombstone: the person is removed whatever the policy says, and never invited
/// again. Without it they are somebody whom the file does not name.
#[derive(Debug, Args)]
pub(super) struct RemoveArgs {
    /// Address, or `-` for one address per line on standard input
    #[arg(value_name = "EMAIL", value_parser = ValueParser::from(who))]
    who: Who,

    /// Set a tombstone, as of today
    #[arg(long)]
    departed: bool,

    /// Ticket for the tombstone
    #[arg(long, value_name = "TEXT", requires = "departed", value_parser = ValueParser::from(text))]
    ticket: Option<String>,

    /// Reason for the tombstone
    #[arg(long, value_name = "TEXT", requires = "departed", value_parser = ValueParser::from(text))]
    reason: Option<String>,

    /// Pass over people who are not declared
    #[arg(long)]
    if_present: bool,

    #[command(flatten)]
    edit: EditArgs,
}

pub(super) fn run(args: &RemoveArgs) -> Result<Exit, Failure> {
    let RemoveArgs {
        who,
        departed,
        ticket,
        reason,
        if_present,
        edit,
    } = args;
    let tombstone = departed.then(|| Tombstone {
        since: Some(today()),
        ticket: ticket.clone(),
        reason: reason.clone(),
    });
    let (file, _) = edit.read()?;
    let edits: Vec<Edit> = who
        .all()?
        .into_iter()
        .map(|email| Edit::Remove {
            email,
            tombstone: tombstone.clone(),
            if_present: *if_present,
        })
        .collect();
    edit.make(&file, &edits)
}
