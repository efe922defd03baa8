"""Decisions at a gate: `/approve`, `/reject`, `/answer`; and edits of what was to be approved."""

from dataclasses import replace

from bot.answers.desk import Desk
from bot.core import comments
from bot.core.command_kinds import Answer, Approve, Reject
from bot.core.effects import marks_in
from bot.core.errors import BotError
from bot.core.events import CommentPosted
from bot.core.people import SHORT, Gate, GateState
from bot.core.runs import ENDED, Run, RunId
from bot.gates import edited_phase, phase_key, show_decided, wake
from bot.starting import Ask

SHORTEST = 4


async def approve(desk: Desk, ask: Ask, command: Approve) -> str:
    """Only what stands in the thread as it was posted can be approved."""
    run, gate = await _waiting(desk, ask, "approved")
    if gate.kind == "question":
        raise BotError("The run waits for an answer, not for an approval.", "Answer with `/answer TEXT`.")
    if command.hash and not gate.hash.startswith(command.hash):
        raise BotError(
            f"`{command.hash}` is not what waits now.",
            f"Look at it above, then comment `/approve {gate.hash[:SHORT]}`.",
        )
    if gate.state == "open" and (name := await edited_phase(desk.ports, run, gate)):
        await _void(desk, run, gate, comments.changed_under(name), ask.author)
        raise BotError(f"Not approved: {comments.changed_under(name)}.", "Read it, and approve that.")
    return await decide(desk, ask, run, gate, "approved", "")


async def reject(desk: Desk, ask: Ask, command: Reject) -> str:
    run, gate = await _waiting(desk, ask, "rejected")
    return await decide(desk, ask, run, gate, "rejected", command.why)


async def answer(desk: Desk, ask: Ask, command: Answer) -> str:
    run, gate = await _waiting(desk, ask, "answered")
    if gate.kind != "question":
        hint = f"It waits for `/approve {gate.hash[:SHORT]}` or `/reject WHY`."
        raise BotError("The run has no open question.", hint)
    return await decide(desk, ask, run, gate, "answered", command.text)


async def edited(desk: Desk, event: CommentPosted) -> str:
    """Somebody edited a comment of ours: an approval of what it showed is void. What they wrote is never a command."""
    for run_id, key in marks_in(event.previous_text or ""):
        run = await desk.ports.store.run(RunId(run_id))
        if run is None or run.repo != event.repo or run.state in ENDED:
            continue
        ours = {(effect.key, effect.remote) for effect in await desk.ports.store.effects(run.id)}
        if (key, str(event.comment_id)) in ours:
            return await _voided(desk, event, run, key)
    return "an edit of our comment"


async def _voided(desk: Desk, event: CommentPosted, run: Run, key: str) -> str:
    results = {phase_key(result): result.name for result in await desk.ports.store.phases(run.id)}
    name = results.get(key.partition(".")[0])
    for gate in reversed(await desk.ports.store.gates(run.id)):
        if name in gate.phases and gate.kind == "approval" and gate.state in {"open", "approved"}:
            why = comments.edited_by(event.author, name or "", gate.by)
            await _void(desk, run, gate, why, event.author)
            return f"approval of {name} is void"
    return "an edit of our comment"


async def _void(desk: Desk, run: Run, gate: Gate, why: str, by: str) -> None:
    now = desk.ports.clock.now()
    await desk.ports.store.decide_gate(gate, "void", by=by, words=why, at=now, before=("open", "approved"))
    await show_decided(desk.ports, run, replace(gate, state="void", by=by, words=why))
    await wake(desk.ports, run, f"{gate.key}-void")


async def decide(desk: Desk, ask: Ask, run: Run, gate: Gate, state: GateState, words: str) -> str:
    """Decide, wake the run, and show it. A repeat of the same command finishes what a crash left."""
    if gate.state == "open":
        decided = await desk.ports.store.decide_gate(gate, state, by=ask.author, words=words, at=ask.at)
        if not decided:
            raise BotError("Somebody else decided at the same moment.", "See `/status`.")
    await wake(desk.ports, run, f"{gate.key}-{state}")
    await show_decided(desk.ports, run, replace(gate, state=state, by=ask.author, words=words))
    await desk.react(ask, "rocket")
    return state


async def _waiting(desk: Desk, ask: Ask, state: GateState) -> tuple[Run, Gate]:
    """The run of the issue and its open gate, or the one that this very command has decided. Raises `BotError`."""
    for run in (await desk.runs_here(ask))[:5]:
        gates = await desk.ports.store.gates(run.id)
        for gate in reversed(gates):
            if gate.state == "open" and run.state not in ENDED:
                return run, gate
            if (gate.state, gate.by, gate.decided_at) == (state, ask.author, ask.at):
                return run, gate
    raise BotError("No run waits for you on this issue.", "`/status` shows the last one.")
