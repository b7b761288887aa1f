"""The container of the CronJob: its own command, with the folders of its volumes put elsewhere."""

import os
import subprocess

from ruamel.yaml import YAML
from world import ROOT, members

START = members("lin", "max")


def container():
    document = YAML(typ="safe").load((ROOT / "examples/kubernetes/drift.yaml").read_text())
    pod = document["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return pod, pod["containers"][0]


def look(world, **more):
    """Runs the container's command; returns its exit code and output."""
    _, one = container()
    folders = {mount["mountPath"]: world.folder / f"mount{mount['mountPath']}" for mount in one["volumeMounts"]}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    (folders["/members"] / "members.toml").write_text(START)
    (folders["/key"] / "key").write_text(world.key + "\n")
    (folders["/key"] / "key").chmod(0o440)
    script = one["args"][0]
    for path, folder in folders.items():
        script = script.replace(f"{path}/", f"{folder}/")
    environment = {"PATH": f"{world.rosterctl.parent}:{os.environ['PATH']}", "HOME": str(world.folder), "OPENAI_BASE_URL": world.base, **more}
    done = subprocess.run([*one["command"], script], env=environment, capture_output=True, text=True, timeout=120)
    world.logs.append(done.stdout + done.stderr)
    return done.returncode, done.stdout + done.stderr


def case_the_cluster_job_ends_as_drift_does(world):
    assert look(world)[0] == 0
    world.elsewhere(add={"email": "eve@acme.dev", "role": "reader"})
    code, output = look(world)
    assert code == 2 and "eve@acme.dev" in output
    code, output = look(world, OPENAI_BASE_URL="http://127.0.0.1:9/v1")
    assert code == 1 and "could not" in output
    assert world.mutations() == []


def case_the_cluster_job_has_few_rights(world):
    pod, one = container()
    assert pod["securityContext"]["runAsNonRoot"] and not pod["automountServiceAccountToken"]
    rights = one["securityContext"]
    assert rights["readOnlyRootFilesystem"] and not rights["allowPrivilegeEscalation"] and rights["capabilities"] == {"drop": ["ALL"]}
    assert "apply" not in one["args"][0] and "env" not in one, "the key is a file, which no process list shows"
