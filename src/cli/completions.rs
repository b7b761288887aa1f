//! `completions`: what a shell has to know to complete a command line.
//!
//! The scripts are made from the very definition that parses the arguments, so they know every option of this version
//! and no other; none of them starts the program while somebody types.

use clap::{Args, CommandFactory as _};
use clap_complete::{Shell, generate};

use super::Cli;
use super::failure::Failure;
use super::terminal;
use crate::outcome::Exit;

/// Print the script that lets a shell complete commands and options
///
/// Put it where the shell looks for such scripts and start the shell anew:
///
/// bash: rosterctl completions bash > ~/.local/share/bash-completion/completions/rosterctl
///
/// zsh: rosterctl completions zsh > FOLDER/_rosterctl, with a FOLDER of $fpath
///
/// fish: rosterctl completions fish > ~/.config/fish/completions/rosterctl.fish
///
/// PowerShell: rosterctl completions powershell >> $PROFILE
///
/// elvish: rosterctl completions elvish >> ~/.config/elvish/rc.elv
#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// Of which shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// Prints the script.
pub(super) fn run(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    // The generator panics where it cannot write, so it writes to memory; a closed pipe is silent, as everywhere.
    let mut script = Vec::new();
    generate(args.shell, &mut command, name, &mut script);
    let script = String::from_utf8(script)
        .map_err(|error| Failure::caused("the script is not UTF-8", error))?;
    terminal::print_as_is(&script)?;
    Ok(Exit::Converged)
}
