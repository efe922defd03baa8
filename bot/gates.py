"""Gates of a run: opened, told, reminded of, and what people decided carried out. Each call may be repeated."""

import json
from dataclasses import replace

from bot.core import comments
from bot.core.conversation import Json
from bot.core.gating import begun_again, due, followers, sent_again, sent_back, void_again
from bot.core.people import Gate, GateState
from bot.core.runs import PhaseResult, Run
from bot.outbox import edit_comment, post_comment
from bot.ports import GitHubError, Ports
from bot.status import StatusBoard

WAKE = "wake"
"""The topic under which a run is told that something was decided."""
DAY = 86_400.0


def phase_key(result: PhaseResult) -> str:
    """Of a phase's comment: each attempt has its own."""
    return result.name if result.attempt == 1 else f"{result.name}@{result.attempt}"


async def wake(ports: Ports, run: Run, why: str) -> None:
    """Let a run look again at what it waits for; the same `why` again does nothing."""
    await ports.durable.send(run.id, WAKE, {"why": why}, why)


async def stand(ports: Ports, board: StatusBoard, run: Run, gate: Gate) -> Json:
    """Open the gate if it is not, say so, and tell the coordinator how long to wait: `{"seconds": ...}` or the end."""
    now = ports.clock.now()
    gate = await ports.store.open_gate(replace(gate, opened_at=gate.opened_at or now))
    if gate.state != "open":
        return {"do": "again"}
    await ports.store.set_run_state(run.id, "waiting", reason=comments.waits_for(gate))
    await ports.keep()
    await post_comment(ports, run.id, gate.key, run.repo, run.request.issue, comments.gate_comment(gate))
    board.touch(run.id)
    number, seconds = due(gate, run.plan.remind_hours, run.plan.expire_days, now)
    if not seconds:
        await ports.store.decide_gate(gate, "expired", by="", words="", at=now)
        await show_decided(ports, run, replace(gate, state="expired"))
        days = f"{run.plan.expire_days:g} days"
        return {
            "do": "end",
            "state": "cancelled",
            "reason": f"Nobody decided within {days}. `/resume` goes on with it.",
        }
    if number:
        opened = gate.opened_at or now
        left = run.plan.expire_days - (now - opened).total_seconds() / DAY
        text = comments.reminder(gate, left)
        await post_comment(ports, run.id, reminder_key(gate, number), run.repo, run.request.issue, text)
    return {"do": "wait", "seconds": seconds}


def reminder_key(gate: Gate, number: int) -> str:
    """The key of one of a gate's reminders."""
    return f"{gate.key}-remind-{number}"


async def show_decided(ports: Ports, run: Run, gate: Gate) -> None:
    """The gate's comment says how it ended, if it can still be edited."""
    effect = next((e for e in await ports.store.effects(run.id) if e.key == gate.key and e.remote), None)
    if effect is None:
        return
    try:
        await edit_comment(ports, run.id, gate.key, run.repo, int(effect.remote), comments.decided(gate))
    except GitHubError as error:
        if not 400 <= error.status < 500:
            raise


async def carry_out(ports: Ports, run: Run) -> list[PhaseResult]:
    """What people sent back is to be done again, what was edited to be posted again; returns what is posted again.

    Each phase remembers the gate that moved it, so that a repeat after a crash moves it no further.
    """
    again: list[PhaseResult] = []
    for gate in await ports.store.gates(run.id):
        if gate.state == "void":
            again += await _void(ports, run, gate)
        elif gate.state == "rejected":
            await _send_back(ports, run, gate)
    return again


async def done_with(ports: Ports, run: Run) -> None:
    """What `carry_out` did holds, and was told."""
    now = ports.clock.now()
    for gate in await ports.store.gates(run.id):
        after: GateState | None = {"void": "reposted", "rejected": "redone"}.get(gate.state)  # type: ignore[assignment]
        if after:
            at = gate.decided_at or now
            await ports.store.decide_gate(gate, after, by=gate.by, words=gate.words, at=at, before=(gate.state,))


async def _void(ports: Ports, run: Run, gate: Gate) -> list[PhaseResult]:
    found = []
    for result in await ports.store.phases(run.id):
        if result.name in gate.phases:
            moved = result if _moved(result, gate) else void_again(result, gate.number)
            await ports.store.save_phase(moved)
            found.append(moved)
    return found


async def _send_back(ports: Ports, run: Run, gate: Gate) -> None:
    names, why = sent_back(run, gate)
    behind = followers(run, names)
    agents = {phase.name: phase.agent for phase in run.plan.phases}
    for result in await ports.store.phases(run.id):
        if _moved(result, gate):
            continue
        if result.name in names:
            again = sent_again(result, gate.number, gate.by, why)
            await ports.store.save_phase(replace(again, agent=agents[result.name]))
        elif result.name in behind:
            await ports.store.save_phase(replace(begun_again(result, gate.number), agent=agents[result.name]))


def _moved(result: PhaseResult, gate: Gate) -> bool:
    return int(json.loads(result.data).get("gate", 0)) >= gate.number


async def voided(ports: Ports, run: Run) -> bool:
    """Whether an approval that the run builds on does not hold any more."""
    return any(gate.state == "void" for gate in await ports.store.gates(run.id))


async def edited_phase(ports: Ports, run: Run, gate: Gate) -> str | None:
    """The phase of a gate whose comment on GitHub is not what was posted, None if all are."""
    results = {result.name: result for result in await ports.store.phases(run.id)}
    for name in gate.phases:
        key, source = phase_key(results[name]), json.loads(results[name].data).get("from", run.id)
        for effect in await ports.store.effects(source):
            if effect.kind == "comment" and effect.remote and (effect.key == key or effect.key.startswith(f"{key}.")):
                comment = await ports.github.comment(run.repo, int(effect.remote))
                if comment is None or _plain(comment.body) != _plain(effect.body):
                    return name
    return None


def _plain(body: str) -> str:
    return body.replace("\r\n", "\n").strip()
