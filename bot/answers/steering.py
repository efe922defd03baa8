"""Answers that move a run: `/retry`, `/resume`, `/budget`."""

from dataclasses import replace

from bot.answers.desk import Desk
from bot.answers.gates import decide
from bot.answers.starting import check_can_start
from bot.core import comments
from bot.core.command_kinds import Budget, Resume, Retry
from bot.core.command_values import MAX_BUDGET_USD
from bot.core.errors import BotError
from bot.core.people import SHORT
from bot.core.runs import ENDED, PhaseName, Run
from bot.going_on import continued
from bot.starting import Ask, make_run_id


async def retry(desk: Desk, ask: Ask, command: Retry) -> str:
    """A run that waits does the phase again; one that has ended is gone on with from there."""
    run = await _last(desk, ask)
    if run.state in ENDED:
        return await _go_on(desk, ask, run, command.phase)
    return await _send_back(desk, ask, run, command.phase)


async def resume(desk: Desk, ask: Ask, command: Resume) -> str:
    run = await _last(desk, ask)
    if run.state not in ENDED:
        state = "waits for you" if run.state == "waiting" else "is at work"
        raise BotError(f"Run `{run.id}` {state}; there is nothing to go on with.", "See `/status`.")
    return await _go_on(desk, ask, run, None)


async def budget(desk: Desk, ask: Ask, command: Budget) -> str:
    """More for the run at work at once; one that has ended goes on with it."""
    run = await _last(desk, ask)
    if run.state in ENDED:
        if run.state == "succeeded":
            raise BotError(f"Run `{run.id}` came to its end and needs no more.", "Start another: `/dev-workflow`.")
        return await _go_on(desk, ask, run, None, command.usd)
    plan, given = run.plan, f"budget {ask.key}"
    if given not in plan.options:
        raised = min(plan.budget_usd + command.usd, MAX_BUDGET_USD)
        # With the mark in the same transaction, a repeat after a crash adds nothing.
        plan = replace(plan, budget_usd=raised, options=(*plan.options, given))
        await desk.ports.store.set_plan(run.id, plan)
    desk.runs.board.touch(run.id)
    return await desk.tell(ask, comments.budget_raised(run.id, plan.budget_usd))


async def _last(desk: Desk, ask: Ask) -> Run:
    """The newest run of the issue, but not the one that this very command has begun."""
    own = make_run_id(ask.at, ask.comment_id or ask.source, ask.index)
    for run in await desk.runs_here(ask):
        if run.id != own:
            return run
    raise BotError("No run has been started here yet.", "Start one with `/dev-workflow`, or see `/help`.")


async def _send_back(desk: Desk, ask: Ask, run: Run, phase: PhaseName | None) -> str:
    gates = await desk.ports.store.gates(run.id)
    gate = next((gate for gate in reversed(gates) if gate.state == "open"), None)
    if gate is None:
        raise BotError(f"Run `{run.id}` is at work.", "Wait until it asks for you, or stop it with `/cancel`.")
    name = phase or gate.phases[-1]
    if name not in {one.name for one in await desk.ports.store.phases(run.id)}:
        raise BotError(f"Run `{run.id}` has not done `{name}` yet.", f"It waits with `{gate.hash[:SHORT] or name}`.")
    words = f"{name} @{ask.author} wants it done again."
    await decide(desk, ask, run, gate, "rejected", words)
    return f"{name} again"


async def _go_on(desk: Desk, ask: Ask, old: Run, phase: PhaseName | None, more_usd: float = 0.0) -> str:
    """Stored whole before it is started: a repeat after a crash starts the same one."""
    ports = desk.ports
    run_id = make_run_id(ask.at, ask.comment_id or ask.source, ask.index)
    new = await ports.store.run(run_id) is None
    if new:
        await check_can_start(desk, replace(ask, issue=replace(ask.issue, is_pull=False)))
    if new or await ports.durable.status(run_id) == "unknown":
        found = await continued(ports, old, run_id, ask, phase, more_usd)
        await ports.store.add_run(found.run)
        for result in found.taken:
            await ports.store.save_phase(result)
    await ports.durable.start(run_id, ask.repo)
    if ask.issue.number != old.request.issue:
        await desk.reply(ask, ask.key, comments.goes_on_there(run_id, old.request.issue))
    return f"run {run_id} goes on with {old.id}"
