"""The comparison with an export of the people system, and the payloads of off-boarding events."""

import os
import subprocess

from world import ROOT, day, members

START = members("lin", "max")
HEAD = "email,status,end\n"
HERE = "ada@acme.dev,active,\ngrace@acme.dev,active,\nlin@acme.dev,active,\n"
LEAVER = f"{HEAD}{HERE}max@acme.dev,terminated,{day(-1)}\n"
STAYS = f"{HEAD}{HERE}max@acme.dev,active,\nold@acme.dev,terminated,{day(-9)}\n"


def pulls(world, state="open"):
    return [row for row in world.load()["pulls"] if row["state"] == state]


def file_of(world, pull):
    return world._git("--git-dir", str(world.github / "repo.git"), "show", f"{pull['head']['ref']}:members.toml")


def case_an_export_becomes_one_pull_request(world):
    world.push({"members.toml": world.laid_out(START)})
    assert world.compare(LEAVER) == 0
    (pull,) = pulls(world)
    text = file_of(world, pull)
    assert '"max@acme.dev" = { since' in text.split("[departed]")[1] and text == world.laid_out(text)
    assert "max@acme.dev: has left" in pull["body"] and pull["files"] == ["members.toml"]
    assert pull["user"]["login"] == "membership-bot[bot]" and pull["labels"] == [{"name": "membership-people"}]
    # The same export on the next day.
    assert world.compare(LEAVER) == 0
    assert len(pulls(world)) == 1 and world.mutations() == []


def case_another_export_renews_the_pull_request(world):
    world.push({"members.toml": START})
    assert world.compare(LEAVER) == 0
    first = pulls(world)[0]
    assert world.compare(LEAVER.replace("lin@acme.dev,active,", f"lin@acme.dev,active,{day(30)}")) == 0
    (pull,) = pulls(world)
    assert pull["number"] == first["number"] and "lin@acme.dev" in pull["body"]
    assert f"expires = {day(30)}" in file_of(world, pull)


def case_an_export_that_changed_its_mind_closes_the_pull_request(world):
    world.push({"members.toml": START})
    assert world.compare(LEAVER) == 0
    assert world.compare(STAYS) == 0
    assert pulls(world) == [] and len(pulls(world, "closed")) == 1


def case_an_export_without_news_opens_nothing(world):
    world.push({"members.toml": START})
    assert world.compare(STAYS) == 0
    assert pulls(world) == []


def case_hostile_rows_stay_data(world):
    world.push({"members.toml": START})
    rows = ('"$(touch pwned)@acme.dev",terminated,\n"~~~~\n## Approve this",terminated,\n"::add-mask::x",terminated,\n'
            '"eve@acme.dev = { role = owner }",active,\n=cmd|\'/C calc\'!A0,terminated,\n')
    code = world.compare(LEAVER + rows)
    assert list(world.folder.rglob("pwned")) == [] and "\n::add-mask::" not in world.last_log
    for pull in pulls(world):
        assert "owner" not in file_of(world, pull).split("[members]")[1].replace('{ role = "owner" }', "")
        assert pull["body"].count("~~~~") == 2 and "\n## Approve" not in pull["body"]
    assert code != 0 or len(pulls(world)) == 1
    assert world.compare(f'{HEAD}{HERE}max@acme.dev,"gone; $(touch pwned)\n~~~~\n## Approve",{day(-1)}\n') == 0
    assert list(world.folder.rglob("pwned")) == [] and all("\n## Approve" not in pull["body"] for pull in pulls(world))


def case_an_export_that_is_too_old_is_refused(world):
    world.push({"members.toml": START})
    assert world.compare(LEAVER, age_days=9) != 0
    assert "9 days old" in world.last_log and pulls(world) == []
    assert world.compare(LEAVER, age_days=9, variables={"MEMBERSHIP_PEOPLE_MAX_AGE_DAYS": "14"}) == 0
    assert len(pulls(world)) == 1


def case_an_export_of_unknown_age_is_refused(world):
    world.push({"members.toml": START})
    assert world.compare(LEAVER, age_days=None) != 0
    assert "Last-Modified" in world.last_log and pulls(world) == []
    assert world.compare(LEAVER, age_days=None, variables={"MEMBERSHIP_PEOPLE_MAX_AGE_DAYS": "0"}) == 0


def case_an_empty_export_and_one_of_others_are_refused(world):
    world.push({"members.toml": START})
    assert world.compare("") != 0 and "is empty" in world.last_log
    assert world.compare(HEAD) != 0
    assert world.compare(f"{HEAD}max@acme.dev,terminated,{day(-1)}\nolaf@acme.dev,active,\n") != 0
    assert "90 %" in world.last_log and pulls(world) == []


def case_an_export_that_cannot_be_fetched_is_an_error(world):
    world.push({"members.toml": START})
    assert world.compare(LEAVER, MEMBERSHIP_PEOPLE_TOKEN="wrong") != 0
    assert "could not be fetched" in world.last_log and pulls(world) == []
    assert world.compare(LEAVER, MEMBERSHIP_PEOPLE_URL="file:///etc/passwd") != 0 and pulls(world) == []


def case_columns_are_named_by_variables(world):
    world.push({"members.toml": START})
    text = LEAVER.replace("email,status,end", "Work Email,State,Last Day").replace("terminated", "ausgeschieden")
    options = {"MEMBERSHIP_PEOPLE_COLUMNS": "email=Work Email,status=State,end=Last Day", "MEMBERSHIP_PEOPLE_LEFT": "ausgeschieden"}
    assert world.compare(text, variables=options) == 0
    assert len(pulls(world)) == 1


def case_the_payloads_are_what_the_action_takes(world):
    """The schema holds them to the same words; the lint asks it, this asks the action."""
    temp = world.folder / "temp"
    found = {}
    for path in sorted((ROOT / "examples/offboarding/payloads").glob("*.json")):
        folder = temp / path.stem
        folder.mkdir(parents=True)
        (folder / "members.toml").write_text(START)
        world.push({"members.toml": START + f"# {path.stem}\n"})
        environment = {"PATH": f"{ROOT}/tests/gitops/bin:{world.rosterctl.parent}:{os.environ['PATH']}", "FAKE_GITHUB": str(world.github), "HOME": str(temp),
                       "GITHUB_OUTPUT": str(folder / "output"), "GITHUB_REPOSITORY": "acme/access", "COMMIT": world._git("rev-parse", "main"),
                       "ACTION_PATH": str(world.actions / ".github/actions/departure"), "PAYLOAD": path.read_text(), "MEMBERS": "members.toml",
                       "FOLDER": str(folder), "BRANCH": "main", "APP_TOKEN": "ghs_app", "ISSUE_TOKEN": "ghs_workflow", "LABEL": "membership-offboard"}
        done = subprocess.run(["bash", f"{environment['ACTION_PATH']}/depart.sh"], cwd=temp, env=environment, capture_output=True, text=True)
        world.logs.append(f"{path.name}: {done.returncode}\n{done.stdout}{done.stderr}")
        found[path.stem] = done.returncode
    assert len(found) > 8 and all((code == 0) == name.startswith("good-") for name, code in found.items()), found
