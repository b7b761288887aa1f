//! `list`: who is in, who is invited, and whether the file names them.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::connect::ProviderArgs;
use super::environment::Environment;
use super::failure::Failure;
use super::files::{MEMBERS_FILE, MembersFile};
use super::signals::Signals;
use super::terminal;
use crate::desired::DesiredRoster;
use crate::document::RosterDocument;
use crate::guardrail::{Breach, BreachKind, Surroundings, preflight, roster_unusable};
use crate::outcome::Exit;
use crate::provider::Clock;
use crate::reconcile::{ObserveError, observe};
use crate::render;
use crate::roster::{LiveRoster, OrganizationId};

/// List who is in the organization and who is invited
///
/// Shows address, name, role, id, standing, and whether the members file declares the person. Without a file it
/// shows the live roster alone.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Members file; members.toml if there is one
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    /// Show only people whose address, name or id has this text
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,

    /// Set the form of the result
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: ListFormat,

    #[command(flatten)]
    provider: ProviderArgs,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum ListFormat {
    /// For people
    #[default]
    Table,
    /// For programs
    Json,
}

/// Lists the organization.
pub(super) async fn run(args: &ListArgs, environment: &Environment) -> Result<Exit, Failure> {
    let desired = declared(args.file.as_deref())?;
    let organization = match &desired {
        Some(desired) => Some(desired.organization.id.clone()),
        None => organization_of(environment)?,
    };
    let clock = Clock::starting_at(Timestamp::now());
    let signals = Signals::listen()?;
    let id = organization.as_ref();
    let provider = args
        .provider
        .connect(environment, id, None, clock, &signals.stop)?;
    let live = match observe(&provider, &signals.stop).await {
        Ok(observed) => observed.live,
        Err(ObserveError::Unusable(faults)) => return Ok(refused(&[roster_unusable(&faults)])),
        Err(error) => return Err(Failure::new(error)),
    };
    if let Some(desired) = &desired {
        let surroundings = Surroundings {
            local_now: clock.now(),
            organization_id_env: environment.organization_id.as_deref(),
        };
        if let Some(breach) = wrong_organization(desired, &live, surroundings) {
            return Ok(refused(&[breach]));
        }
    }
    let document = RosterDocument::new(&live, desired.as_ref(), args.search.as_deref());
    terminal::print(&match args.format {
        ListFormat::Table => render::roster_table(&document, terminal::paint_out()),
        ListFormat::Json => render::json(&document)
            .map_err(|error| Failure::caused("the document cannot be written as JSON", error))?,
    })?;
    Ok(Exit::Converged)
}

/// The file that is named, or members.toml if there is one.
fn declared(file: Option<&Path>) -> Result<Option<DesiredRoster>, Failure> {
    let found = Path::new(MEMBERS_FILE);
    match file.or_else(|| found.exists().then_some(found)) {
        Some(path) => MembersFile::read(path)?.declared().map(Some),
        None => Ok(None),
    }
}

/// The organization that the environment names.
fn organization_of(environment: &Environment) -> Result<Option<OrganizationId>, Failure> {
    let id = environment.organization_id.as_deref();
    id.map(OrganizationId::parse)
        .transpose()
        .map_err(|error| Failure::caused("OPENAI_ORG_ID is no organization's id", error))
}

/// "Not in the list" must not be read from the list of another organization.
fn wrong_organization(
    desired: &DesiredRoster,
    live: &LiveRoster,
    surroundings: Surroundings<'_>,
) -> Option<Breach> {
    preflight(desired, live, surroundings)
        .into_iter()
        .find(|breach| breach.kind == BreachKind::WrongOrganization)
}

fn refused(breaches: &[Breach]) -> Exit {
    terminal::say(render::refusal_text(breaches, terminal::paint_err()).trim_end());
    Exit::Refused
}
