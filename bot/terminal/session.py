"""A bot at work on the checkout around it: what is said at the terminal goes the way of a comment."""

import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.bootstrap_local import LocalBot, local_bot
from bot.core.errors import BotError
from bot.core.event_types import CommentPosted
from bot.core.people import Gate
from bot.core.repository import Issue
from bot.core.runs import ENDED, PhaseResult, Run
from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class Session:
    """The bot, started, and what can be asked of it."""

    local: LocalBot

    async def say(self, issue: Issue, text: str) -> str:
        """Keep what the person says, and have it answered; returns in a few words what came of it."""
        local = self.local
        said = local.host.say(issue.number, local.here.person, text)
        event = CommentPosted.by_person(local.repo, issue, said)
        return await local.bot.engine.handle(event)

    async def issue(self, number: int) -> Issue:
        """What is talked about under that number: a wish, or the branch that a run finished."""
        return await self.local.host.issue(self.local.repo, number)

    async def newest(self, name: str = "", *, finished: bool = False) -> Run | None:
        """The newest run of this checkout (`finished`: with a branch), or the one with that id. Raises `BotError`."""
        runs = await self.local.bot.store.runs(repo=self.local.repo, limit=500)
        if not name:
            return next((run for run in runs if run.pull_number or not finished), None)
        found = next((run for run in runs if run.id == name), None)
        if found is None:
            raise BotError(f"There is no run `{name}` here.", "`devflow runs` lists them.")
        return found

    async def gate(self, run: Run) -> Gate | None:
        """What the run waits for, None while it is at work."""
        if run.state != "waiting":
            return None
        return next((gate for gate in await self.local.bot.store.gates(run.id) if gate.state == "open"), None)

    async def over(self, run: Run) -> bool:
        """Whether it has ended, and all of its end is told."""
        return run.state in ENDED and await self.local.bot.ports.durable.status(run.id) not in {"queued", "running"}

    async def phases(self, run: Run) -> list[PhaseResult]:
        """As they stand."""
        return await self.local.bot.store.phases(run.id)

    async def branch(self, run: Run) -> str:
        """Where the change is, empty if there is none."""
        last = next((phase for phase in await self.phases(run) if phase.name == "delivery"), None)
        branch = str(json.loads(last.data).get("branch", "")) if last else ""
        return branch if branch and await self.local.host.branch_head(run.repo, branch) else ""


@asynccontextmanager
async def session(settings: Settings, folder: Path) -> AsyncIterator[Session]:
    """Started here, when it is known which branches were merged; stopped at the end. Raises `BotError`."""
    local = local_bot(settings, folder)
    if missing := local.bot.available():
        raise BotError(missing, "The model is asked from here, with your own key.")
    _ignore(local.bot.settings.state_dir)
    await local.bot.start()
    try:
        await local.bot.caught_up.wait()
        yield Session(local)
    finally:
        await local.bot.stop()


def _ignore(folder: Path) -> None:
    """What is kept here must not be committed by accident."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / ".gitignore").exists():
        (folder / ".gitignore").write_text("*\n", "utf-8")


def apply(root: Path, base: str, branch: str) -> None:
    """Put the change of a branch into the work tree, uncommitted. Raises `BotError`, having changed nothing."""
    made = subprocess.run(
        ["git", "-C", root, "diff", "--binary", f"{base}...{branch}"], capture_output=True, check=False
    )
    taken = subprocess.run(["git", "-C", root, "apply"], input=made.stdout, capture_output=True, check=False)
    if made.returncode or taken.returncode:
        said = (made.stderr or taken.stderr).decode(errors="replace").strip()
        raise BotError(
            f"The change does not fit your files: {said}", f"It is on the branch: `git merge {branch}` when you can."
        )
