//! `apply` as it is released, against 10,000 members over HTTP: is everything it costs in proportion to the removals?

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::ADMIN_KEY;
use crate::process::{Measured, Simulation, run, run_to};
use crate::table::{UNKNOWN, megabytes};
use crate::world::{File, World};

const MEMBERS: usize = 10_000;
/// Removals of each run: the last is the one that is aimed at.
const REMOVALS: [usize; 3] = [500, 1_000, 2_000];
/// Rows on a page of a listing (API contract, section 2).
const PAGE: usize = 100;

/// What one apply took.
struct Applied {
    /// Pending invites, before and after.
    invites: usize,
    planning: Measured,
    applying: Measured,
    requests: BTreeMap<String, u64>,
    journal_bytes: u64,
    report_bytes: u64,
}

/// The table of all runs; one that sends more than is necessary is an error.
pub(crate) fn measure(binary: &Path) -> anyhow::Result<String> {
    let mut text = format!(
        "apply of {MEMBERS} members over HTTP, no limit; aimed at: the necessary requests, < 150 MB, < 0.5 s of processor \
         time for a plan\n\n{:<18}{:>9}{:>9}{:>18}{:>11}{:>15}{:>19}{:>19}\n",
        "removals",
        "plan cpu",
        "apply",
        "per removal, cpu",
        "peak",
        "requests",
        "journal, each",
        "report, each"
    );
    for removals in REMOVALS {
        let file = File {
            out: removals,
            new: 0,
            departed: 0,
        };
        row(
            &mut text,
            &format!("{removals} undeclared"),
            removals,
            apply(binary, file)?,
        )?;
    }
    let removals = REMOVALS[REMOVALS.len() - 1];
    let file = File {
        out: 0,
        new: 0,
        departed: removals,
    };
    row(
        &mut text,
        &format!("{removals} departed"),
        removals,
        apply(binary, file)?,
    )?;
    Ok(text)
}

fn row(text: &mut String, name: &str, removals: usize, applied: Applied) -> anyhow::Result<()> {
    let Applied {
        invites,
        planning,
        applying,
        requests,
        journal_bytes,
        report_bytes,
    } = applied;
    let necessary = necessary(removals, invites);
    ensure!(
        requests == necessary,
        "{name}: sent {requests:?}, where {necessary:?} are necessary"
    );
    let sent: u64 = requests.values().sum();
    let count = u64::try_from(removals)?;
    let milliseconds = |time: Option<Duration>| {
        time.map_or_else(
            || UNKNOWN.to_owned(),
            |time| format!("{} ms", time.as_millis()),
        )
    };
    let each = applying.cpu.map(|cpu| cpu.as_micros() / u128::from(count));
    let each = each.map_or_else(|| UNKNOWN.to_owned(), |each| format!("{each} us"));
    let peak = applying
        .peak_bytes
        .map_or_else(|| UNKNOWN.to_owned(), megabytes);
    writeln!(
        text,
        "{name:<18}{:>9}{:>9}{:>18}{peak:>11}{:>15}{:>19}{:>19}",
        milliseconds(planning.cpu),
        milliseconds(Some(applying.wall)),
        format!(
            "{} us, {each}",
            applying.wall.as_micros() / u128::from(count)
        ),
        format!("{sent} of {sent}"),
        format!("{}, {} B", megabytes(journal_bytes), journal_bytes / count),
        format!("{}, {} B", megabytes(report_bytes), report_bytes / count),
    )?;
    Ok(())
}

/// The requests that a run needs which knows everything: the admin key and the history of the week, the roster before
/// and after, every removal, and one read of the first.
fn necessary(removals: usize, invites: usize) -> BTreeMap<String, u64> {
    let pages = |rows: usize| rows.div_ceil(PAGE).max(1) as u64;
    [
        ("GET /organization/admin_api_keys", 1),
        ("GET /organization/audit_logs", 1),
        ("GET /organization/invites", 2 * pages(invites)),
        (
            "GET /organization/users",
            pages(MEMBERS) + pages(MEMBERS - removals),
        ),
        ("GET /organization/users/{user_id}", 1),
        ("DELETE /organization/users/{user_id}", removals as u64),
    ]
    .map(|(endpoint, requests)| (endpoint.to_owned(), requests))
    .into()
}

/// Plans, accepts what the plan breaches, and applies, each in a process of its own.
fn apply(binary: &Path, file: File) -> anyhow::Result<Applied> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name);
    let world = World::new(MEMBERS)?;
    fs::write(path("roster.json"), serde_json::to_string(&world.roster)?)?;
    fs::write(path("members.toml"), world.members_file(file))?;
    fs::write(path("key"), ADMIN_KEY)?;
    let simulator = Simulation::start(binary, &path("roster.json"), &path("key"))?;
    let command = |name: &str| {
        let mut command = Command::new(binary);
        command.arg(name).arg(path("members.toml"));
        command.arg("--admin-key-file").arg(path("key"));
        command.env("OPENAI_BASE_URL", &simulator.base_url);
        command
    };
    let planning = run_to(command("plan").args(["--format", "json"]), 3)?;
    let before = simulator.requests()?;
    let mut applying = command("apply");
    applying.args(["--yes", "--accept", &acceptance(&planning)?]);
    applying.arg("--out").arg(path("report.json"));
    let applying = run(&mut applying)?;
    let mut requests = simulator.requests()?;
    for (endpoint, count) in &mut requests {
        *count -= before.get(endpoint).copied().unwrap_or_default();
    }
    requests.retain(|_, count| *count > 0);
    let journals = path(".rosterctl")
        .join(&world.roster.organization)
        .join("journal");
    let journal = fs::read_dir(journals)?.next().context("a journal")??;
    Ok(Applied {
        invites: world.roster.invites.len(),
        planning,
        applying,
        requests,
        journal_bytes: journal.metadata()?.len(),
        report_bytes: fs::metadata(path("report.json"))?.len(),
    })
}

/// What `--accept` takes: the plan and everything that it is refused for.
fn acceptance(planning: &Measured) -> anyhow::Result<String> {
    let plan: Value = serde_json::from_slice(&planning.stdout).context("a plan")?;
    let id = plan["plan_id"].as_str().context("its id")?;
    let breaches = plan["breaches"].as_array().context("its breaches")?;
    let kinds: Vec<&str> = breaches
        .iter()
        .filter_map(|row| row["breach"].as_str())
        .collect();
    ensure!(!kinds.is_empty(), "so many removals are not refused");
    Ok(format!("{id}:{}", kinds.join(",")))
}
