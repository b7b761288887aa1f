//! Commands in processes of their own, and what they cost.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

use crate::ADMIN_KEY;

/// How often the memory of a running command is looked at.
const MEMORY_LOOK: Duration = Duration::from_millis(1);

/// `rosterctl simulate` in a process of its own, ended with this value.
#[derive(Debug)]
pub(crate) struct Simulation {
    child: Child,
    pub(crate) base_url: String,
}

impl Simulation {
    pub(crate) fn start(binary: &Path, roster: &Path, key: &Path) -> anyhow::Result<Self> {
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
    pub(crate) fn user_pages(&self) -> anyhow::Result<u64> {
        let counted = self.requests()?.remove("GET /organization/users");
        Ok(counted.unwrap_or_default())
    }

    /// The requests that it has counted, by endpoint.
    pub(crate) fn requests(&self) -> anyhow::Result<BTreeMap<String, u64>> {
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
        let counters = state["counters"].as_object().context("counters")?;
        let requests = |counter: &Value| counter["requests"].as_u64().unwrap_or_default();
        Ok(counters
            .iter()
            .map(|(endpoint, counter)| (endpoint.clone(), requests(counter)))
            .collect())
    }
}

impl Drop for Simulation {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What one run of a command took.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) wall: Duration,
    pub(crate) cpu: Option<Duration>,
    pub(crate) peak_bytes: Option<u64>,
    /// What it wrote to standard output.
    pub(crate) stdout: Vec<u8>,
}

/// Runs a command to its end, and insists that it succeeds.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<Measured> {
    run_to(command, 0)
}

/// Runs a command to its end, and insists on its exit code.
pub(crate) fn run_to(command: &mut Command, code: i32) -> anyhow::Result<Measured> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let (began, cpu_before) = (Instant::now(), children_cpu());
    let child = command.spawn()?;
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let looking = thread::spawn(move || peak(&status));
    let output = child.wait_with_output()?;
    let wall = began.elapsed();
    let cpu = children_cpu().zip(cpu_before);
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.code() == Some(code),
        "{command:?} ended with {}: {said}",
        output.status
    );
    let Ok(peak_bytes) = looking.join() else {
        bail!("the memory could not be looked at")
    };
    Ok(Measured {
        wall,
        cpu: cpu.map(|(after, before)| after.saturating_sub(before)),
        peak_bytes,
        stdout: output.stdout,
    })
}

/// The processor time of all ended children, to a hundredth of a second; `None` where the kernel does not say.
fn children_cpu() -> Option<Duration> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program stands in parentheses, and may hold blanks; the fields after it do not (proc(5)).
    let (_, fields) = text.rsplit_once(") ")?;
    let ticks = fields.split(' ').skip(13).take(2);
    let ticks: Vec<u64> = ticks.map(str::parse).collect::<Result<_, _>>().ok()?;
    Some(Duration::from_millis(ticks.iter().sum::<u64>() * 10))
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

/// The median of how long some runs took.
pub(crate) fn wall(measured: &[Measured]) -> Duration {
    median(measured.iter().map(|one| one.wall).collect())
}

/// The one in the middle.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
