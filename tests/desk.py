"""A stored run with its checkout and one agent at work in it, for tests of the runner."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bot.core.conversation import Json
from bot.core.limits import Limits
from bot.core.repository import Repo
from bot.core.runs import Turn
from bot.definitions import builtin_catalog
from bot.ports import Checkout
from bot.runner import Job, Outcome, run_job
from bot.tools import READING
from tests.samples import RUN, a_request, a_run
from tests.scenarios.rig import REPO, Rig, parts


@dataclass
class Desk:
    """A stored run with its checkout, and one agent's job in it."""

    rig: Rig
    checkout: Checkout
    job: Job
    turns: int = 0
    after: dict[int, Callable[[], None]] = field(default_factory=dict)
    """What happens when so many turns are over."""

    async def work(self, **changes: object) -> Outcome:
        """Let the agent work on the job, or on one that differs in that."""
        return await run_job(replace(self.job, **changes), self.rig.bot.ports, self.on_turn)  # type: ignore[arg-type]

    async def on_turn(self) -> None:
        self.turns += 1
        self.after.get(self.turns, lambda: None)()

    async def stored(self, unit: str = "") -> list[Turn]:
        """The job's turns in the store."""
        return await self.rig.bot.store.turns(RUN, unit or self.job.unit)

    def says(self, *turns: Json, phase: str = "implementation") -> None:
        """Let Claude speak these turns."""
        self.rig.says(phase, *turns)

    def file(self, path: str) -> str:
        """What stands in a file of the checkout."""
        return (self.checkout.root / path).read_text("utf-8")

    @property
    def asked(self) -> list[int]:
        """The turns that Claude was asked for, from 0."""
        return [request.turn for request in self.rig.claude.requests]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A developer in a fresh checkout of the widget."""
    async with parts(tmp_path) as rig:
        ports = rig.bot.ports
        repo, base = Repo.parse(REPO), rig.github.commit(REPO, "main").sha
        run = a_run(request=a_request(base_sha=base))
        await ports.store.add_run(run)
        checkout = await ports.workspaces.open(RUN, *await ports.github.git_credentials(repo), base)
        job = Job(
            run=run,
            unit="implementation/T1",
            agent=builtin_catalog().agent("developer"),
            model="claude-sonnet-5-5",
            system="You are the developer.",
            first='<phase name="implementation" agent="developer" run="r">\n\n</phase>',
            tools=(*READING, "Write", "Edit", "Bash"),
            checkout=checkout,
            start=await ports.workspaces.tree(checkout),
            limits=Limits(turns=10, seconds=600, usd=5.0),
            agents=("developer",),
        )
        yield Desk(rig, checkout, job)
        assert (rig.claude.violations, rig.claude.unmatched, rig.claude.unused()) == ([], [], [])
