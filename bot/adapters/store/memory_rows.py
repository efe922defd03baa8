"""Rows of memories to and from the types of the core, and who sees which."""

import struct
from collections.abc import Sequence

from pydantic import TypeAdapter
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.adapters.store.columns import clean_text, insert_into
from bot.adapters.store.memory_tables import MemoryRow, ScopeRow, UseRow
from bot.adapters.store.records import Values, checked
from bot.core.memory.documents import Sketch
from bot.core.memory.memories import Memory, Use
from bot.core.repository import Repo

MEMORY, USE = TypeAdapter(Memory), TypeAdapter(Use)
SAME = {
    "id", "kind", "title", "text", "at", "files", "symbols", "subject", "trust", "state", "shared", "uses", "helped",
    "misled", "used_at", "replaced_by",
}  # fmt: skip
"""Fields that are named alike in both."""


def memory_values(memory: Memory) -> Values:
    same: Values = {name: getattr(memory, name) for name in SAME}
    same |= {"files": [*map(clean_text, memory.files)], "symbols": [*map(clean_text, memory.symbols)]}
    source = memory.source
    same |= {"source_kind": source.kind, "source_ref": source.ref, "source_by": source.by}
    return same | {"owner": memory.repo.owner, "repo": memory.repo.name}


def memory_of(row: MemoryRow) -> Memory:
    fields: Values = row.model_dump(include=SAME)
    fields["repo"] = {"owner": row.owner, "name": row.repo}
    fields["source"] = {"kind": row.source_kind, "ref": row.source_ref, "by": row.source_by}
    return checked(MEMORY, fields, f"memory {row.id}")


def use_of(row: UseRow) -> Use:
    return checked(USE, row.model_dump(exclude={"seq"}), f"use of memory {row.memory}")


def sketch_bytes(sketch: Sketch) -> bytes:
    return struct.pack(f"<{len(sketch)}Q", *sketch)


def sketch_of(row: MemoryRow) -> Sketch:
    return struct.unpack(f"<{len(row.sketch) // 8}Q", row.sketch)


async def scopes(session: AsyncSession, repo: Repo, *, lock: bool = False) -> list[ScopeRow]:
    """The repository's own scope and its owner's shared one, as far as there is something in them.

    Who locks them is alone with their memories until the transaction ends. SQLite has but one writer anyway.
    """
    owner, name = place(repo)
    statement = select(ScopeRow).where(ScopeRow.owner == owner, col(ScopeRow.repo).in_([name, ""]))
    statement = statement.order_by(col(ScopeRow.number))
    return list(await session.exec(statement.with_for_update() if lock else statement))


async def make_scope(session: AsyncSession, repo: Repo, *, shared: bool) -> int:
    """The number of the scope that a memory belongs to."""
    owner, name = place(repo)
    key = {"owner": owner, "repo": "" if shared else name}
    found = select(ScopeRow.number).where(ScopeRow.owner == owner, ScopeRow.repo == key["repo"])
    if number := (await session.exec(found)).one_or_none():
        return number
    statement = insert_into(session, ScopeRow).values(key | {"memories": 0, "length": 0})
    await session.exec(statement.on_conflict_do_nothing(index_elements=["owner", "repo"]))
    return (await session.exec(found)).one() or 0


async def find(session: AsyncSession, seen: Sequence[ScopeRow], memory_id: str) -> MemoryRow | None:
    numbers = [scope.number for scope in seen]
    statement = select(MemoryRow).where(MemoryRow.id == memory_id, col(MemoryRow.scope).in_(numbers))
    return (await session.exec(statement.order_by(col(MemoryRow.seq)))).first()


def place(repo: Repo) -> tuple[str, str]:
    """GitHub does not tell upper from lower case in names."""
    return repo.owner.lower(), repo.name.lower()
