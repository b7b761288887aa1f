"""The installation of a release."""

import hashlib
import os
import re
import subprocess
import tarfile

from world import ROOT

TARGET = "x86_64-unknown-linux-musl"
VERSION = re.search(r'^version = "(.*)"$', (ROOT / "Cargo.toml").read_text(), re.MULTILINE).group(1)
NAME = f"rosterctl-{VERSION}-{TARGET}"


def release(world, attested=True, tampered=False):
    """A release as the release workflow leaves it."""
    folder = world.github / "release" / f"v{VERSION}"
    folder.mkdir(parents=True)
    archive = folder / f"{NAME}.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(world.rosterctl, f"{NAME}/rosterctl")
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    (folder / "SHA256SUMS").write_text(f"{digest}  {NAME}.tar.gz\n{'0' * 64}  other.tar.gz\n")
    if attested:
        claim = "--repo OWNER/rosterctl --source-ref refs/tags/v%s --signer-workflow OWNER/rosterctl/.github/workflows/release.yml" % VERSION
        (folder.parent / "attested").write_text(f"{digest} {claim}\n")
    if tampered:
        with tarfile.open(archive, "w:gz") as tar:
            tar.add("/bin/true", f"{NAME}/rosterctl")
    return digest


def setup(world, **inputs):
    """Runs setup.sh as the action does."""
    temp = world.folder / "temp"
    temp.mkdir(exist_ok=True)
    environment = {"PATH": f"{ROOT}/tests/gitops/bin:{os.environ['PATH']}", "FAKE_GITHUB": str(world.github), "RUNNER_TEMP": str(temp),
                   "RUNNER_OS": "Linux", "RUNNER_ARCH": "X64", "GITHUB_PATH": str(temp / "path"), "GITHUB_OUTPUT": str(temp / "output"),
                   "ACTION_PATH": str(world.actions / ".github/actions/setup"), "GH_TOKEN": "ghs_workflow", "BINARY": "", "VERSION": "",
                   "SHA256": "", "REPOSITORY": "OWNER/rosterctl", "ATTESTATION": "required", **inputs}
    done = subprocess.run(["bash", str(world.actions / ".github/actions/setup/setup.sh")], env=environment, capture_output=True, text=True)
    world.logs.append(done.stdout + done.stderr)
    return done.returncode, done.stdout


def case_a_release_is_installed_after_both_checks(world):
    digest = release(world)
    assert setup(world) == (0, f"rosterctl {VERSION}\n")
    assert setup(world, SHA256=digest)[0] == 0


def case_an_archive_that_was_replaced_is_refused(world):
    release(world, tampered=True)
    code, output = setup(world)
    assert code == 1 and "is not what SHA256SUMS says" in output


def case_an_archive_without_an_attestation_is_refused(world):
    release(world, attested=False)
    code, output = setup(world)
    assert code == 1 and "nothing proves" in output
    assert setup(world, ATTESTATION="none")[0] == 0


def case_another_digest_than_the_pinned_one_is_refused(world):
    release(world)
    assert setup(world, SHA256="0" * 64)[0] == 1


def case_a_missing_release_and_a_strange_version_are_refused(world):
    assert setup(world)[0] == 1
    assert setup(world, VERSION="1.0.0/../../x")[0] == 1
    assert setup(world, RUNNER_ARCH="RISCV")[0] == 1


def case_a_binary_on_the_runner_needs_no_download(world):
    assert setup(world, BINARY=str(world.rosterctl))[0] == 0
    assert setup(world, BINARY="rosterctl")[0] == 1
    assert setup(world, BINARY="/etc/passwd")[0] == 1
