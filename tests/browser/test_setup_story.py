"""A newcomer sets Devflow up: real processes, a real browser, a GitHub without any App."""

import asyncio
import contextlib
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, async_playwright

from bot.offline.github import LocalGitHub
from tests.scenarios.rig import judge
from tests.webhooks.smee import Smee, smee
from webhooks.app import listen

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
REPO = "acme/widget"
PATIENCE = 60.0

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs a browser: apt-get install chromium"),
]


@dataclass
class Process:
    """`devflow` with some words, in the newcomer's folder; `said` is what it printed."""

    running: asyncio.subprocess.Process
    said: list[str] = field(default_factory=list)

    async def read(self, stream: asyncio.StreamReader) -> None:
        while line := await stream.readline():
            self.said.append(line.decode())

    async def says(self, pattern: str) -> str:
        """The first group, once it was printed."""
        async with asyncio.timeout(PATIENCE):
            while not (found := re.search(pattern, "".join(self.said))):
                await asyncio.sleep(0.02)
        return found[1]


@dataclass
class Newcomer:
    """A person with a folder, a browser and an account on GitHub."""

    folder: Path
    github: LocalGitHub
    page: Page
    port: int

    @contextlib.asynccontextmanager
    async def runs(self, *words: str) -> AsyncIterator[Process]:
        keys = {
            "GITHUB_API_URL": self.github.api_url,
            "GITHUB_SERVER_URL": self.github.url,
            "ANTHROPIC_API_KEY": "none",
            "DEVFLOW_PORT": str(self.port),
            "DEVFLOW_WRITE_SECONDS": "0",
        }
        started = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", *words),
            cwd=self.folder,
            env={**os.environ, **keys},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        process = Process(started)
        assert started.stdout
        assert started.stderr
        async with asyncio.TaskGroup() as tasks:
            for stream in (started.stdout, started.stderr):
                tasks.create_task(process.read(stream))
            try:
                yield process
            finally:
                with contextlib.suppress(ProcessLookupError):
                    started.terminate()
                await started.wait()

    async def presses(self, name: str) -> None:
        await self.page.get_by_role("button", name=name).click()

    async def makes_the_app(self, link: str) -> None:
        """From the printed address to the installed App."""
        await self.page.goto(link)
        assert "token" not in self.page.url
        await self.presses("Create the App on GitHub")
        await self.presses("Create GitHub App")
        await self.page.get_by_role("heading", name="Devflow is set up").wait_for()

    async def installs(self) -> None:
        await self.page.get_by_role("link", name="Install it").click()
        await self.presses(f"Install on {REPO}")
        await self.page.get_by_text(f"{REPO}: installed").wait_for()

    async def asks(self) -> str:
        """The bot's answer to a comment."""
        issue = self.github.open_issue(REPO, title="Dark mode", by="newcomer")
        self.github.comment(REPO, issue, "/ping", by="newcomer")
        await until(lambda: len(self.github.comments_on(REPO, issue)) > 1)
        return self.github.comments_on(REPO, issue)[1].body

    async def ready(self) -> None:
        """Return when the server says that it can work."""
        async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(PATIENCE):
            while True:
                with contextlib.suppress(httpx.HTTPError):
                    if (await client.get(f"http://127.0.0.1:{self.port}/readyz")).status_code == 200:
                        return
                await asyncio.sleep(0.05)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.02)


def free_port() -> int:
    with listen("127.0.0.1", 0) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture(params=[False, True], ids=["github.com", "enterprise"])
async def newcomer(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Newcomer]:
    problems: list[str] = []
    github = LocalGitHub(tmp_path / "github", observer=judge(problems), enterprise=request.param)
    folder = tmp_path / "folder"
    folder.mkdir()
    with github:
        github.add_user("newcomer")
        github.add_repository(REPO)
        github.grant(REPO, "newcomer", "write")
        async with async_playwright() as playwright:
            arguments = ["--no-sandbox", "--disable-gpu"]
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
            yield Newcomer(folder, github, await browser.new_page(), free_port())
            await browser.close()
    assert problems == []
    assert github.unserved == []


async def test_a_server_is_set_up_by_one_button(newcomer: Newcomer) -> None:
    """The App is made, its keys are stored, the same process goes on as the whole server and answers a comment."""
    async with newcomer.runs("serve", "--setup") as process:
        await newcomer.makes_the_app(await process.says(r"(http://127\S+/setup\?token=\S+)"))
        await newcomer.ready()
        await newcomer.page.reload()
        assert newcomer.page.url == f"http://127.0.0.1:{newcomer.port}/setup"
        await newcomer.installs()
        assert "Devflow is here." in await newcomer.asks()
        secret = (newcomer.folder / ".devflow" / "app.json").read_text()
        assert "BEGIN RSA" in secret
        assert "BEGIN RSA" not in "".join(process.said)
    assert [(d.event, d.status_code) for d in newcomer.github.deliveries][:2] == [("ping", 503), ("installation", 202)]


@contextlib.asynccontextmanager
async def losing(relay: Smee) -> AsyncIterator[None]:
    """The relay loses every delivery while this lasts."""
    relay.mute = True
    try:
        yield
    finally:
        relay.mute = False


async def test_a_laptop_is_set_up_with_a_relay(newcomer: Newcomer) -> None:
    """`devflow setup` prints what is stored where and what is next; what the relay loses comes from GitHub's log."""
    async with smee(patience=5 * PATIENCE) as relay:
        async with newcomer.runs("setup", "--relay", relay.url, "--no-browser", "--name", "My bot") as process:
            await newcomer.makes_the_app(await process.says(r"(http://127\S+/setup\?token=\S+)"))
            await process.says(r"(Start the server: devflow serve)")
            assert await process.running.wait() == 0
        said = "".join(process.said)
        assert "The App my-bot is registered; its keys are in .devflow/app.json" in said
        assert f"Deliveries go to {relay.url}/fresh-channel" in said
        assert "/installations/new" in said
        async with newcomer.runs("serve"):
            await newcomer.ready()
            await newcomer.installs()
            assert "Devflow is here." in await newcomer.asks()
        async with losing(relay):
            issue = newcomer.github.open_issue(REPO, title="Light mode", by="newcomer")
            newcomer.github.comment(REPO, issue, "/ping", by="newcomer")
            await asyncio.to_thread(newcomer.github.wait_idle)
        async with newcomer.runs("serve"):
            await until(lambda: len(newcomer.github.comments_on(REPO, issue)) > 1)
