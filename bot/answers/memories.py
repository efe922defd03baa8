"""`/memory`: what is remembered of a repository, and who may change it."""

from collections.abc import Awaitable, Callable, Mapping

from bot.answers.allowing import decided
from bot.answers.desk import Desk
from bot.core.command_kinds import Memory as Command
from bot.core.command_kinds import MemoryAction
from bot.core.comments import memories as texts
from bot.core.errors import BotError
from bot.core.memory.adding import added
from bot.core.memory.memories import Memory, Query, Source
from bot.core.policy import Allowed, Requirement, enough
from bot.core.repository import Permission
from bot.starting import Ask

SHOWN = 20
MOST = 200
"""Memories that are looked through for those to show."""
FOUND = 10


async def memory(desk: Desk, ask: Ask, command: Command) -> str:
    """Who may read sees everything; what he adds waits until somebody who may write approves it."""
    return await _ANSWERS[command.action](desk, ask, command)


async def _list(desk: Desk, ask: Ask, command: Command) -> str:
    store = desk.ports.store
    seen = await store.memories(ask.repo, limit=MOST)
    known = [one for one in seen if one.shared or not command.organisation]
    waiting = await store.memories(ask.repo, states=("pending",), limit=SHOWN)
    return await desk.tell(ask, texts.memory_list(known[:SHOWN], waiting, more=len(known) > SHOWN))


async def _search(desk: Desk, ask: Ask, command: Command) -> str:
    shared = command.organisation or (await desk.config(ask.repo)).memory == "organisation"
    found = await desk.ports.store.recall(Query(ask.repo, command.text, limit=FOUND, shared=shared))
    return await desk.tell(ask, texts.memories_found(command.text, [one.memory for one in found]))


async def _add(desk: Desk, ask: Ask, command: Command) -> str:
    if (await desk.config(ask.repo)).memory == "off":
        raise BotError("Nothing is remembered of this repository.", "`memory` is `off` in `.github/devflow.yml`.")
    permission = await desk.ports.github.permission(ask.repo, ask.author)
    if command.organisation and not enough(permission, "admin"):
        raise BotError(
            "What is for all repositories of the owner can be added only with `admin` access.",
            "Without `--org` it is for this one.",
        )
    source = Source("comment", f"{ask.repo}#{ask.issue.number} (comment {ask.comment_id})", ask.author)
    may = await _may_change(desk, ask, permission)
    new = added(ask.repo, command.text, source, ask.at, approved=may, shared=command.organisation)
    kept = await desk.ports.store.remember(new)
    return await desk.tell(ask, texts.memory_added(kept, asked=command.text, approved=may))


async def _forget(desk: Desk, ask: Ask, command: Command) -> str:
    found = await _changeable(desk, ask, command)
    await desk.ports.store.set_memory_state(ask.repo, found.id, "forgotten")
    return await desk.tell(ask, texts.memory_forgotten(found))


async def _approve(desk: Desk, ask: Ask, command: Command) -> str:
    found = await _changeable(desk, ask, command)
    if found.state == "replaced":
        raise BotError(f"`{found.id}` was replaced by `{found.replaced_by}`.", "Forget that one first, then approve.")
    await desk.ports.store.set_memory_state(ask.repo, found.id, "active")
    return await desk.tell(ask, texts.memory_approved(found))


_ANSWERS: Mapping[MemoryAction, Callable[[Desk, Ask, Command], Awaitable[str]]] = {
    "list": _list,
    "search": _search,
    "add": _add,
    "forget": _forget,
    "approve": _approve,
}


async def _changeable(desk: Desk, ask: Ask, command: Command) -> Memory:
    """The memory that is named. Raises `BotError` where the person may not change it, or there is none."""
    permission = await desk.ports.github.permission(ask.repo, ask.author)
    if not await _may_change(desk, ask, permission):
        raise BotError(f"`/memory {command.action}` needs `write` access to this repository.", "Ask a maintainer.")
    found = await desk.ports.store.memory(ask.repo, command.text)
    if found is None or (found.state == "forgotten" and command.action == "approve"):
        raise BotError(f"Nothing is remembered under `{command.text}`.", "`/memory` shows what is, with ids.")
    if found.repo != ask.repo and not enough(permission, "admin"):
        raise BotError(f"`{found.id}` is shared by `{found.repo}`.", "Say it there, or set `memory: repository` here.")
    return found


async def _may_change(desk: Desk, ask: Ask, permission: Permission) -> bool:
    """Whether the person may write, or was lent this command."""
    return isinstance(await decided(desk, ask, Requirement("memory", "write", "`/memory`"), permission), Allowed)
