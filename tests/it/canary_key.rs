//! A made-up key goes through the whole set of commands, and no piece of it comes out anywhere.

use std::fs;
use std::panic;
use std::path::Path;
use std::process::Command;
use std::thread;

use rosterctl::provider::Credential;

use crate::cli::network::{canned, http};
use crate::cli::{Desk, MEMBERS, Organization, acme, bare, files_in};

/// 40 characters, and no word of ours among them but its prefix.
const KEY: &str = "sk-admin-test-Zq7XvR2mKd9LwT4hYbN6cJpF3s";
/// Characters of the key that must not stand anywhere in a row.
const WINDOW: usize = 12;
/// Tells the test below that it is the child, which panics.
const PANIC: &str = "ROSTERCTL_TEST_PANICS_WITH";

/// Everything that a key may look like when it has leaked.
fn needles() -> Vec<String> {
    assert_eq!(KEY.len(), 40);
    let windows = |text: &str| -> Vec<String> {
        text.as_bytes()
            .windows(WINDOW)
            .map(|window| String::from_utf8(window.to_vec()).unwrap())
            .collect()
    };
    let mut needles = windows(KEY);
    needles.push(KEY.bytes().rev().map(char::from).collect());
    // At any offset in a longer text, the middle of the key's Base64 is one of three.
    for offset in 0..3 {
        let padded = [&[b' '; 2][..offset], KEY.as_bytes()].concat();
        let encoded = base64(&padded);
        needles.push(encoded[4..encoded.len() - 4].to_owned());
    }
    needles
}

/// Base64 without padding at its end.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk
            .iter()
            .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - chunk.len()));
        for digit in 0..=chunk.len() {
            let index = bits >> (18 - 6 * digit) & 63;
            text.push(char::from(DIGITS[usize::try_from(index).unwrap()]));
        }
    }
    text
}

/// The first piece of the key in some bytes.
fn leak(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    needles().into_iter().find(|needle| text.contains(needle))
}

/// Runs a command, looks at both of its streams, and says how much there was in them.
fn watch(what: &str, command: &mut Command) -> usize {
    let output = command.output().unwrap();
    for bytes in [&output.stdout, &output.stderr] {
        let text = String::from_utf8_lossy(bytes);
        assert_eq!(leak(bytes), None, "{what}: {text}");
    }
    output.stdout.len() + output.stderr.len()
}

/// Looks at every file that was left behind.
fn search(folder: &Path) -> usize {
    let files = files_in(folder);
    for file in &files {
        let bytes = fs::read(file).unwrap();
        assert_eq!(leak(&bytes), None, "{}", file.display());
        assert_eq!(leak(file.display().to_string().as_bytes()), None);
    }
    files.len()
}

#[test]
fn a_leak_would_be_seen() {
    assert_eq!(base64(b"Man"), "TWFu");
    assert_eq!(base64(b"Ma"), "TWE");
    for text in [
        KEY.to_owned(),
        format!("x{}y", &KEY[20..20 + WINDOW]),
        base64(format!("Authorization: Bearer {KEY}").as_bytes()),
        base64(KEY.as_bytes()),
    ] {
        assert!(leak(text.as_bytes()).is_some(), "{text}");
    }
    assert_eq!(leak(b"sk-admin-..."), None);
}

#[test]
fn no_command_shows_the_key() {
    let keys = tempfile::tempdir().unwrap();
    let key_file = keys.path().join("key.txt");
    fs::write(&key_file, KEY).unwrap();
    let key_file = key_file.to_str().unwrap();
    let organization = Organization::start(&acme(&["bob", "eve"]), &["--admin-key-file", key_file]);
    assert_eq!(organization.admin_key(), KEY);
    let members = MEMBERS.to_owned() + "\"lin@acme.dev\" = {}\n";
    let desk = Desk::at(&organization, &members);
    desk.write("broken.toml", "version = 1\n[members\n");
    desk.write("two.txt", format!("{KEY} {KEY}"));
    for args in [
        "check -vv",
        "check broken.toml",
        "plan -vv",
        "plan -vv --log-format json --out plan.json",
        "plan --format json",
        "plan --admin-key-file two.txt",
        "plan --api legacy -vv",
        "list -vv",
        "list --format json",
        "apply",
        "apply -vv --yes --out report.json",
        "apply -vv --log-format json --yes --format json",
        "demo -vv",
        "help",
        "plan --nonsense",
    ] {
        let mut command = desk.command(&args.split(' ').collect::<Vec<_>>());
        assert_ne!(watch(args, &mut command), 0, "{args} has something to say");
    }
    watch(
        "plan with a key file",
        desk.command(&["plan", "-vv", "--admin-key-file", key_file])
            .env_remove("OPENAI_ADMIN_KEY"),
    );
    fs::remove_file(desk.path("two.txt")).unwrap();
    assert_eq!(organization.mutations().len(), 2, "the key did work");
    assert!(
        search(desk.path("").as_path()) > 6,
        "there are files to look at"
    );
}

#[test]
fn a_server_that_repeats_the_key_is_not_repeated() {
    let quoted = format!(
        "{{\"error\":{{\"message\":\"Incorrect API key provided: {KEY}.\",\"code\":\"invalid_api_key\"}}}}"
    );
    let mut runs = Vec::new();
    for (what, answer) in [
        (
            "an error",
            http("401 Unauthorized", "application/json", &quoted),
        ),
        (
            "a header",
            http(
                &format!("403 Forbidden\r\nx-request-id: {KEY}"),
                "application/json",
                "{}",
            ),
        ),
        (
            "a redirect",
            http(
                &format!("302 Found\r\nlocation: https://x.dev/?{KEY}"),
                "text/html",
                KEY,
            ),
        ),
        (
            "an organization",
            http(
                &format!("400 Bad\r\nopenai-organization: {KEY}"),
                "text/plain",
                KEY,
            ),
        ),
    ] {
        // What is no answer of the API is asked for again for some seconds, so all run side by side.
        runs.push(thread::spawn(move || {
            let desk = Desk::new(MEMBERS)
                .with("OPENAI_ADMIN_KEY", KEY)
                .with("OPENAI_BASE_URL", &canned(answer));
            let args = ["plan", "-vv", "--log-format", "json"];
            assert_ne!(watch(what, &mut desk.command(&args)), 0);
            search(desk.path("").as_path());
        }));
    }
    for run in runs {
        run.join().unwrap();
    }
}

#[test]
fn the_simulator_shows_the_key_it_was_given_in_its_ready_line_only() {
    let desk = Desk::new(MEMBERS);
    let keys = tempfile::tempdir().unwrap();
    fs::write(keys.path().join("key.txt"), KEY).unwrap();
    let file = keys.path().join("key.txt");
    let mut command = desk.command(&[
        "simulate",
        "-vv",
        "--listen",
        "192.0.2.1:0",
        "--admin-key-file",
    ]);
    watch("simulate elsewhere", command.arg(&file));
    let mut command = desk.command(&["simulate", "-vv", "--roster"]);
    watch("simulate a key as a roster", command.arg(&file));
}

#[test]
fn a_panic_shows_no_key() {
    for (with, literal) in [("formatted", false), ("debug", false), ("literal", true)] {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child
            .args(["--exact", "canary_key::panics_when_asked", "--nocapture"])
            .env(PANIC, with)
            .env("RUST_BACKTRACE", "full");
        let output = child.output().unwrap();
        assert!(!output.status.success(), "{with}");
        for bytes in [&output.stdout, &output.stderr] {
            assert_eq!(
                leak(bytes),
                None,
                "{with}: {}",
                String::from_utf8_lossy(bytes)
            );
        }
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(
            err.contains("has a bug at tests/it/canary_key.rs:"),
            "{err}"
        );
        assert_eq!(err.contains("a literal of ours"), literal, "{err}");
    }
    assert_eq!(
        leak(&bare().arg("--version").output().unwrap().stdout),
        None
    );
}

/// Does nothing, unless it is the child of the test above.
#[test]
fn panics_when_asked() {
    let Ok(with) = std::env::var(PANIC) else {
        return;
    };
    rosterctl::cli::install_panic_hook();
    let credential = Credential::parse(KEY).unwrap();
    match with.as_str() {
        "formatted" => panic!("the key is {KEY}"),
        "debug" => panic!("{credential:?} of {KEY:?}"),
        "literal" => panic!("a literal of ours"),
        other => panic::panic_any(other.to_owned()),
    }
}
