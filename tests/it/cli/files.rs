//! Bad files: each with a clear error, an exit code, and nothing sent.

use super::{Desk, MEMBERS};

#[test]
fn a_good_file_is_one_line() {
    let desk = Desk::new(&MEMBERS.replace(
        "\"bob@acme.dev\" = {}",
        "\"bob@acme.dev\" = { expires = 2020-01-01 }\n[departed]\n\"eve@acme.dev\" = {}",
    ));
    insta::assert_snapshot!(desk.run(&["check"]).shown(), @"
    exit 0
    --- out
    members.toml: ok, 3 members of org-Acme, 1 of them expired, 1 departed
    --- err
    ");
}

#[test]
fn every_violation_is_reported_at_once() {
    let members = MEMBERS
        .replace(
            "[guardrails]",
            "[guardrails]\nrequired_owners = [\"bob@acme.dev\"]",
        )
        .replace("undeclared =", "undeclered =")
        + "\"Bob@Acme.dev\" = {}\n\"nobody\" = {}\n\"x@acme.dev\" = { expires = 2026-02-30 }\n";
    let ran = Desk::new(&members).run(&["check"]);
    insta::assert_snapshot!(ran.shown(), @r#"
    exit 1
    --- out
    error: unknown key `undeclered` in [policy]
     --> members.toml:5:1
      |
    5 | undeclered = "remove"
      | ^^^^^^^^^^
      |
    help: did you mean `undeclared`?

    error: the required owner `bob@acme.dev` has not the role owner
      --> members.toml:7:20
       |
     7 | required_owners = ["bob@acme.dev"]
       |                    ^^^^^^^^^^^^^^
       |
    note: declared here
      --> members.toml:12:1
       |
    12 | "bob@acme.dev" = {}
       | ^^^^^^^^^^^^^^
    help: write role = "owner" there

    error: `bob@acme.dev` is declared twice
      --> members.toml:13:1
       |
    13 | "Bob@Acme.dev" = {}
       | ^^^^^^^^^^^^^^
       |
    note: first declared here
      --> members.toml:12:1
       |
    12 | "bob@acme.dev" = {}
       | ^^^^^^^^^^^^^^
    help: keep one of the two lines

    error: `nobody` is not an e-mail address: there is no `@` in it
      --> members.toml:14:1
       |
    14 | "nobody" = {}
       | ^^^^^^^^

    error: invalid date, expected day between 01 and 28
      --> members.toml:15:28
       |
    15 | "x@acme.dev" = { expires = DATE }
       |                            ^^^^^^^^^^
    --- err
    error: members.toml has 5 violations
    "#);
}

#[test]
#[cfg(unix)] // The system words its own part of the message.
fn a_file_that_is_none_says_what_to_try() {
    let desk = Desk::new(MEMBERS);
    desk.write("latin1.toml", b"version = 1\n# J\xfcrgen\n");
    desk.write("folder/x", "");
    desk.write("broken.toml", "version = 1\n[members\n");
    let mut shown = String::new();
    for file in ["missing.toml", "folder", "latin1.toml", "broken.toml"] {
        shown += &desk.run(&["check", file]).shown();
        // A plan fails in the same way, before it looks for a key.
        assert_eq!(desk.run(&["plan", file]).code, 1, "{file}");
    }
    insta::assert_snapshot!(shown, @"
    exit 1
    --- out
    --- err
    error: there is no file missing.toml
    hint: see which files there are: ls .
    hint: name another one as in `rosterctl plan FILE` and `rosterctl members list --file FILE`, or write a first one with `rosterctl export`
    exit 1
    --- out
    --- err
    error: cannot read folder
      caused by: Is a directory (os error 21)
    hint: see who may read it: ls -l folder
    exit 1
    --- out
    --- err
    error: latin1.toml is not UTF-8: line 2 has a byte that no UTF-8 text has there
    hint: save it as UTF-8; from Latin-1: iconv -f latin1 -t utf-8 latin1.toml
    exit 1
    --- out
    error: unclosed table, expected `]`
     --> broken.toml:2:9
      |
    2 | [members
      |         ^
    --- err
    error: broken.toml has 1 violation
    ");
}

#[test]
fn a_file_without_people_is_worth_a_warning() {
    let (head, _) = MEMBERS.split_once("\"ada").unwrap();
    let desk = Desk::new(head);
    desk.write("no-members.toml", head.replace("[members]\n", ""));
    let shown = desk.run(&["check"]).shown() + &desk.run(&["check", "no-members.toml"]).shown();
    insta::assert_snapshot!(shown, @r#"
    exit 0
    --- out
    members.toml: ok, 0 members of org-Acme
    --- err
    warning: [members] is empty: `plan` and `apply` refuse to remove everybody
    exit 1
    --- out
    error: [members] is missing
     --> no-members.toml:1:1
      |
    1 | version = 1
      | ^
      |
    help: write the table with one line per person: "ada@acme.dev" = { role = "owner" }
    --- err
    error: no-members.toml has 1 violation
    "#);
}

#[test]
fn included_files_are_read_and_stay_inside() {
    let include = "version = 1\ninclude = [{ files = \"teams/*.toml\", role_max = \"reader\" }]\n";
    let desk = Desk::new(&MEMBERS.replace("version = 1\n", include));
    desk.write("teams/web.toml", "[members]\n\"eve@acme.dev\" = {}\n");
    desk.write("teams/notes.txt", "not a team");
    let mut shown = desk.run(&["check"]).shown();
    desk.write("teams/ops.toml", "[members]\n\"eve@acme.dev\" = {}\n");
    shown += &desk.run(&["check"]).shown();
    insta::assert_snapshot!(shown, @r#"
    exit 0
    --- out
    members.toml: ok, 4 members of org-Acme
    --- err
    exit 1
    --- out
    error: `eve@acme.dev` is declared twice
     --> teams/web.toml:2:1
      |
    2 | "eve@acme.dev" = {}
      | ^^^^^^^^^^^^^^
      |
    note: first declared here
     --> teams/ops.toml:2:1
      |
    2 | "eve@acme.dev" = {}
      | ^^^^^^^^^^^^^^
    help: keep one of the two lines
    --- err
    error: members.toml has 1 violation
    "#);
    #[cfg(unix)]
    {
        let elsewhere = Desk::new("[members]\n");
        std::fs::remove_file(desk.path("teams/ops.toml")).unwrap();
        std::os::unix::fs::symlink(elsewhere.path("members.toml"), desk.path("teams/ops.toml"))
            .unwrap();
        insta::assert_snapshot!(desk.run(&["check"]).shown(), @"
        exit 1
        --- out
        --- err
        error: teams/ops.toml is included, and lies outside the members file's folder
        hint: see where it leads: readlink -f teams/ops.toml
        ");
    }
}
