//! The membership workflows, run for real: they need Python and act, so a plain run leaves them out and says so.

use std::path::Path;
use std::process::Command;

/// Runs every case of `tests/gitops` with this build of rosterctl.
#[test]
#[ignore = "needs Python and act, which it installs: cargo test --test it gitops -- --ignored"]
fn the_membership_workflows_do_what_they_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let ran = Command::new("bash")
        .arg(root.join("tests/gitops/run.sh"))
        .arg(env!("CARGO_BIN_EXE_rosterctl"))
        .status()
        .expect("bash is on this machine");
    assert!(ran.success(), "tests/gitops/run.sh ended with {ran}");
}
