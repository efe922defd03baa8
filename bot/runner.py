"""One agent at work: the model and its tools, turn by turn, until it is done or a limit says stop.

Every turn is reserved before it is made and stored after each half (the reply, the tools' answers with the tree of the
checkout), so a killed process goes on with the next turn, and no reply that was paid for is asked for again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count, groupby

import structlog

from bot.asking import LimitError, ask, seconds_left
from bot.core.conversation import Message, ModelError, ModelRequest, Reply, Text, ToolResult, ToolSpec, ToolUse, Usage
from bot.core.limits import SMALLER, Cap
from bot.core.people import Note
from bot.core.repository import Sha
from bot.core.runs import Turn
from bot.core.submissions import Submission, read_submission, submit_tool
from bot.core.transcript import reply_from_json, results_from_json, results_to_json
from bot.core.trimming import cleared, trimmed
from bot.delegation import TASK, delegate, task_spec
from bot.hearing import ASK, COMMENT_CHARS, LEAD, SPEC, answer_to, note_piece, unheard
from bot.jobs import Job, Outcome, QuestionError, Team, in_one
from bot.ports import Ports, SandboxLimits, WorkspaceError
from bot.tools import READING, ToolBox
from bot.tools.recall import RECALL, recall
from bot.tools.recall import SPEC as RECALL_SPEC

__all__ = ["Job", "Outcome", "QuestionError", "Team", "in_one", "run_job", "total_usage"]

MAX_TOKENS = 16_000
"""Of one reply; less where the budget has less room."""
CONVERSATION_TOKENS = 180_000
"""By our estimate, past which old answers of tools are left out of a conversation; windows have 200,000 or more.
Where the API shortens conversations itself, it does so earlier."""
CUT_OFF = "Your reply was cut off at its limit after this call. Make smaller calls."
NUDGES = 3
"""How often an agent that stops without handing in its result is asked again."""
OnTurn = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class _Progress:
    messages: list[Message]
    tree: Sha
    index: int = 0
    nudges: int = 0
    trimmed: bool = False
    last: Reply | None = None
    submission: Submission | None = None
    caps: tuple[Cap, ...] = field(default=())
    heard: list[int] = field(default_factory=list)
    """Comments of people that the agent has seen since it began."""


class _StopError(Exception):
    """The job ends here, with this outcome."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome


async def run_job(job: Job, ports: Ports, on_turn: OnTurn) -> Outcome:
    """Work until the result is handed in; `on_turn` is awaited after every turn.

    Never raises for what an agent did, but `QuestionError` while people have not answered what it asked them.
    """
    job, progress, turns = await _take_up(job, ports)
    try:
        for turn in turns:
            _stop_if_done(job, progress)
            await _replay(job, progress, turn, ports, on_turn)
        while True:
            _stop_if_done(job, progress)
            await _turn(job, progress, ports, on_turn)
            await on_turn()
    except _StopError as stop:
        return stop.outcome
    except LimitError as error:
        return replace(_failed(progress, error.refused.reason, error.refused.hint), limit=error.refused)
    except ModelError as error:
        return _failed(progress, str(error))


async def _take_up(job: Job, ports: Ports) -> tuple[Job, _Progress, list[Turn]]:
    """Where an earlier process left off, or a fresh start if its files are not on this machine."""
    until = ports.clock.monotonic() + job.limits.seconds
    for generation in count(1):
        unit = job.unit if generation == 1 else f"{job.unit}~{generation}"
        stored = await ports.store.turns(job.run.id, unit)
        turns = [t for t in stored if t.reply is not None]
        tree = next((t.tree for t in reversed(turns) if t.tree), job.start)
        if job.looks_on or await ports.workspaces.restore(job.checkout, tree):
            ended = max((t.index for t in stored if t.usd is not None), default=-1)
            own = Cap("agent", job.agent.name, unit, job.limits, until)
            start = [Message("user", (Text(job.first),))]
            return replace(job, unit=unit), _Progress(start, tree, ended + 1, caps=(*job.shared, own)), turns
        if not turns:
            break
    raise WorkspaceError(f"The files of tree {job.start[:12]} are not on this machine.")


async def _replay(job: Job, progress: _Progress, turn: Turn, ports: Ports, on_turn: OnTurn) -> None:
    assert turn.reply is not None
    ids = [int(number) for number in turn.heard.split(",") if number]
    _hear(progress, [note for note in await ports.store.notes(job.run.id) if note.comment in ids])
    reply = reply_from_json(turn.reply)
    known = results_from_json(turn.results) if turn.results is not None else ()
    if turn.results is not None and len(known) == len(reply.tool_uses):
        _remember(progress, reply, known)
        _note_submission(job, progress, reply, known)
    else:
        await _after_reply(job, progress, turn, reply, ports, on_turn, known)


async def _turn(job: Job, progress: _Progress, ports: Ports, on_turn: OnTurn) -> None:
    """One call and its tools; what people said meanwhile goes with it."""
    notes = await unheard(job, progress.heard, ports)
    _hear(progress, notes)
    request = await _fitting(job, progress, ports)
    heard = ",".join(str(note.comment) for note in notes)
    turn, reply = await ask(job, progress.caps, progress.index, request, ports, heard)
    progress.index += 1
    await _after_reply(job, progress, turn, reply, ports, on_turn)


async def _fitting(job: Job, progress: _Progress, ports: Ports) -> ModelRequest:
    """The call with the whole conversation, or without old answers of tools if it is too long: by our estimate, which
    is too high by a third at times, and then also by the provider's count."""
    whole, specs = tuple(progress.messages), _specs(job, progress, ports)
    request = ModelRequest(job.model, job.system, whole, specs, MAX_TOKENS)
    shown = trimmed(whole, CONVERSATION_TOKENS)
    if shown == whole:
        return request
    counted = await ports.model.measure(request)
    return request if counted is not None and counted <= CONVERSATION_TOKENS else replace(request, messages=shown)


def _hear(progress: _Progress, notes: Sequence[Note]) -> None:
    """Put comments behind what the agent was told last."""
    if not notes:
        return
    words = Text("\n\n".join([LEAD, *(note_piece(note).render(COMMENT_CHARS) for note in notes)]))
    progress.heard += [note.comment for note in notes]
    last = progress.messages[-1]
    if last.role == "user":
        progress.messages[-1] = Message("user", (*last.content, words))
    else:
        progress.messages.append(Message("user", (words,)))


def _specs(job: Job, progress: _Progress, ports: Ports) -> tuple[ToolSpec, ...]:
    submit = submit_tool(job.submits) if job.submits else None
    task = task_spec(job)
    own = _box(job, progress, ports).specs([tool for tool in job.tools if tool != TASK])
    return (
        *own,
        RECALL_SPEC,
        *((task,) if task else ()),
        *((SPEC,) if job.asks else ()),
        *((submit,) if submit else ()),
    )


def _box(job: Job, progress: _Progress, ports: Ports) -> ToolBox:
    """No command outlives the time that is left."""
    limits = SandboxLimits()
    limits = replace(limits, seconds=max(1.0, min(limits.seconds, seconds_left(progress.caps, ports.clock))))
    return ToolBox(
        job.checkout.root, ports.sandbox, limits, extra=job.env, outputs=job.checkout.root.parent / "outputs"
    )


async def _after_reply(
    job: Job,
    progress: _Progress,
    turn: Turn,
    reply: Reply,
    ports: Ports,
    on_turn: OnTurn,
    known: tuple[ToolResult, ...] = (),
) -> None:
    """Run the tools that a reply asks for, then the agents that it calls, and store what they answered.

    The answers of the tools are stored before the agents begin, and before people are asked: a process that takes this
    up has them as `known`, and the agents find the files as they were. Raises `QuestionError`.
    """
    tasks = [use for use in reply.tool_uses if use.name == TASK]
    asks = [use for use in reply.tool_uses if use.name == ASK]
    own = [use for use in reply.tool_uses if use.name not in {TASK, ASK}]
    results = list(known)
    if own and not known:
        results = await _calls(job, progress, own, ports)
        progress.tree = await _snapshot(job, progress.tree, results, ports)
    if own and (tasks or asks) and not known:
        turn = replace(turn, results=results_to_json(results), tree=progress.tree)
        await ports.store.finish_turn(turn)
    if tasks:
        told, progress.tree = await _delegate(job, progress, turn.index, tasks, ports, on_turn)
        results += told
    results += [await answer_to(job, use, ports) for use in asks]
    results = _in_order(reply.tool_uses, results)
    if results and reply.stop_reason == "max_tokens":
        results[-1] = replace(results[-1], content=f"{results[-1].content}\n\n{CUT_OFF}")
    await ports.store.finish_turn(replace(turn, results=results_to_json(results), tree=progress.tree))
    _remember(progress, reply, tuple(results))
    _note_submission(job, progress, reply, tuple(results))


async def _delegate(
    job: Job, progress: _Progress, index: int, uses: list[ToolUse], ports: Ports, on_turn: OnTurn
) -> tuple[list[ToolResult], Sha]:
    caller = replace(job, shared=progress.caps)
    return await delegate(caller, index, uses, progress.tree, ports, lambda sub: run_job(sub, ports, on_turn))


def _in_order(uses: tuple[ToolUse, ...], results: list[ToolResult]) -> list[ToolResult]:
    by_id = {result.tool_use_id: result for result in results}
    return [by_id[use.id] for use in uses]


async def _calls(job: Job, progress: _Progress, uses: list[ToolUse], ports: Ports) -> list[ToolResult]:
    """In their order, since one may build on what another did; those that only look are made at once."""
    results: list[ToolResult] = []
    for _, group in groupby(enumerate(uses), lambda one: -1 if one[1].name in READING else one[0]):
        results += await asyncio.gather(*(_call(job, progress, use, ports) for _, use in group))
    return results


async def _call(job: Job, progress: _Progress, use: ToolUse, ports: Ports) -> ToolResult:
    submit = submit_tool(job.submits) if job.submits else None
    if submit and job.submits and use.name == submit.name:
        found = read_submission(job.submits, use.input, job.agents, job.required)
        if isinstance(found, str):
            return ToolResult(use.id, f"Not taken. Mend this and call {submit.name} again:\n{found}", True)
        return ToolResult(use.id, "Taken.")
    if use.name == RECALL:
        return recall(job.sources, use)
    if use.name not in job.tools:
        return ToolResult(use.id, f"You have no tool {use.name!r}. You have: {', '.join(job.tools)}.", True)
    return await _box(job, progress, ports).call(use)


async def _snapshot(job: Job, before: Sha, results: list[ToolResult], ports: Ports) -> Sha:
    if job.looks_on:
        return before
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
            _failed(progress, f"The conversation of `{job.agent.name}` is too long for the model.", f"{SMALLER}.")
        )
    progress.trimmed = True
    if progress.messages[-1].role == "user":
        progress.messages.pop()
    progress.messages.pop()
    last = len(progress.messages) - 4
    progress.messages = [cleared(m) if n < last else m for n, m in enumerate(progress.messages)]


def _failed(progress: _Progress, reason: str, hint: str = "") -> Outcome:
    words = progress.last.text if progress.last else ""
    return Outcome("failed", words, progress.tree, reason=reason, hint=hint)


def total_usage(turns: list[Turn]) -> tuple[Usage, float]:
    """Tokens and US dollars of some turns; a turn that never came back counts with what was reserved for it."""
    usage = sum((t.usage for t in turns), Usage())
    return usage, sum(t.usd if t.usd is not None else t.reserved_usd for t in turns)
