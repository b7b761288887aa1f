//! `members prune`.

use clap::Args;

use super::super::failure::Failure;
use super::super::rewrite::EditArgs;
use super::super::today;
use crate::desired::Edit;
use crate::outcome::Exit;

/// Move entries that expired more than 30 days ago to the departed
#[derive(Debug, Args)]
pub(super) struct PruneArgs {
    /// Also drop tombstones that are more days old, at least 365; those without a date stay
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(365..=36_500))]
    tombstones_older_than: Option<u32>,

    #[command(flatten)]
    edit: EditArgs,
}

pub(super) fn run(args: &PruneArgs) -> Result<Exit, Failure> {
    let PruneArgs {
        tombstones_older_than,
        edit,
    } = args;
    let (file, _) = edit.read()?;
    let prune = Edit::Prune {
        today: today(),
        tombstones_older_than: *tombstones_older_than,
    };
    edit.make(&file, &[prune])
}
