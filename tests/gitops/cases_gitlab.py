"""The jobs for GitLab, run by what stands in for a runner: their variables, their script, their artifacts."""

import json
import os
import re
import subprocess
import zipfile

from ruamel.yaml import YAML
from world import HERE, ROOT, members

START = members("lin", "max")
TOKEN = "glpat-test"


def script_of(document, node):
    """The lines of a script, with !reference followed."""
    lines = []
    for line in node:
        if isinstance(line, str):
            lines.append(line)
        else:
            name, key = list(line)
            lines += script_of(document, document[name][key])
    return lines


def job(world, name, commit, source, artifacts=None, **more):
    """Runs one job at a commit, and keeps its artifacts as GitLab does; returns its exit code."""
    yaml = YAML()
    document = yaml.load((ROOT / "examples/gitlab/.gitlab-ci.yml").read_text())
    folder = world.folder / "gitlab"
    folder.mkdir(exist_ok=True)
    listing = folder / "jobs.json"
    if not listing.exists():
        listing.write_text("[]")
    rows = json.loads(listing.read_text())
    number = 500 + len(rows)
    work = world.folder / f"job-{number}"
    world._git("clone", "-q", str(world.github / "repo.git"), str(work), cwd=world.folder)
    world._git("checkout", "-q", "--detach", commit, cwd=work)
    for path, text in (artifacts or {}).items():
        (work / path).write_text(text)
    environment = {"PATH": f"{HERE}/gitlab:{world.rosterctl.parent}:{os.environ['PATH']}", "HOME": str(world.folder), "FAKE_GITLAB": str(folder),
                   "FAKE_TOKEN": TOKEN, "ROSTERCTL_STATE_TOKEN": TOKEN, "CI_API_V4_URL": "https://gitlab.example.com/api/v4", "CI_PROJECT_ID": "7",
                   "CI_DEFAULT_BRANCH": "main", "CI_PIPELINE_SOURCE": source, "CI_COMMIT_SHA": commit, "CI_PIPELINE_ID": "31", "GITLAB_USER_LOGIN": "ada",
                   "OPENAI_ADMIN_KEY_READONLY": world.key, "OPENAI_ADMIN_KEY_WRITE": world.key, "OPENAI_BASE_URL": world.base}
    for variables in (document["variables"], document[name].get("variables", {})):
        for key, value in variables.items():
            environment[key] = re.sub(r"\$(\w+)", lambda match: environment.get(match[1], ""), value)
    environment.update(more)
    lines = script_of(document, document["default"]["before_script"]) + script_of(document, document[name]["script"])
    done = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", "\n".join(lines)], cwd=work, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
    world.logs.append(f"--- {name} of {source}: exit {done.returncode}\n{done.stdout}")
    world.last_log, world.last_folder = done.stdout, work
    keep(world, folder, rows, number, name, document[name].get("artifacts", {}).get("paths", []), work, done.returncode, source)
    return done.returncode


def keep(world, folder, rows, number, name, paths, work, code, source):
    files = [file for path in paths for file in ([work / path] if (work / path).is_file() else sorted((work / path).rglob("*"))) if file.is_file()]
    with zipfile.ZipFile(folder / f"{number}.zip", "w") as archive:
        for file in files:
            archive.write(file, file.relative_to(work))
    ref = "main" if source != "merge_request_event" else "refs/merge-requests/9/head"
    rows.append({"id": number, "name": name, "ref": ref, "tag": False, "status": "failed" if code else "success", "pipeline": {"ref": ref},
                 "artifacts_file": {"filename": "artifacts.zip"} if files else None})
    (folder / "jobs.json").write_text(json.dumps(rows))


def planned(world, commit, **more):
    """The plan job of main; returns what the apply job gets of it."""
    assert job(world, "plan", commit, "push", **more) == 0
    return {"plan.json": (world.last_folder / "plan.json").read_text()}


def case_check_needs_no_key(world):
    _, commit = world.push({"members.toml": START})
    assert job(world, "check", commit, "merge_request_event", OPENAI_ADMIN_KEY_READONLY="", ROSTERCTL_STATE_TOKEN="") == 0


def case_review_plans_the_merge_result(world):
    """Somebody whom main has added since must not be removed by the branch's plan."""
    world.push({"members.toml": members("lin")})
    pull = world.open_pull({"note.md": "x\n"})
    world.push({"members.toml": START})
    assert job(world, "review", world.pull(pull)["head"]["sha"], "merge_request_event", ROSTERCTL_STATE_TOKEN="") == 0
    assert json.loads((world.last_folder / "gitlab.json").read_text()) == {"create": 0, "update": 0, "delete": 0}, world.last_log


def case_review_counts_for_the_widget(world):
    world.push({"members.toml": START})
    pull = world.open_pull({"members.toml": members("lin", "new")})
    assert job(world, "review", world.pull(pull)["head"]["sha"], "merge_request_event", ROSTERCTL_STATE_TOKEN="") == 0
    assert json.loads((world.last_folder / "gitlab.json").read_text()) == {"create": 1, "update": 0, "delete": 1}
    assert world.mutations() == []


def case_apply_executes_the_plan_of_its_pipeline(world):
    _, commit = world.push({"members.toml": members("lin", "new")})
    assert job(world, "apply", commit, "push", planned(world, commit)) == 0
    assert sorted(world.mutations()) == [("create-invite", "new"), ("delete-user", "max")]


def case_apply_refuses_what_was_not_in_the_plan(world):
    _, commit = world.push({"members.toml": members("lin")})
    plan = planned(world, commit)
    world.elsewhere(add={"email": "eve@acme.dev", "role": "reader"})
    assert job(world, "apply", commit, "push", plan) == 4
    assert world.mutations() == []


def case_apply_of_an_older_pipeline_is_refused(world):
    _, commit = world.push({"members.toml": members("lin")})
    plan = planned(world, commit)
    world.push({"members.toml": START})
    assert job(world, "apply", commit, "push", plan) == 1
    assert "superseded" in world.last_log and world.mutations() == []


def case_the_state_is_that_of_the_last_apply_of_main(world):
    _, commit = world.push({"members.toml": members("lin", "max", "new")})
    assert job(world, "apply", commit, "push", planned(world, commit)) == 0
    assert "nothing is remembered" in world.last_log
    applied = json.loads((world.folder / "gitlab/jobs.json").read_text())[-1]["id"]
    # A job of a merge request may be called the same.
    job(world, "apply", commit, "merge_request_event", {"plan.json": "{}"})
    assert job(world, "drift", commit, "schedule") == 0
    assert f"restored from job {applied}" in world.last_log and (world.last_folder / ".rosterctl").is_dir()


def case_a_state_that_cannot_be_asked_for_is_an_error(world):
    _, commit = world.push({"members.toml": START})
    assert job(world, "drift", commit, "schedule", ROSTERCTL_STATE_TOKEN="wrong") != 0
    assert "401" in world.last_log and "no difference" not in world.last_log.lower()


def case_drift_is_red_and_shows_no_address_when_asked(world):
    _, commit = world.push({"members.toml": START})
    world.elsewhere(add={"email": "eve@acme.dev", "role": "reader"})
    assert job(world, "drift", commit, "schedule") == 2 and "eve@acme.dev" in world.last_log
    assert job(world, "drift", commit, "schedule", ROSTERCTL_REDACT="true") == 2 and "eve@acme.dev" not in world.last_log
    assert job(world, "drift", commit, "schedule", OPENAI_BASE_URL="http://127.0.0.1:9/v1") == 1
