//! The question on a real terminal, and signals.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::evidence::go_on_as;
use super::{Desk, MEMBERS, Organization, acme};

/// A terminal: what is written to `keyboard` is typed by its user.
fn terminal() -> (File, File) {
    let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    // Else the program would hold its own terminal open.
    fcntl_setfd(&keyboard, FdFlags::CLOEXEC).unwrap();
    grantpt(&keyboard).unwrap();
    unlockpt(&keyboard).unwrap();
    let name = ptsname(&keyboard, Vec::new()).unwrap();
    let line = OpenOptions::new()
        .read(true)
        .write(true)
        .open(name.to_str().unwrap())
        .unwrap();
    (File::from(keyboard), line)
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// Reads standard error up to and with a text.
fn read_until(err: &mut impl std::io::Read, text: &str) -> String {
    let mut read = Vec::new();
    let mut byte = [0];
    while err.read(&mut byte).unwrap() == 1 {
        read.push(byte[0]);
        if read.ends_with(text.as_bytes()) {
            break;
        }
    }
    String::from_utf8_lossy(&read).into_owned()
}

fn ask(desk: &Desk) -> (Child, File) {
    let (keyboard, line) = terminal();
    let child = desk
        .command(&["apply"])
        .stdin(line)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    (child, keyboard)
}

#[test]
fn only_a_typed_yes_is_a_yes() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let desk = Desk::at(&organization, MEMBERS);
    for (typed, code) in [("y\n", 1), ("\n", 1), ("\x04", 1), ("yes\n", 0)] {
        let (mut child, mut keyboard) = ask(&desk);
        let mut err = child.stderr.take().unwrap();
        let shown = read_until(&mut err, "is a yes: ");
        assert!(shown.contains("Apply this change to org-Acme?"), "{shown}");
        assert!(organization.mutations().is_empty(), "{typed:?}");
        keyboard.write_all(typed.as_bytes()).unwrap();
        let mut rest = String::new();
        err.read_to_string(&mut rest).unwrap();
        assert_eq!(
            child.wait().unwrap().code(),
            Some(code),
            "{typed:?}: {rest}"
        );
        // A typed line ends the question's row; the end of the input does not.
        assert_eq!(rest.starts_with('\n'), typed == "\x04", "{typed:?}: {rest}");
    }
    assert_eq!(organization.mutations(), ["delete-user eve@acme.dev"]);
}

#[test]
fn ctrl_c_in_the_question_changes_nothing() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let desk = Desk::at(&organization, MEMBERS);
    let (mut child, _keyboard) = ask(&desk);
    let mut err = child.stderr.take().unwrap();
    read_until(&mut err, "is a yes: ");
    signal(&child, Signal::INT);
    let mut rest = String::new();
    err.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(
        rest.ends_with("error: stopped before the answer: nothing was changed\n"),
        "{rest}"
    );
    assert!(organization.mutations().is_empty());
}

/// Whether a run that these tests start goes on after SIGHUP: they may have been started by `nohup` themselves, and
/// elsewhere than on Linux a program without a terminal cannot tell.
fn outlives_its_terminal() -> bool {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else {
        return true;
    };
    let ignored = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_none_or(|mask| mask & 1 == 1)
}

#[test]
fn a_stopped_run_settles_what_is_in_flight_and_says_what_is_left() {
    for signals in [
        // CI sends the second one ten seconds after the first; it asks for nothing new.
        &[Signal::INT, Signal::TERM][..],
        &[Signal::TERM],
        &[Signal::TERM, Signal::INT],
        // A terminal that is closed.
        &[Signal::HUP],
        &[Signal::HUP, Signal::HUP],
    ] {
        if signals.contains(&Signal::HUP) && outlives_its_terminal() {
            continue;
        }
        let readers = ["r1", "r2", "r3", "r4", "r5", "r6"];
        let organization = Organization::start(&acme(&readers), &["--latency-ms", "150"]);
        let relaxed = "[guardrails]\nrevocation_fraction_max = 1.0";
        let desk = Desk::at(&organization, &MEMBERS.replace("[guardrails]", relaxed));
        let mut child = desk
            .command(&["apply", "--yes", "--format", "json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut err = child.stderr.take().unwrap();
        read_until(&mut err, "sending 5");
        for sent in signals {
            signal(&child, *sent);
        }
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(5), "{signals:?}");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let outcomes = report["outcomes"].as_array().unwrap();
        let count = |name: &str| outcomes.iter().filter(|row| row["outcome"] == name).count();
        let done = count("done");
        assert!((1..6).contains(&done), "{signals:?}: {outcomes:?}");
        let left = outcomes.len() - done;
        assert_eq!(count("not-attempted"), left, "{signals:?}: {outcomes:?}");
        assert_eq!(organization.mutations().len(), done, "{signals:?}");
    }
}

#[test]
fn a_run_that_was_started_to_outlive_its_terminal_does() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &["--latency-ms", "150"]);
    let desk = Desk::at(&organization, MEMBERS);
    let plain = desk.command(&["apply", "--yes"]);
    let mut deaf = Command::new("/bin/sh");
    deaf.arg("-c")
        // As `nohup` does.
        .arg("trap '' HUP; exec \"$0\" \"$@\"")
        .arg(plain.get_program())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = go_on_as(&mut deaf, &plain).spawn().unwrap();
    let mut err = child.stderr.take().unwrap();
    read_until(&mut err, "sending 1");
    signal(&child, Signal::HUP);
    let mut rest = String::new();
    err.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{rest}");
    assert_eq!(organization.mutations(), ["delete-user eve@acme.dev"]);
}

/// Standard error as a terminal gets it, to its end, and standard output.
fn watched(desk: &Desk, term: &str, interrupt_at: Option<&str>) -> (String, String) {
    let (mut screen, line) = terminal();
    let mut child = desk
        .command(&["apply", "--yes", "--redact-emails", "--color", "never"])
        .env("TERM", term)
        .stdout(Stdio::piped())
        .stderr(line)
        .spawn()
        .unwrap();
    let mut shown = String::new();
    if let Some(text) = interrupt_at {
        shown += &read_until(&mut screen, text);
        signal(&child, Signal::INT);
    }
    let mut out = String::new();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_to_string(&mut out).unwrap();
    child.wait().unwrap();
    // Once nobody writes to it, a terminal's other end is an error and not an end.
    let mut rest = Vec::new();
    let _ = screen.read_to_end(&mut rest);
    shown += &String::from_utf8_lossy(&rest);
    (shown, out)
}

#[test]
fn a_terminal_has_rows_that_vanish_and_show_no_address() {
    let row = "removals 0/1: sending 1";
    for (term, interrupt_at) in [("xterm", None), ("xterm", Some(row)), ("dumb", None)] {
        let organization = Organization::start(&acme(&["bob", "eve"]), &["--latency-ms", "300"]);
        let desk = Desk::at(&organization, MEMBERS);
        let (shown, out) = watched(&desk, term, interrupt_at);
        assert!(shown.contains(row), "{term}: {shown:?}");
        assert!(!shown.contains("eve@"), "{term}: {shown:?}");
        assert!(
            out.contains("e***@acme.dev") && !out.contains('\u{1b}'),
            "{out}"
        );
        if term == "dumb" {
            assert!(!shown.contains('\u{1b}'), "{shown:?}");
            continue;
        }
        // A run that was stopped verifies nothing, and its last row is the reading back.
        let is_stopped = interrupt_at.is_some();
        assert_eq!(shown.contains("verifying"), !is_stopped, "{shown:?}");
        let last = if is_stopped {
            "1/1: reading"
        } else {
            "verifying"
        };
        let (_, after) = shown.rsplit_once(last).unwrap();
        assert!(
            after.contains("\r\u{1b}[2K"),
            "the last row is cleared: {shown:?}"
        );
        let (_, left) = after.rsplit_once("\u{1b}[2K").unwrap();
        assert!(
            !left.contains(last),
            "and nothing draws it again: {shown:?}"
        );
        let is_coloured = |code: &str| {
            code.split_once('m')
                .is_some_and(|(n, _)| n.parse::<u8>().is_ok())
        };
        assert!(
            !shown.split("\u{1b}[").skip(1).any(is_coloured),
            "{shown:?}"
        );
    }
}

#[test]
fn a_terminal_that_is_gone_ends_no_run_in_the_middle() {
    for (sent, code) in [(None, 0), (Some(Signal::INT), 5)] {
        let readers = ["r1", "r2", "r3", "r4", "r5", "r6"];
        let organization = Organization::start(&acme(&readers), &["--latency-ms", "150"]);
        let relaxed = "[guardrails]\nrevocation_fraction_max = 1.0";
        let desk = Desk::at(&organization, &MEMBERS.replace("[guardrails]", relaxed));
        let (mut screen, line) = terminal();
        let mut child = desk
            .command(&["apply", "--yes"])
            .env("TERM", "xterm")
            .stdout(Stdio::piped())
            .stderr(line)
            .spawn()
            .unwrap();
        read_until(&mut screen, "removals 1/6: sending 5");
        drop(screen);
        if let Some(sent) = sent {
            signal(&child, sent);
        }
        let mut out = String::new();
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_to_string(&mut out).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{out}");
        assert!(out.contains(&format!("Exit {code}: ")), "{out}");
    }
}

#[test]
fn a_second_ctrl_c_leaves_at_once_and_the_journal_stays_open() {
    let organization = Organization::start(&acme(&["bob", "eve", "mal"]), &["--latency-ms", "600"]);
    let desk = Desk::at(&organization, MEMBERS);
    let mut child = desk
        .command(&["apply", "--yes", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut err = child.stderr.take().unwrap();
    read_until(&mut err, "sending 1");
    signal(&child, Signal::INT);
    read_until(&mut err, "stopping:");
    signal(&child, Signal::INT);
    let rest = read_until(&mut err, "left at once");
    assert!(rest.ends_with("left at once"), "{rest}");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(5));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    // Only the first removal can have left; what is certain is said.
    assert_eq!(report["outcomes"][0]["outcome"], "unknown");
    assert_eq!(report["outcomes"][1]["outcome"], "not-attempted");
    let journal = std::fs::read_to_string(desk.journal()).unwrap();
    assert!(journal.contains("\"record\":\"intent\""), "{journal}");
    assert!(!journal.contains("\"record\":\"closed\""), "{journal}");
}
