//! `plan`: what differs, and what an apply would do about it. Changes nothing, has nothing in reach that could.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::ValueParser;

use super::connect::{ProviderArgs, shell_word};
use super::documents::{Format, Output, OutputArgs};
use super::environment::Environment;
use super::failure::Failure;
use super::files::{MEMBERS_FILE, MembersFile};
use super::look::{Look, Planned, Run, Standing, unaccepted};
use super::terminal;
use crate::desired::EXPIRY_NOTICE_DAYS;
use crate::document::PlanDocument;
use crate::guardrail::{Acceptance, frozen};
use crate::outcome::Exit;
use crate::plan::effect;
use crate::render;
use crate::render::safe::Shown;

/// Show the changes that would make the organization match the file
///
/// Reads the live roster and prints the plan, with what the guardrails say about it and what an apply would cost.
/// Never changes anything.
#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    /// Members file
    #[arg(value_name = "FILE", default_value = MEMBERS_FILE)]
    file: PathBuf,

    /// Add a unified diff of the roster
    #[arg(long)]
    diff: bool,

    /// Exit 2 when changes are pending or withheld
    #[arg(long)]
    detailed_exitcode: bool,

    /// Announce expiries of the next so many days
    #[arg(long, value_name = "DAYS", default_value_t = EXPIRY_NOTICE_DAYS)]
    expiry_notice_days: u32,

    #[command(flatten)]
    accept: AcceptArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    provider: ProviderArgs,
}

/// One-shot overrides of guardrails.
#[derive(Debug, Args)]
pub(super) struct AcceptArgs {
    /// Accept breaches of exactly this plan, as the plan prints it
    #[arg(long = "accept", value_name = "PLAN_ID:BREACH[,BREACH]", value_parser = ValueParser::from(Acceptance::parse))]
    pub(super) acceptances: Vec<Acceptance>,
}

/// Shows the plan.
pub(super) async fn run(args: &PlanArgs, environment: &Environment) -> Result<Exit, Failure> {
    let PlanArgs {
        file,
        diff,
        detailed_exitcode,
        expiry_notice_days,
        accept,
        output,
        provider,
    } = args;
    if *diff && output.format == Format::Json {
        let failure = Failure::new("--diff is text, and --format json was asked for");
        return Err(failure
            .hint("take one of them out; --out FILE writes the JSON beside the text")
            .exit(Exit::Usage));
    }
    let command = apply_command(file, provider);
    let file = MembersFile::read(file)?;
    let desired = file.declared()?;
    let mut run = Run::new(&file, desired, provider, &accept.acceptances, environment)?;
    run.expiry_notice_days = *expiry_notice_days;
    let mut output = output.open()?;
    if let Some(frozen) = frozen(&run.desired, environment.freeze.as_deref()) {
        terminal::say(&format!("warning: {}", Shown::sentence(&frozen.message)));
    }
    match run.look().await? {
        Look::Plan(planned) => {
            write_plan(&mut output, &planned, &command, *diff)?;
            exit(&planned, *detailed_exitcode)
        }
        Look::NoPlan(sheet) => {
            output.write(&PlanDocument::new(&sheet.view(None)), || {
                sheet.text(None, terminal::paint_out())
            })?;
            Ok(Exit::Refused)
        }
    }
}

fn exit(planned: &Planned, detailed: bool) -> Result<Exit, Failure> {
    match &planned.standing {
        Standing::Approved(_) if detailed && !planned.sheet.is_settled() => Ok(Exit::Pending),
        Standing::Approved(_) => Ok(Exit::Converged),
        Standing::Refused => Ok(Exit::Refused),
        Standing::Unaccepted(fault) => Err(unaccepted(fault)),
    }
}

fn write_plan(
    output: &mut Output,
    planned: &Planned,
    command: &str,
    with_diff: bool,
) -> Result<(), Failure> {
    let view = planned.sheet.view(Some(command));
    output.write(&PlanDocument::new(&view), || {
        let paint = terminal::paint_out();
        let mut text = planned.sheet.text(Some(command), paint);
        if with_diff {
            let live = &planned.observed.live;
            let after = effect(live, &planned.sheet.judgement.actions);
            let diff = render::diff(live, &after, paint);
            if !diff.is_empty() {
                text += "\n";
                text += &diff;
            }
        }
        text
    })
}

/// The command that applies the plan of these arguments.
pub(super) fn apply_command(file: &Path, provider: &ProviderArgs) -> String {
    let mut command = "rosterctl apply".to_owned();
    if file != Path::new(MEMBERS_FILE) {
        command += " ";
        command += &shell_word(&file.display().to_string());
    }
    command + &provider.repeated()
}
