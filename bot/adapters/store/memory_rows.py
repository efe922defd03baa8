"""Rows of memories to and from the types of the core, and who sees which."""

import struct
from collections.abc import Iterable, Sequence

from pydantic import TypeAdapter
from sqlalchemy import Connection, RowMapping, bindparam, insert, text
from sqlmodel import col, select

from bot.adapters.store.columns import clean_text
from bot.adapters.store.memory_index import Scope
from bot.adapters.store.memory_tables import MemoryRow
from bot.adapters.store.records import Values, checked
from bot.core.memory.documents import Sketch
from bot.core.memory.memories import Memory, Use
from bot.core.repository import Repo

MEMORY, USE = TypeAdapter(Memory), TypeAdapter(Use)
SAME = (
    *("id", "kind", "title", "text", "at", "files", "symbols", "subject", "trust", "state", "shared", "uses", "helped"),
    *("misled", "used_at", "replaced_by"),
)
"""Fields that are named alike in both."""
SCOPES = "SELECT number, memories, length FROM devflow_memory_scopes WHERE owner = :owner AND repo IN (:repo, '')"
ALL = text(f"{SCOPES} ORDER BY number")
LOCKED = {"sqlite": ALL, "postgresql": text(f"{SCOPES} ORDER BY number FOR UPDATE")}
OWN = text("SELECT number FROM devflow_memory_scopes WHERE owner = :owner AND repo = :repo")
MAKE = text(
    "INSERT INTO devflow_memory_scopes (owner, repo, memories, length) VALUES (:owner, :repo, 0, 0)"
    " ON CONFLICT (owner, repo) DO NOTHING"
)
FIND = text("SELECT seq FROM devflow_memories WHERE id = :id AND scope IN :scopes ORDER BY seq").bindparams(
    bindparam("scopes", expanding=True)
)


def memory_values(memory: Memory) -> Values:
    same: Values = {name: getattr(memory, name) for name in SAME}
    same |= {"files": [*map(clean_text, memory.files)], "symbols": [*map(clean_text, memory.symbols)]}
    source = memory.source
    same |= {"source_kind": source.kind, "source_ref": source.ref, "source_by": source.by}
    return same | {"owner": memory.repo.owner, "repo": memory.repo.name}


def memory_of(row: RowMapping) -> Memory:
    fields: Values = {name: row[name] for name in SAME}
    fields["repo"] = {"owner": row["owner"], "name": row["repo"]}
    fields["source"] = {"kind": row["source_kind"], "ref": row["source_ref"], "by": row["source_by"]}
    return checked(MEMORY, fields, f"memory {row['id']}")


def use_of(row: RowMapping) -> Use:
    return checked(USE, {name: row[name] for name in row if name != "seq"}, f"use of memory {row['memory']}")


def sketch_bytes(sketch: Sketch) -> bytes:
    return struct.pack(f"<{len(sketch)}Q", *sketch)


def sketch_of(row: RowMapping) -> Sketch:
    return struct.unpack(f"<{len(row['sketch']) // 8}Q", row["sketch"])


def scopes(database: Connection, repo: Repo, *, lock: bool = False) -> list[Scope]:
    """The repository's own scope and its owner's shared one, as far as there is something in them.

    Who locks them is alone with their memories until the transaction ends. SQLite has but one writer anyway.
    """
    statement = LOCKED[database.dialect.name] if lock else ALL
    return [Scope(*row) for row in database.execute(statement, _place(repo))]


def own_scope(database: Connection, repo: Repo) -> int | None:
    """The number of the scope that is the repository's alone, None if there is nothing in it."""
    number = database.execute(OWN, _place(repo)).scalar_one_or_none()
    return None if number is None else int(number)


def scope_of(database: Connection, repo: Repo, *, shared: bool) -> int:
    """The number of the scope that such a memory belongs to, made if it is the first."""
    place = _place(repo) | ({"repo": ""} if shared else {})
    number = database.execute(OWN, place).scalar_one_or_none()
    if number is None:
        database.execute(MAKE, place)
        number = database.execute(OWN, place).scalar_one()
    return int(number)


def find(database: Connection, seen: Sequence[Scope], memory_id: str) -> RowMapping | None:
    """A memory by its id, in one of the scopes."""
    wanted = {"id": clean_text(memory_id), "scopes": [scope.number for scope in seen]}
    numbers = [row[0] for row in database.execute(FIND, wanted)]
    return load(database, numbers[:1])[0] if numbers else None


def load(database: Connection, numbers: Iterable[int]) -> list[RowMapping]:
    """Memories by their numbers, in whatever state."""
    statement = select(MemoryRow).where(col(MemoryRow.seq).in_(list(numbers))).order_by(col(MemoryRow.seq))
    return list(database.execute(statement).mappings())


def store(database: Connection, values: Values) -> int:
    """Insert a memory; returns its number."""
    result = database.execute(insert(MemoryRow), values)
    assert result.inserted_primary_key is not None
    return int(result.inserted_primary_key[0])


def _place(repo: Repo) -> dict[str, str]:
    """GitHub does not tell upper from lower case in names."""
    return {"owner": clean_text(repo.owner.lower()), "repo": clean_text(repo.name.lower())}
