"""Memories in the database: stored once, merged, replaced, approved, forgotten."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, union_all
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.adapters.store import memory_index
from bot.adapters.store.columns import insert_into
from bot.adapters.store.memory_rows import find, make_scope, memory_of, memory_values, scopes, sketch_bytes, sketch_of
from bot.adapters.store.memory_tables import MarkRow, MemoryRow, ScopeRow
from bot.core.memory.documents import Sketch, bounded, document, sketch
from bot.core.memory.memories import Memory, Remembered, Source, State
from bot.core.memory.merging import likeness, merge
from bot.core.repository import Repo

MARKS = 4
"""Of a sketch's numbers. Two memories that share four fifths miss each other in one of some hundred cases."""
MOST_ALIKE = 16
"""Memories that are compared for a mark: a template's words are in many."""
ALIVE = ("active", "pending", "forgotten")
"""States in which a memory stands in the way of another of nearly the same words."""


async def remember(session: AsyncSession, memory: Memory) -> Remembered:
    memory = bounded(memory)
    scope = await make_scope(session, memory.repo, shared=memory.shared)
    seen = await scopes(session, memory.repo, lock=True)
    if row := await find(session, seen, memory.id):
        return Remembered(memory_of(row), "forgotten" if row.state == "forgotten" else "known")
    its = sketch(memory)
    rows = {row.id: row for row in await _alike(session, seen, its)}
    if like := likeness(memory, its, [(memory_of(row), sketch_of(row)) for row in rows.values()]):
        if like.state == "forgotten":
            return Remembered(like, "forgotten")
        return await _merge(session, rows[like.id], memory)
    return await _add(session, scope, memory, its)


async def set_state(session: AsyncSession, repo: Repo, memory_id: str, state: State) -> bool:
    seen = await scopes(session, repo, lock=True)
    row = await find(session, seen, memory_id)
    if row is None or row.state in {state, "forgotten"}:
        return False
    memory = memory_of(row)
    if state == "forgotten":
        memory = erased(memory)
    elif state == "active":
        memory = replace(memory, state="active", replaced_by="")
        await _replace_older(session, row.scope, memory)
    else:
        raise ValueError(f"a memory cannot be made {state!r}")
    await _rewrite(session, row, memory)
    return True


def erased(memory: Memory) -> Memory:
    """What is left of a memory that is forgotten."""
    nothing = Source(memory.source.kind, "", "")
    return replace(memory, state="forgotten", source=nothing, title="", text="", subject="", files=(), symbols=())


async def _add(session: AsyncSession, scope: int, memory: Memory, its: Sketch) -> Remembered:
    memory, older = await _settle(session, scope, memory)
    if memory.state == "forgotten":
        memory = erased(memory)
    values = memory_values(memory) | {"scope": scope, "sketch": sketch_bytes(its)}
    inserted = await session.exec(insert_into(session, MemoryRow).values(values).returning(col(MemoryRow.seq)))
    number = inserted.scalar_one()
    marks = [{"mark": memory_index.scoped(scope, part), "memory": number} for part in its[:MARKS]]
    if marks:
        await session.exec(insert_into(session, MarkRow).values(marks))
    if memory.state == "active":
        await memory_index.put(session, scope, number, document(memory))
    return Remembered(memory, "replaced" if older else "forgotten" if memory.state == "forgotten" else "new")


async def _settle(session: AsyncSession, scope: int, memory: Memory) -> tuple[Memory, bool]:
    """Of two answers to one question the later one holds, in whatever order they come."""
    if memory.state != "active" or not memory.subject:
        return memory, False
    later = select(MemoryRow.id).where(*_answers(scope, memory), col(MemoryRow.at) > memory.at)
    if newer := (await session.exec(later.order_by(col(MemoryRow.at).desc()))).first():
        return replace(memory, state="replaced", replaced_by=newer), False
    return memory, await _replace_older(session, scope, memory)


async def _replace_older(session: AsyncSession, scope: int, memory: Memory) -> bool:
    """Whether an active answer to the same question had to give way."""
    if not memory.subject:
        return False
    rows = list(await session.exec(select(MemoryRow).where(*_answers(scope, memory))))
    for row in rows:
        await _rewrite(session, row, replace(memory_of(row), state="replaced", replaced_by=memory.id))
    return bool(rows)


def _answers(scope: int, memory: Memory) -> tuple[ColumnElement[bool], ...]:
    same = (col(MemoryRow.scope) == scope, col(MemoryRow.subject) == memory.subject, col(MemoryRow.state) == "active")
    return (*same, col(MemoryRow.id) != memory.id)


async def _alike(session: AsyncSession, seen: Sequence[ScopeRow], its: Sketch) -> list[MemoryRow]:
    """Memories that share one of the smallest numbers, the newest of each."""
    marks = [memory_index.scoped(scope.number or 0, part) for scope in seen for part in its[:MARKS]]
    if not marks:
        return []
    newest = col(MarkRow.memory).desc()
    parts = [select(MarkRow.memory).where(MarkRow.mark == mark).order_by(newest).limit(MOST_ALIKE) for mark in marks]
    numbers = union_all(*(select(part.subquery()) for part in parts))
    statement = select(MemoryRow).where(col(MemoryRow.seq).in_(numbers), col(MemoryRow.state).in_(ALIVE))
    return list(await session.exec(statement.order_by(col(MemoryRow.seq))))


async def _merge(session: AsyncSession, row: MemoryRow, new: Memory) -> Remembered:
    old = memory_of(row)
    merged = bounded(merge(old, new))
    how = False
    if merged.state == "active" and old.state == "pending":
        how = await _replace_older(session, row.scope, merged)
    if merged != old:
        await _rewrite(session, row, merged)
    return Remembered(merged, "replaced" if how else "known")


async def _rewrite(session: AsyncSession, row: MemoryRow, memory: Memory) -> None:
    """Write what a memory is now; the index has exactly the active ones."""
    assert row.seq is not None
    await memory_index.drop(session, row.scope, row.seq)
    await session.exec(update(MemoryRow).where(col(MemoryRow.seq) == row.seq).values(**memory_values(memory)))
    if memory.state == "active":
        await memory_index.put(session, row.scope, row.seq, document(memory))
