//! `plan`: what differs, and what an apply would do about it. Changes nothing, has nothing in reach that could.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::ValueParser;

use super::connect::{ProviderArgs, shell_word};
use super::documents::{Format, Output, OutputArgs};
use super::environment::Environment;
use super::failure::Failure;
use super::files::{MEMBERS_FILE, MembersFile};
use super::forms::PlanForms;
use super::impact::ImpactWish;
use super::look::{Look, Planned, Run, Standing, idle, unaccepted};
use super::{base, offline, terminal};
use crate::desired::EXPIRY_NOTICE_DAYS;
use crate::guardrail::{Acceptance, frozen};
use crate::outcome::Exit;
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

    /// Plan from a roster that `snapshot` wrote: no key, no request
    #[arg(long, value_name = "SNAPSHOT", conflicts_with_all = ["impact", "require_history"])]
    roster: Option<PathBuf>,

    /// The file before the change: show what the change loosens, judge by the stricter guardrails
    #[arg(long, value_name = "OLD_FILE")]
    base: Option<PathBuf>,

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

    /// Refuse to revoke when neither the audit log nor a journal says what was revoked this week
    #[arg(long)]
    pub(super) require_history: bool,

    /// Read the keys and members of every project, to show what removals break
    #[arg(long)]
    pub(super) impact: bool,
}

/// Shows the plan.
pub(super) async fn run(args: &PlanArgs, environment: &Environment) -> Result<Exit, Failure> {
    let has_no_text = args.output.format != Format::Text && args.output.markdown_out.is_none();
    if args.diff && has_no_text {
        let failure = Failure::new("--diff is text, and another --format was asked for");
        return Err(failure
            .hint("take one of them out; --out FILE writes the JSON beside the text")
            .exit(Exit::Usage));
    }
    let read: Vec<&Path> = [&args.base, &args.roster]
        .into_iter()
        .flatten()
        .map(PathBuf::as_path)
        .collect();
    let mut output = args.output.open(&args.file, &read, environment)?;
    let shown = show(args, environment, &mut output).await;
    output.end(shown)
}

async fn show(
    args: &PlanArgs,
    environment: &Environment,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let PlanArgs {
        file,
        roster,
        base,
        diff,
        detailed_exitcode,
        expiry_notice_days,
        accept,
        output: _,
        provider,
    } = args;
    let mut command = apply_command(file, provider);
    if accept.require_history {
        command += " --require-history";
    }
    let file = MembersFile::read(file)?;
    let mut desired = file.declared()?;
    let loosened = match base {
        Some(base) => base::compare(base, &file, &mut desired)?,
        None => Vec::new(),
    };
    if let Some(frozen) = frozen(&desired, environment.freeze.as_deref()) {
        terminal::say(&format!("warning: {}", Shown::sentence(&frozen.message)));
    }
    let (acceptances, days) = (&accept.acceptances, *expiry_notice_days);
    let look = if let Some(snapshot) = roster {
        offline::look(snapshot, &file, &desired, acceptances, days, environment)?
    } else {
        let mut run = Run::new(&file, desired, provider, acceptances, environment)?;
        run.expiry_notice_days = days;
        run.require_history = accept.require_history;
        run.impact = ImpactWish::of_flag(accept.impact);
        run.look().await?
    };
    match look {
        Look::Plan(mut planned) => {
            planned.sheet.of_change(loosened);
            output.write(&PlanForms {
                sheet: &planned.sheet,
                apply: Some(&command),
                diff: diff.then_some(&planned.observed.live),
            })?;
            exit(&planned, *detailed_exitcode)
        }
        Look::NoPlan(mut sheet) => {
            sheet.of_change(loosened);
            output.write(&PlanForms {
                sheet: &sheet,
                apply: None,
                diff: None,
            })?;
            Ok(Exit::Refused)
        }
    }
}

fn exit(planned: &Planned, detailed: bool) -> Result<Exit, Failure> {
    match &planned.standing {
        Standing::Approved(_) if detailed && !planned.sheet.is_settled() => Ok(Exit::Pending),
        Standing::Approved(_) => Ok(Exit::Converged),
        Standing::Stale => Ok(Exit::Stale),
        Standing::Refused => Ok(Exit::Refused),
        Standing::Idle(people) => Err(idle(people)),
        Standing::Unaccepted(fault) => Err(unaccepted(fault)),
    }
}

/// The command that applies the plan of these arguments.
pub(super) fn apply_command(file: &Path, provider: &ProviderArgs) -> String {
    command("apply", file, provider)
}

/// A command about the organization of these arguments.
pub(super) fn command(name: &str, file: &Path, provider: &ProviderArgs) -> String {
    let mut command = format!("rosterctl {name}");
    if file != Path::new(MEMBERS_FILE) {
        command += " ";
        command += &shell_word(&file.display().to_string());
    }
    command + &provider.repeated()
}
