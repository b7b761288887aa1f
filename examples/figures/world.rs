//! The made-up organization and the files that go with it.

use std::fmt::Write as _;

use anyhow::{Context as _, bail, ensure};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rosterctl::desired::{self, DesiredRoster, Source};
use rosterctl::roster::{
    Capabilities, Email, Flags, LiveRole, LiveRoster, Member, Observation, SeenOrganization, UserId,
};
use rosterctl::simulator::Roster;
use secrecy::SecretString;
use serde_json::Value;

use crate::{ADMIN_KEY, SEED};

/// How a members file differs from whoever is live.
#[derive(Debug, Clone, Copy)]
pub(crate) struct File {
    /// Live people whom it does not name.
    pub(crate) out: usize,
    /// People whom it declares and who are not live.
    pub(crate) new: usize,
    /// Live people whom it declares gone.
    pub(crate) departed: usize,
}

/// A made-up organization.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) roster: Roster,
    pub(crate) now: Timestamp,
}

impl World {
    pub(crate) fn new(members: usize) -> anyhow::Result<Self> {
        Self::seeded(members, SEED)
    }

    /// One of many: each seed makes up another one.
    pub(crate) fn seeded(members: usize, seed: u64) -> anyhow::Result<Self> {
        let now = Timestamp::now();
        let key = SecretString::from(ADMIN_KEY);
        let roster = Roster::generate(members, seed, now.as_second(), &key);
        ensure!(roster.users.len() == members);
        Ok(Self { roster, now })
    }

    /// The rows that have an address: all but the machines.
    pub(crate) fn people(&self) -> impl Iterator<Item = (&str, &serde_json::Map<String, Value>)> {
        let users = self.roster.users.iter();
        users.filter_map(|row| Some((row.get("email")?.as_str()?, row)))
    }

    /// The date of the run.
    pub(crate) fn today(&self) -> Date {
        self.now.to_zoned_datetime(TimeZone::UTC).date()
    }

    /// A members file: whoever is live, but for some readers who may be removed.
    pub(crate) fn members_file(&self, file: File) -> String {
        let File { out, new, departed } = file;
        let mut text = format!(
            "version = 1\n[organization]\nid = \"{}\"\n[policy]\nundeclared = \"remove\"\n\
             [guardrails]\nemail_domains = [\"acme.dev\"]\n[members]\n",
            self.roster.organization
        );
        let mut gone = Vec::new();
        for (email, row) in self.people() {
            let word = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default();
            let is = |flag: &str| row.get(flag) != Some(&Value::Bool(false));
            let is_protected = is("is_scim_managed") || is("is_default");
            let (role, id, name) = (word("role"), word("id"), word("name"));
            if gone.len() < out + departed && role == "reader" && !is_protected {
                gone.push((email, id));
                continue;
            }
            let entry = format!("{{ role = \"{role}\", id = \"{id}\", name = \"{name}\" }}");
            let _ = writeln!(text, "\"{email}\" = {entry}");
        }
        for number in 0..new {
            let _ = writeln!(text, "\"newcomer-{number}@acme.dev\" = {{}}");
        }
        text.push_str("[departed]\n");
        for (email, id) in gone.into_iter().take(departed) {
            let _ = writeln!(
                text,
                "\"{email}\" = {{ since = 2026-01-31, id = \"{id}\" }}"
            );
        }
        text
    }

    /// The same organization as it is after it was read.
    pub(crate) fn live(&self) -> anyhow::Result<LiveRoster> {
        let members = self.roster.users.iter().map(member);
        let observation = Observation {
            organization: SeenOrganization {
                header: Some(self.roster.organization.clone()),
                date: Some(self.now),
            },
            members: members.collect::<anyhow::Result<_>>()?,
            invites: Vec::new(),
            capabilities: Capabilities::ALL,
        };
        LiveRoster::assemble(observation)
            .map_err(|faults| anyhow::anyhow!("the made-up organization is none: {faults:?}"))
    }
}

fn member(row: &serde_json::Map<String, Value>) -> anyhow::Result<Member> {
    let word = |key: &str| row.get(key).and_then(Value::as_str);
    let flag = |key: &str| row.get(key).and_then(Value::as_bool);
    Ok(Member {
        id: UserId::parse(word("id").context("id")?)?,
        email: word("email").map(Email::parse).transpose()?,
        name: word("name").map(str::to_owned),
        role: LiveRole::observed(word("role")),
        added_at: None,
        flags: Flags {
            default_user: flag("is_default"),
            service_account: flag("is_service_account"),
            scim_managed: flag("is_scim_managed"),
        },
        api_key_last_used_at: None,
        projects: Vec::new(),
    })
}

/// Reads a members file.
pub(crate) fn parse(text: String) -> anyhow::Result<DesiredRoster> {
    let name = "members.toml".to_owned();
    match desired::parse(&[Source { name, text }]) {
        Ok(desired) => Ok(desired),
        Err(violations) => bail!("the made-up file has {} violations", violations.len()),
    }
}
