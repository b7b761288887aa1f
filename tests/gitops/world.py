"""One case's world: a repository at a made-up GitHub, an organization in `rosterctl simulate`, and act to run workflows."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import urllib.request
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
EXAMPLES = {path.stem: path for path in ROOT.glob("examples/*/.github/workflows/*.yml")}
ORGANIZATION = "org-Practice"
# act does not know these keys yet; GitHub and the linters do.
STRIPPED = re.compile(r"^\s+(queue: max|deployment: false)\n", re.MULTILINE)


def now():
    return datetime.now(timezone.utc)


def stamp(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def day(offset):
    """The date so many days from today, in UTC."""
    return (now() + timedelta(days=offset)).strftime("%Y-%m-%d")


def user(name, role="reader", **more):
    return {"object": "organization.user", "id": f"user-{name}", "email": f"{name}@acme.dev", "name": name.capitalize(), "role": role,
            "added_at": 1700000000, "is_default": False, "is_service_account": False, "is_scim_managed": False, **more}


def members(*lines, departed=(), policy='undeclared = "remove"\ninvites = "cancel"', guardrails=""):
    """A members file with two owners and these further lines."""
    head = f"""version = 1

[organization]
id = "{ORGANIZATION}"

[policy]
{policy}

[guardrails]
required_owners = ["ada@acme.dev"]
email_domains = ["acme.dev"]
{guardrails}
[members]
"ada@acme.dev" = {{ role = "owner" }}
"grace@acme.dev" = {{ role = "owner" }}
"""
    text = head + "".join(f'"{line}@acme.dev" = {{}}\n' if "=" not in line else f"{line}\n" for line in lines)
    if departed:
        text += "\n[departed]\n" + "".join(f"{line}\n" for line in departed)
    return text


def asked(value):
    """A yes or no, as the event of a run by hand has it: GitHub writes every input as a string."""
    return "true" if value else "false"


class World:
    """Everything of one case, in one folder that goes when the case ends."""

    def __init__(self, rosterctl, act, people=("lin", "max"), invites=(), simulate=()):
        self.rosterctl, self.act_program = rosterctl, act
        self.folder = Path(tempfile.mkdtemp(prefix="gitops-"))
        self.github = self.folder / "github"
        (self.github / "artifacts").mkdir(parents=True)
        self._git("init", "-q", "--bare", "-b", "main", str(self.github / "repo.git"), cwd=self.folder)
        self.clone = self.folder / "access"
        self._git("clone", "-q", str(self.github / "repo.git"), str(self.clone), cwd=self.folder)
        for key, value in (("user.name", "Test"), ("user.email", "test@acme.dev"), ("commit.gpgsign", "false")):
            self._git("config", key, value)
        self._git("checkout", "-q", "-b", "main")
        self.write({"README.md": "Who may be in.\n"})
        self._git("add", "-A")
        self._git("commit", "-q", "-m", "begin")
        self.state = {"next": 100, "pulls": [], "issues": [], "artifacts": [], "runs": {}, "calls": []}
        self.save()
        self._actions()
        self._simulate(people, invites, simulate)
        self.logs = []

    # The repository.

    def _git(self, *arguments, cwd=None):
        environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
        done = subprocess.run(["git", *arguments], cwd=cwd or self.clone, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"git {arguments}: {done.stderr}"
        return done.stdout.strip()

    def load(self):
        self.state = json.loads((self.github / "state.json").read_text())
        return self.state

    def save(self):
        (self.github / "state.json").write_text(json.dumps(self.state, indent=1))

    def write(self, files):
        for path, text in files.items():
            (self.clone / path).parent.mkdir(parents=True, exist_ok=True)
            (self.clone / path).write_text(text)

    def push(self, files, message="change"):
        """A direct push to main; returns the commits before and after it."""
        self._git("checkout", "-q", "main")
        before = self._git("rev-parse", "HEAD")
        self.write(files)
        self._git("add", "-A")
        self._git("commit", "-q", "-m", message)
        self._git("push", "-q", "origin", "main")
        return before, self._git("rev-parse", "HEAD")

    def laid_out(self, text):
        """The text as `rosterctl fmt` leaves it."""
        path = self.folder / "fmt.toml"
        path.write_text(text)
        subprocess.run([self.rosterctl, "fmt", path], check=True, capture_output=True)
        return path.read_text()

    def open_pull(self, files, fork=False):
        """A pull request of main as it is now, with GitHub's merge result."""
        self.load()
        self.state["next"] += 1
        number = self.state["next"]
        branch = f"change-{number}"
        self._git("checkout", "-q", "-b", branch, "main")
        self.write(files)
        self._git("add", "-A")
        self._git("commit", "-q", "-m", f"pull request {number}")
        pull = {"number": number, "state": "open", "title": branch, "body": "", "files": list(files), "merged_at": None, "merge_commit_sha": None,
                "head": {"ref": branch, "sha": self._git("rev-parse", "HEAD"), "repo": {"full_name": "mallory/access" if fork else "acme/access"}},
                "base": {"ref": "main", "sha": self._git("rev-parse", "main")}, "user": {"login": "dev"}, "comments": []}
        self.state["pulls"].append(pull)
        self.save()
        self.refresh_merge(number)
        return number

    def pull(self, number):
        return next(row for row in self.load()["pulls"] if row["number"] == number)

    def refresh_merge(self, number):
        """What GitHub does after each push: refs/pull/N/merge of main and the head."""
        pull = self.pull(number)
        self._git("checkout", "-q", "--detach", "main")
        self._git("merge", "-q", "--no-ff", "-m", "merge", pull["head"]["sha"])
        self._git("push", "-q", "-f", "origin", f"HEAD:refs/pull/{number}/merge", f"{pull['head']['sha']}:refs/heads/{pull['head']['ref']}")
        self._git("checkout", "-q", "main")

    def amend_pull(self, number, files):
        """Another push to the pull request's branch."""
        pull = self.pull(number)
        self._git("checkout", "-q", pull["head"]["ref"])
        self.write(files)
        self._git("add", "-A")
        self._git("commit", "-q", "-m", "more")
        pull["head"]["sha"] = self._git("rev-parse", "HEAD")
        self.save()
        self.refresh_merge(number)

    def merge(self, number):
        """Merges with a merge commit; returns the commits of main before and after."""
        pull = self.pull(number)
        self._git("checkout", "-q", "main")
        before = self._git("rev-parse", "HEAD")
        self._git("merge", "-q", "--no-ff", "-m", f"merge {number}", pull["head"]["sha"])
        self._git("push", "-q", "origin", "main")
        after = self._git("rev-parse", "HEAD")
        pull.update(state="closed", merged_at=stamp(now()), merge_commit_sha=after)
        self.save()
        return before, after

    # The organization.

    def _simulate(self, people, invites, options):
        roster = {"organization": ORGANIZATION, "invites": list(invites), "projects": [], "admin_api_keys": [],
                  "users": [user("ada", "owner", is_default=True), user("grace", "owner")] + [user(p) if isinstance(p, str) else p for p in people]}
        (self.folder / "roster.json").write_text(json.dumps(roster))
        self.server = subprocess.Popen([self.rosterctl, "simulate", "--roster", str(self.folder / "roster.json"), *options],
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        ready = json.loads(self.server.stdout.readline())
        self.base, self.key = ready["base_url"], ready["admin_key"]

    def _control(self, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.base.removesuffix("/v1") + path, data=data,
                                         headers={"authorization": f"Bearer {self.key}", "content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or "null")

    def elsewhere(self, **change):
        """A change that somebody makes in the dashboard."""
        self._control("/_sim/elsewhere", change)

    def mutations(self):
        """What was changed through the API, in order: (operation, local part of the address)."""
        return [(row["operation"], row["email"].split("@")[0]) for row in self._control("/_sim/state")["mutations"] if row["author"] == "caller"]

    def emails(self):
        return {row["email"].split("@")[0] for row in self._control("/_sim/state")["users"] if row.get("email")}

    # The runs.

    def _actions(self):
        """The actions as a repository of their own, without what a build leaves beside them."""
        self.actions = self.folder / "actions"
        shutil.copytree(ROOT / ".github/actions", self.actions / ".github/actions")
        shutil.copy(ROOT / "Cargo.toml", self.actions)

    def run(self, workflow, event, payload=None, secrets=None, variables=None, environment=None, source=None, path=None):
        """Runs a workflow of the examples as GitHub would at main's tip, and returns its exit code."""
        self.load()
        self.state["next"] += 1
        number = str(self.state["next"])
        self.state["runs"][number] = {
            "id": int(number), "path": path or f".github/workflows/{workflow}.yml", "event": event, "head_branch": "main", "conclusion": None,
            "head_sha": self._git("rev-parse", source or "main"), "repository": {"full_name": "acme/access"}, "head_repository": {"full_name": "acme/access"}}
        self.save()
        work = self.folder / f"run-{number}"
        self._git("clone", "-q", str(self.github / "repo.git"), str(work), cwd=self.folder)
        self._git("checkout", "-q", source or "main", cwd=work)
        self._git("remote", "set-url", "origin", "https://github.com/acme/access.git", cwd=work)
        (work / ".github/workflows").mkdir(parents=True, exist_ok=True)
        # A repository that has copied the workflows runs its own.
        own = work / f".github/workflows/{workflow}.yml"
        text = STRIPPED.sub("", (own if own.exists() else EXAMPLES[workflow]).read_text())
        (work / f".github/workflows/{workflow}.yml").write_text(text)
        event_file = self.folder / f"event-{number}.json"
        # The event of a schedule need not name the repository.
        repository = {} if event == "schedule" else {"repository": {"default_branch": "main", "full_name": "acme/access"}}
        event_file.write_text(json.dumps({**repository, **(payload or {})}))
        code, log = self._act(work, workflow, event, event_file, text, number, secrets, variables, environment)
        self.logs.append(f"--- {workflow} on {event}: exit {code}\n{log}")
        self.load()
        self.state["runs"][number]["conclusion"] = "success" if code == 0 else "failure"
        self.save()
        self.last_log, self.last_run = log, number
        return code

    def _act(self, work, workflow, event, event_file, text, number, secrets, variables, environment):
        used = text + "".join(path.read_text() for path in (ROOT / ".github/actions").glob("*/action.yml"))
        stubs = [f"{name}={HERE}/stubs/{name.split('@')[0].split('/')[1]}"
                 for name in sorted(set(re.findall(r"uses: (actions/[a-z-]+@\w{40})", used)))]
        actions = [f"{name}={self.actions}" for name in sorted({f"{owner}/rosterctl@{commit}" for owner, commit in re.findall(
            r"uses: ([A-Za-z-]+)/rosterctl/[a-z./-]+@(\w{40})", text)})]
        all_secrets = {"GITHUB_TOKEN": "ghs_workflow", "OPENAI_ADMIN_KEY_READONLY": self.key, "OPENAI_ADMIN_KEY": self.key,
                       "MEMBERSHIP_APP_PRIVATE_KEY": "app-key", **(secrets or {})}
        all_variables = {"ROSTERCTL_BINARY": str(self.rosterctl), "MEMBERSHIP_APP_CLIENT_ID": "Iv1", **(variables or {})}
        all_environment = {"FAKE_GITHUB": str(self.github), "FAKE_RUN": number, "OPENAI_BASE_URL": self.base,
                           "PATH": f"{HERE}/bin:{os.environ['PATH']}", **(environment or {})}
        command = [self.act_program, event, "-W", f".github/workflows/{workflow}.yml", "-e", str(event_file),
                   "-P", "ubuntu-24.04=-self-hosted", "--container-daemon-socket", "-", "--no-cache-server", "--cache-server-addr", "127.0.0.1",
                   "--artifact-server-addr", "127.0.0.1", "--action-offline-mode", "--defaultbranch", "main", "--env", f"GITHUB_RUN_ID={number}"]
        for repository in [*actions, *stubs]:
            command += ["--local-repository", repository]
        for flag, values in (("--secret", all_secrets), ("--var", all_variables), ("--env", all_environment)):
            for key, value in values.items():
                command += [flag, f"{key}={value}"]
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        clean = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "NO_COLOR": "1", "TMPDIR": str(self.folder)}
        done = subprocess.run(command, cwd=work, env=clean, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=240)
        return done.returncode, done.stdout

    # The five workflows, each with GitHub's event.

    def check(self, number, **options):
        pull = self.pull(number)
        return self.run("membership-check", "pull_request", {"number": number, "pull_request": pull}, secrets={
            "OPENAI_ADMIN_KEY_READONLY": "", "OPENAI_ADMIN_KEY": "", "MEMBERSHIP_APP_PRIVATE_KEY": ""}, **options)

    def plan(self, number, **options):
        pull = self.pull(number)
        return self.run("membership-plan", "pull_request_target", {"number": number, "pull_request": pull}, **options)

    def apply(self, before, after, **options):
        return self.run("membership-apply", "push", {"ref": "refs/heads/main", "before": before, "after": after}, source=after, **options)

    def daily(self, accept="", **options):
        event = "workflow_dispatch" if accept else "schedule"
        return self.run("membership-apply", event, {"inputs": {"accept": accept}} if accept else {"schedule": "43 6 * * *"}, **options)

    def drift(self, remediate=None, **options):
        event = "schedule" if remediate is None else "workflow_dispatch"
        return self.run("membership-drift", event, {"schedule": ""} if remediate is None else {"inputs": {"remediate": asked(remediate)}}, **options)

    def offboard(self, **payload):
        return self.run("membership-offboard", "repository_dispatch", {"action": "membership-offboard", "client_payload": payload})

    def offboard_by_hand(self, email, now, **more):
        inputs = {"email": email, "ticket": "HR-9", "effective": "", "now": asked(now), **more}
        return self.run("membership-offboard", "workflow_dispatch", {"inputs": inputs})

    def compare(self, export, age_days=0, variables=None, **secrets):
        """The scheduled comparison with an export that was made so many days ago."""
        people = self.github / "people"
        people.mkdir(exist_ok=True)
        (people / "body").write_text(export)
        made = (now() - timedelta(days=age_days or 0)).strftime("%a, %d %b %Y %H:%M:%S GMT")
        (people / "headers").write_text("HTTP/2 200\r\ncontent-type: text/csv\r\n" + ("" if age_days is None else f"last-modified: {made}\r\n") + "\r\n")
        known = {"MEMBERSHIP_PEOPLE_URL": "https://people.example.com/export.csv", "MEMBERSHIP_PEOPLE_TOKEN": "people-token", "OPENAI_ADMIN_KEY": "",
                 "OPENAI_ADMIN_KEY_READONLY": "", **secrets}
        return self.run("membership-compare", "schedule", {"schedule": "23 5 * * 1-5"}, secrets=known, variables=variables)

    # What is left at GitHub.

    def comments(self, number, author="github-actions[bot]"):
        row = next(row for row in self.load()["pulls"] + self.state["issues"] if row["number"] == number)
        return [comment for comment in row["comments"] if comment["user"]["login"] == author]

    def add_comment(self, number, login, body):
        row = self.pull(number)
        row["comments"].append({"id": uuid.uuid4().int % 10**9, "body": body, "user": {"login": login}, "edits": 0})
        self.save()

    def issues(self, state="open"):
        return [row for row in self.load()["issues"] if row["state"] == state]

    def unknown_calls(self):
        log = self.github / "unknown.log"
        return log.read_text() if log.exists() else ""

    def close(self, keep=False):
        self.server.kill()
        self.server.wait()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)
