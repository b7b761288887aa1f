//! The figures of speed and memory: `cargo run --release --example figures`.
//!
//! One seed makes an organization up and writes the members file that matches it. Every time is the median of
//! [`RUNS`]. It prints what it measured beside what is aimed at, and fails only where nothing could be measured: a
//! slow machine is no defect.

#![expect(
    clippy::print_stdout,
    reason = "an example prints what it is an example of"
)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use anyhow::{Context as _, bail, ensure};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rosterctl::desired::{self, DesiredRoster, Source};
use rosterctl::plan::compute;
use rosterctl::roster::{
    Capabilities, Email, Flags, LiveRole, LiveRoster, Member, Observation, SeenOrganization, UserId,
};
use rosterctl::simulator::Roster;
use secrecy::SecretString;
use serde_json::Value;

/// Everything made up here follows from it.
const SEED: u64 = 1;
/// How often each thing is measured.
const RUNS: usize = 5;
/// It opens nothing but the simulator.
const ADMIN_KEY: &str = "sk-admin-test-of-the-figures";
/// People whom the file leaves out, where a plan is made of it.
const OUT: usize = 8;
/// How often the memory of a running command is looked at.
const MEMORY_LOOK: Duration = Duration::from_millis(1);

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
    println!("seed {SEED}, median of {RUNS}\n{}", table.text);
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
    fs::write(&members, world.members_file(OUT, 2))?;
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
    let peak = measured.iter().filter_map(|one| one.peak_bytes).max();
    let peak = peak.map_or_else(|| "not known on this system".to_owned(), megabytes);
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
    let desired = parse(world.members_file(out, new))?;
    ensure!(desired.members.len() == MEMBERS);
    let live = world.live()?;
    let today = world.now.to_zoned_datetime(TimeZone::UTC).date();
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
    fs::write(&file, world.members_file(0, new))?;
    let measured = (0..RUNS).map(|_| run(Command::new(binary).arg("check").arg(&file)));
    let measured = measured.collect::<anyhow::Result<Vec<_>>>()?;
    table.time("check of 20,000", wall(&measured), 150);
    Ok(())
}

/// A made-up organization.
struct World {
    roster: Roster,
    now: Timestamp,
}

impl World {
    fn new(members: usize) -> anyhow::Result<Self> {
        let now = Timestamp::now();
        let key = SecretString::from(ADMIN_KEY);
        let roster = Roster::generate(members, SEED, now.as_second(), &key);
        ensure!(roster.users.len() == members);
        Ok(Self { roster, now })
    }

    /// The rows that have an address: all but the machines.
    fn people(&self) -> impl Iterator<Item = (&str, &serde_json::Map<String, Value>)> {
        let users = self.roster.users.iter();
        users.filter_map(|row| Some((row.get("email")?.as_str()?, row)))
    }

    /// The members file that matches, without `out` of its readers and with `new` people more.
    fn members_file(&self, out: usize, new: usize) -> String {
        let mut text = format!(
            "version = 1\n[organization]\nid = \"{}\"\n[policy]\nundeclared = \"remove\"\n\
             [guardrails]\nemail_domains = [\"acme.dev\"]\n[members]\n",
            self.roster.organization
        );
        let mut left_out = 0;
        for (email, row) in self.people() {
            let word = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default();
            let is_protected = row.get("is_scim_managed") != Some(&Value::Bool(false));
            if left_out < out && word("role") == "reader" && !is_protected {
                left_out += 1;
                continue;
            }
            let (role, id, name) = (word("role"), word("id"), word("name"));
            let entry = format!("{{ role = \"{role}\", id = \"{id}\", name = \"{name}\" }}");
            let _ = writeln!(text, "\"{email}\" = {entry}");
        }
        for number in 0..new {
            let _ = writeln!(text, "\"newcomer-{number}@acme.dev\" = {{}}");
        }
        text
    }

    /// The same organization as it is after it was read.
    fn live(&self) -> anyhow::Result<LiveRoster> {
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

fn parse(text: String) -> anyhow::Result<DesiredRoster> {
    let name = "members.toml".to_owned();
    match desired::parse(&[Source { name, text }]) {
        Ok(desired) => Ok(desired),
        Err(violations) => bail!("the made-up file has {} violations", violations.len()),
    }
}

/// `rosterctl simulate` in a process of its own, ended with this value.
struct Simulation {
    child: Child,
    base_url: String,
}

impl Simulation {
    fn start(binary: &Path, roster: &Path, key: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(binary);
        command.arg("simulate").arg("--roster").arg(roster);
        command.arg("--admin-key-file").arg(key);
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        let output = child.stdout.take().context("the simulator's output")?;
        BufReader::new(output).read_line(&mut line)?;
        let ready: Value = serde_json::from_str(&line).context("the simulator's first line")?;
        let base_url = ready["base_url"].as_str().context("base_url")?.to_owned();
        Ok(Self { child, base_url })
    }

    /// How many requests for pages of users it has counted.
    fn user_pages(&self) -> anyhow::Result<u64> {
        let address = self.base_url.trim_start_matches("http://");
        let address = address.trim_end_matches("/v1");
        let mut stream = TcpStream::connect(address)?;
        write!(
            stream,
            "GET /_sim/state HTTP/1.0\r\nHost: {address}\r\nAuthorization: Bearer {ADMIN_KEY}\r\n\r\n"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (_, body) = answer.split_once("\r\n\r\n").context("an answer's body")?;
        let state: Value = serde_json::from_str(body).context("the simulator's state")?;
        let counted = &state["counters"]["GET /organization/users"]["requests"];
        Ok(counted.as_u64().unwrap_or_default())
    }
}

impl Drop for Simulation {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What one run of a command took.
struct Measured {
    wall: Duration,
    peak_bytes: Option<u64>,
}

/// Runs a command to its end, and insists that it succeeds.
fn run(command: &mut Command) -> anyhow::Result<Measured> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let began = Instant::now();
    let child = command.spawn()?;
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let looking = thread::spawn(move || peak(&status));
    let output = child.wait_with_output()?;
    let wall = began.elapsed();
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} failed: {said}");
    let Ok(peak_bytes) = looking.join() else {
        bail!("the memory could not be looked at")
    };
    Ok(Measured { wall, peak_bytes })
}

/// The greatest size in memory that the kernel noted for a process, as of the last look before its end.
fn peak(status: &Path) -> Option<u64> {
    let mut bytes = None;
    loop {
        let text = fs::read_to_string(status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let Some(line) = line else { return bytes };
        let digits = line.trim().trim_end_matches(" kB");
        bytes = digits.parse::<u64>().ok().map(|kibi| kibi * 1024);
        thread::sleep(MEMORY_LOOK);
    }
}

fn wall(measured: &[Measured]) -> Duration {
    median(measured.iter().map(|one| one.wall).collect())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10)
}

/// What was measured, and what is aimed at.
#[derive(Default)]
struct Table {
    text: String,
}

impl Table {
    fn row(&mut self, what: &str, found: &str, aim: &str) {
        let _ = writeln!(self.text, "{what:<34}{found:>14}   {aim}");
    }

    fn time(&mut self, what: &str, found: Duration, aim_ms: u64) {
        let tenths = found.as_micros() / 100;
        let found = format!("{}.{} ms", tenths / 10, tenths % 10);
        self.row(what, &found, &format!("< {aim_ms} ms"));
    }
}
