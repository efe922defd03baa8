"""A whole Devflow around a local GitHub and a scripted Claude: verbs are what people do, the rest is real."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr

from bot.bootstrap import Bot, bootstrap
from bot.core.effects import without_marks
from bot.core.repository import Comment, Permission, PullRequest
from bot.core.runs import ENDED, Run
from bot.offline.claude import ScriptedClaude, Session
from bot.offline.github import LocalGitHub
from bot.settings import Settings
from webhooks.app import Server, Site, create_app, server

HERE = Path(__file__).parent
REPO = "acme/widget"
SECRET = "a secret of the tests"
PEOPLE: dict[str, Permission] = {"maintainer": "write", "reader": "read"}


@cache
def app_key() -> tuple[str, str]:
    """One RSA key for all tests: (private PEM, public PEM)."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


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
    claude: ScriptedClaude
    overrides: dict[str, object] = field(default_factory=dict)
    read: dict[int, int] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)
    bot: Bot = field(init=False)
    site: Site = field(init=False)
    url: str = field(init=False, default="")
    _server: Server | None = field(init=False, default=None)
    _serving: asyncio.Task[None] | None = field(init=False, default=None)

    def settings(self) -> Settings:
        """What the server is started with."""
        given: dict[str, object] = {
            "state_dir": self.folder / "state",
            "database_url": "",
            "webhook_secret": SecretStr(SECRET),
            "app_id": "4242",
            "private_key": SecretStr(app_key()[0]),
            "github_api_url": self.github.url,
            "github_server_url": self.github.url,
            "anthropic_api_key": SecretStr("scripted"),
            "anthropic_base_url": self.claude.url,
            "provider": "anthropic",
            "model": "claude-sonnet-5-5",
            "sandbox": "auto",
            "status_seconds": 0.05,
            "write_seconds": 0.0,
            "prices": {},
        }
        return Settings(_env_file=None, **{**given, **self.overrides})  # type: ignore[call-arg, arg-type]

    async def start(self) -> None:
        """Start the server on a free port and let GitHub's webhooks go there."""
        self.bot = bootstrap(self.settings())
        self.site = create_app(self.bot)
        listening = socket.create_server(("127.0.0.1", 0))
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

    def issue(self, number: int = 7, *, title: str = "Dark mode", body: str = "Please.", by: str = "maintainer") -> int:
        """Open an issue; scenarios call it by a number of their own."""
        self.numbers[number] = self.github.open_issue(REPO, title=title, body=body, by=by)
        return self.numbers[number]

    async def comment(self, text: str, *, on: int = 7, by: str = "maintainer", settle: bool = True) -> int:
        """Comment, and wait until everything that follows from it has happened."""
        number = self.numbers.get(on, on)
        posted = await asyncio.to_thread(self.github.comment, REPO, number, text, by=by)
        self.read[number] = self.read.get(number, 0)
        self._seen(number, posted)
        if settle:
            await self.settle()
        return posted

    async def edit_comment(self, comment_id: int, text: str, *, by: str = "maintainer") -> None:
        """Edit a comment, and wait for what follows."""
        await asyncio.to_thread(self.github.edit_comment, REPO, comment_id, text, by=by)
        await self.settle()

    def plays(self, name: str) -> None:
        """Let Claude speak a session of `tests/scenarios/sessions`."""
        self.claude.plays(Session.load(HERE / "sessions" / f"{name}.yaml"))

    async def settle(self) -> None:
        """Return when no delivery, no run and no comment is under way."""
        while True:
            before = len(self.github.deliveries)
            await asyncio.to_thread(self.github.wait_idle)
            await self.site.inbox.drain()
            for run in await self.bot.store.runs():
                if await self.bot.ports.durable.status(run.id) in {"queued", "running"}:
                    await self.bot.ports.durable.wait(run.id)
            if len(self.github.deliveries) == before:
                return

    # What can be seen

    def bot_comments(self, on: int = 7) -> list[Comment]:
        """All comments of the bot, oldest first."""
        return [c for c in self.github.comments_on(REPO, self.numbers.get(on, on)) if c.author == "devflow[bot]"]

    def next_comment(self, on: int = 7) -> str:
        """The bot's next comment that the scenario has not looked at."""
        number = self.numbers.get(on, on)
        comments = self.bot_comments(number)
        index = self.read.get(number, 0)
        assert index < len(comments), f"no further comment; there were: {[c.body[:80] for c in comments]}"
        self.read[number] = index + 1
        return without_marks(comments[index].body)

    def read_all(self, on: int = 7) -> list[str]:
        """All the bot's comments that the scenario has not looked at."""
        number = self.numbers.get(on, on)
        left = len(self.bot_comments(number)) - self.read.get(number, 0)
        return [self.next_comment(number) for _ in range(left)]

    def reactions(self, comment_id: int) -> list[str]:
        """The bot's reactions on a comment."""
        return [content for login, content in self.github.reactions_on(REPO, comment_id) if login == "devflow[bot]"]

    def pull_request(self, closing: int = 7) -> PullRequest:
        """The one pull request for an issue."""
        word = f"#{self.numbers.get(closing, closing)}"
        found = [p for p in self.github.pulls(REPO) if word in p.body]
        assert len(found) == 1, f"{len(found)} pull requests for {word}"
        return found[0]

    def files(self, pull: PullRequest) -> dict[str, str]:
        """What a pull request changes: path to new content."""
        after = {path: self.github.file_at(REPO, pull.head, path) for path in self.github.tree(REPO, pull.head)}
        before = {path: self.github.file_at(REPO, "main", path) for path in self.github.tree(REPO, "main")}
        return {path: content.decode() for path, content in after.items() if before.get(path) != content}

    async def last_run(self) -> Run:
        """The newest run."""
        runs = await self.bot.store.runs(limit=1)
        assert runs, "no run was started"
        return runs[0]

    def _seen(self, number: int, _: int) -> None:
        self.read.setdefault(number, 0)

    async def finish(self) -> None:
        """Nothing may be under way, unread, unused, unserved or against the model's rules."""
        await self.settle()
        assert self.unread() == []
        assert self.claude.unused() == []
        assert (self.claude.violations, self.claude.unmatched) == ([], [])
        assert self.github.unserved == []
        assert all(run.state in ENDED for run in await self.bot.store.runs())

    def unread(self) -> list[str]:
        """Comments of the bot that nobody looked at."""
        issues = [issue.number for issue in self.github.issues(REPO)]
        return [c.body[:200] for n in issues for c in self.bot_comments(n)[self.read.get(n, 0) :]]


@contextlib.asynccontextmanager
async def rig(folder: Path, **overrides: object) -> AsyncIterator[Rig]:
    """Start everything, stop it at the end; `finish` is the scenario's last check."""
    github = LocalGitHub(folder / "github")
    claude = ScriptedClaude(strict=True, delay_factor=0.0)
    with github, claude:
        app = github.add_app(4242, app_key()[1])
        github.add_repository(REPO, write_widget(folder / "widget"))
        for login, permission in PEOPLE.items():
            github.add_user(login)
            github.grant(REPO, login, permission)
        github.add_user("stranger")
        github.install(app, REPO)
        made = Rig(folder, github, claude, overrides)
        await made.start()
        try:
            yield made
        finally:
            await made.stop()
