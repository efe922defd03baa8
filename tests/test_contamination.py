"""No agent reads what belongs elsewhere: canaries stand in everything that is stored, and only its own may be told."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.core.context import CONTEXT_TOKENS
from bot.core.conversation import Json, ToolUse
from bot.core.limits import Limits
from bot.core.memory.memories import Memory, Source
from bot.core.planning import COMPREHENSIVE, LEARNING, QUICK, Task
from bot.core.repository import NO_SHA, Repo
from bot.core.runs import Phase, PhaseResult, Run, RunId
from bot.definitions import builtin_catalog
from bot.delegation import TASK, delegate
from bot.jobs import Job, Outcome, Team
from bot.phases.building import task_pieces
from bot.phases.work import Rules, Work
from bot.ports import Checkout, Ports
from bot.status import StatusBoard
from tests.offline.claude_tokenizer import reference
from tests.samples import a_request, a_run
from tests.scenarios.rig import parts
from tests.texts import KINDS, text_of

REPOS = [Repo("acme", "widget"), Repo("acme", "gadget"), Repo("other", "widget")]
CANARY = re.compile(r"CANARY-[\w-]+")
AT_ONCE = 10
"""Runs that are stored together before the first of them is asked about."""


def canary(*parts: object) -> str:
    return "CANARY-" + "-".join(map(str, parts)).replace("/", "-")


def marked(dice: random.Random, sign: str) -> str:
    """A text of some kind and length with a canary at its beginning, in its middle and at its end."""
    text = text_of(dice.choice([*KINDS, "mixed"]), dice, dice.choice([40, 40, 600, 600, 6_000, 20_000]))
    middle = text.find("\n", len(text) // 2) + 1
    return f"{sign} dark mode\n{text[:middle]}{sign} dark mode\n{text[middle:]}\n{sign}"


@dataclass(frozen=True)
class Told:
    """All that an agent was told or may ask for, and whose canaries may be in it and must be."""

    first: str
    sources: Sequence[str]
    allowed: set[str]
    wanted: set[str]

    def problems(self) -> list[str]:
        seen = set(CANARY.findall("\n".join([self.first, *self.sources])))
        size = reference(self.first)
        return [
            *(f"told of {name}" for name in sorted(seen - self.allowed)),
            *(f"not told of {name}" for name in sorted(self.wanted - seen)),
            *([f"{size} tokens"] if size > CONTEXT_TOKENS else []),
        ]


class World:
    """Runs of three repositories in one store."""

    def __init__(self, ports: Ports, seed: int) -> None:
        self.ports, self.dice, self.runs = ports, random.Random(seed), list[Run]()
        self.catalog = builtin_catalog()

    async def add(self) -> None:
        """A run with a result of every phase, and a memory of its repository, each with a canary of its own."""
        number, dice = len(self.runs), self.dice
        plan = replace(a_run().plan, phases=dice.choice([QUICK, LEARNING, COMPREHENSIVE]))
        asked = a_request(issue_body=marked(dice, canary(number, "issue")), issue_title="Dark mode")
        run = a_run(id=RunId(f"260504-120000-{number:05}"), repo=dice.choice(REPOS), plan=plan, request=asked)
        await self.ports.store.add_run(run)
        for phase in plan.phases:
            output = marked(dice, canary(number, phase.name))
            await self.ports.store.save_phase(PhaseResult(run.id, phase.name, phase.agent, "done", "Said.", output))
        now, text = datetime(2026, 5, 4, tzinfo=UTC), f"Dark mode lives in {canary(number, 'memory', run.repo)} files."
        source = Source("person", "", "maintainer")
        await self.ports.store.remember(Memory(f"m{number}", run.repo, "lesson", text, text, source, now))
        self.runs.append(run)

    async def told(self, run: Run) -> list[Told]:
        """What the agents of a phase and of two tasks of the same time are told, and one that one of them calls."""
        number = self.runs.index(run)
        memories = {canary(n, "memory", other.repo) for n, other in enumerate(self.runs) if other.repo == run.repo}
        return [
            *[await self._phase(run, number, memories, phase) for phase in self.dice.sample(run.plan.phases, 1)],
            *await self._tasks(run, number, memories),
        ]

    async def _phase(self, run: Run, number: int, memories: set[str], phase: Phase) -> Told:
        work = await self._work(run, phase)
        first, sources = await work.brief(str(phase.name), self.catalog.agent("developer"), work.needed())
        wanted = {canary(number, name) for name in ("issue", *phase.needs)}
        return Told(first, list(sources.values()), wanted | memories, wanted)

    async def _tasks(self, run: Run, number: int, memories: set[str]) -> list[Told]:
        """Each task beside the other, and somebody whom the agent of the second calls."""
        phase = next(phase for phase in run.plan.phases if phase.name == "implementation")
        work, told = await self._work(run, phase), list[Told]()
        shared = {canary(number, name) for name in ("issue", *phase.needs) if name != "tasks"}
        agent = self.catalog.agent("developer")
        for name in "AB":
            own = canary(number, "task", name)
            task = Task(name, "Dark mode", marked(self.dice, own), "developer", ("widget.py",))
            unit = f"implementation/{name}"
            first, sources = await work.brief(unit, agent, task_pieces(work, task), task=name)
            told.append(Told(first, list(sources.values()), shared | memories | {own}, shared | {own}))
        return [*told, await self._called(work, unit, told[-1], memories, number)]

    async def _called(self, work: Work, unit: str, caller: Told, memories: set[str], number: int) -> Told:
        """What an agent is told that another one calls: its caller's prompt and nothing that the caller was given."""
        job = Job(
            run=work.run, unit=unit, agent=self.catalog.agent("developer"), model="claude-sonnet-5-5", system="",
            first=caller.first, sources={str(n): text for n, text in enumerate(caller.sources)}, tools=("Read", TASK),
            checkout=work.checkout, start=NO_SHA, limits=Limits(), team=Team(self.catalog, work.phase),
        )  # fmt: skip
        own, heard = canary(number, "call"), list[Job]()
        prompt = marked(self.dice, own)[:19_000]
        given: Json = {"subagent_type": "architect", "description": "Look around", "prompt": prompt}

        async def answer(sub: Job) -> Outcome:
            heard.append(sub)
            return Outcome("done", "Seen.", NO_SHA)

        await delegate(job, 0, [ToolUse("c1", TASK, given)], NO_SHA, self.ports, answer)
        (sub,) = heard
        return Told(sub.first, list(sub.sources.values()), {own} | memories, {own})

    async def _work(self, run: Run, phase: Phase) -> Work:
        results = {str(result.name): result for result in await self.ports.store.phases(run.id)}
        place = Checkout(Path(), Path(), NO_SHA)
        rules, board = Rules("claude-sonnet-5-5"), StatusBoard(self.ports, 10.0)
        return Work(run, phase, results, place, NO_SHA, NO_SHA, self.ports, self.catalog, rules, board)


async def problems(folder: Path, runs: int, seed: int) -> list[str]:
    """What is wrong with the first messages of so many runs, asked for while all runs stored so far stand beside."""
    found = list[str]()
    async with parts(folder) as rig:
        world = World(rig.bot.ports, seed)
        while len(world.runs) < runs:
            for _ in range(AT_ONCE):
                await world.add()
            for run in world.runs[-AT_ONCE:]:
                found += [f"{run.id}: {problem}" for told in await world.told(run) for problem in told.problems()]
    return found


async def test_nobody_is_told_what_belongs_elsewhere(tmp_path: Path) -> None:
    """Nothing of another run, repository, task or caller, nor of phases that are not needed; all of what is needed,
    whole or to be recalled; never more than the budget by the published tokenizer."""
    assert await problems(tmp_path, AT_ONCE, 1) == []


@pytest.mark.slow
async def test_a_thousand_runs_tell_nobody_what_belongs_elsewhere(tmp_path: Path) -> None:
    """The same for 1,000 runs."""
    assert await problems(tmp_path, 1_000, 2) == []


def test_a_canary_out_of_its_place_is_noticed() -> None:
    """The judge sees what is too much, what is missing and what is too long."""
    told = Told("CANARY-1-issue " + "word " * 5_000, ["CANARY-2-design"], {"CANARY-1-issue"}, {"CANARY-1-tasks"})
    assert told.problems() == ["told of CANARY-2-design", "not told of CANARY-1-tasks", "5007 tokens"]
