"""One issue, one command, and a server that dies on the way: told with real processes and a real SQLite file."""

import contextlib
import json
import queue
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.core.effects import marks_in, without_marks
from bot.offline.claude import Session
from bot.offline.claude.replies import Asked
from bot.offline.github.hooks import Delivery
from tests.scenarios.kill.launcher import Launcher, Process
from tests.scenarios.kill.wire import Gate, GatedClaude, GatedGitHub
from tests.scenarios.rig import HERE, PEOPLE, REPO, SECRET, app_key, sandbox_here, write_widget

SECONDS = 300.0
POLL_SECONDS = 0.1
AT_ONCE = 2
"""Calls of the model that can be under way when the server dies: the reviewers'."""
BOT = "devflow[bot]"
ENDS = {"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"}
_VARYING = (
    (re.compile(r"(?<=issuecomment-)\d+"), "COMMENT"),
    (re.compile(r"\b\d{6}-\d{6}-[0-9a-z]+"), "RUN"),
    (re.compile(r"\b[0-9a-f]{12,40}\b"), "SHA"),
    (re.compile(r"(\d+ h )?(\d+ min )?\b\d+(\.\d)? (s|min)\b"), "TIME"),
    (re.compile(r"in \d+\.\d+s"), "in TIME"),
    (re.compile(r"(?m)\bexpected <?\$\d+\.\d\d \([^)]*\)|^Expected: .*$"), "EXPECTED"),
    (re.compile(r"[\d.]+k( tokens( \(\d+ % of the prompts cached\))?)? (\||·) <?\$[\d.]+"), "COSTS"),
)


class MissedError(AssertionError):
    """The run ended without coming to the line where it was to be killed."""


@dataclass(frozen=True)
class Ending:
    """All that is left of a run, without what differs between two runs that went alike: names, times, SHAs,
    and costs, since the model is told times and SHAs."""

    comments: list[tuple[str, str]]
    branches: dict[str, dict[str, str]]
    commits: list[str]
    pulls: list[tuple[str, str, bool]]
    reactions: list[str]
    runs: list[tuple[str, ...]]
    phases: list[tuple[str, ...]]
    choices: list[tuple[str, ...]]
    results: list[tuple[str, ...]]
    effects: list[tuple[str, ...]]
    started: list[tuple[str, ...]]


@dataclass
class Death:
    """What was known when a server died."""

    asked: int
    replied: set[tuple[str, int]]


@dataclass
class Story:
    """The story's world, which outlives its servers."""

    folder: Path
    launcher: Launcher
    gate: Gate
    github: GatedGitHub
    claude: GatedClaude
    issue: int = 0
    command: int = 0
    server: Process | None = None
    hook: str = ""
    log: list[str] = field(default_factory=list)
    passed: list[tuple[float, str]] = field(default_factory=list)
    deaths: list[Death] = field(default_factory=list)

    @property
    def state(self) -> Path:
        return self.folder / "state"

    # The server's life

    def start(self, dies_at: str = "") -> None:
        """Start a server on the state that there is; it may die before it listens."""
        self.server = self.launcher.start(self._environment(), self.folder, dies_at)
        with contextlib.suppress(GoneError):
            port = self._hear(lambda line: _said(line, "listening", "port"), SECONDS)
            self.hook = f"http://127.0.0.1:{port}/webhooks/github"
            self.github.hook(self.hook, SECRET)

    def _environment(self) -> dict[str, str]:
        return {
            "DEVFLOW_STATE_DIR": str(self.state),
            "DEVFLOW_WEBHOOK_SECRET": SECRET,
            "DEVFLOW_APP_ID": "4242",
            "DEVFLOW_PRIVATE_KEY": app_key()[0],
            "DEVFLOW_PORT": "0",
            "DEVFLOW_SANDBOX": sandbox_here(),
            "DEVFLOW_STATUS_SECONDS": "1",
            "DEVFLOW_ENGINE_POLL_SECONDS": "0.1",
            "DEVFLOW_WRITE_SECONDS": "0",
            "GITHUB_API_URL": self.github.url,
            "GITHUB_SERVER_URL": self.github.url,
            "ANTHROPIC_API_KEY": "scripted",
            "ANTHROPIC_BASE_URL": self.claude.url,
        }

    def _hear(self, wanted: Callable[[str], str], seconds: float) -> str:
        """The first thing of that kind in what the server says. Raises `GoneError`, or `queue.Empty` after so long."""
        assert self.server is not None
        deadline = time.monotonic() + seconds
        while True:
            said = self.server.told.get(timeout=max(0.0, deadline - time.monotonic()))
            if isinstance(said, int):
                self.server = None
                raise GoneError(said)
            if said.startswith("passed "):
                _, moment, line = said.split(" ", 2)
                self.passed.append((float(moment), line))
            else:
                self.log.append(said)
            if found := wanted(said):
                return found

    def end(self, *, kill: bool = True) -> int:
        """End the server and return its exit code, when it is gone; 0 if it was gone before."""
        if self.server is None:
            return 0
        (self.server.kill if kill else self.server.terminate)()
        try:
            self._hear(lambda _: "", SECONDS)
        except GoneError as gone:
            return gone.code
        raise AssertionError("unreachable")

    # What happens

    def play(self, lines: Sequence[str], between: Callable[[], None] = lambda: None) -> None:
        """Tell the story to its end, killing the server each time it comes to the next of these lines."""
        for line in lines:
            self.play_until(line)
            assert self.end() in {0, -9}
            self.note_death()
            between()
        self.play_on()

    def play_until(self, line: str) -> None:
        """Start a server, and return when it is dead or held at this line."""
        self.gate.arm(line)
        self._begin(line)
        self.reach(line)

    def reach(self, line: str) -> None:
        """Return when the server is dead or held at this line. Raises `MissedError` if it never comes to it."""
        try:
            self.until(lambda: self.gate.reached.is_set() or self.over())
        except GoneError as gone:
            assert gone.code == -9, f"it ended with {gone.code} by itself: {self.log[-20:]}"
            return
        if self.server is not None and not self.gate.reached.is_set():
            raise MissedError(f"nothing came to {line!r}")

    def play_on(self) -> None:
        """Start a server that nobody kills, and return when no run, no delivery and no webhook is under way."""
        self._begin()
        self.until_over()
        self.github.wait_idle()
        self.until_over()

    def _begin(self, dies_at: str = "") -> None:
        self.start(dies_at)
        if self.issue:
            self._redeliver_lost()
        else:
            self.ask()

    def ask(self) -> None:
        """A maintainer opens an issue and gives the command."""
        self.issue = self.github.open_issue(REPO, title="Dark mode", body="Please.", by="maintainer")
        self.command = self.comment("/dev-workflow")

    def comment(self, text: str) -> int:
        """A maintainer comments on the issue."""
        return self.github.comment(REPO, self.issue, text, by="maintainer")

    def note_death(self) -> None:
        """Keep what the dead server had stored, and let go of the request that it died at."""
        self.gate.release()
        replied = self.rows("SELECT unit, number FROM devflow_turns WHERE reply IS NOT NULL")
        self.deaths.append(Death(len(self.claude.requests), {(str(unit), int(str(turn))) for unit, turn in replied}))

    def _redeliver_lost(self) -> None:
        """Send again what died before it was stored; everything else must come by itself."""
        self.github.wait_idle()
        stored = {guid for (guid,) in self.rows("SELECT id FROM devflow_deliveries")}
        for guid in dict.fromkeys(attempt.guid for attempt in self.attempts()):
            if guid not in stored:
                self.github.redeliver(guid)

    def attempts(self) -> list[Delivery]:
        """Every attempt to deliver a comment that a person made, oldest first."""
        made = [d for d in self.github.deliveries if (d.event, d.action) == ("issue_comment", "created")]
        return [delivery for delivery in made if delivery.payload["sender"]["login"] != BOT]

    def until_over(self) -> None:
        """Return when no run and no delivery is under way."""
        self.until(self.over)

    def until(self, happened: Callable[[], bool]) -> None:
        """Return when it has happened, or no server runs. Raises `GoneError` if the server ends before."""
        deadline = time.monotonic() + SECONDS
        while self.server is not None and not happened():
            assert time.monotonic() < deadline, f"stuck: {self.log[-20:]}"
            with contextlib.suppress(queue.Empty):
                self._hear(lambda _: "", POLL_SECONDS)

    def over(self) -> bool:
        """Whether the engine has ended every run, and nothing waits."""
        if self.rows("SELECT id FROM devflow_deliveries WHERE processed_at IS NULL"):
            return False
        states = self.rows("SELECT status FROM workflow_status WHERE workflow_uuid NOT LIKE '%:%'", "engine.db")
        runs = self.rows("SELECT id FROM devflow_runs")
        return len(states) == len(runs) > 0 and all(state in ENDS for (state,) in states)

    # What can be seen

    def rows(self, query: str, file: str = "devflow.db") -> list[tuple[object, ...]]:
        """Rows of a database, whoever writes to it; none where there is no table yet."""
        try:
            with contextlib.closing(sqlite3.connect(f"file:{self.state / file}?mode=ro", uri=True)) as database:
                return database.execute(query).fetchall()
        except sqlite3.OperationalError:
            return []

    def texts(self, query: str) -> list[tuple[str, ...]]:
        """Rows of the records, as plain texts."""
        return [tuple(plain(str(value)) for value in row) for row in self.rows(query)]

    def seen(self) -> Ending:
        """How it ended."""
        comments = [c.body for c in self.github.comments_on(REPO, self.issue) if c.author == BOT]
        branches = {name: sha for name, sha in self.github.branches(REPO).items() if name != "main"}
        return Ending(
            comments=[(_key(body), plain(without_marks(body))) for body in comments],
            branches={plain(name): self.github.tree(REPO, name) for name in branches},
            commits=[plain(message) for sha in branches.values() for message in self._history(sha)],
            pulls=[(plain(p.head), plain(p.body), p.draft) for p in self.github.pulls(REPO)],
            reactions=[content for login, content in self.github.reactions_on(REPO, self.command) if login == BOT],
            runs=self.texts("SELECT state, reason, pull_number FROM devflow_runs"),
            phases=self.texts("SELECT name, state, summary FROM devflow_phases ORDER BY name"),
            choices=self.texts("SELECT unit, subject, name, why FROM devflow_choices ORDER BY unit, subject"),
            results=self.texts(
                "SELECT unit, agent, model, kind, ok, rounds FROM devflow_evidence ORDER BY unit, agent"
            ),
            effects=self.texts("SELECT key, state FROM devflow_effects ORDER BY key"),
            started=self.texts("SELECT outcome FROM devflow_deliveries WHERE outcome LIKE 'run%'"),
        )

    def _history(self, sha: str) -> Iterator[str]:
        """Messages from a commit down to the one that `main` is at."""
        while sha != self.github.branches(REPO)["main"]:
            commit = self.github.commit(REPO, sha)
            yield commit.message
            (sha,) = commit.parents

    def wrongs(self) -> list[str]:
        """What neither GitHub nor Claude may see, whatever happens to the server."""
        wrongs = [f"Claude: {text}" for text in (*self.claude.violations, *self.claude.unmatched)]
        wrongs += [f"GitHub does not serve {method} {path}" for method, path in self.github.unserved]
        for death in self.deaths:
            lost = death.replied.intersection(self.asked(death.asked))
            wrongs += [
                f"turn {turn} of {unit} was asked again, and its reply was stored" for unit, turn in sorted(lost)
            ]
        again = {call: times for call, times in Counter(self.asked()).items() if times > 1}
        if sum(again.values()) - len(again) > AT_ONCE * len(self.deaths):
            wrongs += [f"turn {turn} of {unit} was asked {times} times" for (unit, turn), times in again.items()]
        return wrongs

    def asked(self, since: int = 0) -> list[tuple[str, int]]:
        """(unit, turn) of each call of the model."""
        return [(_unit(call), call.turn) for call in self.claude.requests[since:]]


class GoneError(Exception):
    """The server is gone; its exit code, minus the signal that killed it."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def _unit(call: Asked) -> str:
    part = call.task or (call.agent if call.phase == "review" else "")
    return f"{call.phase}/{part}" if part else call.phase


def _said(line: str, event: str, name: str) -> str:
    """A field of a log line."""
    return str(json.loads(line)[name]) if line.startswith("{") and f'"{event}"' in line else ""


def _key(body: str) -> str:
    marks = marks_in(body)
    assert len(marks) == 1, f"a comment of the bot has {len(marks)} marks: {body}"
    return re.sub(r"\d{4,}", "N", marks[0][1])


def plain(text: str) -> str:
    """A text without what differs between two runs that went alike."""
    for pattern, word in _VARYING:
        text = pattern.sub(word, text)
    return text


@contextlib.contextmanager
def story(folder: Path, launcher: Launcher, session: str = "dark-mode") -> Iterator[Story]:
    """A GitHub with one repository and a Claude that speaks a session; no server runs yet, and none does at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    gate = Gate()
    loaded = Session.load(HERE / "sessions" / f"{session}.yaml")
    github, claude = GatedGitHub(folder / "github", gate), GatedClaude(loaded, gate)
    with github, claude:
        app = github.add_app(4242, app_key()[1])
        github.add_repository(REPO, write_widget(folder / "widget"))
        for login, permission in PEOPLE.items():
            github.add_user(login)
            github.grant(REPO, login, permission)
        github.install(app, REPO)
        told = Story(folder, launcher, gate, github, claude)
        try:
            yield told
        finally:
            gate.release()
            told.end()
