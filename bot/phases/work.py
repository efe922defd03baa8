"""What every phase works with: the run so far, its checkout, and a way to let an agent at it."""

import asyncio
import json
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from bot.core.context import (
    CONTEXT_TOKENS,
    Context,
    Piece,
    build,
    first_message,
    memory_pieces,
    request_pieces,
    result_pieces,
    system_prompt,
    wish_pieces,
)
from bot.core.definitions import AgentDefinition, Catalog
from bot.core.limits import PHASE, RUN, Limits
from bot.core.partial import limit_data
from bot.core.people import Note
from bot.core.planning import GROOMED_FOR, ROADMAP, Task
from bot.core.repomap import repository_map
from bot.core.repository import NO_SHA, Sha
from bot.core.routing.kinds import kind_of_task
from bot.core.runs import Member, Phase, PhaseName, PhaseResult, PhaseState, Run, unit_of
from bot.core.submissions import tasks_in
from bot.core.team import CHIEF, builders, required
from bot.core.testplan import TestRun
from bot.core.text import truncate_middle
from bot.delegation import TASK
from bot.hearing import note_piece
from bot.kept import keep_changes
from bot.phases.caps import shared_caps
from bot.ports import Checkout, Ports
from bot.remembering import recalled
from bot.routing import Assignment, which_model
from bot.runner import Job, Outcome, Team, run_job
from bot.status import StatusBoard
from bot.testing import TestBench, env_of, from_json, read_text, set_up
from bot.tools import READING, TOOL_NAMES

T = TypeVar("T")
Commit = dict[str, str]
"""A commit to be made: `subject`, `task` (an id or empty), `agent`, `tree`, `words` of the agent."""
DIFF_LIMIT = 60_000
MAP_TOKENS = 1_500
"""Of the repository's map for those who plan; those who build are told their files, and get half of it."""
GUIDANCE = ("AGENTS.md", "CLAUDE.md")


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings say about runs."""

    model: str
    status_seconds: float = 10.0
    stall_seconds: float = 45.0
    """How long a worker may be silent before its runs count as stalled."""
    fix_rounds: int = 2
    revise_rounds: int = 1
    context_tokens: int = CONTEXT_TOKENS
    """Of what flows into a phase, by `count_tokens`: a model whose tokenizer makes more of a text wants less here."""
    models: tuple[str, ...] = ()
    """What agents without a model of their own may work on, from cheap to strong; `model` is one of them."""
    parallel: int = 4
    """How many agents of one run work on tasks at the same time."""
    install_network: bool = True
    agent_limits: Limits = field(default_factory=Limits)
    phase_limits: Limits = PHASE
    run_limits: Limits = RUN
    """Without dollars: those are the run's own budget."""


@dataclass(frozen=True, slots=True)
class Work:
    """One phase of one run, with all it needs; `start` is the tree it begins from, `base` the base commit's."""

    run: Run
    phase: Phase
    results: Mapping[str, PhaseResult]
    checkout: Checkout
    base: Sha
    start: Sha
    ports: Ports
    catalog: Catalog
    rules: Rules
    board: StatusBoard
    guidance: tuple[Piece, ...] = ()
    """The repository's own advice to agents, as its base branch has it."""
    env: Path | None = None
    """What the install step made, where that is not beside the checkout."""
    tools: tuple[str, ...] = ()
    """What its agents may use; empty leaves it to what they do."""
    head: Sha = NO_SHA
    """The tree of the branch that the run goes on with."""
    earlier: PhaseResult | None = None
    """What is stored of this very phase: an earlier attempt that was sent back, or work that was begun."""
    notes: tuple[Note, ...] = ()
    """What people have said to the run before this phase began."""
    mends: bool = False
    """Whether its agents mend what they left wrong: a stronger model may have to do that."""

    @property
    def attempt(self) -> int:
        return self.earlier.attempt if self.earlier else 1

    def limited_to(self, tools: Sequence[str]) -> "Work":
        """The same work with these tools, as far as an agent has them."""
        return replace(self, tools=tuple(tools))

    def by(self, names: Iterable[str]) -> "Work":
        """The same work, its result by these agents, each named once."""
        return replace(self, phase=replace(self.phase, agent=", ".join(dict.fromkeys(names))))

    def mending(self) -> "Work":
        """The same work, whose agents mend what an attempt of their own left wrong."""
        return replace(self, mends=True)

    async def beside(self, name: str) -> "Work":
        """The same work in a working copy of its own, so that several agents can be at it at the same time."""
        place = await self.ports.workspaces.fork(self.checkout, name)
        return replace(self, checkout=place, env=self.env or env_of(self.checkout))

    async def agent(
        self,
        unit: str,
        name: str,
        start: Sha,
        pieces: list[Piece],
        *,
        submits: PhaseName | None = None,
        task: str = "",
        attempt: int = 1,
    ) -> Outcome:
        """Let one agent work on this phase from a tree; what it may use depends on whether it submits or builds."""
        agent = self.catalog.agent(name)
        plan = self.run.plan
        allowed = (*(self.tools or (TOOL_NAMES if submits is None else READING)), TASK)
        model, attempt = await self._model(unit, agent, task), max(attempt, self.attempt)
        first, sources = await self.brief(unit, agent, pieces, submits=submits, task=task, attempt=attempt)
        of_run, of_phase = self.rules.run_limits, self.rules.phase_limits
        caps = await shared_caps(self.ports, self.run, self.phase, of_run, of_phase, self.attempt)
        job = Job(
            run=self.run,
            unit=unit_of(unit, self.attempt),
            agent=agent,
            model=model,
            system=system_prompt(agent.name, agent.prompt, self.run.plan.mode),
            first=first,
            sources=sources,
            tools=tuple(t for t in agent.tools if t in allowed),
            checkout=self.checkout,
            start=start,
            limits=self.rules.agent_limits,
            submits=submits,
            agents=self._nameable(submits),
            required=self._required(submits),
            env=(self.env or env_of(self.checkout)) if submits is None or "Bash" in self.tools else None,
            shared=caps,
            team=Team(self.catalog, self.phase, context_tokens=self.rules.context_tokens),
            asks=plan.automation != "auto",
            noted=frozenset(note.comment for note in self.notes),
        )

        async def on_turn() -> None:
            self.board.touch(self.run.id)

        return await run_job(job, self.ports, on_turn)

    async def _model(self, unit: str, agent: AgentDefinition, task: str) -> str:
        """The model of an agent's own file or of the command, else what history and failed attempts speak for."""
        plan, usual = self.run.plan, self.run.plan.model_of(agent.name, self.rules.model)
        if plan.model or agent.model not in {"", "inherit"}:
            return usual
        tasks = planned_tasks(self.results) if task else []
        kind = next((kind_of_task(one) for one in tasks if one.id == task), self.phase.name)
        failed = self.mends or "sent_back" in json.loads(self.earlier.data if self.earlier else "{}")
        piece = Assignment(unit_of(unit, self.attempt), agent.name, kind, failed)
        return await which_model(self.ports, self.run, piece, self.rules.models, usual)

    async def brief(
        self,
        unit: str,
        agent: AgentDefinition,
        pieces: Sequence[Piece],
        *,
        submits: PhaseName | None = None,
        task: str = "",
        attempt: int = 1,
    ) -> tuple[str, Mapping[str, str]]:
        """(an agent's first message, the whole texts of what is shortened in it): the one place where what it is given
        comes together with what is remembered, and is brought under the budget."""
        context = await self._context(agent, [*pieces, *await self._remembered(unit, pieces, submits)])
        phase = replace(self.phase, agent=agent.name)
        return first_message(phase, self.run, context.pieces, task=task, attempt=attempt), context.whole

    async def _remembered(self, unit: str, pieces: Sequence[Piece], submits: PhaseName | None) -> list[Piece]:
        """What earlier runs taught about the request, and, for a task or a failure, about that."""
        asked = self.run.request
        about = [piece.text for piece in pieces if piece.kind == "tests" or ("phase", "tasks") in piece.label]
        wish = [asked.issue_title, asked.description, asked.issue_body, *about[-1:]]
        commands = submits is None or "Bash" in self.tools
        unit = unit_of(unit, self.attempt)
        found = await recalled(self.ports, self.run, unit, "\n".join(filter(None, wish)), runs_commands=commands)
        return memory_pieces(found)

    async def _context(self, agent: AgentDefinition, pieces: Sequence[Piece]) -> Context:
        """The pieces, made shorter by what the agent has to do."""
        asked = self.run.request
        task = [piece.text for piece in pieces if "task" in dict(piece.label)]
        query = [self.phase.name, agent.description, self.phase.prompt, asked.issue_title, asked.description, *task]
        return await asyncio.to_thread(build, pieces, "\n".join(query), self.rules.context_tokens)

    async def remember(self, tree: Sha, commits: Sequence[Commit]) -> None:
        """Keep what the phase has finished so far, so that neither a crash nor a cancellation loses it."""
        if self.earlier is None:
            return
        data = {**json.loads(self.earlier.data), "begun_at": tree, "commits": list(commits)}
        known = replace(self.earlier, state="running", agent=self.phase.agent, data=json.dumps(data))
        kept = await keep_changes(self.ports.workspaces, self.checkout, self.start, known)
        await self.ports.store.save_phase(kept)

    def builders(self) -> tuple[Member, ...]:
        """Those of the team that a task can be given to."""
        reasons = {member.agent: member.reason for member in self.run.plan.team}
        return tuple(Member(name, reasons.get(name, "")) for name in builders(self.run.plan.team, self.catalog))

    def _nameable(self, submits: PhaseName | None) -> tuple[str, ...]:
        """Agents that a result can name: all but its own for a team, else those that a task can be given to."""
        if submits == "team":
            return tuple(name for name in self.catalog.names if name != CHIEF)
        return builders(self.run.plan.team, self.catalog)

    def _required(self, submits: PhaseName | None) -> tuple[str, ...]:
        """What a result must name: the least team, or the threads that are open."""
        plan = self.run.plan
        if submits == "team":
            return required(plan.mode, plan.wanted, plan.skipped)
        return tuple(thread.name for thread in self.run.request.wishes.threads) if submits == "revision" else ()

    def needed(self, *, without: str = "") -> list[Piece]:
        """The wish, the issue, the repository's advice, and the results this phase declares that it needs;
        the roadmap, where the issue was groomed."""
        needs = [name for name in self.phase.needs if name != without]
        needs += [ROADMAP] if self.phase.name in GROOMED_FOR else []
        given = [*request_pieces(self.run), *wish_pieces(self.run), *self.guidance, *result_pieces(needs, self.results)]
        return [*given, *map(note_piece, self.notes), *self._sent_back()]

    def _sent_back(self) -> list[Piece]:
        """What an earlier attempt handed in, and why somebody sent it back."""
        data = json.loads(self.earlier.data) if self.earlier else {}
        if (back := data.get("sent_back")) is None:
            return []
        before = Piece("result", back["output"], (("phase", self.phase.name), ("attempt", str(self.attempt - 1))))
        label = (("from", back["by"]), ("permission", "write"), ("about", "your last result, which was sent back"))
        return [before, Piece("comments", back["why"], label)]

    async def to_plan(self) -> list[Piece]:
        """What is needed, and a map of the repository, for those who do not change files."""
        asked = self.run.request
        wish = f"{asked.description} {asked.issue_title} {asked.issue_body}"
        return [*self.needed(), await self.map(wish, MAP_TOKENS)]

    async def map(self, wish: str, tokens: int) -> Piece:
        """Files and names of the repository as the phase found it, those first that the wish speaks of."""
        files = await self.ports.workspaces.files(self.checkout)
        text = await asyncio.to_thread(repository_map, files, partial(read_text, self.checkout), wish, tokens)
        return Piece("files", text)

    def ended(self, outcome: Outcome, **fields: object) -> PhaseResult:
        """The result of a phase whose agent could not do it."""
        reason = f"{outcome.reason} {outcome.hint}".strip()
        return self.result(
            "failed",
            reason,
            outcome.text,
            {"tree": outcome.tree, "reason": reason, **limit_data(outcome.limit), **fields},
        )

    def result(self, state: PhaseState, summary: str, output: str, data: Mapping[str, object]) -> PhaseResult:
        return PhaseResult(self.run.id, self.phase.name, self.phase.agent, state, summary, output, json.dumps(data))


async def side_by_side(works: Iterable[Awaitable[T]]) -> list[T]:
    """What they return, in their order. Every one comes to its end before an error of one is raised: none may go on
    unseen."""
    ended = await asyncio.gather(*works, return_exceptions=True)
    for one in ended:
        if isinstance(one, BaseException):
            raise one
    return [one for one in ended if not isinstance(one, BaseException)]


def commit(subject: str, agent: str, tree: Sha, task: str = "", words: str = "") -> Commit:
    return {"subject": subject, "task": task, "agent": agent, "tree": tree, "words": words}


def planned_tasks(results: Mapping[str, PhaseResult]) -> list[Task]:
    """The tasks as the task plan has them, none where nothing was planned."""
    return tasks_in(results["tasks"]) if "tasks" in results else []


def tests_of(results: Mapping[str, PhaseResult]) -> TestRun:
    """The last test run that a phase recorded: the review's, if it ran them again."""
    for name in ("review", "testing"):
        data = json.loads(results[name].data) if name in results else {}
        if "tests" in data:
            return from_json(json.dumps(data["tests"]))
    return TestRun("", "not_run", None, 0.0, None, None, "", "the testing phase did not get that far", "", "")


async def bench_of(work: Work) -> TestBench:
    """The tests' environment, installed on the base commit before any agent's change is in the checkout."""
    await work.ports.workspaces.restore(work.checkout, work.base)
    bench = await set_up(work.ports, work.checkout, network=work.rules.install_network)
    await work.ports.workspaces.restore(work.checkout, work.start)
    return bench


async def diff_piece(work: Work, tree: Sha) -> Piece:
    text = await work.ports.workspaces.diff(work.checkout, work.base, tree)
    return Piece("diff", truncate_middle(text, DIFF_LIMIT))


def guidance_in(checkout: Checkout) -> tuple[Piece, ...]:
    """The files by which a repository advises agents, from a checkout at its base."""
    texts = [(name, read_text(checkout, name)) for name in GUIDANCE]
    return tuple(Piece("result", text, (("source", name),)) for name, text in texts if text)
