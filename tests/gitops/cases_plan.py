"""The check and the plan of a pull request."""

import json

from world import members



def start(world, *declared, **more):
    """Main declares these people; returns nothing."""
    world.push({"members.toml": members(*(declared or ("lin", "max")), **more)})


def plan_of(world, number):
    """The plan that the newest run of a pull request kept."""
    import zipfile

    head = world.pull(number)["head"]["sha"]
    rows = [row for row in world.load()["artifacts"] if row["name"] == f"membership-plan-{number}-{head}"]
    with zipfile.ZipFile(world.github / "artifacts" / f"{rows[-1]['id']}.zip") as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def case_check_passes_without_any_secret_also_for_a_fork(world):
    start(world)
    pull = world.open_pull({"members.toml": world.laid_out(members("lin"))}, fork=True)
    assert world.check(pull) == 0
    assert world.mutations() == []


def case_check_fails_on_a_violation_and_names_its_line(world):
    start(world)
    pull = world.open_pull({"members.toml": members("lin", '"max@acme.dev" = { rol = "owner" }')})
    assert world.check(pull) != 0
    assert "::error file=members.toml,line=" in world.last_log, "no annotation"


def case_plan_creates_and_then_edits_one_comment(world):
    start(world)
    pull = world.open_pull({"members.toml": members("lin")})
    assert world.plan(pull) == 0
    (comment,) = world.comments(pull)
    assert comment["body"].startswith("<!-- rosterctl:plan -->\n") and "max@acme.dev" in comment["body"]
    assert "lin@acme.dev" not in comment["body"]
    world.amend_pull(pull, {"members.toml": members("max")})
    assert world.plan(pull) == 0
    (comment,) = world.comments(pull)
    assert comment["edits"] == 1 and "lin@acme.dev" in comment["body"] and "max@acme.dev" not in comment["body"]
    assert world.mutations() == []


def case_a_link_leads_to_the_line_of_the_merge_result(world):
    start(world)
    pull = world.open_pull({"members.toml": members("lin", "max", "new")})
    assert world.plan(pull) == 0
    merge = world._git("--git-dir", str(world.github / "repo.git"), "rev-parse", f"refs/pull/{pull}/merge")
    assert f"/blob/{merge}/members.toml#L" in world.comments(pull)[0]["body"]


def case_plan_keeps_the_plan_with_its_context(world):
    start(world)
    pull = world.open_pull({"members.toml": members("lin")})
    assert world.plan(pull) == 0
    kept = plan_of(world, pull)
    assert [action["change"] for action in json.loads(kept["plan.json"])["actions"]] == ["remove"]
    assert json.loads(kept["context.json"])["pull_request"] == pull


def case_a_forged_marker_by_somebody_else_is_left_alone(world):
    start(world)
    pull = world.open_pull({"members.toml": members("lin")})
    forged = "<!-- rosterctl:plan -->\nNo changes."
    world.add_comment(pull, "mallory", forged)
    assert world.plan(pull) == 0
    assert world.comments(pull, "mallory")[0]["body"] == forged
    assert len(world.comments(pull)) == 1


def case_the_comment_is_found_beyond_the_first_page(world):
    start(world)
    pull = world.open_pull({"members.toml": members("lin")})
    for _ in range(120):
        world.add_comment(pull, "dev", "hm")
    assert world.plan(pull) == 0 and world.plan(pull) == 0
    assert len(world.comments(pull)) == 1


def case_a_failed_plan_replaces_the_comment(world):
    start(world)
    pull = world.open_pull({"members.toml": members("lin")})
    assert world.plan(pull) == 0
    world.amend_pull(pull, {"members.toml": members("lin", '"max@acme.dev" = { rol = "owner" }')})
    assert world.plan(pull) != 0
    (comment,) = world.comments(pull)
    assert "No membership plan" in comment["body"] and "to remove" not in comment["body"], comment["body"]
    assert world.mutations() == []


def case_a_refused_plan_turns_red_and_says_why(world):
    start(world, "lin", "max", guardrails="revocations_max = 1")
    pull = world.open_pull({"members.toml": members(guardrails="revocations_max = 1")})
    assert world.plan(pull) != 0
    (comment,) = world.comments(pull)
    assert "revocations-max" in comment["body"]


def case_a_fork_gets_no_plan(world):
    start(world)
    pull = world.open_pull({"members.toml": members("lin")}, fork=True)
    assert world.plan(pull) == 0
    assert world.comments(pull) == [] and world.load()["artifacts"] == [] and world.mutations() == []
    assert world.state["calls"] == []


def case_the_merge_result_is_planned_and_not_the_head(world):
    """Somebody who was added on main since must not be removed by this pull request's plan."""
    start(world, "lin")
    pull = world.open_pull({"teams/x.toml": '[members]\n"neu@acme.dev" = {}\n',
                            "members.toml": members("lin").replace("version = 1\n", 'version = 1\ninclude = [{ files = "teams/*.toml", role_max = "reader" }]\n', 1)})
    start(world, "lin", "max")
    world.refresh_merge(pull)
    assert world.plan(pull) == 0
    kept = json.loads(plan_of(world, pull)["plan.json"])
    assert [(action["change"], action["email"]) for action in kept["actions"]] == [("invite", "neu@acme.dev")]


def case_a_merge_result_of_another_head_is_not_planned(world):
    start(world)
    pull = world.open_pull({"members.toml": members("lin")})
    row = world.pull(pull)
    row["head"]["sha"] = "1" * 40
    world.save()
    assert world.plan(pull) != 0
    (comment,) = world.comments(pull)
    assert "failed" in comment["body"]


def case_a_members_file_over_1_mib_is_refused(world):
    start(world)
    pull = world.open_pull({"members.toml": members("lin") + "# " + "x" * 1048576 + "\n"})
    assert world.plan(pull) != 0
    assert "1048576 is the limit" in world.last_log
    assert "failed" in world.comments(pull)[0]["body"]


def case_a_symbolic_link_is_not_followed(world):
    start(world)
    pull = world.open_pull({"members.toml": members("lin")})
    row = world.pull(pull)
    world._git("checkout", "-q", row["head"]["ref"])
    (world.clone / "members.toml").unlink()
    (world.clone / "members.toml").symlink_to("/etc/passwd")
    world.amend_pull(pull, {})
    assert world.plan(pull) != 0
    assert "root:" not in json.dumps(world.comments(pull)) + world.last_log


def case_a_missing_secret_is_named(world):
    start(world)
    pull = world.open_pull({"members.toml": members("lin")})
    assert world.plan(pull, secrets={"OPENAI_ADMIN_KEY_READONLY": ""}) != 0
    assert "secret" in world.comments(pull)[0]["body"]


def case_a_wrong_secret_is_said_and_not_shown(world):
    start(world)
    pull = world.open_pull({"members.toml": members("lin")})
    assert world.plan(pull, secrets={"OPENAI_ADMIN_KEY_READONLY": "sk-admin-test-wrong-key-000000"}) != 0
    body = world.comments(pull)[0]["body"]
    assert "401" in body and "wrong-key" not in body


def case_a_plan_over_the_comment_budget_still_comments(world):
    start(world)
    names = [f'"person.with.a.long.name.{n:04}@a-long-department-of.acme.dev" = {{}}' for n in range(900)]
    pull = world.open_pull({"members.toml": members(*names, guardrails="changes_max = 2000")
                            .replace('["acme.dev"]', '["acme.dev", "a-long-department-of.acme.dev"]')})
    assert world.plan(pull) == 0
    body = world.comments(pull)[0]["body"]
    assert len(body) <= 65536 and "900" in body


def case_a_name_cannot_write_a_workflow_command(world):
    world.elsewhere(add={"email": "eve@acme.dev", "role": "reader"})
    start(world)
    pull = world.open_pull({"members.toml": members("lin", '"max@acme.dev" = { name = "x\\n::stop-commands::y" }')})
    assert world.plan(pull) != 2
    assert "\n::stop-commands" not in json.dumps(world.comments(pull))


REDACTED = {"variables": {"MEMBERSHIP_REDACT_EMAILS": "true"}, "secrets": {"MEMBERSHIP_SEAL_KEY": "a long secret"}}


def everything_kept(world):
    """All that strangers could download or read, as one text."""
    import zipfile

    texts = [json.dumps(world.load())]
    for path in (world.github / "artifacts").glob("*.zip"):
        with zipfile.ZipFile(path) as archive:
            texts += [archive.read(name).decode(errors="replace") for name in archive.namelist()]
    return "".join(texts)


def case_addresses_are_left_out_when_asked(world):
    start(world)
    pull = world.open_pull({"members.toml": members("lin")})
    assert world.plan(pull, **REDACTED) == 0
    assert "m***@acme.dev" in world.comments(pull)[0]["body"]
    assert "max@acme.dev" not in everything_kept(world) + world.last_log


def case_a_plan_that_cannot_be_sealed_is_not_made(world):
    start(world)
    pull = world.open_pull({"members.toml": members("lin")})
    assert world.plan(pull, variables=REDACTED["variables"]) != 0
    assert "MEMBERSHIP_SEAL_KEY" in world.last_log and "failed" in world.comments(pull)[0]["body"]
    assert world.load()["artifacts"] == []


def case_a_sealed_plan_binds_the_apply(world):
    start(world)
    pull = world.open_pull({"members.toml": members("lin")})
    assert world.plan(pull, **REDACTED) == 0
    before, after = world.merge(pull)
    assert world.apply(before, after, variables=REDACTED["variables"], secrets={"MEMBERSHIP_SEAL_KEY": "a wrong secret"}) != 0
    assert world.mutations() == [] and "another MEMBERSHIP_SEAL_KEY" in world.last_log
    assert world.apply(before, after, **REDACTED) == 0
    assert world.mutations() == [("delete-user", "max")]
    # What the apply remembers is opened again by the next run.
    world.push({"members.toml": members()})
    assert world.daily(**REDACTED) == 0
    assert world.mutations() == [("delete-user", "max"), ("delete-user", "lin")]
    assert "restored from run" in world.last_log
    assert "max@acme.dev" not in everything_kept(world) and "lin@acme.dev" not in everything_kept(world)
