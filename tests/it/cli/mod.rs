//! The binary from outside: exit codes, standard output and error, files. Few runs; the rest is tested below it.

mod apply;
mod base;
mod doubt;
mod drift;
mod evidence;
mod files;
mod help;
mod history;
mod impact;
mod measure;
mod members;
mod narrowed;
pub(crate) mod network;
mod output;
mod packaged;
mod plan;
mod redacted;
mod reviewed;
mod rewrite;
mod snapshot;
#[cfg(unix)]
mod terminal;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use jiff::SignedDuration;
use rosterctl::journal::{Record, decode, encode};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The members file that fits [`acme`]: eve is not declared.
pub(crate) const MEMBERS: &str = r#"version = 1
[organization]
id = "org-Acme"
[policy]
undeclared = "remove"
[guardrails]
email_domains = ["acme.dev"]
[members]
"ada@acme.dev" = { role = "owner" }
"grace@acme.dev" = { role = "owner" }
"bob@acme.dev" = {}
"#;

/// A folder to run commands in.
pub(crate) struct Desk {
    folder: TempDir,
    /// What the commands find in their environment, and nothing else.
    environment: Vec<(String, String)>,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Desk {
    /// A folder with a members file, in an environment without a key.
    pub(crate) fn new(members: &str) -> Self {
        let desk = Self {
            folder: tempfile::tempdir().unwrap(),
            environment: Vec::new(),
        };
        desk.write("members.toml", members);
        desk
    }

    /// A folder with a members file, in an environment that leads to an organization.
    pub(crate) fn at(organization: &Organization, members: &str) -> Self {
        Self::new(members)
            .with("OPENAI_ADMIN_KEY", organization.admin_key())
            .with("OPENAI_BASE_URL", organization.base_url())
    }

    /// Sets a variable for every later command.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// A command in this folder, ready to be run.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = bare();
        command
            .args(args)
            .current_dir(self.folder.path())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::of(&mut self.command(args))
    }

    /// The one journal in the folder.
    pub(crate) fn journal(&self) -> PathBuf {
        let folder = self.path(".rosterctl/org-Acme/journal");
        let journals: Vec<_> = fs::read_dir(folder).unwrap().collect();
        assert_eq!(journals.len(), 1, "{journals:?}");
        journals[0].as_ref().unwrap().path()
    }
}

impl Ran {
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Everything a person sees, without what changes from run to run.
    pub(crate) fn shown(&self) -> String {
        let Self { code, out, err } = self;
        let text = format!("exit {code}\n--- out\n{out}--- err\n{err}");
        masked(&text)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{self:?}"))
    }
}

/// The program with an empty environment.
pub(crate) fn bare() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rosterctl"));
    command.env_clear();
    // Without it no socket can be opened there.
    if let Some(root) = std::env::var_os("SystemRoot") {
        command.env("SystemRoot", root);
    }
    command
}

/// Replaces times, ports, request ids and plan ids, which change from run to run.
pub(crate) fn masked(text: &str) -> String {
    let mut masked = String::new();
    for word in text.split_inclusive([' ', '\n', '/', ',', ')', ':', '.']) {
        let bare = word.trim_end_matches([' ', '\n', '/', ',', ')', ':', '.']);
        let end = &word[bare.len()..];
        let is =
            |len: usize, allowed: fn(char) -> bool| bare.len() == len && bare.chars().all(allowed);
        let digits = |c: char| c.is_ascii_digit();
        let shown = if bare.starts_with("req_") {
            "REQUEST"
        } else if is(20, |c| c.is_ascii_hexdigit()) {
            "PLAN"
        } else if bare.len() == 37
            && bare.ends_with(|c: char| c.is_ascii_hexdigit())
            && bare.contains("Z-")
        {
            "TIME-PLAN"
        } else if bare.len() == 10 && bare.matches('-').count() == 2 && bare.starts_with("20") {
            "DATE"
        } else if bare.len() == 5 && bare.chars().all(digits) {
            "PORT"
        } else if bare.len() == 2 && bare.chars().all(digits) && masked.ends_with("DATE ") {
            "HH"
        } else if bare.len() == 2 && bare.chars().all(digits) && masked.ends_with("HH:") {
            "MM"
        } else {
            bare
        };
        masked.push_str(shown);
        masked.push_str(end);
    }
    masked
}

/// A simulator in a process of its own.
pub(crate) struct Organization {
    process: Child,
    ready: Value,
}

impl Organization {
    /// Serves a roster in wire shape.
    pub(crate) fn start(roster: &Value, args: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roster.json");
        fs::write(&path, roster.to_string()).unwrap();
        let path = path.to_str().unwrap();
        let args: Vec<&str> = ["--roster", path].iter().chain(args).copied().collect();
        Self::made_up(&args)
    }

    /// Serves what `simulate` makes of these arguments.
    pub(crate) fn made_up(args: &[&str]) -> Self {
        let mut process = bare()
            .arg("simulate")
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        Self {
            process,
            ready: serde_json::from_str(&line).unwrap(),
        }
    }

    pub(crate) fn base_url(&self) -> &str {
        self.ready["base_url"].as_str().unwrap()
    }

    pub(crate) fn admin_key(&self) -> &str {
        self.ready["admin_key"].as_str().unwrap()
    }

    /// The document of `GET /_sim/state`.
    pub(crate) fn state(&self) -> Value {
        let address = self
            .base_url()
            .trim_start_matches("http://")
            .trim_end_matches("/v1");
        let mut stream = TcpStream::connect(address).unwrap();
        write!(
            stream,
            "GET /_sim/state HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\nconnection: close\r\n\r\n",
            self.admin_key()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    /// Every change so far, as `operation address`.
    pub(crate) fn mutations(&self) -> Vec<String> {
        let state = self.state();
        let mutation = |row: &Value| {
            let text = |key: &str| row[key].as_str().unwrap_or("-").to_owned();
            format!("{} {}", text("operation"), text("email"))
        };
        state["mutations"]
            .as_array()
            .unwrap()
            .iter()
            .map(mutation)
            .collect()
    }

    /// How many requests arrived.
    pub(crate) fn requests(&self) -> u64 {
        let state = self.state();
        let counters = state["counters"].as_object().unwrap();
        counters
            .values()
            .map(|counter| counter["requests"].as_u64().unwrap())
            .sum()
    }
}

impl Drop for Organization {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Members in wire shape: two owners, and readers with these names.
pub(crate) fn acme(readers: &[&str]) -> Value {
    let row = |name: &str, role: &str| {
        json!({
            "object": "organization.user", "id": format!("user-{name}"), "name": name,
            "email": format!("{name}@acme.dev"), "role": role, "added_at": 1_700_000_000,
            "is_default": false, "is_service_account": false, "is_scim_managed": false,
        })
    };
    let owners = ["ada", "grace"].map(|name| row(name, "owner"));
    let readers = readers.iter().map(|name| row(name, "reader"));
    json!({
        "organization": "org-Acme",
        "users": owners.into_iter().chain(readers).collect::<Vec<_>>(),
        "invites": [], "projects": [], "admin_api_keys": [],
    })
}

/// How long ago an unfinished run is made to be, so that nothing is waited for in real time.
const AGO: SignedDuration = SignedDuration::from_mins(2);

/// Makes a journal one of some time ago. What is torn at its end is lost.
pub(crate) fn age(path: &Path) {
    let mut records = decode(&fs::read(path).unwrap()).unwrap().records;
    for record in &mut records {
        let at = match record {
            Record::Plan(plan) => &mut plan.at,
            Record::Intent(intent) => &mut intent.at,
            Record::Void { seq: _, at, why: _ }
            | Record::Outcome {
                seq: _,
                at,
                outcome: _,
            }
            | Record::Closed { at, by: _ } => at,
        };
        *at -= AGO;
    }
    let name = path.file_name().unwrap().to_str().unwrap();
    let older = path.with_file_name(format!("20200101{}", &name[8..]));
    fs::write(path, records.iter().map(encode).collect::<String>()).unwrap();
    fs::rename(path, older).unwrap();
}

/// Everything in a folder, file by file.
pub(crate) fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_in(&path));
        } else {
            files.push(path);
        }
    }
    files
}
