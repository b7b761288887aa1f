//! The release: what the packaging scripts make is what the setup action installs, and nothing half is published.
//!
//! GitHub is a script here that keeps a release as a folder; the program in the archives is the real one, behind a
//! script that starts it, because packing megabytes says no more.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What the scripts ask of GitHub: a release is the folder `$RELEASE`, a draft as long as it has the file `.draft`.
const GH: &str = r#"#!/usr/bin/env bash
set -euo pipefail
echo "$1 $2" >>"$RELEASE.log"
case "$1 $2" in
  'release view') [[ -d $RELEASE ]] && { [[ -f $RELEASE/.draft ]] && echo true || echo false; } ;;
  'release delete') rm -r "$RELEASE" ;;
  'release create')
    mkdir "$RELEASE" && touch "$RELEASE/.draft"
    for word in "${@:3}"; do
      if [[ $word == *notes.md ]]; then cp "$word" "$RELEASE.notes"; elif [[ -f $word ]]; then cp "$word" "$RELEASE/"; fi
    done
    if [[ -n ${TRUNCATED:-} ]]; then echo cut >"$RELEASE/$TRUNCATED"; fi
    [[ " $* " == *' --draft '* && " $* " == *' --verify-tag '* ]] ;;
  'release download')
    while (($#)); do if [[ $1 == --dir ]]; then cp "$RELEASE"/* "$2/"; fi; shift; done ;;
  'release edit') rm "$RELEASE/.draft" ;;
  'attestation verify') [[ "$*" == *"--source-ref refs/tags/v"* ]] ;;
  *) echo "unknown: $*" >&2; exit 1 ;;
esac
"#;

/// A copy of the files that a release is made with and of, where it has its section in the changelog.
struct Tree {
    folder: TempDir,
}

impl Tree {
    fn new() -> Self {
        let tree = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        for name in [
            ".github/release/package.sh",
            ".github/release/assemble.sh",
            ".github/release/publish.sh",
            ".github/actions/common.sh",
            ".github/actions/setup/setup.sh",
            "Cargo.toml",
            "README.md",
            "LICENSE",
            "members.toml.example",
        ] {
            tree.write(name, &page(name));
        }
        let changelog = page("CHANGELOG.md");
        let released = format!("## [{VERSION}] - 2026-11-24\n\n- The first one.\n\n## [0.0.1]\n\n");
        tree.write("CHANGELOG.md", &format!("{released}{changelog}"));
        tree.program("bin/gh", GH);
        let start = format!(
            "#!/bin/sh\nexec '{}' \"$@\"\n",
            env!("CARGO_BIN_EXE_rosterctl")
        );
        tree.program("built/rosterctl", &start);
        tree
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
    }

    fn program(&self, name: &str, text: &str) {
        self.write(name, text);
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Runs a script of the tree with a GitHub that is a folder.
    fn run(&self, script: &str, args: &[&str], environment: &[(&str, &str)]) -> Output {
        let path = format!(
            "{}:{}",
            self.path("bin").display(),
            std::env::var("PATH").unwrap()
        );
        Command::new("bash")
            .arg(self.path(script))
            .args(args)
            .current_dir(self.folder.path())
            .env("PATH", path)
            .env("RELEASE", self.path("release"))
            .envs(environment.iter().copied())
            .output()
            .unwrap()
    }

    fn pack(&self, target: &str, folder: &str) -> Output {
        self.run(
            ".github/release/package.sh",
            &["built/rosterctl", target, folder],
            &[],
        )
    }

    /// Everything that a release is made of, in `dist`, with stand-ins for all archives but one.
    fn fill(&self) {
        assert!(self.pack("x86_64-apple-darwin", "dist").status.success());
        for target in targets_of_setup() {
            let name = format!("dist/rosterctl-{VERSION}-{target}.tar.gz");
            if !self.path(&name).exists() {
                self.write(&name, &target);
            }
        }
        self.write(&format!("dist/rosterctl-{VERSION}.cdx.json"), "{}");
    }

    fn release(&self, script: &str, environment: &[(&str, &str)]) -> Output {
        let script = format!(".github/release/{script}.sh");
        self.run(&script, &["dist", &format!("v{VERSION}")], environment)
    }

    fn asked(&self) -> Vec<String> {
        let log = fs::read_to_string(self.path("release.log")).unwrap();
        log.lines().map(str::to_owned).collect()
    }
}

fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The targets that the setup action knows.
fn targets_of_setup() -> BTreeSet<String> {
    page(".github/actions/setup/setup.sh")
        .lines()
        .filter_map(|line| line.trim().split_once(") echo "))
        .map(|(_, target)| target.trim_end_matches(" ;;").to_owned())
        .collect()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn a_release_is_built_for_every_runner_that_setup_knows() {
    let workflow = page(".github/workflows/release.yml");
    let built: BTreeSet<String> = workflow
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- target: "))
        .map(str::to_owned)
        .collect();
    assert_eq!(built, targets_of_setup());
    assert_eq!(built.len(), 5);
}

#[test]
fn the_workflows_use_the_version_of_rust_that_the_package_promises() {
    let manifest = page("Cargo.toml");
    let (_, rest) = manifest.split_once("rust-version = ").unwrap();
    let wanted = format!("  RUST: {}\n", rest.lines().next().unwrap());
    for name in ["ci", "release"] {
        assert!(page(&format!(".github/workflows/{name}.yml")).contains(&wanted));
    }
}

#[test]
fn what_is_packed_is_what_setup_installs() {
    let tree = Tree::new();
    tree.fill();
    assert!(tree.release("assemble", &[]).status.success());
    let published = tree.release("publish", &[]);
    assert!(published.status.success(), "{}", said(&published));
    for name in ["temp/path", "temp/output"] {
        tree.write(name, "");
    }
    let of = |name: &str| tree.path(name).display().to_string();
    let (temp, action) = (of("temp"), of(".github/actions/setup"));
    let (path, output) = (of("temp/path"), of("temp/output"));
    let environment = [
        ("RUNNER_TEMP", temp.as_str()),
        ("RUNNER_OS", "macOS"),
        ("RUNNER_ARCH", "X64"),
        ("ACTION_PATH", &action),
        ("GITHUB_PATH", &path),
        ("GITHUB_OUTPUT", &output),
        ("REPOSITORY", "OWNER/rosterctl"),
        ("ATTESTATION", "required"),
        ("BINARY", ""),
        ("VERSION", ""),
        ("SHA256", ""),
    ];
    let set_up = tree.run(".github/actions/setup/setup.sh", &[], &environment);
    assert!(set_up.status.success(), "{}", said(&set_up));
    assert_eq!(
        fs::read_to_string(tree.path("temp/output")).unwrap(),
        format!("version=rosterctl {VERSION}\n")
    );
    let installed = tree.path("temp/rosterctl-bin");
    let names: Vec<_> = fs::read_dir(installed).unwrap().collect();
    assert_eq!(names.len(), 1, "{names:?}");
}

#[test]
fn an_archive_holds_the_program_its_pages_and_completions_and_is_the_same_each_time() {
    let tree = Tree::new();
    for folder in ["one", "two"] {
        let packed = tree.pack("aarch64-apple-darwin", folder);
        assert!(packed.status.success(), "{}", said(&packed));
    }
    let name = format!("rosterctl-{VERSION}-aarch64-apple-darwin");
    let archive = |folder: &str| fs::read(tree.path(&format!("{folder}/{name}.tar.gz"))).unwrap();
    assert_eq!(archive("one"), archive("two"));
    let listed = Command::new("tar")
        .arg("-tzf")
        .arg(tree.path(&format!("one/{name}.tar.gz")))
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    for file in [
        "rosterctl",
        "LICENSE",
        "README.md",
        "CHANGELOG.md",
        "members.toml.example",
        "completions/rosterctl.bash",
        "completions/_rosterctl",
        "completions/rosterctl.fish",
        "completions/_rosterctl.ps1",
        "completions/rosterctl.elv",
        "man/rosterctl.1",
        "man/rosterctl-members-add.1",
    ] {
        assert!(
            listed.lines().any(|line| line == format!("{name}/{file}")),
            "{file}: {listed}"
        );
    }
}

#[test]
fn a_program_of_another_version_and_a_strange_target_are_not_packed() {
    let tree = Tree::new();
    let packed = tree.pack("../elsewhere", "dist");
    assert!(said(&packed).contains("is no target"), "{packed:?}");
    tree.program("built/rosterctl", "#!/bin/sh\necho rosterctl 9.9.9\n");
    let packed = tree.pack("x86_64-apple-darwin", "dist");
    assert_eq!(packed.status.code(), Some(1));
    assert!(said(&packed).contains("says rosterctl 9.9.9"), "{packed:?}");
    assert!(!tree.path("dist").exists());
}

#[test]
fn the_workflows_are_pinned_by_the_commands_of_the_readme() {
    let desk = tempfile::tempdir().unwrap();
    let readme = page("README.md");
    let (_, set_up) = readme.split_once("**2. The workflows.**").unwrap();
    let (_, block) = set_up.split_once("```sh\n").unwrap();
    let commands = block.split("```").next().unwrap();
    let script = format!(
        "set -euo pipefail
        mkdir -p rosterctl/examples/github access
        cp -R '{}/examples/github/.github' rosterctl/examples/github/
        git -C rosterctl init -q
        git -C rosterctl -c user.name=a -c user.email=a@acme.dev commit -q --allow-empty -m a
        git -C rosterctl tag v9.9.9
        cd access
        {}",
        env!("CARGO_MANIFEST_DIR"),
        commands.replace("owner=OWNER", "owner=acme")
    );
    let ran = Command::new("bash")
        .args(["-c", &script])
        .current_dir(desk.path())
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", said(&ran));
    let mut pins = 0;
    for entry in fs::read_dir(desk.path().join("access/.github/workflows")).unwrap() {
        let path = entry.unwrap().path();
        let workflow = fs::read_to_string(&path).unwrap();
        assert!(
            !workflow.contains("OWNER") && !workflow.contains("00000000"),
            "{path:?}"
        );
        for line in workflow
            .lines()
            .filter(|line| line.contains("uses: acme/rosterctl/"))
        {
            let (_, pin) = line.split_once('@').unwrap();
            assert!(pin.len() == 49 && pin.ends_with(" # v9.9.9"), "{line}");
            pins += 1;
        }
    }
    assert!(pins > 20, "{pins}");
}

/// The loader's name is what the static programs do without.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn a_program_that_is_not_static_is_not_packed_as_one() {
    let tree = Tree::new();
    let packed = tree.run(
        ".github/release/package.sh",
        &[
            env!("CARGO_BIN_EXE_rosterctl"),
            "x86_64-unknown-linux-musl",
            "dist",
        ],
        &[],
    );
    assert_eq!(packed.status.code(), Some(1));
    assert!(said(&packed).contains("is not static"), "{packed:?}");
}

#[test]
fn a_release_that_is_not_whole_is_refused() {
    let tree = Tree::new();
    tree.fill();
    let missing = format!("dist/rosterctl-{VERSION}-x86_64-pc-windows-msvc.tar.gz");
    fs::remove_file(tree.path(&missing)).unwrap();
    let assembled = tree.release("assemble", &[]);
    assert_eq!(assembled.status.code(), Some(1));
    assert!(said(&assembled).contains(&format!("< {}", &missing[5..])));
    tree.fill();
    tree.write("dist/notes.txt", "?");
    assert!(said(&tree.release("assemble", &[])).contains("> notes.txt"));
    fs::remove_file(tree.path("dist/notes.txt")).unwrap();
    let other = tree.run(".github/release/assemble.sh", &["dist", "v9.9.9"], &[]);
    assert!(said(&other).contains("the tag is v9.9.9"), "{other:?}");
    tree.write("CHANGELOG.md", "## [Unreleased]\n");
    let unsaid = tree.release("assemble", &[]);
    assert!(said(&unsaid).contains("has no section"), "{unsaid:?}");
    assert!(!tree.path("dist/SHA256SUMS").exists());
}

#[test]
fn a_release_is_a_draft_until_its_files_came_back_whole() {
    let tree = Tree::new();
    tree.fill();
    assert!(tree.release("assemble", &[]).status.success());
    let cut = format!("rosterctl-{VERSION}-aarch64-apple-darwin.tar.gz");
    let failed = tree.release("publish", &[("TRUNCATED", &cut)]);
    assert!(!failed.status.success());
    assert!(tree.path("release/.draft").exists());

    let published = tree.release("publish", &[]);
    assert!(published.status.success(), "{}", said(&published));
    assert!(!tree.path("release/.draft").exists());
    assert_eq!(
        tree.asked()[3..],
        [
            "release view",
            "release delete",
            "release create",
            "release download",
            "release edit"
        ]
    );
    let notes = fs::read_to_string(tree.path("release.notes")).unwrap();
    assert_eq!(notes, "\n- The first one.\n\n");

    let again = tree.release("publish", &[]);
    assert!(said(&again).contains("is published already"), "{again:?}");
    assert_eq!(tree.asked().len(), 9);
}
