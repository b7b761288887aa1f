//! `export`: the first members file, from the live roster.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::ValueParser;

use super::connect::ProviderArgs;
use super::environment::Environment;
use super::failure::Failure;
use super::files::{MEMBERS_FILE, shown};
use super::{documents, live, rewrite, terminal, today};
use crate::desired::{ExportOptions, email_domain, export};
use crate::outcome::Exit;
use crate::render::safe::Shown;
use crate::roster::OrganizationId;

/// Write a members file from the live roster
///
/// Everybody who is in is declared, with role, id and name. Nobody is blessed unseen: rows outside the domains, idle
/// for 90 days or only invited are written commented out under `# review`, each with its reason. The policy reports
/// and removes nothing until two lines of it are changed.
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// File to write; `-` is standard output
    #[arg(value_name = "FILE", default_value = MEMBERS_FILE)]
    file: PathBuf,

    /// The organization's id; without it, OPENAI_ORG_ID
    #[arg(long, value_name = "ID", value_parser = ValueParser::from(OrganizationId::parse))]
    organization: Option<OrganizationId>,

    /// A domain of the organization's own; repeat it for each
    #[arg(long = "domain", value_name = "DOMAIN", required = true, value_parser = ValueParser::from(email_domain))]
    domains: Vec<String>,

    /// Replace a file that exists
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    provider: ProviderArgs,
}

/// The key belongs to another organization than the one that was named.
#[derive(Debug, thiserror::Error)]
#[error("the key is for the organization {seen}, and {named} was named")]
struct OtherOrganization {
    seen: String,
    named: OrganizationId,
}

/// Writes the file.
pub(super) async fn run(args: &ExportArgs, environment: &Environment) -> Result<Exit, Failure> {
    let ExportArgs {
        file,
        organization,
        domains,
        force,
        provider,
    } = args;
    if terminal::redacts() {
        return Err(documents::needs_addresses("a members file"));
    }
    let to_output = file == Path::new("-");
    if !to_output && !force && file.exists() {
        // Said before the roster is read; writing does not rely on it.
        return Err(rewrite::exists(file));
    }
    let organization = named(organization.as_ref(), environment)?;
    let live = match live::read(provider, environment, Some(&organization), None).await? {
        Ok(live) => live,
        Err(exit) => return Ok(exit),
    };
    if let Some(seen) = live.organization().id()
        && seen != organization.as_str()
    {
        let seen = Shown::label(seen).to_string();
        let failure = Failure::new(OtherOrganization {
            seen,
            named: organization,
        });
        return Err(failure.exit(Exit::Refused));
    }
    let text = export(
        &live,
        &ExportOptions {
            organization,
            email_domains: domains.iter().cloned().collect(),
            today: today(),
        },
    );
    if to_output {
        terminal::print(&text)?;
        return Ok(Exit::Converged);
    }
    rewrite::write_new(file, &text, *force)?;
    let shown = shown(file);
    terminal::say(&format!(
        "Wrote {shown}. Decide on its lines under `# review`, then run: rosterctl plan {shown}"
    ));
    Ok(Exit::Converged)
}

fn named(
    organization: Option<&OrganizationId>,
    environment: &Environment,
) -> Result<OrganizationId, Failure> {
    let variable = environment.organization_id.as_deref();
    match (organization, variable) {
        (Some(named), Some(variable)) if variable != named.as_str() => {
            let seen = Shown::label(variable);
            let failure = format!("OPENAI_ORG_ID is {seen}, and --organization is {named}");
            Err(Failure::new(failure).exit(Exit::Refused))
        }
        (Some(named), _) => Ok(named.clone()),
        (None, Some(variable)) => OrganizationId::parse(variable)
            .map_err(|error| Failure::caused("OPENAI_ORG_ID is no organization's id", error)),
        (None, None) => {
            let failure = Failure::new("no organization is named");
            let hint =
                "name it with --organization org-…; it is on the organization's settings page";
            Err(failure.hint(hint).exit(Exit::Usage))
        }
    }
}
