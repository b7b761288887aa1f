//! `list`: who is in, who is invited, and whether the file names them.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::connect::ProviderArgs;
use super::environment::Environment;
use super::failure::Failure;
use super::files::{MEMBERS_FILE, MembersFile};
use super::{documents, live, terminal};
use crate::desired::DesiredRoster;
use crate::document::RosterDocument;
use crate::outcome::Exit;
use crate::render::{self, redact};
use crate::roster::OrganizationId;

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
    let (id, declared) = (organization.as_ref(), desired.as_ref());
    let live = match live::read(&args.provider, environment, id, declared).await? {
        Ok(live) => live,
        Err(exit) => return Ok(exit),
    };
    let mut document = RosterDocument::new(&live, desired.as_ref(), args.search.as_deref());
    if terminal::redacts() {
        redact::listed(&mut document);
    }
    match args.format {
        ListFormat::Table => {
            terminal::print(&render::roster_table(&document, terminal::paint_out()))
        }
        ListFormat::Json => terminal::print_as_is(&documents::json(&document)?),
    }?;
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
