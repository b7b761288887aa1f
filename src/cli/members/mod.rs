//! `members`: edits of the members file, one file per command.
//!
//! Each edit is what a person would have typed: nobody else's line changes, the result is checked before it is
//! written, and the diff is shown. Nothing here changes the organization; that is for `apply`, after a review.

mod add;
mod compare;
mod list;
mod people;
mod pin;
mod prune;
mod remove;
mod set;

use clap::{Args, Subcommand};

use super::environment::Environment;
use super::failure::Failure;
use super::wait_for;
use crate::outcome::Exit;
pub(super) use people::day;

/// Edit the people of the members file, or list them
///
/// Comments, order and alignment stay as they are. A file with violations is not edited, and a layout that cannot be
/// kept is refused.
#[derive(Debug, Args)]
pub(super) struct MembersArgs {
    #[command(subcommand)]
    command: MembersCommand,
}

#[derive(Debug, Subcommand)]
enum MembersCommand {
    Add(add::AddArgs),
    Set(set::SetArgs),
    Remove(remove::RemoveArgs),
    Prune(prune::PruneArgs),
    Pin(pin::PinArgs),
    List(list::ListArgs),
    Compare(compare::CompareArgs),
}

/// Runs the command.
pub(super) fn run(args: &MembersArgs, environment: &Environment) -> Result<Exit, Failure> {
    match &args.command {
        MembersCommand::Add(args) => add::run(args),
        MembersCommand::Set(args) => set::run(args),
        MembersCommand::Remove(args) => remove::run(args),
        MembersCommand::Prune(args) => prune::run(args),
        MembersCommand::Pin(args) => wait_for(pin::run(args, environment)),
        MembersCommand::List(args) => list::run(args),
        MembersCommand::Compare(args) => compare::run(args),
    }
}
