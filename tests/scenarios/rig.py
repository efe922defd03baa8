"""A whole Devflow around a local GitHub and a scripted Claude: verbs are what people do, the rest is real."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr

from bot.bootstrap import Bot, bootstrap, make_sandbox
from bot.core.conversation import Json
from bot.core.effects import without_marks
from bot.core.repository import Comment, Permission, PullRequest
from bot.core.runs import ENDED, Run, RunId
from bot.offline.claude import Session
from bot.offline.github import LocalGitHub
from bot.offline.github.faults import Hang
from bot.offline.github.server import Observer
from bot.offline.github.state import App
from bot.settings import Settings
from tests.offline.openapi import OpenApiChecker, openapi_file
from tests.scenarios.parts import FastClock, HeardClaude
from webhooks.app import Server, Site, create_app, listen, server

HERE = Path(__file__).parent
REPO = "acme/widget"
SECRET = "a secret of the tests"
BOT = "devflow[bot]"
TOKEN = "ghp_" + 36 * "a"
PEOPLE: dict[str, Permission] = {"maintainer": "write", "reader": "read"}
PATIENCE = 60.0
"""Seconds after which something that never happens fails the test."""


@cache
def app_key() -> tuple[str, str]:
    """One RSA key for all tests: (private PEM, public PEM)."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


@cache
def sandbox_here() -> str:
    """Bubblewrap where it works; elsewhere the widget's own tests run without a sandbox."""
    return "auto" if make_sandbox(Settings(_env_file=None)).available() is None else "none"


@cache
def _published() -> OpenApiChecker | None:
    # Where the description cannot be had, tests/offline/github is skipped and says why.
    try:
        return OpenApiChecker(openapi_file())
    except pytest.skip.Exception:
        return None


def judge(problems: list[str]) -> Observer | None:
    """Gathers what GitHub would not have taken or answered."""
    if (checker := _published()) is None:
        return None
    return lambda exchange: problems.extend(checker.judge(exchange))


def write_widget(folder: Path) -> Path:
    """The repository that scenarios work on: one module with its test."""
    (folder / "tests").mkdir(parents=True)
    (folder / "widget.py").write_text('"""A widget."""\n\n\ndef color() -> str:\n    return "white"\n')
    (folder / "tests" / "__init__.py").write_text("")
    (folder / "tests" / "test_widget.py").write_text(
        "import unittest\n\nimport widget\n\n\nclass WidgetTest(unittest.TestCase):\n"
        '    def test_color(self) -> None:\n        self.assertEqual(widget.color(), "white")\n'
    )
    (folder / "README.md").write_text("# widget\n")
    return folder


@dataclass
class Rig:
    """What a scenario works with. Everything GitHub shows can be read from `github`."""

    folder: Path
    github: LocalGitHub
    claude: HeardClaude
    app: App
    overrides: dict[str, object] = field(default_factory=dict)
    me: str = BOT
    """The bot's login on GitHub."""
    read: dict[tuple[str, int], int] = field(default_factory=dict)
    numbers: dict[int, tuple[str, int]] = field(default_factory=dict)
    bot: Bot = field(init=False)
    site: Site = field(init=False)
    url: str = field(init=False, default="")
    _server: Server | None = field(init=False, default=None)
    _serving: asyncio.Task[None] | None = field(init=False, default=None)
    problems: list[str] = field(default_factory=list)
    """Where an exchange with GitHub was not what GitHub publishes."""

    def settings(self) -> Settings:
        """What the server is started with."""
        given: dict[str, object] = {
            "state_dir": self.folder / "state",
            "database_url": "",
            "webhook_secret": SecretStr(SECRET),
            "app_id": "4242",
            "private_key": SecretStr(app_key()[0]),
            "github_api_url": self.github.api_url,
            "github_server_url": self.github.url,
            "anthropic_api_key": SecretStr("scripted"),
            "anthropic_base_url": self.claude.url,
            "provider": "anthropic",
            "model": "claude-sonnet-5-5",
            "sandbox": sandbox_here(),
            "engine_poll_seconds": 0.1,
            "status_seconds": 1.0,
            "write_seconds": 0.0,
            "prices": {},
        }
        return Settings(_env_file=None, **{**given, **self.overrides})  # type: ignore[arg-type]

    async def start(self) -> None:
        """Start the server on a free port and let GitHub's webhooks go there."""
        self.bot = bootstrap(self.settings(), FastClock())
        self.site = create_app(self.bot)
        listening = listen("127.0.0.1", 0)
        host, port = listening.getsockname()
        self._server = server(self.site)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listening]))
        while not self._server.started:
            if self._serving.done():
                raise self.site.start_error or AssertionError("the server did not start")
            await asyncio.sleep(0.005)
        self.url = f"http://{host}:{port}"
        self.github.hook(f"{self.url}/webhooks/github", SECRET)

    async def stop(self) -> None:
        """Stop the server as a deploy does; what is unfinished stays in the database."""
        assert self._server is not None
        assert self._serving is not None
        self._server.should_exit = True
        await self._serving

    async def restart(self) -> None:
        """Stop and start on the same state."""
        await self.stop()
        await self.start()

    # What people do

    def repository(self, name: str) -> None:
        """Put the bot on one more repository, a copy of the widget."""
        self.github.add_repository(name, write_widget(self.folder / name.replace("/", "-")))
        for login, permission in PEOPLE.items():
            self.github.grant(name, login, permission)
        self.github.install(self.app, name)

    def issue(
        self,
        number: int = 7,
        *,
        title: str = "Dark mode",
        body: str = "Please.",
        by: str = "maintainer",
        repo: str = REPO,
    ) -> int:
        """Open an issue; scenarios call it by a number of their own."""
        self.numbers[number] = (repo, self.github.open_issue(repo, title=title, body=body, by=by))
        return self.numbers[number][1]

    async def comment(self, text: str, *, on: int = 7, by: str = "maintainer", settle: bool = True) -> int:
        """Comment, and wait until everything that follows from it has happened."""
        repo, number = self.place(on)
        posted = await asyncio.to_thread(self.github.comment, repo, number, text, by=by)
        if settle:
            await self.settle()
        return posted

    async def edit_comment(self, comment_id: int, text: str, *, by: str = "maintainer") -> None:
        """Edit a comment, and wait for what follows."""
        await asyncio.to_thread(self.github.edit_comment, REPO, comment_id, text, by=by)
        await self.settle()

    async def delete_comment(self, comment_id: int, *, by: str = "maintainer") -> None:
        """Delete a comment, and wait for what follows."""
        await asyncio.to_thread(self.github.delete_comment, REPO, comment_id, by=by)
        await self.settle()

    async def redeliver(self, times: int) -> None:
        """Send the newest delivery again so many times at once, and wait for what follows."""
        newest = self.github.deliveries[-1]
        async with httpx.AsyncClient(trust_env=False) as client:
            posts = (
                client.post(f"{self.url}/webhooks/github", content=newest.body, headers=newest.headers)
                for _ in range(times)
            )
            assert {answer.status_code for answer in await asyncio.gather(*posts)} == {202}
        await self.settle()

    def plays(self, *names: str) -> None:
        """Let Claude speak sessions of `sessions/`; where two say the same thing, the later one holds."""
        self.claude.plays(*(Session.load(HERE / "sessions" / f"{name}.yaml") for name in names))

    def says(
        self,
        phase: str,
        *turns: Json,
        agent: str | None = None,
        task: str | None = None,
        attempt: int | None = None,
        call: str | None = None,
    ) -> None:
        """Let Claude speak these turns in a phase; the form is that of the session files."""
        entry = {"phase": phase, "agent": agent, "task": task, "attempt": attempt, "call": call, "turns": list(turns)}
        self.claude.plays(Session.from_dict({"replies": [entry]}))

    # Waiting

    async def settle(self) -> None:
        """Return when no delivery, no run and no comment is under way."""
        while True:
            before = len(self.github.deliveries)
            await asyncio.to_thread(self.github.wait_idle)
            await self.site.inbox.drain()
            for run in await self.bot.store.runs():
                if await self.bot.ports.durable.status(run.id) in {"queued", "running"}:
                    await self._ended_or_waiting(run.id)
            if len(self.github.deliveries) == before:
                return

    async def _ended_or_waiting(self, run_id: RunId) -> None:
        """Return when a run has ended, or waits for people and can do nothing before they decide."""
        ended = asyncio.create_task(self.bot.ports.durable.wait(run_id))
        try:
            while not ended.done():
                await asyncio.wait({ended}, timeout=0.02)
                run = await self.bot.store.run(run_id)
                if run is None or run.state != "waiting":
                    continue
                open_gate = any(gate.state == "open" for gate in await self.bot.store.gates(run_id))
                if open_gate or await self.bot.store.halted(run.repo):
                    return
        finally:
            ended.cancel()
            await asyncio.gather(ended, return_exceptions=True)

    async def until(self, happened: Callable[[], bool], what: str) -> None:
        """Return when it has happened; else say what there is instead."""
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not happened():
            if asyncio.get_running_loop().time() > deadline:
                deliveries = [(d.event, d.status) for d in self.github.deliveries]
                comments = [comment.body[:200] for comment in self.bot_comments()]
                raise AssertionError(f"not in {PATIENCE:.0f} s: {what}; deliveries: {deliveries}; comments: {comments}")
            await asyncio.sleep(0.01)

    async def asked(self, phase: str, *, fault: str = "") -> None:
        """Return when Claude was asked for something in a phase (and answered with that fault)."""
        await self.until(
            lambda: any(r.phase == phase and r.fault == fault for r in self.claude.requests), f"asked for {phase}"
        )

    async def reached(self, hang: Hang) -> None:
        """Return when GitHub holds the request that was to be held."""
        assert await asyncio.to_thread(hang.reached.wait, PATIENCE), "the held request never came"

    # What can be seen

    def place(self, on: int) -> tuple[str, int]:
        """(repository, number on GitHub) of what a scenario calls by its own number."""
        return self.numbers.get(on, (REPO, on))

    def bot_comments(self, on: int = 7) -> list[Comment]:
        """All comments of the bot, oldest first."""
        return [c for c in self.github.comments_on(*self.place(on)) if c.author == self.me]

    def next_comment(self, on: int = 7) -> str:
        """The bot's next comment that the scenario has not looked at."""
        comments, index = self.bot_comments(on), self.read.get(self.place(on), 0)
        assert index < len(comments), f"no further comment; there were: {[c.body[:80] for c in comments]}"
        self.read[self.place(on)] = index + 1
        return without_marks(comments[index].body)

    def read_all(self, on: int = 7) -> list[str]:
        """All the bot's comments that the scenario has not looked at."""
        left = len(self.bot_comments(on)) - self.read.get(self.place(on), 0)
        return [self.next_comment(on) for _ in range(left)]

    def titles(self, on: int = 7) -> list[str]:
        """The first lines of all the bot's comments that the scenario has not looked at."""
        return [text.splitlines()[0] for text in self.read_all(on)]

    def reactions(self, comment_id: int, repo: str = REPO) -> list[str]:
        """The bot's reactions on a comment."""
        return [content for login, content in self.github.reactions_on(repo, comment_id) if login == self.me]

    def pull_request(self, closing: int = 7) -> PullRequest:
        """The one pull request for an issue."""
        repo, number = self.place(closing)
        found = [p for p in self.github.pulls(repo) if f"#{number}" in p.body]
        assert len(found) == 1, f"{len(found)} pull requests for #{number}"
        return found[0]

    def files(self, pull: PullRequest, repo: str = REPO) -> dict[str, str]:
        """What a pull request changes: path to new content."""
        after = {path: self.github.file_at(repo, pull.head, path) for path in self.github.tree(repo, pull.head)}
        before = {path: self.github.file_at(repo, "main", path) for path in self.github.tree(repo, "main")}
        return {path: content.decode() for path, content in after.items() if before.get(path) != content}

    def messages(self, pull: PullRequest, repo: str = REPO) -> list[str]:
        """Messages of a pull request's commits, oldest first."""
        found, sha = [], str(pull.head_sha)
        while sha != self.github.branches(repo)["main"]:
            commit = self.github.commit(repo, sha)
            found.append(commit.message)
            sha = commit.parents[0]
        return found[::-1]

    async def last_run(self) -> Run:
        """The newest run."""
        runs = await self.bot.store.runs(limit=1)
        assert runs, "no run was started"
        return runs[0]

    async def ended(self) -> tuple[str, str]:
        """(state, reason) of the newest run."""
        run = await self.last_run()
        return run.state, run.reason

    async def nothing_happened(self, on: int = 7) -> None:
        """No run, no call of the model, no word of the bot that was not read."""
        assert await self.bot.store.runs() == []
        assert self.claude.requests == []
        assert self.read_all(on) == []

    async def finish(self) -> None:
        """Nothing may be under way, unread, unused, unserved or against the model's rules."""
        await self.settle()
        assert self.unread() == []
        assert self.claude.unused() == []
        assert (self.claude.violations, self.claude.unmatched) == ([], [])
        assert self.problems == []
        assert self.github.unserved == []
        assert self.github.unused_faults == []
        assert all(run.state in ENDED for run in await self.bot.store.runs())

    def unread(self) -> list[str]:
        """Comments of the bot that nobody looked at."""
        repos = {REPO, *(repo for repo, _ in self.numbers.values())}
        places = [(repo, issue.number) for repo in repos for issue in self.github.issues(repo)]
        return [
            comment.body[:200]
            for place in places
            for comment in [c for c in self.github.comments_on(*place) if c.author == self.me][
                self.read.get(place, 0) :
            ]
        ]


@contextlib.asynccontextmanager
async def world(
    folder: Path, *, judged: bool = True, enterprise: bool = False, **overrides: object
) -> AsyncIterator[Rig]:
    """GitHub with its people and Claude with nothing to say; no Devflow yet. `judged`: as GitHub publishes it.
    `enterprise`: GitHub is a server of one's own, with its interfaces below `/api`."""
    problems: list[str] = []
    github = LocalGitHub(folder / "github", observer=judge(problems) if judged else None, enterprise=enterprise)
    claude = HeardClaude()
    with github, claude:
        app = github.add_app(4242, app_key()[1])
        github.add_repository(REPO, write_widget(folder / "widget"))
        for login, permission in PEOPLE.items():
            github.add_user(login)
            github.grant(REPO, login, permission)
        github.add_user("stranger")
        github.install(app, REPO)
        made = Rig(folder, github, claude, app, overrides, problems=problems)
        if overrides.get("github_token"):
            made.me = "devflow-account"
            github.add_user(made.me, TOKEN)
            github.grant(REPO, made.me, "write")
        try:
            yield made
        finally:
            await asyncio.gather(asyncio.to_thread(claude.stop), asyncio.to_thread(github.stop))


@contextlib.asynccontextmanager
async def rig(folder: Path, *, enterprise: bool = False, **overrides: object) -> AsyncIterator[Rig]:
    """Start everything, stop it at the end; `finish` is the scenario's last check."""
    async with world(folder, enterprise=enterprise, **overrides) as made:
        await made.start()
        try:
            yield made
        finally:
            await made.stop()


@contextlib.asynccontextmanager
async def parts(folder: Path, **overrides: object) -> AsyncIterator[Rig]:
    """The wired parts with an open store and no server: for tests of one module. Nothing executes runs."""
    async with world(folder, **overrides) as made:
        made.bot = bootstrap(made.settings(), FastClock())
        await made.bot.store.open()
        try:
            yield made
        finally:
            await made.bot.stop()
