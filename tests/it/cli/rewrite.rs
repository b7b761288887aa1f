//! What happens to the file itself when a command writes it.

use std::fs;
use std::io::Write as _;
use std::process::{Child, Stdio};

use super::{Desk, MEMBERS};

/// Starts `members add -`, which has read the file or not when its input comes.
fn adding(desk: &Desk) -> Child {
    desk.command(&["members", "add", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn edits_at_one_time_are_made_or_refused_and_never_lost() {
    let desk = Desk::new(MEMBERS);
    let mut processes: Vec<Child> = (0..12).map(|_| adding(&desk)).collect();
    for (n, process) in processes.iter_mut().enumerate() {
        let mut input = process.stdin.take().unwrap();
        writeln!(input, "person-{n}@acme.dev").unwrap();
    }
    let mut written = 0;
    for (n, mut process) in processes.into_iter().enumerate() {
        let code = process.wait().unwrap().code().unwrap();
        let is_in = desk
            .read("members.toml")
            .contains(&format!("\"person-{n}@"));
        assert_eq!(code, i32::from(!is_in), "{n}");
        written += usize::from(is_in);
    }
    assert!(written >= 1);
    assert_eq!(desk.run(&["check"]).code, 0);
    assert_eq!(fs::read_dir(desk.path(".")).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn links_and_rights_stay() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let desk = Desk::new("");
    fs::remove_file(desk.path("members.toml")).unwrap();
    desk.write("real/members.toml", MEMBERS);
    let real = desk.path("real/members.toml");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real/members.toml", desk.path("members.toml")).unwrap();
    for args in [&["members", "add", "x@acme.dev"][..], &["fmt"]] {
        assert_eq!(desk.run(args).code, 0, "{args:?}");
        assert!(desk.path("members.toml").is_symlink(), "{args:?}");
        let mode = fs::metadata(&real).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640, "{args:?}");
    }
    assert!(desk.read("real/members.toml").contains("x@acme.dev"));
}

#[cfg(unix)]
#[test]
fn a_read_only_file_is_left_as_it_is() {
    use std::os::unix::fs::PermissionsExt as _;

    let desk = Desk::new(MEMBERS);
    let read_only = fs::Permissions::from_mode(0o444);
    fs::set_permissions(desk.path("members.toml"), read_only).unwrap();
    insta::assert_snapshot!(desk.run(&["members", "add", "x@acme.dev"]).shown(), @r"
    exit 1
    --- out
    --- err
    error: members.toml is read-only, so nothing was written
    hint: if it may be edited: chmod u+w members.toml
    ");
    assert_eq!(desk.read("members.toml"), MEMBERS);
}
