"""The nightly check and its issue."""

import json

from cases_apply import forge
from world import members

START = members("lin", "max")
DEAD = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}


def issue(world):
    (one,) = world.issues()
    return one


def case_no_drift_no_issue(world):
    world.push({"members.toml": START})
    assert world.drift() == 0
    assert world.issues() == [] and world.mutations() == []


def case_drift_opens_edits_stays_silent_and_closes(world):
    world.push({"members.toml": START})
    world.elsewhere(add={"email": "eve@acme.dev", "role": "reader"})
    assert world.drift() != 0
    first = issue(world)
    assert "eve@acme.dev" in first["body"] and first["comments"] == []
    assert [label["name"] for label in first["labels"]] == ["membership-drift"]
    # The same difference the night after: edited without a word.
    assert world.drift() != 0
    assert issue(world)["number"] == first["number"] and issue(world)["comments"] == []
    # Another one: edited, and said once.
    world.elsewhere(add={"email": "mallory@acme.dev", "role": "reader"})
    assert world.drift() != 0
    assert "mallory@acme.dev" in issue(world)["body"] and len(issue(world)["comments"]) == 1
    # Gone: closed with a word.
    world.elsewhere(remove={"email": "eve@acme.dev"})
    world.elsewhere(remove={"email": "mallory@acme.dev"})
    assert world.drift() == 0
    assert world.issues() == [] and len(world.issues("closed")) == 1
    assert world.issues("closed")[0]["comments"][-1]["body"].startswith("Converged")
    assert world.mutations() == []


def case_one_unreadable_night_says_nothing_and_two_go_blind(world):
    world.push({"members.toml": START})
    assert world.drift(environment=DEAD) != 0
    assert world.issues() == []
    assert world.drift(environment=DEAD) != 0
    assert "blind since" in issue(world)["title"] and "could not be read" in issue(world)["body"]
    assert world.drift(environment=DEAD) != 0
    assert "3 night" in issue(world)["body"]
    assert world.drift() == 0
    assert world.issues() == []


def case_a_readable_night_starts_the_count_anew(world):
    world.push({"members.toml": START})
    assert world.drift(environment=DEAD) != 0
    assert world.drift() == 0
    assert world.drift(environment=DEAD) != 0
    assert world.issues() == []


def case_an_api_that_is_down_never_closes_the_issue(world):
    world.push({"members.toml": START})
    world.elsewhere(add={"email": "eve@acme.dev", "role": "reader"})
    assert world.drift() != 0
    assert world.drift(environment=DEAD) != 0
    assert "blind since" in issue(world)["title"] and "no drift" not in issue(world)["body"].lower()
    assert world.drift() != 0
    assert "blind" not in issue(world)["title"] and issue(world)["comments"] == [], "the difference is the same as before"


def case_a_missing_or_wrong_key_never_closes_the_issue(world):
    world.push({"members.toml": START})
    world.elsewhere(add={"email": "eve@acme.dev", "role": "reader"})
    assert world.drift() != 0
    world.elsewhere(remove={"email": "eve@acme.dev"})
    for key, reason in (("", "secret"), ("sk-admin-test-wrong-key-000000", "401")):
        assert world.drift(secrets={"OPENAI_ADMIN_KEY_READONLY": key}) != 0
        assert "blind since" in issue(world)["title"] and reason in issue(world)["body"] and "wrong-key" not in issue(world)["body"]
    assert world.drift() == 0 and world.issues() == []


def case_a_record_of_earlier_nights_is_no_command(world):
    world.push({"members.toml": START})
    record = {"unreadable_nights": f"BASH_VERSINFO[$(touch {world.folder}/pwned)0]", "blind_since": ""}
    forge(world, "membership-drift-record", ".github/workflows/membership-drift.yml", "schedule", {"record.json": json.dumps(record)})
    assert world.drift(environment=DEAD) != 0
    assert list(world.folder.rglob("pwned")) == []


def case_a_list_of_issues_that_cannot_be_had_opens_no_second_one(world):
    world.push({"members.toml": START})
    world.elsewhere(add={"email": "eve@acme.dev", "role": "reader"})
    world.load()["issues"] = [{}]  # the made-up GitHub fails on it
    world.save()
    assert world.drift() != 0
    assert world.load()["issues"] == [{}] and "opened an issue" not in world.last_log


def case_a_file_that_cannot_be_read_goes_blind_as_well(world):
    world.push({"members.toml": START})
    assert world.drift() == 0
    world.push({"members.toml": START.replace("[members]", "[members")})
    assert world.drift() != 0 and world.issues() == []
    assert world.drift() != 0
    assert "org-Practice" in issue(world)["title"] and "blind since" in issue(world)["title"]
    world.push({"members.toml": START})
    assert world.drift() == 0 and world.issues() == []


def case_the_rerun_of_an_old_night_looks_at_the_file_of_today(world):
    _, old = world.push({"members.toml": START})
    world.push({"members.toml": members("lin")})
    assert world.drift() != 0
    assert world.drift(source=old) != 0, "the old file is what live is, and the new one is not"
    assert "max@acme.dev" in issue(world)["body"] and issue(world)["comments"] == []


def case_an_organization_that_cannot_be_planned_is_no_convergence(world):
    """No declared owner is live: exit 3, and the check is blind like any other that gave no result."""
    text = START.replace('"ada@acme.dev" = { role', '"eva@acme.dev" = { role').replace('["ada@', '["eva@').replace('"grace@acme.dev" = { role = "owner" }\n', "")
    world.push({"members.toml": text})
    assert world.drift() != 0 and world.drift() != 0
    assert "no-owner-left" in issue(world)["body"]
    assert world.mutations() == []


def case_an_issue_of_somebody_else_is_left_alone(world):
    world.push({"members.toml": START})
    world.load()
    world.state["issues"].append({"number": 1, "state": "open", "title": "mine", "body": "<!-- rosterctl:drift:org-Practice -->\n",
                                  "labels": [{"name": "membership-drift"}], "user": {"login": "mallory"}, "comments": []})
    world.save()
    world.elsewhere(add={"email": "eve@acme.dev", "role": "reader"})
    assert world.drift() != 0
    assert len(world.issues()) == 2
    world.elsewhere(remove={"email": "eve@acme.dev"})
    assert world.drift() == 0
    assert [row["number"] for row in world.issues()] == [1]


def case_detection_alone_changes_nothing(world):
    world.push({"members.toml": members("lin", "max", "new")})
    world.elsewhere(add={"email": "eve@acme.dev", "role": "reader"})
    assert world.drift() != 0 and world.drift(remediate=False) != 0
    assert world.mutations() == []


def case_remediation_removes_and_does_not_invite_or_promote(world):
    text = members("lin", "new", '"max@acme.dev" = { role = "owner" }').replace('["ada@acme.dev"]', '["ada@acme.dev", "max@acme.dev"]')
    world.push({"members.toml": text})
    world.elsewhere(add={"email": "eve@acme.dev", "role": "reader"})
    assert world.drift(remediate=True) != 0, "the drift job itself is red"
    assert world.mutations() == [("delete-user", "eve")]


def case_the_nightly_remediation_needs_the_variable(world):
    world.push({"members.toml": START})
    world.elsewhere(add={"email": "eve@acme.dev", "role": "reader"})
    assert world.drift() != 0
    assert world.mutations() == []
    assert world.drift(variables={"MEMBERSHIP_REMEDIATE": "true"}) != 0
    assert world.mutations() == [("delete-user", "eve")]


def case_remediation_of_what_cannot_be_read_does_not_start(world):
    world.push({"members.toml": START})
    assert world.drift(remediate=True, environment=DEAD) != 0
    assert world.mutations() == [] and "Take away what is not declared" not in world.last_log
