"""Off-boarding events."""

from world import day, members

START = members("lin", "max")


def pulls(world):
    return [row for row in world.load()["pulls"] if row["state"] == "open"]


def file_of(world, pull):
    return world._git("--git-dir", str(world.github / "repo.git"), "show", f"{pull['head']['ref']}:members.toml")


def case_an_event_opens_one_pull_request_with_a_tombstone(world):
    world.push({"members.toml": START})
    assert world.offboard(email="max@acme.dev", ticket="HR-9") == 0
    (pull,) = pulls(world)
    text = file_of(world, pull)
    assert f'"max@acme.dev" = {{ since = {day(0)}, ticket = "HR-9" }}' in text.split("[departed]")[1]
    assert '"max@acme.dev" = {}' not in text
    assert pull["user"]["login"] == "membership-bot[bot]" and pull["files"] == ["members.toml"]
    assert world.mutations() == []


def case_the_same_event_twice_is_one_pull_request(world):
    world.push({"members.toml": START})
    assert world.offboard(email="max@acme.dev", ticket="HR-9") == 0
    assert world.offboard(email="MAX@acme.dev", ticket="HR-9") == 0
    assert len(pulls(world)) == 1


def case_a_second_event_after_main_has_moved_renews_the_branch(world):
    world.push({"members.toml": START})
    assert world.offboard(email="max@acme.dev") == 0
    world.push({"members.toml": members("lin", "max", "new")})
    assert world.offboard(email="max@acme.dev") == 0
    (pull,) = pulls(world)
    assert "new@acme.dev" in file_of(world, pull)


def case_a_file_that_was_laid_out_stays_laid_out(world):
    text = world.laid_out(members("lin", "a-much-longer-name-than-all-the-others"))
    world.push({"members.toml": text})
    assert world.offboard(email="a-much-longer-name-than-all-the-others@acme.dev") == 0
    after = file_of(world, pulls(world)[0])
    assert after == world.laid_out(after) and "=" in after


def case_two_people_are_two_pull_requests(world):
    world.push({"members.toml": START})
    assert world.offboard(email="max@acme.dev") == 0 and world.offboard(email="lin@acme.dev") == 0
    assert len(pulls(world)) == 2


def case_somebody_departed_already_is_a_green_nothing(world):
    world.push({"members.toml": members("lin", departed=['"old@acme.dev" = { since = 2026-01-01 }'])})
    assert world.offboard(email="old@acme.dev") == 0
    assert pulls(world) == [] and world.issues() == []


def case_an_alias_is_the_person(world):
    world.push({"members.toml": members('"lin@acme.dev" = { aliases = ["l.chen@acme.dev"] }')})
    assert world.offboard(email="l.chen@acme.dev") == 0
    assert '"lin@acme.dev" = { since' in file_of(world, pulls(world)[0])


def case_an_alias_and_the_address_are_one_pull_request(world):
    world.push({"members.toml": members('"lin@acme.dev" = { aliases = ["l.chen@acme.dev"] }')})
    assert world.offboard(email="l.chen@acme.dev") == 0 and world.offboard(email="lin@acme.dev") == 0
    assert len(pulls(world)) == 1


def case_an_unknown_address_is_red_with_an_issue_and_a_tombstone(world):
    world.push({"members.toml": START})
    for _ in range(2):
        assert world.offboard(email="eve@acme.dev", ticket="HR-1") != 0
    (pull,) = pulls(world)
    assert '"eve@acme.dev" = { since' in file_of(world, pull)
    (issue,) = world.issues()
    assert f"#{pull['number']}" in issue["body"]
    assert world.mutations() == []


def case_a_role_is_refused(world):
    world.push({"members.toml": START})
    assert world.offboard(email="max@acme.dev", role="owner") != 0
    assert pulls(world) == [] and world.issues() == []


def case_a_shell_injection_is_refused(world):
    world.push({"members.toml": START})
    for email in ("max@acme.dev; touch pwned", "$(touch pwned)@acme.dev", "`touch pwned`@acme.dev", "max@acme.dev\n::add-mask::x", "--help@acme.dev"):
        assert world.offboard(email=email) != 0 or email == "--help@acme.dev", email
    assert world.offboard(email="max@acme.dev", ticket="'; touch pwned #") != 0
    assert world.offboard(email="max@acme.dev", ticket="${{ secrets.OPENAI_ADMIN_KEY }}") != 0
    assert world.offboard(email=["max@acme.dev"]) != 0
    assert list(world.folder.rglob("pwned")) == []
    assert [pull for pull in pulls(world) if "help" not in pull["title"]] == []


def case_a_day_to_come_becomes_an_expiry(world):
    world.push({"members.toml": START})
    assert world.offboard(email="max@acme.dev", effective=day(9)) == 0
    assert f'"max@acme.dev" = {{ expires = {day(9)} }}' in file_of(world, pulls(world)[0])


def case_a_required_owner_is_left_to_a_person(world):
    world.push({"members.toml": START})
    assert world.offboard(email="ada@acme.dev") != 0
    assert pulls(world) == []


def case_now_removes_the_person_and_nobody_else(world):
    world.push({"members.toml": START})
    world.elsewhere(add={"email": "eve@acme.dev", "role": "reader"})
    assert world.offboard_by_hand("max@acme.dev", now=True) == 0
    assert world.mutations() == [("delete-user", "max")]
    assert len(pulls(world)) == 1


def case_now_beside_a_day_is_refused(world):
    world.push({"members.toml": START})
    assert world.offboard_by_hand("max@acme.dev", now=True, effective=day(0)) != 0
    assert world.mutations() == [] and pulls(world) == [] and "leave the day out" in world.last_log


def case_by_hand_without_now_only_opens_the_pull_request(world):
    world.push({"members.toml": START})
    assert world.offboard_by_hand("max@acme.dev", now=False) == 0
    assert world.mutations() == [] and len(pulls(world)) == 1


def case_an_event_cannot_ask_for_now(world):
    world.push({"members.toml": START})
    assert world.offboard(email="max@acme.dev", now=True) != 0
    assert world.mutations() == [] and pulls(world) == []


def case_the_pull_request_of_an_event_can_be_planned_and_applied(world):
    world.push({"members.toml": START})
    assert world.offboard(email="max@acme.dev") == 0
    (pull,) = pulls(world)
    world._git("fetch", "-q", "origin", pull["head"]["ref"])
    row = world.pull(pull["number"])
    row["head"]["repo"] = {"full_name": "acme/access"}
    world.save()
    world.refresh_merge(pull["number"])
    assert world.plan(pull["number"]) == 0
    assert world.apply(*world.merge(pull["number"])) == 0
    assert world.mutations() == [("delete-user", "max")]
