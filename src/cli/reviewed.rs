//! The plans that were reviewed before an apply: what `--plan` names, and what earlier runs left unfinished.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::failure::Failure;
use super::files::{read_text, shown};
use super::look::Run;
use super::terminal;
use crate::document::{ReviewedError, ReviewedPlan};
use crate::outcome::Exit;
use crate::state::StateDir;

/// Reads the plans that bound a run.
pub(super) fn read<T>(
    paths: &[PathBuf],
    age_days_max: u16,
    run: &Run<T>,
) -> Result<Vec<ReviewedPlan>, Failure> {
    let age_max = Duration::from_hours(u64::from(age_days_max) * 24);
    let organization = run.desired.organization.id.as_str();
    let mut plans = Vec::new();
    for path in paths {
        let text = read_text(path)?;
        let plan = ReviewedPlan::parse(&text)
            .and_then(|plan| {
                plan.check(organization, run.clock.now(), age_max)?;
                Ok(plan)
            })
            .map_err(|error| unusable(path, error))?;
        let sha256 = run.members_sha256.as_deref();
        if plan.members_sha256().is_some_and(|of| Some(of) != sha256) {
            terminal::say(&format!(
                "note: the members file is not the one that {} was made from; the plan is made from it as it is now",
                shown(path)
            ));
        }
        plans.push(plan);
    }
    Ok(plans)
}

/// The plans that earlier runs left unfinished, which were approved once.
pub(super) fn unfinished(state: &StateDir) -> Result<Vec<ReviewedPlan>, Failure> {
    let runs = state.unfinished()?;
    let records = runs.iter().filter_map(|run| run.replay.plan.as_ref());
    // One that does not have its id is no use for an acceptance, and is read back all the same.
    Ok(records
        .filter_map(|record| ReviewedPlan::of_journal(record).ok())
        .collect())
}

fn unusable(path: &Path, error: ReviewedError) -> Failure {
    let (exit, hint) = match &error {
        ReviewedError::NotADocument(_) => (
            Exit::Failure,
            "name a file that `rosterctl plan --out` wrote",
        ),
        ReviewedError::Format { found: _ } => (
            Exit::Refused,
            "apply it with the version of rosterctl that wrote it, or write it anew with this one",
        ),
        ReviewedError::Redacted => (
            Exit::Refused,
            "write it without --redact-emails, and keep that file from strangers",
        ),
        ReviewedError::OtherOrganization {
            reviewed: _,
            live: _,
        } => (Exit::Refused, "name the plan of this organization"),
        ReviewedError::Altered {
            written: _,
            recomputed: _,
        }
        | ReviewedError::Undated
        | ReviewedError::Ahead { read_at: _ }
        | ReviewedError::TooOld {
            read_at: _,
            days_max: _,
        } => (
            Exit::Refused,
            "write it anew with `rosterctl plan --out`, and have that one reviewed",
        ),
    };
    let what = format!("the plan in {} cannot bound this run", shown(path));
    Failure::caused(what, error).hint(hint).exit(exit)
}
