"""The apply of what was merged, and the daily one."""

import json
import os
import tempfile
import zipfile
from datetime import timedelta
from pathlib import Path

from world import day, members, now, stamp

START = members("lin", "max")


def reviewed(world, text, start=START):
    """A pull request with a plan, merged; returns its number and main before and after."""
    if start:
        world.push({"members.toml": start})
    pull = world.open_pull({"members.toml": text})
    assert world.plan(pull) == 0
    return pull, *world.merge(pull)


def forge(world, name, path, event, files, repository="acme/access", commit=None):
    """An artifact of a run that somebody made up; of main's commit, unless it is another one."""
    world.load()
    world.state["next"] += 2
    run, artifact = world.state["next"] - 1, world.state["next"]
    world.state["runs"][str(run)] = {"id": run, "path": path, "event": event, "head_branch": "main", "conclusion": "success",
                                     "head_sha": commit or world._git("rev-parse", "main"), "repository": {"full_name": "acme/access"}, "head_repository": {"full_name": repository}}
    with zipfile.ZipFile(world.github / "artifacts" / f"{artifact}.zip", "w") as archive:
        for inner, text in files.items():
            archive.writestr(inner, text)
    world.state["artifacts"].append({"id": artifact, "name": name, "size_in_bytes": 100, "expired": False,
                                     "created_at": stamp(now()), "workflow_run": {"id": run}})
    world.save()


def case_the_reviewed_plan_is_applied(world):
    pull, before, after = reviewed(world, members("lin", "new"))
    assert world.apply(before, after) == 0
    assert sorted(world.mutations()) == [("create-invite", "new"), ("delete-user", "max")]
    report = [c for c in world.comments(pull) if c["body"].startswith("<!-- rosterctl:apply -->")]
    assert len(report) == 1 and "max@acme.dev" in report[0]["body"]


def case_what_is_gone_already_does_no_harm(world):
    _, before, after = reviewed(world, members("lin", "new"))
    world.elsewhere(remove={"email": "max@acme.dev"})
    assert world.apply(before, after) == 0
    assert world.mutations() == [("create-invite", "new")]


def case_two_merges_in_a_row_apply_the_union(world):
    world.push({"members.toml": members("lin", "max", "new")})
    world.push({"members.toml": START})
    one = world.open_pull({"members.toml": members("lin")})
    two = world.open_pull({"teams/a.toml": '[members]\n"new@acme.dev" = {}\n'})
    root = members("lin", "max").replace("version = 1\n", 'version = 1\ninclude = [{ files = "teams/*.toml", role_max = "reader" }]\n', 1)
    world.amend_pull(two, {"members.toml": root})
    assert world.plan(one) == 0 and world.plan(two) == 0
    first = world.merge(one)
    second = world.merge(two)
    # The first run starts late and finds itself superseded; the second one applies both.
    assert world.apply(*first) == 0
    assert world.mutations() == []
    assert "Not applied by this run" in world.comments(one)[-1]["body"]
    assert world.apply(first[0], second[1]) == 0
    assert sorted(world.mutations()) == [("create-invite", "new"), ("delete-user", "max")]
    for pull in (one, two):
        body = [c for c in world.comments(pull) if "rosterctl:apply" in c["body"]]
        assert len(body) == 1 and "Not applied" not in body[0]["body"]


def case_a_superseded_merge_is_made_up_for_after_an_apply(world):
    """The last applied commit is remembered by the artifact of main's own run."""
    _, before, after = reviewed(world, members("lin", "max", "new"))
    assert world.apply(before, after) == 0
    one = world.open_pull({"members.toml": members("lin", "new")})
    assert world.plan(one) == 0
    world.merge(one)
    two = world.open_pull({"members.toml": members("lin", "new", "neu")})
    assert world.plan(two) == 0
    second = world.merge(two)
    # This push knows only of the second merge; the remembered commit brings in the first.
    assert world.apply(*second) == 0
    assert sorted(world.mutations()) == [("create-invite", "neu"), ("create-invite", "new"), ("delete-user", "max")]


def case_a_stale_plan_is_refused(world):
    """Somebody was added between plan and merge: their removal was not reviewed."""
    _, before, after = reviewed(world, members("lin"))
    world.elsewhere(add={"email": "eve@acme.dev", "role": "reader"})
    assert world.apply(before, after) != 0
    assert world.mutations() == [] and "eve" in world.emails()


def case_a_missing_plan_is_refused(world):
    world.push({"members.toml": START})
    pull = world.open_pull({"members.toml": members("lin")})
    assert world.apply(*world.merge(pull)) != 0
    assert world.mutations() == []
    assert "no plan run of its head left a plan" in world.last_log
    assert "Not applied by this run" in world.comments(pull)[0]["body"]


def case_a_direct_push_is_refused(world):
    world.push({"members.toml": START})
    assert world.apply(*world.push({"members.toml": members("lin")})) != 0
    assert world.mutations() == [] and "direct push" in world.last_log


def case_the_push_that_makes_the_branch_is_refused(world):
    _, after = world.push({"members.toml": members("lin")})
    assert world.apply("0" * 40, after) != 0
    assert world.mutations() == [] and "made the branch" in world.last_log and "by hand" in world.last_log
    # Nor is it a merge that leaves the files alone.
    _, later = world.push({"README.md": "Who may be in, and who not.\n"})
    assert world.apply(after, later) == 0
    assert world.mutations() == [] and "nothing under members.toml has changed" in world.last_log


def case_a_direct_push_beside_a_merge_is_refused(world):
    _, before, _ = reviewed(world, members("lin"))
    _, after = world.push({"members.toml": members()})
    assert world.apply(before, after) != 0
    assert world.mutations() == []


def forged(world, path, event, repository="acme/access"):
    """A merge without a plan of its own, and a forged artifact in its place."""
    pull, before, after = reviewed(world, members("lin"))
    row, files = kept(world, pull)
    world.state["artifacts"].remove(row)
    world.save()
    forge(world, row["name"], path, event, files, repository)
    assert world.apply(before, after) != 0
    assert world.mutations() == []
    assert "no plan run" in world.last_log


def case_a_forged_artifact_of_another_event_is_refused(world):
    forged(world, ".github/workflows/membership-plan.yml", "push")


def case_a_forged_artifact_of_another_workflow_is_refused(world):
    forged(world, ".github/workflows/ci.yml", "pull_request_target")


def case_a_forged_artifact_of_a_fork_is_refused(world):
    forged(world, ".github/workflows/membership-plan.yml", "pull_request_target", "mallory/access")


def case_a_forged_state_is_not_restored(world):
    pull, before, after = reviewed(world, members("lin"))
    forge(world, "rosterctl-state", ".github/workflows/membership-apply.yml", "pull_request", {"applied-commit": after + "\n"})
    assert world.apply(before, after) == 0
    assert world.mutations() == [("delete-user", "max")]


def case_a_forged_state_of_a_tag_named_main_is_not_restored(world):
    """GitHub calls the tag of a run its branch, and whoever can push a branch can push a tag with workflows of its own."""
    _, before, after = reviewed(world, members("lin"))
    other = world.pull(world.open_pull({".github/workflows/membership-apply.yml": "on: push\n"}))["head"]["sha"]
    forge(world, "rosterctl-state", ".github/workflows/membership-apply.yml", "push", {"applied-commit": after + "\n"}, commit=other)
    assert world.apply(before, after) == 0
    assert world.mutations() == [("delete-user", "max")]


def case_forged_states_do_not_crowd_out_the_kept_one(world):
    _, before, after = reviewed(world, members("lin"))
    assert world.apply(before, after) == 0
    for _ in range(101):
        forge(world, "rosterctl-state", ".github/workflows/ci.yml", "push", {})
        world.state["artifacts"][-1]["workflow_run"]["head_branch"] = "crowd"
        world.save()
    _, before, after = reviewed(world, members("lin", "new"), start=None)
    assert world.apply(before, after) == 0
    assert "restored from run" in world.last_log and world.mutations()[-1] == ("create-invite", "new")


def case_a_link_in_the_kept_state_is_refused(world):
    _, before, after = reviewed(world, members("lin"))
    link = zipfile.ZipInfo("applied-commit")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    forge(world, "rosterctl-state", ".github/workflows/membership-apply.yml", "push", {link: str(world.folder / "elsewhere")})
    assert world.apply(before, after) != 0
    assert world.mutations() == [] and "neither a file nor a folder" in world.last_log


def case_a_plan_made_after_the_merge_is_refused(world):
    world.push({"members.toml": START})
    pull = world.open_pull({"members.toml": members("lin")})
    before, after = world.merge(pull)
    row = world.pull(pull)
    row["merged_at"] = "2026-01-01T00:00:00Z"
    world.save()
    assert world.plan(pull) == 0
    assert world.apply(before, after) != 0
    assert world.mutations() == []


def kept(world, pull):
    """The artifact of a pull request's plan, and the files in it."""
    head = world.pull(pull)["head"]["sha"]
    row = next(row for row in world.load()["artifacts"] if row["name"] == f"membership-plan-{pull}-{head}")
    with zipfile.ZipFile(world.github / "artifacts" / f"{row['id']}.zip") as archive:
        return row, {name: archive.read(name).decode() for name in archive.namelist()}


def case_an_expired_artifact_is_no_plan(world):
    pull, before, after = reviewed(world, members("lin"))
    row, _ = kept(world, pull)
    row["expired"] = True
    world.save()
    assert world.apply(before, after) != 0
    assert world.mutations() == [] and "no plan run of its head left a plan" in world.last_log
    # The way on is the one that the message names.
    assert world.run("membership-apply", "workflow_dispatch", {"inputs": {"accept": ""}}) == 0
    assert world.mutations() == [("delete-user", "max")]


def case_an_artifact_that_is_gone_is_no_plan(world):
    pull, before, after = reviewed(world, members("lin"))
    row, _ = kept(world, pull)
    (world.github / "artifacts" / f"{row['id']}.zip").unlink()
    assert world.apply(before, after) != 0
    assert world.mutations() == []


def case_a_reviewed_plan_of_last_week_is_too_old(world):
    pull, before, after = reviewed(world, members("lin"))
    row, files = kept(world, pull)
    plan = json.loads(files["plan.json"])
    plan["observed_at"] = stamp(now() - timedelta(days=8))
    with zipfile.ZipFile(world.github / "artifacts" / f"{row['id']}.zip", "w") as archive:
        for name, text in {**files, "plan.json": json.dumps(plan)}.items():
            archive.writestr(name, text)
    assert world.apply(before, after) != 0
    assert world.mutations() == [] and "plan-max-age" in world.last_log


def case_the_rerun_of_an_old_apply_changes_nothing(world):
    pull, before, after = reviewed(world, members("lin", "max", "new"))
    assert world.apply(before, after) == 0
    done = world.mutations()
    _, _, later = reviewed(world, members("lin"), start=None)
    assert world.apply(after, later) == 0
    assert world.apply(before, after) == 0, "superseded is no failure"
    assert "superseded" in world.last_log
    assert world.mutations() == done + [("delete-invite", "new"), ("delete-user", "max")] or sorted(world.mutations()) == sorted(
        done + [("delete-invite", "new"), ("delete-user", "max")])


def case_a_push_without_a_change_of_people_is_quiet(world):
    _, before, after = reviewed(world, START + "# a comment\n")
    assert world.apply(before, after) == 0
    assert world.mutations() == []


def case_a_key_that_may_not_write_changes_nothing(world):
    _, before, after = reviewed(world, members("lin", "new", '"ole@acme.dev" = { role = "owner" }'))
    assert world.apply(before, after) != 0
    assert world.mutations() == [] and "403" in world.last_log


def _read_only():
    """Every endpoint that changes something says what a key without the scope is told."""
    script = Path(tempfile.gettempdir()) / f"gitops-read-only-{os.getpid()}.toml"
    script.write_text("".join(
        f'[[faults]]\nendpoint = "{endpoint}"\ntimes = 1000\nfault = {{ status = {{ status = 403 }} }}\n'
        for endpoint in ("DELETE /organization/users/{user_id}", "POST /organization/users/{user_id}",
                         "POST /organization/invites", "DELETE /organization/invites/{invite_id}")))
    return ("--faults", str(script))


case_a_key_that_may_not_write_changes_nothing.world = {"simulate": _read_only(), "people": ("lin", "max", "ole")}


def case_a_wrong_write_key_is_said_and_not_shown(world):
    _, before, after = reviewed(world, members("lin"))
    assert world.apply(before, after, secrets={"OPENAI_ADMIN_KEY": "sk-admin-test-wrong-key-000000"}) != 0
    assert world.mutations() == [] and "401" in world.last_log and "wrong-key" not in world.last_log


def case_a_missing_write_key_is_named(world):
    _, before, after = reviewed(world, members("lin"))
    assert world.apply(before, after, secrets={"OPENAI_ADMIN_KEY": ""}) != 0
    assert world.mutations() == [] and "OPENAI_ADMIN_KEY" in world.last_log


def case_the_daily_run_executes_an_expiry(world):
    world.push({"members.toml": members("lin", f'"max@acme.dev" = {{ expires = {day(-1)} }}')})
    assert world.daily() == 0
    assert world.mutations() == [("delete-user", "max")]


def case_the_daily_run_has_nothing_to_do(world):
    world.push({"members.toml": START})
    assert world.daily() == 0
    assert world.mutations() == [] and "Apply exactly this plan" not in world.last_log


def case_the_run_by_hand_is_the_way_on_after_a_direct_push(world):
    world.push({"members.toml": START})
    world.push({"members.toml": members("lin")})
    assert world.run("membership-apply", "workflow_dispatch", {"inputs": {"accept": ""}}) == 0
    assert world.mutations() == [("delete-user", "max")]


def case_an_acceptance_by_hand_is_bound_to_its_plan(world):
    text = members(guardrails="revocations_max = 1")
    world.push({"members.toml": text})
    assert world.daily() != 0 and world.mutations() == []
    plan = next(row for row in reversed(world.load()["artifacts"]) if row["name"] == "membership-plan")
    with zipfile.ZipFile(world.github / "artifacts" / f"{plan['id']}.zip") as archive:
        identifier = json.loads(archive.read("plan.json"))["plan_id"]
    assert world.daily(accept=f"{'0' * 20}:revocations-max") != 0 and world.mutations() == []
    assert world.daily(accept="$(touch pwned):x") != 0 and world.mutations() == []
    assert world.daily(accept=f"{identifier[:20]}:revocations-max") == 0
    assert sorted(world.mutations()) == [("delete-user", "lin"), ("delete-user", "max")]


def case_a_frozen_organization_is_left_alone(world):
    _, before, after = reviewed(world, members("lin"))
    assert world.apply(before, after, environment={"ROSTERCTL_FREEZE": "migration"}) != 0
    assert world.mutations() == []
