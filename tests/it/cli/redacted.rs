//! `--redact-emails`: no stream, no log and no file shows an address, and the plan's id stays the real one.

use std::fs;

use super::{Desk, MEMBERS, Organization, Ran, acme, files_in};

/// Local parts that nothing may show.
const LOCALS: [&str; 7] = ["ada", "grace", "bob", "eve", "lin", "zoe", "old"];

fn assert_masked(text: &str, what: &str) {
    for local in LOCALS {
        for sign in ["@", "%40"] {
            let address = format!("{local}{sign}acme.dev");
            assert!(!text.contains(&address), "{what}: {address}: {text}");
        }
    }
}

fn redacted(desk: &Desk, args: &[&str]) -> Ran {
    let args: Vec<&str> = args
        .iter()
        .copied()
        .chain(["--redact-emails", "-vv"])
        .collect();
    let ran = desk.run(&args);
    assert_masked(&ran.out, "standard output");
    assert_masked(&ran.err, "standard error");
    ran
}

fn members() -> String {
    MEMBERS.to_owned()
        + "\"lin@acme.dev\" = { name = \"Lin\", aliases = [\"zoe@acme.dev\"] }\n[departed]\n\"old@acme.dev\" = {}\n"
}

#[test]
fn nothing_shows_an_address() {
    let organization = Organization::start(&acme(&["bob", "eve", "old"]), &[]);
    let desk = Desk::at(&organization, &members());
    desk.write("files/of-before.txt", "");
    let real = desk.run(&["plan"]);
    let (_, real_id) = real.out.split_once("Plan id ").unwrap();
    for format in ["text", "github", "json"] {
        let ran = redacted(
            &desk,
            &[
                "plan",
                "--format",
                format,
                "--out",
                "files/plan.json",
                "--markdown-out",
                "files/plan.md",
                "--html-out",
                "files/plan.html",
                "--log-format",
                "json",
            ],
        );
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.out.contains("e***@acme.dev"), "{ran:?}");
        assert!(ran.out.contains(&real_id[..20]), "{ran:?}");
    }
    redacted(&desk, &["plan", "--diff", "--color", "always"]);
    for args in [
        vec!["list"],
        vec!["list", "--format", "json"],
        vec!["check", "--as-of", "2030-01-01"],
        vec!["members", "list"],
        vec!["members", "list", "--format", "json"],
        vec!["members", "add", "zoe@acme.dev", "--dry-run"],
        vec!["apply"],
        vec!["apply", "--yes"],
    ] {
        redacted(&desk, &args);
    }
    assert_eq!(
        organization.mutations().len(),
        3,
        "{:?}",
        organization.mutations()
    );
    for file in files_in(&desk.path("files")) {
        assert_masked(
            &fs::read_to_string(&file).unwrap(),
            &file.display().to_string(),
        );
    }
    assert!(desk.read("files/plan.json").contains("\"redacted\": true"));
}

#[test]
fn a_name_is_left_out_too() {
    let organization = Organization::start(&acme(&["bob"]), &[]);
    let desk = Desk::at(&organization, &members());
    for args in [
        vec!["list", "--format", "json"],
        vec!["members", "list", "--format", "json"],
    ] {
        let ran = redacted(&desk, &args);
        let rows = if args[0] == "list" {
            "people"
        } else {
            "members"
        };
        for row in ran.json()[rows].as_array().unwrap() {
            assert!(row["name"].is_null(), "{row}");
        }
    }
}

#[test]
fn what_needs_its_addresses_is_refused() {
    let desk = Desk::new(MEMBERS);
    let ran = redacted(&desk, &["export", "-", "--domain", "acme.dev"]);
    assert_eq!(ran.code, 64);
    assert!(
        ran.err
            .contains("a members file is written with its addresses"),
        "{ran:?}"
    );
    // An error that names an address masks it as well.
    desk.write(
        "members.toml",
        MEMBERS.replace("{}", "{ role = \"eve@acme.dev\" }"),
    );
    let invalid = redacted(
        &desk,
        &["plan", "--format", "github", "--markdown-out", "plan.md"],
    );
    assert_eq!(invalid.code, 1);
    assert_masked(&desk.read("plan.md"), "the comment");
}
