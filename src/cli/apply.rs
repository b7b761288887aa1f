//! `apply`: observe, show, ask, execute, verify.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use clap::builder::ValueParser;
use jiff::Timestamp;

use super::confirm::{Given, Typed};
use super::connect::{ProviderArgs, shell_word};
use super::decide::{Agreed, Decision, decide};
use super::documents::{Output, OutputArgs};
use super::environment::Environment;
use super::execute::{Executed, Manner, execute};
use super::failure::Failure;
use super::files::{MEMBERS_FILE, MembersFile, shown};
use super::forms::{PlanForms, ReportForms, StaleForms, StayForms};
use super::impact::ImpactWish;
use super::look::{Run, Sheet};
use super::plan::{AcceptArgs, apply_command};
use super::progress::Progress;
use super::{reviewed, terminal};
use crate::desired::DesiredRoster;
use crate::document::ReportView;
use crate::guardrail::frozen;
use crate::outcome::Exit;
use crate::plan::Narrowing;
use crate::provider::Transport;
use crate::render::redact;
use crate::roster::Email;

/// Days since the roster of a reviewed plan was read, at most, where nothing else is said.
const PLAN_AGE_DAYS_MAX: u16 = 7;

/// Make the organization match the file
///
/// Reads the live roster, shows the plan, asks, and executes it: in batches, at the pace the API allows, with the
/// first removal proven before any other. Every request is journalled before it is sent, and at the end the
/// organization is read again. A run that was cut short is read back first.
#[derive(Debug, Args)]
pub(super) struct ApplyArgs {
    /// Members file
    #[arg(value_name = "FILE", default_value = MEMBERS_FILE)]
    file: PathBuf,

    /// Do not ask
    #[arg(long)]
    yes: bool,

    /// Note in the journal what the run belongs to: a commit, a pull request, a CI run
    #[arg(long, value_name = "TEXT")]
    reference: Option<String>,

    /// Do no more than a plan that was reviewed, as `plan --out` wrote it; repeat it for several, which hold together
    #[arg(long = "plan", value_name = "FILE")]
    plans: Vec<PathBuf>,

    /// Refuse a reviewed plan whose roster was read longer ago than this many days
    #[arg(long, value_name = "DAYS", default_value_t = PLAN_AGE_DAYS_MAX, requires = "plans")]
    plan_max_age: u16,

    /// Do no more than what the plan has for this person, by declared or live address; repeat it for several
    #[arg(long, value_name = "EMAIL", value_parser = ValueParser::from(Email::parse))]
    only: Vec<Email>,

    /// Do no more than what takes access: removals, cancelled invites, demotions, revoked keys
    #[arg(long)]
    revocations_only: bool,

    /// Wait this many seconds for the organization to show what was done
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u32).range(..=86_400))]
    verify_timeout: u32,

    #[command(flatten)]
    accept: AcceptArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    provider: ProviderArgs,
}

/// Applies the file.
pub(super) async fn run(args: &ApplyArgs, environment: &Environment) -> Result<Exit, Failure> {
    let read: Vec<&Path> = args.plans.iter().map(PathBuf::as_path).collect();
    let mut output = args.output.open(&args.file, &read, environment)?;
    let applied = apply(args, environment, &mut output).await;
    output.end(applied)
}

async fn apply(
    args: &ApplyArgs,
    environment: &Environment,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let file = MembersFile::read(&args.file)?;
    let desired = file.declared()?;
    undeclared_is_written(&file, &desired)?;
    if let Some(breach) = frozen(&desired, environment.freeze.as_deref()) {
        let sheet = Sheet::without_plan(&desired, Timestamp::now(), vec![breach]);
        return stay(output, &sheet, Exit::Refused, args);
    }
    let mut run = Run::new(
        &file,
        desired,
        &args.provider,
        &args.accept.acceptances,
        environment,
    )?;
    run.require_history = args.accept.require_history;
    run.narrowing = Narrowing {
        only: args.only.iter().cloned().collect(),
        revocations_only: args.revocations_only,
    };
    run.impact = ImpactWish::of_flag(args.accept.impact);
    run.reviewed = reviewed::read(&args.plans, args.plan_max_age, &run)?;
    let _lock = run.state.lock(run.clock.now())?;
    run.unfinished = reviewed::unfinished(&run.state)?;
    let decision = if args.yes {
        decide(&run, &mut Given).await?
    } else {
        let stop = &run.signals.stop;
        decide(&run, &mut Typed { stop }).await?
    };
    match decision {
        // Boxed, because the executor of all lanes is a large future.
        Decision::Go(agreed) => Box::pin(go(output, &run, *agreed, args)).await,
        Decision::Stay(sheet, exit) => stay(output, &sheet, exit, args),
        Decision::Stale(sheet) => {
            output.write(&StaleForms {
                sheet: &sheet,
                reviewed: &run.reviewed,
            })?;
            Ok(Exit::Stale)
        }
        Decision::Declined(sheet, failure) => {
            output.write(&StayForms {
                plan: PlanForms {
                    sheet: &sheet,
                    apply: None,
                    diff: None,
                },
                exit: failure.exit_code(),
                is_shown: true,
            })?;
            Err(failure)
        }
    }
}

/// Whoever has not written what happens to undeclared members has not decided it.
fn undeclared_is_written(file: &MembersFile, desired: &DesiredRoster) -> Result<(), Failure> {
    if desired.policy.undeclared.is_some() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "[policy].undeclared is not written in {}, so nothing is applied",
        shown(&file.path)
    ))
    .hint("run `rosterctl plan` to see whom the file does not name, then write undeclared = \"report\" or \"remove\" under [policy]"))
}

async fn go<T: Transport>(
    output: &mut Output,
    run: &Run<T>,
    agreed: Agreed,
    args: &ApplyArgs,
) -> Result<Exit, Failure> {
    let Agreed {
        sheet,
        observed,
        approved,
    } = agreed;
    let manner = Manner {
        verify_timeout: Duration::from_secs(args.verify_timeout.into()),
        reference: args.reference.clone(),
    };
    let gate = run.provider.gate();
    let ask = |operation, left| (gate.pace(operation), gate.estimate(operation, left));
    let mut progress = Progress::new(&run.watch, approved.actions(), ask);
    let mut executed = execute(run, approved, &observed, &manner, &mut progress).await?;
    drop(progress);
    executed.aftermath = run.aftermath(&sheet, &executed).await;
    let journal = executed
        .journal
        .as_deref()
        .map(|path| path.display().to_string());
    let executed = if terminal::redacts() {
        executed.masked()
    } else {
        executed
    };
    let view = report(&sheet, &executed, journal.as_deref());
    terminal::say("");
    match output.write(&ReportForms { view }) {
        Ok(()) => Ok(executed.exit),
        Err(failure) => {
            let failure = match journal {
                Some(journal) => failure.hint(format!("what was done is in {journal}")),
                None => failure,
            };
            failure.report();
            Ok(unwritten(executed.exit))
        }
    }
}

/// The exit code of a run whose report cannot be written. Code 1 would say that nothing was sent.
fn unwritten(exit: Exit) -> Exit {
    match exit {
        Exit::Converged => Exit::Partial,
        Exit::Failure
        | Exit::Pending
        | Exit::Refused
        | Exit::Stale
        | Exit::Partial
        | Exit::Unconfirmed
        | Exit::Usage => exit,
    }
}

/// The command that applies the same part of the plan, as bounded.
fn narrowed_command(args: &ApplyArgs) -> String {
    let mut command = apply_command(&args.file, &args.provider);
    for email in &args.only {
        let shown = if terminal::redacts() {
            redact::email(email)
        } else {
            email.clone()
        };
        command += " --only ";
        command += &shell_word(shown.as_str());
    }
    if args.revocations_only {
        command += " --revocations-only";
    }
    for plan in &args.plans {
        command += " --plan ";
        command += &shell_word(&plan.display().to_string());
    }
    if args.plan_max_age != PLAN_AGE_DAYS_MAX {
        command += " --plan-max-age ";
        command += &args.plan_max_age.to_string();
    }
    if args.accept.require_history {
        command += " --require-history";
    }
    command
}

/// Writes a plan of which nothing is executed.
fn stay(output: &mut Output, sheet: &Sheet, exit: Exit, args: &ApplyArgs) -> Result<Exit, Failure> {
    let command = narrowed_command(args);
    output.write(&StayForms {
        plan: PlanForms {
            sheet,
            apply: Some(&command),
            diff: None,
        },
        exit,
        is_shown: false,
    })?;
    Ok(exit)
}

fn report<'a>(
    sheet: &'a Sheet,
    executed: &'a Executed,
    journal: Option<&'a str>,
) -> ReportView<'a> {
    ReportView {
        plan: sheet.view(None),
        outcomes: &executed.outcomes,
        verification: executed.verification.as_ref(),
        aftermath: executed.aftermath.as_ref(),
        exit_code: executed.exit.code(),
        journal,
    }
}
