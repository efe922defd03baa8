"""The three doors behind one set of verbs: what a person does, on GitHub or at a terminal, and what he then sees."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from tests.scenarios.actions import action_rig
from tests.scenarios.parts import HeardClaude
from tests.scenarios.pulls import APPROVED, GREY, TEST_GREY, now, remark, submit, turns_grey
from tests.scenarios.rig import REPO, Rig, rig
from tests.terminal.desk import Desk, sitting_at

TITLE, BODY = "Dark mode", "Please."


class Door(Protocol):
    """One repository with one wish in it; each verb returns when all that follows from it has happened."""

    @property
    def claude(self) -> HeardClaude: ...

    def plays(self, *names: str) -> None:
        """Let Claude speak these sessions."""

    async def wish(self) -> None:
        """Ask for a dark mode."""

    async def say(self, command: str) -> None:
        """Give a command about that wish."""

    async def want_grey(self) -> None:
        """Want the finished change in grey, which Claude can do."""

    async def merge(self) -> None:
        """Take the change."""

    async def remember(self, text: str) -> None:
        """Tell the bot something for later, apart from the wish."""

    async def newest(self) -> tuple[str, str]:
        """(state, outcome) of the newest run."""

    async def outcomes(self) -> set[str]:
        """What became of all runs."""

    def told(self) -> str:
        """All that the bot said about the wish."""

    def change(self) -> dict[str, str]:
        """Path to content of what the finished change touches; empty if nothing is finished."""

    async def finish(self) -> None:
        """Nothing is left over."""


class Thread:
    """The door of the server, and of the Action: a person on GitHub."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self.claude = rig.claude
        self.plays = rig.plays
        rig.issue(7, title=TITLE, body=BODY)
        rig.issue(8, title="Colours")
        self._command = 0

    async def wish(self) -> None:
        self._command = await self._rig.comment("/dev-workflow")

    async def say(self, command: str) -> None:
        await self._rig.comment(command)

    async def want_grey(self) -> None:
        rig, pull = self._rig, self._rig.pull_request(closing=7)
        turns_grey(rig, ("t1", "It is grey now.", True))
        comments = [remark("Too dark.")]
        rig.github.review(
            REPO, pull.number, by="maintainer", verdict="request_changes", body="Grey.", comments=comments
        )
        await rig.settle()

    async def merge(self) -> None:
        self._rig.github.merge(REPO, self._rig.pull_request(closing=7).number, by="maintainer")
        await self._rig.settle()

    async def remember(self, text: str) -> None:
        await self._rig.comment(f"/memory add {text}", on=8)

    async def newest(self) -> tuple[str, str]:
        return await self._rig.ended()

    async def outcomes(self) -> set[str]:
        return {run.outcome for run in await self._rig.bot.store.runs()}

    def told(self) -> str:
        return "\n".join(comment.body for comment in self._rig.bot_comments())

    def change(self) -> dict[str, str]:
        pulls = [pull for pull in self._rig.github.pulls(REPO) if not pull.merged]
        return self._rig.files(now(self._rig, pulls[0])) if pulls else {}

    async def finish(self) -> None:
        assert self._rig.reactions(self._command) == ["rocket"]
        for on in (7, 8, *(pull.number for pull in self._rig.github.pulls(REPO))):
            self._rig.read_all(on)
        await self._rig.finish()


class Terminal:
    """The door of the command line: a person in a checkout; each verb is a process of its own."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.claude = desk.claude
        self.plays = desk.plays
        self._told: list[str] = []

    async def _devflow(self, *args: str, code: int | None = None) -> str:
        said = await asyncio.to_thread(self._desk.devflow, *args)
        assert said.returncode in ({0, 1, 3} if code is None else {code}), said.stdout + said.stderr
        return said.stdout

    async def _follow(self, *args: str) -> None:
        lines = [json.loads(line) for line in (await self._devflow(*args, "--json")).splitlines()]
        self._told += [line["text"] for line in lines if line["event"] == "comment"]

    async def wish(self) -> None:
        await self._follow("run", f"{TITLE}\n\n{BODY}")

    async def say(self, command: str) -> None:
        await self._follow("resume", "--say", command)

    async def want_grey(self) -> None:
        self._desk.says("revision", {"tools": [GREY, TEST_GREY]}, submit())
        self._desk.says("review", APPROVED)
        await self._follow("revise", "Too dark. Grey.")

    async def merge(self) -> None:
        self._desk.git("merge", "-q", *self._desk.branches())
        await self.say("/status")

    async def remember(self, text: str) -> None:
        await self._devflow("memory", "add", text, code=0)

    async def _runs(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(await self._devflow("runs", "--json", code=0))
        return found

    async def newest(self) -> tuple[str, str]:
        run = (await self._runs())[0]
        return run["state"], run["reason"]

    async def outcomes(self) -> set[str]:
        return {run["outcome"] for run in await self._runs()}

    def told(self) -> str:
        return "\n".join(self._told)

    def change(self) -> dict[str, str]:
        branches = self._desk.branches()
        if not branches:
            return {}
        paths = self._desk.git("diff", "--name-only", f"main...{branches[0]}").splitlines()
        return {path: self._desk.git("show", f"{branches[0]}:{path}") for path in paths}

    async def finish(self) -> None:
        assert self.claude.unused() == []
        assert (self.claude.violations, self.claude.unmatched) == ([], [])


@asynccontextmanager
async def door(kind: str, folder: Path) -> AsyncIterator[Door]:
    """`server`, `action` or `terminal`."""
    if kind == "terminal":
        with sitting_at(folder) as desk:
            yield Terminal(desk)
        return
    async with (action_rig if kind == "action" else rig)(folder) as made:
        yield Thread(made)
