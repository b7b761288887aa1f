//! `drift`: what differs although nobody changed the file, and who caused it. Changes nothing, on disk neither.
//!
//! It compares as `plan` does and judges more strictly: everything that differs counts, also what is only reported.
//! The audit log is read once, for the causes and the week's revocations together. What could not be read is an
//! error or a refusal, never "no drift".

use std::path::PathBuf;

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::connect::ProviderArgs;
use super::documents::{Forms, Output, OutputArgs};
use super::environment::Environment;
use super::failure::Failure;
use super::files::{MEMBERS_FILE, MembersFile};
use super::history::ago;
use super::look::{Look, Planned, Run, Sheet};
use super::plan::command;
use super::terminal;
use crate::attribution::{Drift, Known};
use crate::desired::EXPIRY_NOTICE_DAYS;
use crate::document::{DriftDocument, DriftView};
use crate::outcome::Exit;
use crate::provider::Transport;
use crate::reconcile::Observed;
use crate::render::{self, Comment, Paint, redact};
use crate::roster::{AuditKind, KeyInUse};

/// Days before it expires that the key in use is announced.
const KEY_NOTICE_DAYS: i64 = 14;

/// Show what differs from the file, and who caused it
///
/// Compares as `plan` does, and exits 2 when anything differs, also what is only reported. Each difference is
/// explained from the organization's audit log where that can be read. Never changes anything.
#[derive(Debug, Args)]
pub(super) struct DriftArgs {
    /// Members file
    #[arg(value_name = "FILE", default_value = MEMBERS_FILE)]
    file: PathBuf,

    /// Read the audit log of so many days back
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    since: u32,

    /// Announce expiries of the next so many days
    #[arg(long, value_name = "DAYS", default_value_t = EXPIRY_NOTICE_DAYS)]
    expiry_notice_days: u32,

    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    provider: ProviderArgs,
}

/// Shows the drift.
pub(super) async fn run(args: &DriftArgs, environment: &Environment) -> Result<Exit, Failure> {
    let mut output = args.output.open(&args.file, &[], environment)?;
    output.failed = render::unread_markdown;
    let shown = show(args, environment, &mut output).await;
    output.end(shown)
}

async fn show(
    args: &DriftArgs,
    environment: &Environment,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let DriftArgs {
        file,
        since,
        expiry_notice_days,
        output: _,
        provider,
    } = args;
    let next = command("plan", file, provider);
    let file = MembersFile::read(file)?;
    let desired = file.declared()?;
    let mut run = Run::new(&file, desired, provider, &[], environment)?;
    run.expiry_notice_days = *expiry_notice_days;
    let (sheet, drift) = look(&run, *since).await?;
    let drift = drift.map(|drift| {
        if terminal::redacts() {
            redact::drift(&drift)
        } else {
            drift
        }
    });
    output.write(&DriftForms {
        sheet: &sheet,
        drift: drift.as_ref(),
        next: &next,
    })?;
    Ok(match drift {
        None => Exit::Refused,
        Some(drift) if drift.differs() => Exit::Pending,
        Some(_) => Exit::Converged,
    })
}

/// Reads the organization and its audit log, and joins them. Without a drift there is no plan, and the sheet says why.
async fn look<T: Transport>(run: &Run<T>, days: u32) -> Result<(Sheet, Option<Drift>), Failure> {
    let observed = match run.observe().await? {
        Ok(observed) => observed,
        Err(breaches) => return Ok((without_plan(run.no_plan(breaches)), None)),
    };
    let now = run.read_at(&observed);
    let since = ago(now, SignedDuration::from_hours(24 * i64::from(days)));
    let log = run.read_audit_log(&AuditKind::ALL, since).await?;
    let plan = run.draft(&observed);
    let history = run.history_of(&log, run.week_ago(&observed));
    let Planned {
        sheet, observed, ..
    } = match run.judge(observed, plan, history) {
        Look::Plan(planned) => *planned,
        look @ Look::NoPlan(_) => return Ok((without_plan(look), None)),
    };
    let mut drift = Drift::new(
        &sheet.judgement.plan,
        &observed.live,
        observed.admin_keys.as_deref().map_err(String::as_str),
        known(run).as_ref().map_err(|why| *why),
        log,
    );
    drift.notices.extend(key_expiry(&observed, now));
    Ok((sheet, Some(drift)))
}

fn without_plan(look: Look) -> Sheet {
    match look {
        Look::NoPlan(sheet) => *sheet,
        Look::Plan(planned) => planned.sheet,
    }
}

/// What the last verified run left, or why that is not known.
fn known<T>(run: &Run<T>) -> Result<Known, &'static str> {
    let snapshot = run
        .state
        .snapshot()
        .ok_or(if run.state.is_snapshot_damaged() {
            "the record of the last verified run cannot be read"
        } else {
            "no verified run is on record here"
        })?;
    match (snapshot.admin_keys, snapshot.service_accounts) {
        (Some(admin_keys), Some(service_accounts)) => Ok(Known {
            admin_keys,
            service_accounts,
        }),
        _ => Err("the last verified run could not read the admin keys"),
    }
}

/// Announces that the key in use expires: then the next check could read nothing.
fn key_expiry(observed: &Observed, now: Timestamp) -> Option<String> {
    let KeyInUse::Found(key) = &observed.key_in_use else {
        return None;
    };
    let expires_at = key.expires_at?;
    let left = expires_at.duration_since(now);
    (left <= SignedDuration::from_hours(24 * KEY_NOTICE_DAYS)).then(|| {
        let day = expires_at.strftime("%Y-%m-%d %H:%M UTC");
        let id = &key.id;
        format!("the admin key in use, {id}, expires on {day}: make another one before")
    })
}

/// A drift report, or why there is none.
#[derive(Debug, Clone, Copy)]
struct DriftForms<'a> {
    sheet: &'a Sheet,
    drift: Option<&'a Drift>,
    /// The command that shows the plan that would settle it.
    next: &'a str,
}

impl DriftForms<'_> {
    fn view(&self) -> DriftView<'_> {
        DriftView {
            plan: self.sheet.view(Some(self.next)),
            drift: self.drift,
        }
    }
}

impl Forms for DriftForms<'_> {
    type Document = DriftDocument;

    fn document(&self) -> DriftDocument {
        DriftDocument::new(&self.view())
    }

    fn text(&self, paint: Paint) -> String {
        render::drift_text(&self.view(), paint)
    }

    fn github(&self) -> String {
        render::drift_github(&self.view())
    }

    fn markdown(&self, comment: &Comment<'_>) -> String {
        render::drift_markdown(&self.view(), comment)
    }

    fn html(&self) -> String {
        render::drift_html(&self.view())
    }

    fn gitlab(&self) -> Option<String> {
        self.drift.map(|_| render::gitlab(&self.sheet.judgement))
    }
}
