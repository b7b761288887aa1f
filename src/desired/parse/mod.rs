//! From text to a roster, or to every violation at once.
//!
//! The TOML is walked by hand rather than deserialized: a deserializer stops at its first error, and a person who
//! mends a file wants to hear of all of them. The walk knows every key; a key that it does not know is never
//! ignored, because a misspelt entry would read as an undeclared member, who is removed.

mod identity;
mod include;
mod people;
mod reader;
mod settings;
mod syntax;

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::violation::{Findings, Spot, quote};
use super::{DesiredOrganization, DesiredRoster, Policy, Source, Unmanaged, Violation};
use crate::roster::Email;
use include::WrittenInclude;
pub use include::{Include, includes};
use people::{WrittenDeparted, WrittenEntry};
use reader::{Reader, Value};
use settings::WrittenGuardrails;
pub use settings::email_domain;

const ROOT_KEYS: [&str; 8] = [
    "version",
    "include",
    "organization",
    "policy",
    "guardrails",
    "unmanaged",
    "members",
    "departed",
];

/// The one version of the file's format.
const VERSION: u32 = 1;

/// Reads the members file: `sources[0]` is its root, the others are the files that its `include` names.
///
/// # Errors
///
/// Every violation, in the order of the files and of the places in them.
pub fn parse(sources: &[Source]) -> Result<DesiredRoster, Vec<Violation>> {
    let nothing = [Source::default()];
    let sources = if sources.is_empty() {
        &nothing
    } else {
        sources
    };
    let mut findings = Findings::new(sources);
    let mut root = read_root(&mut findings);
    let (included, included_whole) =
        include::read_all(&mut findings, &root.includes, root.includes_whole);
    root.members.extend(included);
    let required = &root.guardrails.required_owners;
    let whole = root.whole && included_whole;
    identity::check(
        &mut findings,
        &root.members,
        &root.departed,
        required,
        whole,
    );
    match root.organization {
        Some(organization) if findings.found.is_empty() => Ok(DesiredRoster {
            organization,
            policy: root.policy,
            guardrails: root.guardrails.guardrails,
            unmanaged: root.unmanaged,
            members: root
                .members
                .into_iter()
                .map(|written| (written.entry.email.clone(), written.entry))
                .collect(),
            departed: root
                .departed
                .into_iter()
                .map(|written| written.departed)
                .collect(),
        }),
        Some(_) | None => Err(findings.into_sorted()),
    }
}

/// The root file as far as it could be read.
#[derive(Debug, Default)]
struct Root {
    organization: Option<DesiredOrganization>,
    policy: Policy,
    guardrails: WrittenGuardrails,
    unmanaged: Unmanaged,
    members: Vec<WrittenEntry>,
    departed: Vec<WrittenDeparted>,
    includes: Vec<WrittenInclude>,
    /// Whether every include could be read.
    includes_whole: bool,
    /// Whether no part of the file is in doubt, so that what is not there is missing.
    whole: bool,
}

fn read_root(findings: &mut Findings<'_>) -> Root {
    let mut mended = String::new();
    let (table, doubt, duplicates) = syntax::parse(findings, 0, &mut mended);
    let certain = findings.found.len();
    report_duplicates(findings, &table, &duplicates);
    let root = read_tables(findings, table, !doubt.any());
    doubt.drop_consequences(&mut findings.found, certain);
    root
}

fn read_tables(findings: &mut Findings<'_>, table: DeTable<'_>, whole: bool) -> Root {
    let reader = &mut Reader {
        source: 0,
        findings,
    };
    let mut root = Root {
        whole,
        includes_whole: whole,
        ..Root::default()
    };
    let mut missing = vec!["version", "[organization]", "[members]"];
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        missing.retain(|wanted| wanted.trim_matches(['[', ']']) != name);
        match name {
            "version" => version(reader, &value),
            "include" => {
                let before = reader.findings.found.len();
                root.includes = include::include(reader, value);
                root.includes_whole &= reader.findings.found.len() == before;
            }
            "organization" => root.organization = settings::organization(reader, &key, value),
            "policy" => root.policy = settings::policy(reader, value),
            "guardrails" => root.guardrails = settings::guardrails(reader, value),
            "unmanaged" => root.unmanaged = settings::unmanaged(reader, value),
            "members" => root.members = people::members(reader, value),
            "departed" => root.departed = people::departed(reader, value),
            _ => reader.unknown_key(&key, None, &ROOT_KEYS),
        }
    }
    if whole {
        for wanted in missing {
            report_missing(reader, wanted);
        }
    }
    root
}

fn version(reader: &mut Reader<'_, '_>, value: &Value<'_>) {
    if let Some(version) = reader.whole("version", value)
        && version != VERSION
    {
        let message = format!("version {version} of the members file is not known");
        reader
            .report(&value.span(), message)
            .help(format!("this program reads version {VERSION}"));
    }
}

fn report_missing(reader: &mut Reader<'_, '_>, wanted: &str) {
    let help = match wanted {
        "version" => "write it first: version = 1",
        "[organization]" => "write the table with the organization's id: id = \"org-…\"",
        _ => "write the table with one line per person: \"ada@acme.dev\" = { role = \"owner\" }",
    };
    let start = reader.findings.texts[reader.source].line_range(0).start;
    reader
        .report(&(start..start), format!("{wanted} is missing"))
        .help(help);
}

/// Reports keys that TOML itself refuses to see twice, with the first one where it is known.
fn report_duplicates(findings: &mut Findings<'_>, table: &DeTable<'_>, duplicates: &[Spot]) {
    if duplicates.is_empty() {
        return;
    }
    let mut keys = BTreeMap::new();
    collect_keys(table, &mut Vec::new(), &mut keys);
    for spot in duplicates {
        let written = &findings.texts[spot.source].source.text[spot.start..spot.end];
        let key = decoded(written);
        let first = keys
            .get(&key)
            .and_then(|places| places.iter().rev().find(|place| place.start < spot.start));
        let first_spot = first.map(|place| Spot {
            source: spot.source,
            start: place.start,
            end: place.end,
        });
        let email = first
            .filter(|place| place.person)
            .and_then(|_| Email::parse(&key).ok());
        match (first_spot, email) {
            (Some(first), Some(email)) => identity::twice(findings, &email, spot, &first),
            (Some(first), None) => {
                let message = format!("{} is written twice", quote(&key));
                findings.report_pair(spot, message, &first, "first written here");
            }
            (None, _) => {
                let message = format!("{} is written twice", quote(&key));
                findings.report(spot, message);
            }
        }
    }
}

/// Where a key is written.
#[derive(Debug, Clone, Copy)]
struct KeyPlace {
    start: usize,
    end: usize,
    /// Whether it is a person's key.
    person: bool,
}

fn collect_keys<'t>(
    table: &'t DeTable<'_>,
    path: &mut Vec<&'t str>,
    keys: &mut BTreeMap<String, Vec<KeyPlace>>,
) {
    for (key, value) in table {
        let Range { start, end } = key.span();
        let place = KeyPlace {
            start,
            end,
            person: matches!(path.as_slice(), ["members" | "departed"]),
        };
        let places = keys.entry(key.get_ref().to_string()).or_default();
        let at = places.partition_point(|other| other.start < start);
        places.insert(at, place);
        if let DeValue::Table(inner) = value.get_ref() {
            path.push(key.get_ref());
            collect_keys(inner, path, keys);
            path.pop();
        }
    }
}

/// A key's text without its quotes and escapes.
fn decoded(written: &str) -> String {
    let line = format!("{written} = 0");
    DeTable::parse(&line)
        .ok()
        .and_then(|table| {
            table
                .get_ref()
                .keys()
                .next()
                .map(|key| key.get_ref().to_string())
        })
        .unwrap_or_else(|| written.to_owned())
}
