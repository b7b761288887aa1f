"""The README followed to the letter, and two organizations in one repository."""

import subprocess

from world import ROOT, World, members

SET_UP = (ROOT / "README.md").read_text().split("## Set it up in your repository\n")[1].split("\n## ")[0]
SEVERAL = (ROOT / "examples/github/README.md").read_text().split("## Several organizations\n")[1]
ONE = '          - {suffix: "", members: members.toml, include: teams}\n'


def set_up(world, pinned=True):
    """The commands of "The workflows", in the repository; without those that pin them if somebody stops halfway."""
    link = world.folder / "rosterctl"
    if not link.exists():
        link.symlink_to(ROOT)
    block = SET_UP.split("**2. The workflows.**")[1].split("```sh\n")[1].split("```")[0]
    lines = [line for line in block.replace("owner=OWNER", "owner=acme-tools").splitlines() if pinned or not line.startswith(("sed", "rm"))]
    assert len(lines) == (6 if pinned else 4), lines
    done = subprocess.run(["bash", "-euc", "\n".join(lines)], cwd=world.clone, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def case_the_readme_is_enough(world):
    set_up(world, pinned=False)
    world.push({"members.toml": world.laid_out(members("lin", "max"))})
    pull = world.open_pull({"members.toml": world.laid_out(members("lin", "new"))})
    assert world.check(pull) != 0
    assert "membership-apply.yml,line=" in world.last_log and "placeholder" in world.last_log
    assert "Job 'Check the members file' failed" not in world.last_log, "one clear error, and not a second one"
    set_up(world)
    assert sorted(path.name for path in (world.clone / ".github/workflows").iterdir()) == [
        f"membership-{name}.yml" for name in ("apply", "check", "drift", "offboard", "plan")]
    world.push({}, "replace the placeholders")
    pull = world.open_pull({"members.toml": world.laid_out(members("lin", "new"))})
    assert world.check(pull) == 0 and world.plan(pull) == 0
    assert "max@acme.dev" in world.comments(pull)[0]["body"]
    assert world.apply(*world.merge(pull)) == 0
    assert sorted(world.mutations()) == [("create-invite", "new"), ("delete-user", "max")]
    assert world.drift() == 0 and world.issues() == []


def two(world):
    """A second organization as the README says, and the program that reaches it: returns its world and the variables."""
    set_up(world)
    lines = SEVERAL.split("```yaml\norganization:\n")[1].split("```")[0]
    both = "".join(f"        {line}\n" for line in lines.splitlines())
    for path in (world.clone / ".github/workflows").glob("*.yml"):
        path.write_text(path.read_text().replace(ONE, both))
    europe = World(world.rosterctl, world.act_program, people=("lin", "max"))
    program = world.folder / "program"
    program.write_text(f'#!/bin/bash\nif [[ " $* " == *" eu/"* ]]; then export OPENAI_BASE_URL={europe.base}; fi\nexec {world.rosterctl} "$@"\n')
    program.chmod(0o755)
    return europe, {"ROSTERCTL_BINARY": str(program)}


def case_two_organizations_do_not_mix(world):
    europe, variables = two(world)
    try:
        world.push({"members.toml": members("lin", "max"), "eu/members.toml": members("lin", "max")})
        pull = world.open_pull({"eu/members.toml": members("lin")})
        assert world.plan(pull, variables=variables) == 0
        bodies = {comment["body"].splitlines()[0]: comment["body"] for comment in world.comments(pull)}
        assert set(bodies) == {"<!-- rosterctl:plan -->", "<!-- rosterctl:plan-eu -->"}
        assert "max@acme.dev" in bodies["<!-- rosterctl:plan-eu -->"] and "max@acme.dev" not in bodies["<!-- rosterctl:plan -->"]
        assert world.apply(*world.merge(pull), variables=variables) == 0
        assert europe.mutations() == [("delete-user", "max")] and world.mutations() == []
        # What each remembers is its own.
        assert {row["name"] for row in world.load()["artifacts"] if row["name"].startswith("rosterctl-state")} == {"rosterctl-state-eu"}
        # By day, both have something to do: act takes the outputs of whichever job of a matrix ends first, where GitHub
        # joins them, so one that has nothing to do cannot be tried here.
        world.push({"members.toml": members("max"), "eu/members.toml": members()})
        assert world.daily(variables=variables) == 0
        assert europe.mutations() == [("delete-user", "max"), ("delete-user", "lin")] and world.mutations() == [("delete-user", "lin")]
        # One differs.
        world.elsewhere(add={"email": "eve@acme.dev", "role": "reader"})
        assert world.drift(variables=variables) != 0
        (issue,) = world.issues()
        assert "eve@acme.dev" in issue["body"]
    finally:
        europe.close()
