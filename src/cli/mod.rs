//! The command line: arguments, files, the environment and the terminal.
//!
//! Everything below this module is told what it needs; only here the environment is read and something printed.
//! Standard output is the result, standard error the way to it; a command returns its [`Exit`] or one `Failure`,
//! which is printed once, at the top. Usage errors exit 64, because clap's own 2 would read as "changes are pending".
//!
//! The admin key comes from `OPENAI_ADMIN_KEY` or a file, never from an argument, which every user of the machine
//! could read. There are no child processes, so none can inherit it.
#![expect(
    clippy::doc_markdown,
    reason = "doc comments of arguments are help texts, where backticks are noise"
)]

mod apply;
mod base;
mod board;
mod check;
mod completions;
mod confirm;
mod connect;
mod decide;
mod demo;
mod documents;
mod drift;
mod environment;
mod execute;
mod export;
mod failure;
mod files;
mod fmt;
mod forms;
#[cfg(test)]
mod growth_tests;
mod history;
mod impact;
mod list;
mod live;
mod logging;
mod look;
mod man;
mod members;
mod offline;
mod panic_hook;
mod plan;
mod progress;
mod provider;
mod reviewed;
mod rewrite;
mod schema;
mod signals;
mod simulate;
mod snapshot;
mod status;
mod terminal;
mod watch;

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use self::environment::Environment;
use self::failure::Failure;
use self::logging::GlobalArgs;
pub use self::panic_hook::install as install_panic_hook;
use crate::outcome::Exit;

/// Keep the members of an OpenAI organization exactly equal to a file
///
/// members.toml declares who may be in the organization. `plan` shows what differs from the live roster and `apply`
/// makes it so: whoever is not declared is removed, within guardrails, at the pace the API allows, with a journal and
/// a verification at the end.
#[derive(Debug, Parser)]
// The name is not that of the file that was started, which is rosterctl.exe elsewhere.
#[command(name = "rosterctl", bin_name = "rosterctl", version, max_term_width = 100, after_help = afterword())]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: GlobalArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::CheckArgs),
    Plan(plan::PlanArgs),
    Apply(apply::ApplyArgs),
    Drift(drift::DriftArgs),
    List(list::ListArgs),
    Snapshot(snapshot::SnapshotArgs),
    Export(export::ExportArgs),
    Members(members::MembersArgs),
    Fmt(fmt::FmtArgs),
    Schema(schema::SchemaArgs),
    Completions(completions::CompletionsArgs),
    #[command(hide = true)]
    Man(man::ManArgs),
    Simulate(simulate::SimulateArgs),
    Demo(demo::DemoArgs),
}

/// Runs a command line, its first part the program's name, and returns the process's exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    install_panic_hook();
    // The hook has said what there is to say; a bug is a failure like any other for whoever started the program.
    let exit = catch_unwind(AssertUnwindSafe(|| run(arguments))).unwrap_or(Exit::Failure);
    ExitCode::from(exit.code())
}

/// The variables that this program heeds by itself.
const ENVIRONMENT: &str = "Environment:
  OPENAI_ADMIN_KEY   the admin key; or name a file with --admin-key-file
  OPENAI_BASE_URL    the API's base; a host of your own needs --api-host as well
  OPENAI_ORG_ID      refuses if it is not the file's organization
  ROSTERCTL_FREEZE   a reason here stops every apply";

/// The environment and the exit codes, as the help ends with them.
fn afterword() -> String {
    let lines = Exit::ALL.map(|exit| format!("  {:<3} {}", exit.code(), exit.meaning()));
    format!("{ENVIRONMENT}\n\nExit codes:\n{}", lines.join("\n"))
}

fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let Cli { command, global } = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return terminal::usage(&error),
    };
    global.install();
    match Environment::read().and_then(|environment| command.run(&environment)) {
        Ok(exit) => exit,
        Err(failure) => failure.report(),
    }
}

impl Command {
    fn run(self, environment: &Environment) -> Result<Exit, Failure> {
        match self {
            Self::Check(args) => check::run(&args),
            Self::Plan(args) => wait_for(plan::run(&args, environment)),
            Self::Apply(args) => wait_for(apply::run(&args, environment)),
            Self::Drift(args) => wait_for(drift::run(&args, environment)),
            Self::List(args) => wait_for(list::run(&args, environment)),
            Self::Snapshot(args) => wait_for(snapshot::run(&args, environment)),
            Self::Export(args) => wait_for(export::run(&args, environment)),
            Self::Members(args) => members::run(&args, environment),
            Self::Fmt(args) => fmt::run(&args),
            Self::Schema(args) => schema::run(&args),
            Self::Completions(args) => completions::run(&args),
            Self::Man(args) => man::run(&args),
            Self::Demo(args) => wait_for(demo::run(&args)),
            Self::Simulate(args) => wait_for(simulate::run(&args)),
        }
    }
}

/// Runs a command that talks to the network.
fn wait_for(command: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder
        .enable_all()
        .build()
        .map_err(|source| Failure::caused("the asynchronous runtime does not start", source))?;
    let exit = runtime.block_on(async {
        signals::outlive_file_limit()?;
        command.await
    });
    // A name that is still being resolved must not hold back a person who pressed Ctrl-C.
    runtime.shutdown_background();
    exit
}

/// The day it is (UTC), for commands that do not ask the provider.
fn today() -> Date {
    Timestamp::now().to_zoned_datetime(TimeZone::UTC).date()
}
