//! The evidence of a run on a disk that has bad days of its own: it is full, it cannot be written to, or it lost the end of
//! what was written. Without evidence nothing is sent, and what is damaged is never guessed at.

#[cfg(unix)]
use std::collections::BTreeSet;
use std::fs;
#[cfg(unix)]
use std::path::Path;
#[cfg(unix)]
use std::process::{Command, Stdio};

use rosterctl::journal::{Record, decode};

use super::{Desk, MEMBERS, Organization, acme};
#[cfg(unix)]
use super::{Ran, age, files_in};

/// The user without rights, where the tests run as root.
#[cfg(unix)]
const NOBODY: u32 = 65_534;
/// Who leaves.
#[cfg(unix)]
const LEAVERS: usize = 5;

fn organization() -> Organization {
    Organization::start(&acme(&["bob", "r1", "r2", "r3", "r4", "r5"]), &[])
}

/// A desk at which everybody is removed who is not declared.
fn desk(organization: &Organization) -> Desk {
    let relaxed = "[guardrails]\nrevocation_fraction_max = 1.0";
    Desk::at(organization, &MEMBERS.replace("[guardrails]", relaxed))
}

#[test]
#[cfg(unix)]
fn what_is_kept_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let organization = organization();
    let desk = desk(&organization);
    assert_eq!(desk.run(&["apply", "--yes"]).code, 0);
    let files = files_in(&desk.path(".rosterctl/org-Acme"));
    let names: BTreeSet<_> = files
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap())
        .collect();
    assert!(names.contains("lock") && names.contains("pace.json"));
    for path in &files {
        let mode = fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }
}

#[test]
fn where_nothing_can_be_kept_nothing_is_sent() {
    let organization = organization();
    let desk = desk(&organization);
    desk.write(".rosterctl", "in the way");
    let ran = desk.run(&["apply", "--yes"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.starts_with("error: cannot create "), "{}", ran.err);
    assert_eq!(organization.requests(), 0);

    // The folder may also have become one that cannot be written to.
    fs::remove_file(desk.path(".rosterctl")).unwrap();
    desk.write(".rosterctl/org-Acme/journal", "in the way");
    let ran = desk.run(&["apply", "--yes"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.starts_with("error: cannot create "), "{}", ran.err);
    assert_eq!(organization.requests(), 0);
}

/// Gives a command the arguments, the folder and the environment of another one.
#[cfg(unix)]
pub(super) fn go_on_as<'c>(command: &'c mut Command, other: &Command) -> &'c mut Command {
    let variables = other.get_envs();
    command
        .args(other.get_args())
        .current_dir(other.get_current_dir().unwrap())
        .env_clear()
        .envs(variables.filter_map(|(name, value)| Some((name, value?))))
}

/// The command of an apply for whom the folder's permissions hold: for root they do not, so it runs as nobody, from a
/// copy that nobody may read.
#[cfg(unix)]
fn apply_bound_by_permissions(desk: &Desk, copy: &Path) -> Command {
    use std::os::unix::process::CommandExt as _;
    let plain = desk.command(&["apply", "--yes"]);
    if !rustix::process::geteuid().is_root() {
        return plain;
    }
    let program = copy.join("rosterctl");
    // By another process: one that this process had open for writing could be held open by a child of another test,
    // and a program that is open for writing is "text file busy".
    let copied = Command::new("cp")
        .arg(plain.get_program())
        .arg(&program)
        .status();
    assert!(copied.unwrap().success());
    let mut bound = Command::new(program);
    go_on_as(&mut bound, &plain)
        .stdin(Stdio::null())
        .uid(NOBODY);
    bound
}

#[test]
#[cfg(unix)]
fn without_permission_to_write_nothing_is_sent() {
    let copy = tempfile::tempdir().unwrap();
    set_mode(copy.path(), 0o755);
    for folder in ["", ".rosterctl/org-Acme"] {
        let organization = organization();
        let desk = desk(&organization);
        let folder = desk.path(folder);
        fs::create_dir_all(&folder).unwrap();
        for above in folder
            .ancestors()
            .take_while(|above| above.starts_with(desk.path("")))
        {
            set_mode(above, 0o777);
        }
        set_mode(&folder, 0o555);
        let ran = Ran::of(&mut apply_bound_by_permissions(&desk, copy.path()));
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.err.contains("Permission denied"), "{ran:?}");
        assert!(
            ran.err.contains("hint: an apply keeps its journal"),
            "{ran:?}"
        );
        assert_eq!(organization.requests(), 0, "{}", folder.display());

        // It was the permission that stopped it.
        set_mode(&folder, 0o777);
        let ran = Ran::of(&mut apply_bound_by_permissions(&desk, copy.path()));
        assert_eq!(ran.code, 0, "{ran:?}");
        assert_eq!(organization.mutations().len(), LEAVERS);
    }
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_torn_end_is_read_past_and_damage_elsewhere_is_refused() {
    let organization = organization();
    let desk = desk(&organization);
    assert_eq!(desk.run(&["apply", "--yes"]).code, 0);
    let whole = fs::read(desk.journal()).unwrap();
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    // The plan and the intent of the first removal; its outcome was lost.
    let start = lines[..2].concat();

    for tail in [&b"{\"record\":\"outc"[..], &[0; 512], b""] {
        fs::write(desk.journal(), [&start[..], tail].concat()).unwrap();
        let ran = desk.run(&["apply", "--yes"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(
            ran.err
                .contains("0 of 5 actions had their outcome, 1 read back")
        );
        let records = decode(&fs::read(desk.journal()).unwrap()).unwrap().records;
        assert!(matches!(records[..], [.., Record::Closed { at: _, by: _ }]));
    }

    for damage in [&b"{\"record\":\"outc\n"[..], b"\0\0\0\0\n", b"\n"] {
        let middle = [lines[0], damage, lines[1]].concat();
        fs::write(desk.journal(), &middle).unwrap();
        let before = organization.requests();
        let ran = desk.run(&["apply", "--yes"]);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.err.contains("line 2"), "{ran:?}");
        assert_eq!(organization.requests(), before);
        // It is left as it was, for a person to look at.
        assert_eq!(fs::read(desk.journal()).unwrap(), middle);
    }
}

/// Runs an apply that can write so many blocks into a file and no more, as on a full disk.
#[cfg(unix)]
fn run_with_room_for(desk: &Desk, blocks: usize) -> Ran {
    let plain = desk.command(&["apply", "--yes"]);
    let mut limited = Command::new("/bin/sh");
    limited
        .arg("-c")
        .arg(format!("ulimit -f {blocks}; exec \"$0\" \"$@\""))
        .arg(plain.get_program());
    Ran::of(go_on_as(&mut limited, &plain))
}

#[test]
#[cfg(unix)]
fn on_a_full_disk_nothing_is_sent_without_its_intent() {
    let mut codes = BTreeSet::new();
    let mut done = BTreeSet::new();
    for blocks in (1..24).step_by(2) {
        let organization = organization();
        let desk = desk(&organization);
        let ran = run_with_room_for(&desk, blocks);
        codes.insert(ran.code);
        let sent = organization.mutations();
        done.insert(sent.len());
        let mut intents = Vec::new();
        for path in files_in(&desk.path(".rosterctl/org-Acme/journal")) {
            for record in decode(&fs::read(&path).unwrap()).unwrap().records {
                if let Record::Intent(intent) = record {
                    intents.push(format!(
                        "delete-user {}",
                        intent.change.member().unwrap().label()
                    ));
                }
            }
            age(&path);
        }
        for mutation in &sent {
            assert!(intents.contains(mutation), "{blocks}: {mutation}: {ran:?}");
        }
        if ran.code != 0 {
            assert!(ran.err.contains("File too large"), "{blocks}: {ran:?}");
        }
        // There is room again.
        let next = desk.run(&["apply", "--yes"]);
        assert_eq!(next.code, 0, "{blocks}: {next:?}");
        assert_eq!(organization.mutations().len(), LEAVERS, "{blocks}");
    }
    // Some had no room for the plan, some for a part of the intents, and some for all.
    assert_eq!(codes, BTreeSet::from([0, 1, 5]));
    assert!(done.len() > 2, "{done:?}");
}
