//! Commands that read and write the members file, from outside.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::json;

use super::{Desk, MEMBERS, Organization, Ran, acme, masked};

/// Runs a command with something on its standard input.
fn fed(desk: &Desk, args: &[&str], input: &str) -> Ran {
    let mut process = desk
        .command(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    process
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = process.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn a_person_is_added_set_and_removed_in_diffs_of_their_own() {
    let desk = Desk::new(MEMBERS);
    insta::assert_snapshot!(desk.run(&["members", "add", "Cy@acme.dev", "--expires", "2027-03-31", "--ticket", "OPS-1"]).shown(), @r#"
    exit 0
    --- out
    --- a/members.toml
    +++ b/members.toml
    @@ -10,2 +10,3 @@
     "grace@acme.dev" = { role = "owner" }
     "bob@acme.dev" = {}
    +"cy@acme.dev" = { expires = DATE, ticket = "OPS-1" }
    --- err
    Wrote members.toml.
    "#);
    insta::assert_snapshot!(desk.run(&["members", "set", "cy@acme.dev", "--role", "reader", "--clear", "expires", "--dry-run"]).shown(), @r#"
    exit 0
    --- out
    --- a/members.toml
    +++ b/members.toml
    @@ -10,3 +10,3 @@
     "grace@acme.dev" = { role = "owner" }
     "bob@acme.dev" = {}
    -"cy@acme.dev" = { expires = DATE, ticket = "OPS-1" }
    +"cy@acme.dev" = { ticket = "OPS-1", role = "reader" }
    --- err
    Nothing was written: this was a dry run.
    "#);
    let again = desk.run(&["members", "add", "cy@acme.dev"]);
    insta::assert_snapshot!(again.shown(), @r#"
    exit 1
    --- out
    --- err
    error: cy@acme.dev is declared already
    hint: change the entry with `members set`, or pass --if-absent
    "#);
    let before = desk.read("members.toml");
    assert_eq!(
        desk.run(&["members", "add", "cy@acme.dev", "--if-absent"])
            .code,
        0
    );
    assert_eq!(desk.read("members.toml"), before);
    assert_eq!(desk.run(&["members", "remove", "cy@acme.dev"]).code, 0);
    assert_eq!(desk.read("members.toml"), MEMBERS);
    let gone = desk.run(&[
        "members",
        "remove",
        "bob@acme.dev",
        "--departed",
        "--ticket",
        "HR-1",
    ]);
    insta::assert_snapshot!(gone.shown(), @r#"
    exit 0
    --- out
    --- a/members.toml
    +++ b/members.toml
    @@ -9,3 +9,5 @@
     "ada@acme.dev" = { role = "owner" }
     "grace@acme.dev" = { role = "owner" }
    -"bob@acme.dev" = {}
    +
    +[departed]
    +"bob@acme.dev" = { since = DATE, ticket = "HR-1" }
    --- err
    Wrote members.toml.
    "#);
}

#[test]
fn many_people_come_from_standard_input_or_none_do() {
    let desk = Desk::new(MEMBERS);
    let ran = fed(
        &desk,
        &["members", "add", "-"],
        "x@acme.dev\n# who\n\ny\nz@\n",
    );
    insta::assert_snapshot!(ran.shown(), @r#"
    exit 1
    --- out
    --- err
    standard input, line 4: `y` is not an e-mail address: there is no `@` in it
    standard input, line 5: `z@` is not an e-mail address: `` is not a domain name
    error: 2 lines of standard input are not e-mail addresses
    "#);
    assert_eq!(desk.read("members.toml"), MEMBERS);
    let ran = fed(
        &desk,
        &["members", "add", "-", "--ticket", "T-1"],
        "x@acme.dev\r\n\ny@acme.dev",
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(desk.read("members.toml").matches("T-1").count(), 2);
    assert_eq!(
        fed(&desk, &["members", "add", "-", "--id", "user-1"], "").code,
        64
    );
}

#[test]
fn a_file_with_violations_is_shown_as_check_shows_it_and_not_edited() {
    let members = MEMBERS.replace("role = \"owner\"", "rol = \"owner\"");
    let desk = Desk::new(&members);
    let check = desk.run(&["check"]);
    for args in [
        vec!["members", "add", "x@acme.dev"],
        vec!["members", "set", "bob@acme.dev", "--ticket", "T"],
        vec!["members", "remove", "bob@acme.dev"],
        vec!["members", "prune"],
        vec!["members", "pin"],
        vec!["members", "compare", "people.csv", "--write"],
        vec!["members", "list"],
        vec!["fmt"],
        vec!["fmt", "--check"],
        vec!["plan"],
        vec!["apply", "--yes"],
        vec!["drift"],
    ] {
        let ran = desk.run(&args);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{args:?}");
        assert!(ran.err.starts_with(&check.out), "{args:?}: {}", ran.err);
        assert!(ran.err.ends_with(&check.err), "{args:?}: {}", ran.err);
    }
    assert_eq!(desk.read("members.toml"), members);
}

#[test]
fn the_layout_is_checked_and_written() {
    let desk = Desk::new(MEMBERS);
    insta::assert_snapshot!(desk.run(&["fmt", "--check"]).shown(), @r#"
    exit 1
    --- out
    --- a/members.toml
    +++ b/members.toml
    @@ -7,5 +7,5 @@
     email_domains = ["acme.dev"]
     [members]
    -"ada@acme.dev" = { role = "owner" }
    +"ada@acme.dev"   = { role = "owner" }
     "grace@acme.dev" = { role = "owner" }
    -"bob@acme.dev" = {}
    +"bob@acme.dev"   = {}
    --- err
    error: members.toml is not laid out
    hint: lay it out with: rosterctl fmt
    "#);
    assert_eq!(desk.read("members.toml"), MEMBERS);
    assert_eq!(desk.run(&["fmt"]).code, 0);
    let ran = desk.run(&["fmt", "--check"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
}

#[test]
fn what_the_file_says_is_listed() {
    let desk = Desk::new(
        &(MEMBERS.to_owned()
            + "\"cy@acme.dev\" = { expires = 2020-01-01, id = \"user-cy\", ticket = \"T-1\" }\n[departed]\n\"user-9\" = { since = 2026-01-02 }\n"),
    );
    // Dates are masked by the harness, so the text is compared as it is.
    insta::assert_snapshot!(desk.run(&["members", "list"]).out, @r#"
    ADDRESS         ROLE   ID       STANDING                TICKET  PLACE
    ada@acme.dev    owner  -        declared                -       members.toml:9:1
    bob@acme.dev    -      -        declared                -       members.toml:11:1
    cy@acme.dev     -      user-cy  expired on 2020-01-01   T-1     members.toml:12:1
    grace@acme.dev  owner  -        declared                -       members.toml:10:1
    -               -      user-9   departed on 2026-01-02  -       members.toml:14:1
    "#);
    let json = desk.run(&["members", "list", "--format", "json"]).json();
    assert_eq!(json["members"][2]["email"], json!("cy@acme.dev"));
    assert_eq!(json["members"][2]["active"], json!(false));
    let schema = desk.run(&["schema", "declared"]).json();
    assert!(jsonschema::is_valid(&schema, &json), "{json:#}");
}

#[test]
fn a_check_is_a_document_and_annotations_too() {
    let desk = Desk::new(&MEMBERS.replace(
        "\"bob@acme.dev\" = {}",
        "\"bob@acme.dev\" = { expires = 2099-03-31 }",
    ));
    let ran = desk.run(&["check", "--as-of", "2099-04-01"]);
    assert!(
        ran.err
            .contains("notice: members.toml:11:1: bob@acme.dev expires on 2099-03-31, in "),
        "{ran:?}"
    );
    assert_eq!(
        ran.out,
        "members.toml: ok, 3 members of org-Acme, 1 of them expired as of 2099-04-01\n"
    );
    let ran = desk.run(&["check", "--expiry-notice-days", "4294967295"]);
    assert!(
        ran.err.starts_with("notice: members.toml:11:1: bob@"),
        "{ran:?}"
    );
    let document = desk
        .run(&["check", "--format", "json", "--as-of", "2099-04-01"])
        .json();
    assert_eq!(document["expiring"][0]["last_day"], json!("2099-03-31"));
    let schema = desk.run(&["schema", "check"]).json();
    assert!(jsonschema::is_valid(&schema, &document), "{document:#}");

    desk.write(
        "members.toml",
        MEMBERS.replace("undeclared =", "undeclered =") + "\"Bob@acme.dev\" = {}\n",
    );
    let ran = desk.run(&["check", "--format", "github"]);
    insta::assert_snapshot!(ran.shown(), @r#"
    exit 1
    --- out
    ::error file=members.toml,line=5,col=1,title=members file::unknown key `undeclered` in [policy]; did you mean `undeclared`?
    ::error file=members.toml,line=12,col=1,title=members file::`bob@acme.dev` is declared twice; first declared here (members.toml:11:1); keep one of the two lines
    --- err
    error: members.toml has 2 violations
    "#);
    let document = desk.run(&["check", "--format", "json"]).json();
    assert_eq!(document["violations"].as_array().unwrap().len(), 2);
    assert!(jsonschema::is_valid(&schema, &document), "{document:#}");
}

#[test]
fn a_people_systems_export_is_reported_and_written() {
    let desk = Desk::new(MEMBERS);
    desk.write("people.csv", "Email,Status,End Date\nada@acme.dev,active,\ngrace@acme.dev,active,2099-01-01\nbob@acme.dev,terminated,\n");
    insta::assert_snapshot!(desk.run(&["members", "compare", "people.csv"]).shown(), @r#"
    exit 0
    --- out
    3 of 3 declared people are among 3 rows
      - bob@acme.dev: has left (`terminated`) (line 4)
      ~ grace@acme.dev: last day DATE, without an end in the file (line 3)
    --- err
    Nothing was written; --write edits the file.
    "#);
    assert_eq!(desk.read("members.toml"), MEMBERS);
    let ran = desk.run(&["members", "compare", "people.csv", "--write"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let tombstone = masked(&desk.read("members.toml"));
    assert!(
        tombstone.ends_with(
            "[departed]\n\"bob@acme.dev\" = { since = DATE, reason = \"terminated, says the people system\" }\n"
        ),
        "{tombstone}"
    );
    desk.write(
        "people.csv",
        "Email,Status\nada@acme.dev,active\ngrace@acme.dev,active\n",
    );
    insta::assert_snapshot!(desk.run(&["members", "compare", "people.csv"]).shown(), @r#"
    exit 1
    --- out
    --- err
    error: the column "Status" (status) is `active` on every row
    hint: if that is right, leave the column out: --column status=
    "#);
}

#[test]
fn an_export_is_a_file_that_changes_nothing() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let desk = Desk::at(&organization, MEMBERS);
    let args = |file| {
        [
            "export",
            file,
            "--organization",
            "org-Acme",
            "--domain",
            "acme.dev",
        ]
    };
    let ran = desk.run(&args("members.toml"));
    insta::assert_snapshot!(ran.shown(), @r#"
    exit 1
    --- out
    --- err
    error: members.toml exists, and is not replaced
    hint: name another file, or pass --force to replace it
    "#);
    assert_eq!(desk.read("members.toml"), MEMBERS);
    assert_eq!(desk.run(&args("new.toml")).code, 0);
    let text = desk.read("new.toml").replace("\n# \"", "\n\"");
    desk.write("new.toml", text);
    let ran = desk.run(&["plan", "new.toml", "--detailed-exitcode"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("new.toml", desk.path("link.toml")).unwrap();
        let mut forced = args("link.toml").to_vec();
        assert_eq!(desk.run(&forced).code, 1);
        forced.push("--force");
        assert_eq!(desk.run(&forced).code, 0);
        assert!(desk.path("link.toml").is_symlink());
    }
    let ran = desk.run(&[
        "export",
        "-",
        "--organization",
        "org-Other",
        "--domain",
        "acme.dev",
    ]);
    insta::assert_snapshot!(ran.shown(), @r#"
    exit 1
    --- out
    --- err
    error: the organization could not be read
      caused by: the key was not accepted for `GET /organization/invites` (status 401, request REQUEST): No such organization: org-Other.
    hint: the key is of another organization: use a key of the one that [organization].id names, or correct the id
    "#);

    assert_eq!(desk.run(&["members", "pin"]).code, 0);
    assert!(
        desk.read("members.toml")
            .contains("\"bob@acme.dev\" = { id = \"user-bob\" }")
    );
    assert_eq!(organization.mutations(), Vec::<String>::new());
}
