"""One agent at work: the model and its tools, turn by turn, until it is done or a limit says stop.

Every turn is reserved before it is made and stored after each half (the reply, the tools' answers with the tree of the
checkout), so a killed process goes on with the next turn, and no reply that was paid for is asked for again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Literal

import structlog

from bot.core.conversation import Message, ModelError, ModelRequest, Reply, Text, ToolResult, ToolSpec, ToolUse, Usage
from bot.core.definitions import AgentDefinition
from bot.core.repository import Sha
from bot.core.runs import Limits, PhaseName, Run, Turn
from bot.core.submissions import Submission, read_submission, submit_tool
from bot.core.transcript import reply_from_json, reply_to_json, results_from_json, results_to_json
from bot.core.trimming import trimmed
from bot.ports import Checkout, Ports, WorkspaceError
from bot.tools import ToolBox

MAX_TOKENS = 16_000
"""Of one reply; less where the budget has less room."""
LEAST_TOKENS = 1_024
CONVERSATION_TOKENS = 180_000
"""By our estimate, past which old answers of tools are left out of a conversation; windows have 200,000 or more.
Where the API shortens conversations itself, it does so earlier."""
SMALLER = "Ask for less at once."
MOST_USD = 100.0
"""What a command may name as its budget."""
CUT_OFF = "Your reply was cut off at its limit after this call. Make smaller calls."
NUDGES = 3
"""How often an agent that stops without handing in its result is asked again."""


@dataclass(frozen=True, slots=True)
class Job:
    """What one agent has to do. `unit` names it in the run; `submits` is the phase whose tool ends it, or None."""

    run: Run
    unit: str
    agent: AgentDefinition
    model: str
    system: str
    first: str
    tools: tuple[str, ...]
    checkout: Checkout
    start: Sha
    limits: Limits
    submits: PhaseName | None = None
    agents: tuple[str, ...] = ()
    """Agents that the result may name."""
    required: tuple[str, ...] = ()
    """Agents that a team must have."""
    env: Path | None = None
    """What the tests' install step left, mounted read-only at `/env` for commands."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended. `reason` and `hint` are sentences for people; `tree` is the checkout afterwards."""

    state: Literal["done", "failed"]
    text: str
    tree: Sha
    submission: Submission | None = None
    reason: str = ""
    hint: str = ""


@dataclass(slots=True)
class _Progress:
    messages: list[Message]
    tree: Sha
    index: int = 0
    nudges: int = 0
    trimmed: bool = False
    last: Reply | None = None
    submission: Submission | None = None
    started: float = field(default=0.0)


class _StopError(Exception):
    """The job ends here, with this outcome."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome


async def run_job(job: Job, ports: Ports, on_turn: Callable[[], Awaitable[None]]) -> Outcome:
    """Work until the result is handed in; `on_turn` is awaited after every turn. Never raises for what an agent did."""
    job, progress, turns = await _take_up(job, ports)
    progress.started = ports.clock.monotonic()
    try:
        for turn in turns:
            _stop_if_done(job, progress)
            await _replay(job, progress, turn, ports)
        while True:
            _stop_if_done(job, progress)
            await _turn(job, progress, ports)
            await on_turn()
    except _StopError as stop:
        return stop.outcome
    except ModelError as error:
        return _failed(progress, str(error))


async def _take_up(job: Job, ports: Ports) -> tuple[Job, _Progress, list[Turn]]:
    """Where an earlier process left off, or a fresh start if its files are not on this machine."""
    for generation in count(1):
        unit = job.unit if generation == 1 else f"{job.unit}~{generation}"
        stored = await ports.store.turns(job.run.id, unit)
        turns = [t for t in stored if t.reply is not None]
        tree = next((t.tree for t in reversed(turns) if t.tree), job.start)
        if await ports.workspaces.restore(job.checkout, tree):
            ended = max((t.index for t in stored if t.usd is not None), default=-1)
            progress = _Progress([Message("user", (Text(job.first),))], tree, ended + 1)
            return replace(job, unit=unit), progress, turns
        if not turns:
            break
    raise WorkspaceError(f"The files of tree {job.start[:12]} are not on this machine.")


async def _replay(job: Job, progress: _Progress, turn: Turn, ports: Ports) -> None:
    assert turn.reply is not None
    reply = reply_from_json(turn.reply)
    if turn.results is not None:
        _remember(progress, reply, results_from_json(turn.results))
        _note_submission(job, progress, reply, results_from_json(turn.results))
    else:
        await _after_reply(job, progress, turn, reply, ports)


async def _turn(job: Job, progress: _Progress, ports: Ports) -> None:
    """One call and its tools. A call that failed for good costs what it reported, not what was reserved for it."""
    _check_limits(job, progress, ports)
    request = await _reserve(job, progress, ports)
    turn, started = _row(job, progress, request.model, 0.0), ports.clock.monotonic()
    try:
        reply = await ports.model.reply(request)
    except ModelError as error:
        cost = ports.model.cost_usd(Reply((), "end_turn", error.usage, request.model))
        seconds = ports.clock.monotonic() - started
        await ports.store.finish_turn(replace(turn, usd=cost, usage=error.usage, seconds=seconds))
        raise
    cost, seconds = ports.model.cost_usd(reply), ports.clock.monotonic() - started
    turn = replace(turn, usd=cost, usage=reply.usage, reply=reply_to_json(reply), seconds=seconds)
    await ports.store.finish_turn(turn)
    progress.index += 1
    await _after_reply(job, progress, turn, reply, ports)


def _row(job: Job, progress: _Progress, model: str, reserved: float) -> Turn:
    return Turn(job.run.id, job.unit, progress.index, job.agent.name, model, reserved)


async def _reserve(job: Job, progress: _Progress, ports: Ports) -> ModelRequest:
    """The next request, with as much room to answer as the budget has. Raises `_StopError` when it has none."""
    shown = trimmed(progress.messages, CONVERSATION_TOKENS)
    request = ModelRequest(job.model, job.system, shown, _specs(job, ports), MAX_TOKENS)
    while request.max_tokens >= LEAST_TOKENS:
        row = _row(job, progress, job.model, ports.model.price_usd(request))
        if await ports.store.reserve_turn(row, job.limits.usd):
            return request
        request = replace(request, max_tokens=request.max_tokens // 2)
    reason = f"The next call could pass the budget of ${job.limits.usd:.2f}."
    more = min(2 * max(job.limits.usd, 0.5), MOST_USD)
    raise _StopError(_failed(progress, reason, f"Ask again with a higher one, as in `--budget {more:g}`."))


def _specs(job: Job, ports: Ports) -> tuple[ToolSpec, ...]:
    submit = submit_tool(job.submits) if job.submits else None
    return (*_box(job, ports).specs(job.tools), *((submit,) if submit else ()))


def _box(job: Job, ports: Ports) -> ToolBox:
    return ToolBox(job.checkout.root, ports.sandbox, extra=job.env, outputs=job.checkout.root.parent / "outputs")


def _check_limits(job: Job, progress: _Progress, ports: Ports) -> None:
    if progress.index >= job.limits.turns:
        raise _StopError(_failed(progress, f"`{job.agent.name}` was not done after {job.limits.turns} turns.", SMALLER))
    if ports.clock.monotonic() - progress.started > job.limits.seconds:
        raise _StopError(
            _failed(progress, f"`{job.agent.name}` was not done after {job.limits.seconds:.0f} s.", SMALLER)
        )


async def _after_reply(job: Job, progress: _Progress, turn: Turn, reply: Reply, ports: Ports) -> None:
    """Run the tools that a reply asks for, all at once, and store what they answered."""
    results = list(await asyncio.gather(*(_call(job, use, ports) for use in reply.tool_uses)))
    if results and reply.stop_reason == "max_tokens":
        results[-1] = replace(results[-1], content=f"{results[-1].content}\n\n{CUT_OFF}")
    if results:
        progress.tree = await _snapshot(job, progress.tree, results, ports)
    await ports.store.finish_turn(replace(turn, results=results_to_json(results), tree=progress.tree))
    _remember(progress, reply, tuple(results))
    _note_submission(job, progress, reply, tuple(results))


async def _call(job: Job, use: ToolUse, ports: Ports) -> ToolResult:
    submit = submit_tool(job.submits) if job.submits else None
    if submit and job.submits and use.name == submit.name:
        found = read_submission(job.submits, use.input, job.agents, job.required)
        if isinstance(found, str):
            return ToolResult(use.id, f"Not taken. Mend this and call {submit.name} again:\n{found}", True)
        return ToolResult(use.id, "Taken.")
    if use.name not in job.tools:
        return ToolResult(use.id, f"You have no tool {use.name!r}. You have: {', '.join(job.tools)}.", True)
    return await _box(job, ports).call(use)


async def _snapshot(job: Job, before: Sha, results: list[ToolResult], ports: Ports) -> Sha:
    try:
        return await ports.workspaces.tree(job.checkout)
    except WorkspaceError as error:
        warning = (
            f"{results[-1].content}\n\nThe checkout cannot be committed like this: {error} Mend it before you go on."
        )
        results[-1] = replace(results[-1], content=warning, is_error=True)
        return before


def _remember(progress: _Progress, reply: Reply, results: tuple[ToolResult, ...]) -> None:
    progress.last = reply
    progress.messages.append(Message("assistant", reply.content or (Text("(no words)"),)))
    if results:
        progress.messages.append(Message("user", results))


def _note_submission(job: Job, progress: _Progress, reply: Reply, results: tuple[ToolResult, ...]) -> None:
    taken = {r.tool_use_id for r in results if not r.is_error}
    submit = submit_tool(job.submits) if job.submits else None
    for use in reply.tool_uses:
        if submit and job.submits and use.name == submit.name and use.id in taken:
            found = read_submission(job.submits, use.input, job.agents, job.required)
            progress.submission = None if isinstance(found, str) else found


def _stop_if_done(job: Job, progress: _Progress) -> None:
    """Decide what the last reply means. Raises `_StopError` at an end, else leaves the turn to the model."""
    reply = progress.last
    if reply is None:
        return
    if progress.submission is not None:
        raise _StopError(Outcome("done", reply.text, progress.tree, progress.submission))
    match reply.stop_reason:
        case "refusal":
            raise _StopError(
                _failed(
                    progress,
                    f"The model declined to do the work of `{job.agent.name}`.",
                    "Put the request in other words.",
                )
            )
        case "context_exceeded":
            _trim(job, progress)
        case "max_tokens" if not reply.tool_uses:
            _nudge(job, progress, "Your reply was cut off at its limit. Go on from where it stopped.")
        case "end_turn" if not reply.tool_uses:
            if job.submits is None:
                raise _StopError(Outcome("done", reply.text, progress.tree))
            tool = submit_tool(job.submits)
            assert tool is not None
            _nudge(job, progress, f"Hand in your result now: call {tool.name}.")
        case _:
            structlog.get_logger().debug("turn", unit=job.unit, stop=reply.stop_reason)


def _nudge(job: Job, progress: _Progress, words: str) -> None:
    progress.nudges += 1
    if progress.nudges > NUDGES:
        raise _StopError(
            _failed(progress, f"`{job.agent.name}` handed in no result, though it was asked {NUDGES} times.")
        )
    progress.messages.append(Message("user", (Text(words),)))


def _trim(job: Job, progress: _Progress) -> None:
    """Make room in a conversation that grew too long, once: the reply that did not fit goes, and old tool answers."""
    if progress.trimmed:
        raise _StopError(
            _failed(progress, f"The conversation of `{job.agent.name}` is too long for the model.", SMALLER)
        )
    progress.trimmed = True
    if progress.messages[-1].role == "user":
        progress.messages.pop()
    progress.messages.pop()
    last = len(progress.messages) - 4
    progress.messages = [_without_output(m) if n < last else m for n, m in enumerate(progress.messages)]


def _without_output(message: Message) -> Message:
    note = "[removed to make room; call the tool again if you need it]"
    return Message(
        message.role, tuple(replace(b, content=note) if isinstance(b, ToolResult) else b for b in message.content)
    )


def _failed(progress: _Progress, reason: str, hint: str = "") -> Outcome:
    words = progress.last.text if progress.last else ""
    return Outcome("failed", words, progress.tree, reason=reason, hint=hint)


def total_usage(turns: list[Turn]) -> tuple[Usage, float]:
    """Tokens and US dollars of some turns; a turn that never came back counts with what was reserved for it."""
    usage = sum((t.usage for t in turns), Usage())
    return usage, sum(t.usd if t.usd is not None else t.reserved_usd for t in turns)
