"""Who may do what, and when: `/delegate`, `/pause`, `/unpause`."""

from dataclasses import replace

from bot.answers.allowing import may
from bot.answers.desk import Desk
from bot.core import comments
from bot.core.command_kinds import Delegate, Pause, Unpause
from bot.core.errors import BotError
from bot.core.people import Delegation, Halt
from bot.core.policy import NOT_LENT, Denied
from bot.core.runs import ENDED, Run
from bot.gates import wake
from bot.starting import Ask


async def delegate(desk: Desk, ask: Ask, command: Delegate) -> str:
    name = command.command or ""
    if name in NOT_LENT:
        raise BotError(f"`/{name}` cannot be lent.", "It is about the whole repository: give access in its settings.")
    if name and isinstance(denied := await may(desk, replace(ask, label=""), name), Denied):
        raise BotError(f"You can lend only what you may do yourself. {denied.reason}")
    delegation = Delegation(ask.repo, ask.issue.number, command.login.lower(), name, ask.author, ask.at)
    new = await desk.ports.store.delegate(delegation)
    return await desk.tell(ask, comments.delegated(command.login, name, new=new))


async def pause(desk: Desk, ask: Ask, command: Pause) -> str:
    store = desk.ports.store
    halt = Halt(ask.repo, ask.author, command.reason, ask.at)
    await store.halt(halt)
    return await desk.tell(ask, comments.paused(await store.halted(ask.repo) or halt, len(await _at_work(desk, ask))))


async def unpause(desk: Desk, ask: Ask, command: Unpause) -> str:
    halt = await desk.ports.store.unhalt(ask.repo)
    for run in await _at_work(desk, ask):
        await wake(desk.ports, run, f"unpaused-{ask.key}")
    return await desk.tell(ask, comments.unpaused(halt, len(await _at_work(desk, ask))))


async def _at_work(desk: Desk, ask: Ask) -> list[Run]:
    """The runs of the repository that have not ended."""
    return [run for run in await desk.ports.store.runs(repo=ask.repo, limit=500) if run.state not in ENDED]
