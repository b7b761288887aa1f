//! `snapshot`: the roster as a document, from which `plan --roster` plans without key or network.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;

use super::connect::ProviderArgs;
use super::environment::Environment;
use super::failure::Failure;
use super::files::{MEMBERS_FILE, MembersFile, OutFile};
use super::{documents, live, terminal};
use crate::document::SnapshotDocument;
use crate::outcome::Exit;
use crate::render::redact;

/// Write the roster as JSON, to plan from it without key or network
///
/// Reads the organization of the members file: members, pending invites, admin keys without their secrets.
/// `rosterctl plan --roster SNAPSHOT` plans from it; an apply never does. It holds the addresses of everybody.
#[derive(Debug, Args)]
pub(super) struct SnapshotArgs {
    /// Members file
    #[arg(value_name = "FILE", default_value = MEMBERS_FILE)]
    file: PathBuf,

    /// Write it to a file; without it, to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    #[command(flatten)]
    provider: ProviderArgs,
}

/// Takes the snapshot.
pub(super) async fn run(args: &SnapshotArgs, environment: &Environment) -> Result<Exit, Failure> {
    let SnapshotArgs {
        file,
        out,
        provider,
    } = args;
    let desired = MembersFile::read(file)?.declared()?;
    let out = out.as_deref();
    let out = out
        .map(|path| OutFile::open(path, &MembersFile::paths(file)))
        .transpose()?;
    let id = &desired.organization.id;
    let read = live::read_all(provider, environment, Some(id), Some(&desired)).await?;
    let observed = match read {
        Ok(observed) => observed,
        Err(exit) => return Ok(exit),
    };
    let keys = observed.admin_keys.as_deref().map_err(String::as_str);
    let mut document = SnapshotDocument::new(id, &observed.live, keys, Timestamp::now());
    if terminal::redacts() {
        redact::snapshot(&mut document);
        terminal::say("note: its addresses are masked, so no plan can be made from it");
    }
    let text = documents::json(&document)?;
    match out {
        Some(mut out) => out.write(&text)?,
        None => terminal::print_as_is(&text)?,
    }
    Ok(Exit::Converged)
}
