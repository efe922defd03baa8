"""`Task`: an agent calls others, which work at once, each with a context of its own, and their words come back to it.

Who may only read looks at the caller's files. Who may write works in a copy of them, and what came of it is merged into
the caller's files in the order of the calls when all have ended.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from bot.core.context import Piece, build, first_message, memory_pieces, system_prompt
from bot.core.conversation import ToolResult, ToolSpec, ToolUse
from bot.core.definitions import AgentDefinition
from bot.core.repository import Sha
from bot.jobs import Job, Outcome, Team
from bot.ports import Checkout, Ports, WorkspaceError
from bot.remembering import recalled
from bot.tools.errors import ToolError
from bot.tools.validate import Field, Given, check, object_schema

TASK = "Task"
DEPTH = 3
"""How many agents may stand below the phase's own, one called by the other."""
AT_ONCE = 8
"""Calls in one reply."""
RESULT_CHARS = 16_000
DIFF_CHARS = 12_000
WRITING = frozenset({"Write", "Edit", "Bash"})
FIELDS = (
    Field("subagent_type", "string", "Name of the agent.", True, least=1, most=50),
    Field("description", "string", "What it is about, in three to five words.", True, least=1, most=100),
    Field("prompt", "string", "All it has to know: it sees nothing of this talk.", True, least=1, most=20_000),
)
SPEC = (
    "Have another agent do a part of the work. It starts with your files and your prompt, and you get its last words "
    "and its changes. Several calls in one reply run at once; what they use counts as yours. The agents are:"
)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Call:
    """One call that was taken: `writes` in a copy, or looks on."""

    use: ToolUse
    job: Job

    @property
    def writes(self) -> bool:
        return not self.job.looks_on


def task_spec(job: Job) -> ToolSpec | None:
    """The tool as this agent sees it, with whom it may call; None if it may call nobody."""
    if TASK not in job.tools or job.team is None or len(_chain(job, job.team)) > DEPTH:
        return None
    agents = _callable(job, job.team)
    listed = "\n".join(f"- {agent.name}: {agent.description}" for agent in agents)
    return ToolSpec(TASK, f"{SPEC}\n{listed}", object_schema(FIELDS)) if agents else None


async def delegate(
    job: Job,
    index: int,
    uses: Sequence[ToolUse],
    tree: Sha,
    ports: Ports,
    work: Callable[[Job], Coroutine[object, object, Outcome]],
) -> tuple[list[ToolResult], Sha]:
    """Answer the calls of one reply, turn `index` of the job whose files are those of `tree`.

    Returns the results in the order of the calls, and the tree of the caller's files with what was merged into them.
    """
    calls: list[_Call | ToolResult] = []
    for number, use in enumerate(uses, 1):
        calls.append(await _take(job, index, number, use, tree, ports))
    taken = [call for call in calls if isinstance(call, _Call)]
    outcomes = await _together([_work(call, work) for call in taken])
    ended = dict(zip((call.use.id for call in taken), outcomes, strict=True))
    results, merged = [], tree
    for call in calls:
        if isinstance(call, _Call):
            outcome = ended[call.use.id]
            text, merged = await _told(job.checkout, call, outcome, tree, merged, ports)
            results.append(ToolResult(call.use.id, text, is_error=outcome.state == "failed"))
        else:
            results.append(call)
    if merged != tree and not await ports.workspaces.restore(job.checkout, merged):
        raise WorkspaceError(f"The files of tree {merged[:12]} are not on this machine.")
    return results, merged


def _chain(job: Job, team: Team) -> tuple[str, ...]:
    return (*team.callers, job.agent.name)


def _callable(job: Job, team: Team) -> list[AgentDefinition]:
    return [agent for agent in team.catalog.agents if agent.name not in _chain(job, team)]


async def _take(job: Job, index: int, number: int, use: ToolUse, tree: Sha, ports: Ports) -> _Call | ToolResult:
    try:
        given = check(TASK, FIELDS, use.input)
        agent, team = _allowed(job, number, given.text("subagent_type"))
        sub = await _sub_job(job, team, f"{job.unit}/{index}.{number}-{agent.name}", agent, given, ports)
        if sub.looks_on:
            return _Call(use, replace(sub, start=tree))
        copy = await ports.workspaces.fork(job.checkout, _copy_name(job.unit, number))
        return _Call(use, replace(sub, checkout=copy, start=tree))
    except (ToolError, WorkspaceError) as refused:
        return ToolResult(use.id, str(refused), is_error=True)


def _allowed(job: Job, number: int, name: str) -> tuple[AgentDefinition, Team]:
    """Raises `ToolError` with what to do instead."""
    team = job.team
    if team is None:
        raise ToolError(f"You cannot call other agents. You have: {', '.join(job.tools)}.")
    chain = _chain(job, team)
    if len(chain) > DEPTH:
        raise ToolError(f"It goes no deeper than {' > '.join(chain)}. Do this part yourself.")
    if TASK not in job.tools:
        raise ToolError(f"You have no tool {TASK!r}. You have: {', '.join(job.tools)}.")
    if number > AT_ONCE:
        raise ToolError(f"At most {AT_ONCE} agents work at once. Call this one in your next reply.")
    if name in chain:
        who = "You are that agent" if name == chain[-1] else f"{name} waits for your answer"
        raise ToolError(f"{who} ({' > '.join(chain)}). Call another agent, or do this part yourself.")
    found = next((agent for agent in team.catalog.agents if agent.name == name), None)
    if found is None:
        names = ", ".join(agent.name for agent in _callable(job, team)) or "none"
        raise ToolError(f"There is no agent {name!r} that you could call. There are: {names}.")
    return found, team


async def _sub_job(job: Job, team: Team, unit: str, agent: AgentDefinition, given: Given, ports: Ports) -> Job:
    """No wider than its caller in anything: tools, files, limits. What it is told of earlier runs fits its prompt."""
    chain = _chain(job, team)
    deeper = len(chain) < DEPTH
    tools = tuple(tool for tool in agent.tools if tool in job.tools and (tool != TASK or deeper))
    prompt = Piece("request", given.text("prompt"), (("from-agent", job.agent.name),))
    about = " ".join(given.text("description").split())
    found = await recalled(ports, job.run, unit, f"{about}\n{prompt.text}", runs_commands="Bash" in tools)
    context = build([prompt, *memory_pieces(found)], f"{about}\n{agent.description}", team.context_tokens)
    phase = replace(team.phase, agent=agent.name)
    return Job(
        run=job.run,
        unit=unit,
        agent=agent,
        model=job.run.plan.model_of(agent.name, job.model),
        system=system_prompt(agent.name, agent.prompt),
        first=first_message(phase, job.run, context.pieces, call=about, caller=job.agent.name),
        sources=context.whole,
        tools=tools,
        checkout=job.checkout,
        start=job.start,
        limits=job.limits.half(),
        env=job.env if "Bash" in tools else None,
        shared=job.shared,
        team=replace(team, callers=chain),
        looks_on=not WRITING & set(tools),
    )


def _copy_name(unit: str, number: int) -> str:
    """The same for every reply of a caller: a copy is filled anew by each call."""
    return f"{hashlib.sha256(unit.encode()).hexdigest()[:16]}-{number}"


async def _work(call: _Call, work: Callable[[Job], Awaitable[Outcome]]) -> Outcome:
    try:
        return await work(call.job)
    except WorkspaceError as error:
        return Outcome("failed", "", call.job.start, reason=str(error))


async def _together(works: Sequence[Coroutine[object, object, T]]) -> list[T]:
    """All at once; if one raises, the others are ended before it is raised again."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _told(
    checkout: Checkout, call: _Call, outcome: Outcome, base: Sha, ours: Sha, ports: Ports
) -> tuple[str, Sha]:
    """What the caller reads of one call, and the tree after its changes were taken or not."""
    name, label = call.job.agent.name, (("agent", call.job.agent.name),)
    parts = [f"`{name}` answered:"]
    if outcome.state == "failed":
        parts = [f"`{name}` was not done. {outcome.reason} {outcome.hint}".rstrip(), "Its last words:"]
    parts.append(Piece("result", outcome.text or "(no words)", label).render(RESULT_CHARS))
    if not call.writes or outcome.tree == base:
        return "\n\n".join(parts), ours
    trouble, merged = await _merged(checkout, call, outcome, base, ours, ports)
    if trouble:
        diff = await ports.workspaces.diff(checkout, base, outcome.tree)
        parts += [f"{trouble}\nIts changes are not in your files. They were:"]
        parts += [Piece("diff", diff, label).render(DIFF_CHARS)]
    else:
        paths = [change.path for change in await ports.workspaces.changes(checkout, base, outcome.tree)]
        parts += [f"Its changes are in your files: {_listed(paths)}."]
    return "\n\n".join(parts), merged


async def _merged(
    checkout: Checkout, call: _Call, outcome: Outcome, base: Sha, ours: Sha, ports: Ports
) -> tuple[str, Sha]:
    """(why its changes are not taken, the tree as it was) or ("", the tree with them)."""
    if outcome.state == "failed":
        return "It was stopped in the middle of its work.", ours
    try:
        merge = await ports.workspaces.merge(checkout, base, ours, outcome.tree)
    except WorkspaceError as error:
        return f"They could not be merged: {error}", ours
    if merge.conflicts:
        return f"Another agent that worked at the same time changed the same lines of {_listed(merge.conflicts)}.", ours
    return "", merge.tree


def _listed(paths: Sequence[str], most: int = 20) -> str:
    shown = ", ".join(f"`{path}`" for path in paths[:most])
    return shown + (f" and {len(paths) - most} more" if len(paths) > most else "")
