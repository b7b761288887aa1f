//! `members pin`.

use std::path::Path;

use clap::Args;
use clap::builder::ValueParser;

use super::super::connect::ProviderArgs;
use super::super::environment::Environment;
use super::super::failure::Failure;
use super::super::rewrite::EditArgs;
use super::super::{live, terminal};
use super::people::{Who, who};
use crate::desired::{Edit, Entry, Fields, Setting};
use crate::outcome::Exit;
use crate::roster::{Email, LiveRoster};

/// Write the ids of declared people into the file, as the live roster has them
///
/// A pinned person stays themselves when their address changes, and who is removed by hand is not invited again.
/// Entries that have an id, people who are not in, and people of included files are passed over.
#[derive(Debug, Args)]
pub(super) struct PinArgs {
    /// Address, or `-` for one address per line on standard input; without it, everybody
    #[arg(value_name = "EMAIL", value_parser = ValueParser::from(who))]
    who: Option<Who>,

    #[command(flatten)]
    edit: EditArgs,

    #[command(flatten)]
    provider: ProviderArgs,
}

/// Why an entry is not pinned.
enum Passed {
    NotIn,
    Included,
}

pub(super) async fn run(args: &PinArgs, environment: &Environment) -> Result<Exit, Failure> {
    let PinArgs {
        who,
        edit,
        provider,
    } = args;
    let (file, desired) = edit.read()?;
    let people = match who {
        Some(who) => who.all()?,
        None => desired.members.keys().cloned().collect(),
    };
    let organization = Some(&desired.organization.id);
    let live = match live::read(provider, environment, organization, Some(&desired)).await? {
        Ok(live) => live,
        Err(exit) => return Ok(exit),
    };
    let (mut edits, mut absent, mut included) = (Vec::new(), 0, 0);
    for email in people {
        match desired.members.get(&email) {
            // The edit says that nobody is declared under that address.
            None => edits.push(set(&email, Fields::default())),
            Some(entry) => match pin(entry, &live, &file.path) {
                Ok(pinned) => edits.extend(pinned),
                Err(Passed::NotIn) => absent += 1,
                Err(Passed::Included) => included += 1,
            },
        }
    }
    for (count, why) in [(absent, "not in"), (included, "in included files")] {
        if count > 0 {
            terminal::say(&format!("Not pinned, because {why}: {count}."));
        }
    }
    edit.make(&file, &edits)
}

fn pin(entry: &Entry, live: &LiveRoster, root: &Path) -> Result<Option<Edit>, Passed> {
    if entry.id.is_some() {
        return Ok(None);
    }
    let member = live.member_by_email(&entry.email).ok_or(Passed::NotIn)?;
    if Path::new(&entry.place.file) != root {
        return Err(Passed::Included);
    }
    let fields = Fields {
        id: Setting::To(member.id.clone()),
        ..Fields::default()
    };
    Ok(Some(set(&entry.email, fields)))
}

fn set(email: &Email, fields: Fields) -> Edit {
    Edit::Set {
        email: email.clone(),
        fields,
        if_present: false,
    }
}
