"""Memories in the database: stored once, merged, replaced, approved, forgotten."""

import json
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, RowMapping
from sqlmodel import col, select, update

from bot.adapters.store import memory_index, memory_vectors
from bot.adapters.store import memory_statements as sql
from bot.adapters.store.memory_index import Scope
from bot.adapters.store.memory_rows import (
    find,
    load,
    memory_of,
    memory_values,
    scope_of,
    scopes,
    sketch_bytes,
    sketch_of,
    store,
)
from bot.adapters.store.memory_tables import MemoryRow
from bot.core.memory.documents import Sketch, bounded, document, sketch
from bot.core.memory.memories import Memory, Remembered, Source, State
from bot.core.memory.merging import likeness, merge
from bot.core.repository import Repo

MARKS = 4
"""Of a sketch's numbers. Two memories that share four fifths miss each other in one of some hundred cases."""
MOST_ALIKE = 16
"""Memories that are compared for a mark, the newest: a template's words are in many."""
COUNTS = {"uses", "helped", "misled", "used_at"}


def remember_all(database: Connection, memories: Sequence[Memory]) -> list[Remembered]:
    if not memories:
        return []
    [repo] = {one.repo for one in memories}
    # Scopes are made in one order and locked together, so that no two writers wait for each other.
    own = {shared: scope_of(database, repo, shared=shared) for shared in sorted({one.shared for one in memories})}
    seen = scopes(database, repo, lock=True)
    return [_remember(database, seen, own[one.shared], bounded(one)) for one in memories]


def _remember(database: Connection, seen: Sequence[Scope], scope: int, memory: Memory) -> Remembered:
    if row := find(database, seen, memory.id):
        return Remembered(memory_of(row), "forgotten" if row["state"] == "forgotten" else "known")
    its = sketch(memory)
    rows = {row["id"]: row for row in _alike(database, seen, its)}
    if like := likeness(memory, its, [(memory_of(row), sketch_of(row)) for row in rows.values()]):
        if like.state == "forgotten":
            return Remembered(like, "forgotten")
        return _merge(database, rows[like.id], memory)
    return _add(database, scope, memory, its)


def set_state(database: Connection, repo: Repo, memory_id: str, state: State) -> bool:
    seen = scopes(database, repo, lock=True)
    row = find(database, seen, memory_id)
    if row is None or row["state"] in {state, "forgotten"}:
        return False
    memory = memory_of(row)
    if state == "forgotten":
        memory = erased(memory)
    elif state == "active":
        memory = replace(memory, state="active", replaced_by="")
        _replace_older(database, row["scope"], memory)
    else:
        raise ValueError(f"a memory cannot be made {state!r}")
    _rewrite(database, row, memory)
    return True


def erased(memory: Memory) -> Memory:
    """What is left of a memory that is forgotten."""
    nothing = Source(memory.source.kind, "", "")
    return replace(memory, state="forgotten", source=nothing, title="", text="", subject="", files=(), symbols=())


def _add(database: Connection, scope: int, memory: Memory, its: Sketch) -> Remembered:
    memory, older = _settle(database, scope, memory)
    if memory.state == "forgotten":
        memory = erased(memory)
    number = store(database, memory_values(memory) | {"scope": scope, "sketch": sketch_bytes(its)})
    marks = [{"mark": memory_index.scoped(scope, part), "memory": number} for part in its[:MARKS]]
    if marks:
        database.execute(sql.MARK, marks)
    if memory.state == "active":
        memory_index.put(database, scope, number, document(memory))
    return Remembered(memory, "replaced" if older else "forgotten" if memory.state == "forgotten" else "new")


def _settle(database: Connection, scope: int, memory: Memory) -> tuple[Memory, bool]:
    """Of two answers to one question the later one holds, in whatever order they come."""
    if memory.state != "active" or not memory.subject:
        return memory, False
    later = select(MemoryRow.id).where(*_answers(scope, memory), col(MemoryRow.at) > memory.at)
    if newer := database.execute(later.order_by(col(MemoryRow.at).desc())).scalars().first():
        return replace(memory, state="replaced", replaced_by=newer), False
    return memory, _replace_older(database, scope, memory)


def _replace_older(database: Connection, scope: int, memory: Memory) -> bool:
    """Whether an active answer to the same question had to give way."""
    if not memory.subject:
        return False
    rows = database.execute(select(MemoryRow).where(*_answers(scope, memory))).mappings().all()
    for row in rows:
        _rewrite(database, row, replace(memory_of(row), state="replaced", replaced_by=memory.id))
    return bool(rows)


def _answers(scope: int, memory: Memory) -> tuple[ColumnElement[bool], ...]:
    same = (col(MemoryRow.scope) == scope, col(MemoryRow.subject) == memory.subject, col(MemoryRow.state) == "active")
    return (*same, col(MemoryRow.id) != memory.id)


def _alike(database: Connection, seen: Sequence[Scope], its: Sketch) -> list[RowMapping]:
    """Memories that share one of the smallest numbers, the newest of each."""
    marks = [memory_index.scoped(scope.number, part) for scope in seen for part in its[:MARKS]]
    asked = {"numbers": json.dumps(marks), "most": MOST_ALIKE}
    numbers = database.execute(sql.MARKED[database.dialect.name], asked).scalars().all()
    return [row for row in load(database, numbers) if row["state"] != "replaced"] if numbers else []


def _merge(database: Connection, row: RowMapping, new: Memory) -> Remembered:
    old = memory_of(row)
    merged = bounded(merge(old, new))
    approved = merged.state == "active" and old.state == "pending"
    replaced = approved and _replace_older(database, row["scope"], merged)
    if merged != old:
        _rewrite(database, row, merged)
    return Remembered(merged, "replaced" if replaced else "known")


def _rewrite(database: Connection, row: RowMapping, memory: Memory) -> None:
    """Write what a memory is now, but for its counts; the index has exactly the active ones."""
    values = {name: value for name, value in memory_values(memory).items() if name not in COUNTS}
    memory_index.drop(database, row["scope"], row["seq"])
    memory_vectors.drop(database, row["seq"])
    database.execute(update(MemoryRow).where(col(MemoryRow.seq) == row["seq"]).values(**values))
    if memory.state == "active":
        memory_index.put(database, row["scope"], row["seq"], document(memory))
