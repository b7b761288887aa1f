//! The house rules as tests: which room may use which, who may touch the world, and how long a file may be.

use std::{fs, path::Path};

/// Lines in a source file at most.
const FILE_LINES_MAX: usize = 600;

/// What touches the world, and the tokens that give it away.
const WORLDS: [(&str, &[&str]); 7] = [
    ("files", &["std::fs", "fs::"]),
    ("environment", &["std::env", "env::"]),
    ("network", &["std::net", "net::"]),
    ("clock", &["SystemTime", "Instant::now", "Timestamp::now"]),
    ("runtime", &["tokio::"]),
    ("http client", &["reqwest"]),
    ("print", &["println!", "print!", "io::stdout", "io::stderr"]),
];

/// A room, the rooms that it may use beside itself, and what of the world it may touch.
type Room = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

/// The house, from the ground up. A room that is not here does not exist.
const ROOMS: [Room; 19] = [
    ("roster", &[], &[]),
    ("pacing", &["roster"], &[]),
    ("desired", &["roster"], &[]),
    ("plan", &["roster", "desired"], &[]),
    ("guardrail", &["roster", "desired", "plan"], &[]),
    ("attribution", &["roster", "desired", "plan"], &[]),
    ("impact", &["roster", "plan"], &[]),
    ("schedule", &["roster", "pacing", "plan"], &[]),
    ("outcome", &["roster", "plan"], &[]),
    ("verify", &["roster", "plan", "outcome"], &[]),
    ("journal", &["roster", "plan", "outcome"], &[]),
    (
        "document",
        &[
            "roster",
            "desired",
            "plan",
            "guardrail",
            "attribution",
            "impact",
            "schedule",
            "outcome",
            "verify",
            "journal",
        ],
        &[],
    ),
    (
        "render",
        &[
            "roster",
            "desired",
            "plan",
            "guardrail",
            "attribution",
            "impact",
            "schedule",
            "outcome",
            "verify",
            "journal",
            "document",
        ],
        &[],
    ),
    (
        "provider",
        &["roster", "pacing", "plan"],
        &["runtime", "clock"],
    ),
    (
        "apply",
        &[
            "roster",
            "plan",
            "guardrail",
            "schedule",
            "outcome",
            "journal",
            "provider",
        ],
        &["runtime"],
    ),
    (
        "state",
        &["roster", "pacing", "journal", "apply"],
        &["files"],
    ),
    (
        "reconcile",
        &[
            "roster",
            "desired",
            "pacing",
            "plan",
            "guardrail",
            "impact",
            "schedule",
            "outcome",
            "verify",
            "document",
            "journal",
            "provider",
            "apply",
            "state",
        ],
        &["runtime"],
    ),
    ("simulator", &["provider"], &["runtime", "network", "clock"]),
    (
        "cli",
        &[
            "roster",
            "pacing",
            "desired",
            "plan",
            "guardrail",
            "attribution",
            "impact",
            "schedule",
            "outcome",
            "verify",
            "journal",
            "document",
            "render",
            "provider",
            "apply",
            "reconcile",
            "state",
            "simulator",
        ],
        &[
            "files",
            "environment",
            "network",
            "clock",
            "runtime",
            "print",
        ],
    ),
];

/// The only file that knows the HTTP client.
const HTTP_CLIENT_FILE: &str = "provider/sockets.rs";

/// Whether `token` stands in `line` with no letter before it.
fn has_token(line: &str, token: &str) -> bool {
    line.match_indices(token).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

/// Everything that a file under `src/` does and its room may not, one line each.
fn violations(path: &str, text: &str) -> Vec<String> {
    let room = path.split(['/', '.']).next().unwrap_or_default();
    if matches!(path, "lib.rs" | "main.rs") {
        return Vec::new();
    }
    let Some((_, uses, touches)) = ROOMS.iter().find(|(name, _, _)| *name == room) else {
        return vec![format!("{path}: the room `{room}` is not in the house")];
    };
    let mut found = Vec::new();
    for line in text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
    {
        if has_token(line, "crate::{") {
            found.push(format!(
                "{path}: root groups hide what is named: {}",
                line.trim()
            ));
        }
        for rest in line.split("crate::").skip(1) {
            let named: String = rest
                .chars()
                .take_while(|c| c.is_ascii_lowercase() || *c == '_')
                .collect();
            let is_room = ROOMS.iter().any(|(name, _, _)| *name == named);
            if is_room && named != room && !uses.contains(&named.as_str()) {
                found.push(format!("{path}: `{room}` may not use `{named}`"));
            }
        }
        for (world, tokens) in WORLDS {
            let is_client_file = world == "http client" && path == HTTP_CLIENT_FILE;
            let group = line.contains("std::{")
                && tokens
                    .iter()
                    .any(|token| has_token(line, token.trim_end_matches("::")));
            if !touches.contains(&world)
                && !is_client_file
                && (group || tokens.iter().any(|token| has_token(line, token)))
            {
                found.push(format!(
                    "{path}: `{room}` may not touch the {world}: {}",
                    line.trim()
                ));
            }
        }
    }
    found
}

fn rust_files(folder: &Path, root: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, root, found);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            let name = path.strip_prefix(root).unwrap().display().to_string();
            found.push((name.replace('\\', "/"), fs::read_to_string(&path).unwrap()));
        }
    }
}

fn files_of(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files = Vec::new();
    if root.exists() {
        rust_files(&root, &root, &mut files);
    }
    files
}

#[test]
fn data_flows_one_way() {
    let files = files_of("src");
    assert!(files.len() > 50, "{} files", files.len());
    let found: Vec<String> = files
        .iter()
        .flat_map(|(path, text)| violations(path, text))
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn one_planted_violation_of_each_rule_is_found() {
    for (path, line) in [
        ("roster/email.rs", "use crate::plan::Plan;"),
        ("desired/parse.rs", "let x = crate::guardrail::approve;"),
        ("plan/compute.rs", "use crate::{roster, desired};"),
        ("provider/gate/mod.rs", "use crate::guardrail::Breach;"),
        ("simulator/world.rs", "use crate::roster::Email;"),
        ("attic/mod.rs", "//! a room nobody planned"),
        ("guardrail/limits.rs", "let text = std::fs::read(path);"),
        ("render/text.rs", "use std::{env, fmt};"),
        ("apply/lane.rs", "use std::net::TcpStream;"),
        ("journal/record.rs", "let at = Timestamp::now();"),
        ("pacing/pacer.rs", "tokio::time::sleep(wait).await;"),
        (
            "provider/openai/mod.rs",
            "let client = reqwest::Client::new();",
        ),
        ("reconcile/finish.rs", "println!(\"done\");"),
    ] {
        assert_eq!(violations(path, line).len(), 1, "{path}: {line}");
    }
    for (path, line) in [
        ("roster/email.rs", "// tokio::time is not used here"),
        (
            "provider/sockets.rs",
            "let client = reqwest::Client::new();",
        ),
        ("cli/files.rs", "fs::read(path)"),
        ("guardrail/limits.rs", "use crate::plan::Plan;"),
    ] {
        assert_eq!(violations(path, line), [""; 0], "{path}: {line}");
    }
}

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    for (path, text) in ["src", "tests", "examples"].into_iter().flat_map(files_of) {
        let lines = text.lines().count();
        assert!(
            lines <= FILE_LINES_MAX,
            "{path} has {lines} lines, and {FILE_LINES_MAX} is the limit"
        );
    }
}

#[test]
fn what_code_owners_are_named_for_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let owners = fs::read_to_string(root.join(".github/CODEOWNERS")).unwrap();
    let paths: Vec<&str> = owners
        .lines()
        .filter(|line| line.starts_with('/'))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(paths.len() > 5, "{paths:?}");
    for path in paths {
        let folder = path.split("**").next().unwrap();
        assert!(root.join(&folder[1..]).exists(), "there is no {path}");
    }
}
