//! The figures of speed, memory and growth: `cargo run --release --example figures`.
//!
//! One seed makes an organization up and writes the members file that matches it. Every time is the median of
//! [`RUNS`], but that an apply of thousands of removals runs once. It prints what it measured beside what is aimed at,
//! and fails only where nothing could be measured: a slow machine is no defect. A count of requests is none of that: one
//! request more than necessary fails.

#![expect(
    clippy::print_stdout,
    reason = "an example prints what it is an example of"
)]

mod growth;
mod process;
mod scale;
mod table;
mod world;

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use std::{env, fs};

use anyhow::{Context as _, ensure};
use rosterctl::plan::compute;

use process::{Simulation, median, run, wall};
use table::{Table, UNKNOWN, megabytes};
use world::{File, World, parse};

/// Everything made up here follows from it.
const SEED: u64 = 1;
/// How often each thing is measured.
const RUNS: usize = 5;
/// It opens nothing but the simulator.
const ADMIN_KEY: &str = "sk-admin-test-of-the-figures";
/// People whom the file leaves out, where a plan is made of it.
const OUT: usize = 8;

fn main() -> anyhow::Result<()> {
    let binary = build()?;
    let folder = tempfile::tempdir()?;
    let mut table = Table::default();
    plan_over_http(&binary, folder.path(), &mut table)?;
    compute_offline(&mut table)?;
    check(&binary, folder.path(), &mut table)?;

    let version = (0..RUNS).map(|_| run(Command::new(&binary).arg("--version")));
    let version = version.collect::<anyhow::Result<Vec<_>>>()?;
    table.time("rosterctl --version", wall(&version), 10);
    let size = fs::metadata(&binary)?.len();
    table.row("release binary", &megabytes(size), "< 15 MB");
    println!("seed {SEED}, median of {RUNS}\n{table}");
    println!("{}", growth::measure()?);
    println!("{}", scale::measure(&binary)?);
    Ok(())
}

/// Builds the command as it is released; an example alone does not build it.
fn build() -> anyhow::Result<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--release", "--bin", "rosterctl"])
        .status()?;
    ensure!(built.success(), "rosterctl could not be built");
    let own = env::current_exe()?;
    let target = own.ancestors().nth(3).context("target folder")?;
    Ok(target.join("release/rosterctl"))
}

/// `plan` of 10,000 members against a simulator in another process.
fn plan_over_http(binary: &Path, folder: &Path, table: &mut Table) -> anyhow::Result<()> {
    const MEMBERS: usize = 10_000;
    let world = World::new(MEMBERS)?;
    let (roster, members) = (folder.join("roster.json"), folder.join("members.toml"));
    let key = folder.join("key");
    fs::write(&roster, serde_json::to_string(&world.roster)?)?;
    fs::write(
        &members,
        world.members_file(File {
            out: OUT,
            new: 2,
            departed: 0,
        }),
    )?;
    fs::write(&key, ADMIN_KEY)?;
    let simulator = Simulation::start(binary, &roster, &key)?;
    let mut measured = Vec::new();
    let mut requests = Vec::new();
    for _ in 0..RUNS {
        let before = simulator.user_pages()?;
        let mut command = Command::new(binary);
        command.arg("plan").arg(&members);
        command.arg("--admin-key-file").arg(&key);
        command.env("OPENAI_BASE_URL", &simulator.base_url);
        measured.push(run(&mut command)?);
        requests.push(simulator.user_pages()? - before);
    }
    table.time("plan of 10,000 over HTTP", wall(&measured), 1500);
    let cpu = measured
        .iter()
        .filter_map(|one| one.cpu)
        .collect::<Vec<_>>();
    if !cpu.is_empty() {
        table.time("  processor time of it", median(cpu), 500);
    }
    let peak = measured.iter().filter_map(|one| one.peak_bytes).max();
    let peak = peak.map_or_else(|| UNKNOWN.to_owned(), megabytes);
    table.row("  peak memory, most of all runs", &peak, "< 100 MB");
    let most = requests.iter().max().copied().unwrap_or_default();
    table.row("  requests for users", &most.to_string(), "<= 101");
    Ok(())
}

/// `compute` alone, in this process: as many live as declared, 1 in 100 not declared.
fn compute_offline(table: &mut Table) -> anyhow::Result<()> {
    const MEMBERS: usize = 100_000;
    let world = World::new(MEMBERS)?;
    let out = MEMBERS / 100;
    let new = MEMBERS - (world.people().count() - out);
    let desired = parse(world.members_file(File {
        out,
        new,
        departed: 0,
    }))?;
    ensure!(desired.members.len() == MEMBERS);
    let live = world.live()?;
    let today = world.today();
    let mut actions = 0;
    let times = (0..RUNS).map(|_| {
        let began = Instant::now();
        let plan = black_box(compute(black_box(&desired), black_box(&live), today));
        let took = began.elapsed();
        actions = plan.actions.len();
        took
    });
    let took = median(times.collect());
    table.time("compute of 100,000 and 100,000", took, 150);
    table.row("  actions in that plan", &actions.to_string(), "");
    Ok(())
}

/// `check` of 20,000 members, as a command.
fn check(binary: &Path, folder: &Path, table: &mut Table) -> anyhow::Result<()> {
    const MEMBERS: usize = 20_000;
    let world = World::new(MEMBERS)?;
    let file = folder.join("many.toml");
    let new = MEMBERS - world.people().count();
    fs::write(
        &file,
        world.members_file(File {
            out: 0,
            new,
            departed: 0,
        }),
    )?;
    let measured = (0..RUNS).map(|_| run(Command::new(binary).arg("check").arg(&file)));
    let measured = measured.collect::<anyhow::Result<Vec<_>>>()?;
    table.time("check of 20,000", wall(&measured), 150);
    Ok(())
}
