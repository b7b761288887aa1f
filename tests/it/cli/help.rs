//! What the program says about itself.

use super::{Desk, Ran, bare};

fn ran(args: &[&str]) -> Ran {
    Ran::of(bare().args(args))
}

#[test]
fn help_is_for_people_and_goes_to_standard_output() {
    for command in [
        "",
        "check",
        "plan",
        "apply",
        "drift",
        "list",
        "export",
        "members",
        "members add",
        "members compare",
        "fmt",
        "schema",
        "completions",
        "man",
        "simulate",
        "snapshot",
        "demo",
    ] {
        let args: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let Ran { code, out, err } = ran(&args);
        assert_eq!((code, err.as_str()), (0, ""), "{command}");
        let name = if command.is_empty() { "top" } else { command };
        let name = format!("help_{}", name.replace(' ', "_"));
        insta::assert_snapshot!(name, out);
    }
}

#[test]
fn the_version_is_the_packages() {
    let Ran { code, out, err } = ran(&["--version"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(out, format!("rosterctl {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_wrong_command_line_exits_64_and_is_no_drift() {
    let id = "0".repeat(20);
    let never = format!("{id}:identity-conflict");
    for args in [
        vec![],
        vec!["plam"],
        vec!["plan", "--detailed-exit"],
        vec!["plan", "--format", "yaml"],
        vec!["plan", "--requests-per-minute", "0"],
        vec!["plan", "--accept", "revocations-max"],
        vec!["plan", "--accept", &never],
        vec!["apply", "--verify-timeout", "soon"],
        vec!["plan", "--admin-key", "sk-admin-test"],
        vec!["simulate", "--burst", "3"],
    ] {
        let Ran { code, out, err } = ran(&args);
        assert_eq!((code, out.as_str()), (64, ""), "{args:?}");
        assert!(!err.is_empty(), "{args:?}");
    }
}

#[test]
fn a_diff_in_json_is_a_wrong_command_line() {
    let ran = Desk::new("").run(&["plan", "--diff", "--format", "json"]);
    insta::assert_snapshot!(ran.shown(), @"
    exit 64
    --- out
    --- err
    error: --diff is text, and another --format was asked for
    hint: take one of them out; --out FILE writes the JSON beside the text
    ");
}
