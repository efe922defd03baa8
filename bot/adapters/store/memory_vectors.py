"""Vectors of memories, made when they are first searched for, and those that are nearest to a question."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, and_, text
from sqlmodel import col, select

from bot.adapters.store.memory_index import Scope
from bot.adapters.store.memory_rows import scopes
from bot.adapters.store.memory_tables import MemoryRow, VectorRow
from bot.core.memory.memories import Query
from bot.core.repository import Repo
from bot.ports_memories import Embedder

COMPARED = 4_096
"""Memories that a question is compared with, the newest: each is read for every search."""
AT_ONCE = 256
"""Vectors that are made before a search, those of the newest memories first; the next search makes the next ones."""
TEXT_CHARS = 4_000
NEWEST = (col(MemoryRow.at).desc(), col(MemoryRow.seq).desc())
KEEP = text(
    "INSERT INTO devflow_memory_vectors (memory, model, vector)"
    " SELECT seq, :model, :vector FROM devflow_memories WHERE seq = :memory AND state = 'active'"
    " ON CONFLICT (memory) DO UPDATE SET model = excluded.model, vector = excluded.vector"
)
"""Not of what was forgotten meanwhile."""
DROP = text("DELETE FROM devflow_memory_vectors WHERE memory = :memory")


def missing(database: Connection, repo: Repo, model: str) -> list[tuple[int, str]]:
    """(number, text) of memories that the repository sees and that have no vector of the model."""
    newest = select(col(MemoryRow.seq)).where(*_active(scopes(database, repo))).order_by(*NEWEST).limit(COMPARED)
    its = and_(col(VectorRow.memory) == col(MemoryRow.seq), col(VectorRow.model) == model)
    statement = select(col(MemoryRow.seq), MemoryRow.title, MemoryRow.text).outerjoin(VectorRow, its)
    statement = statement.where(col(MemoryRow.seq).in_(newest), col(VectorRow.memory).is_(None))
    rows = database.execute(statement.order_by(*NEWEST).limit(AT_ONCE))
    return [(row.seq, f"{row.title}\n{row.text[:TEXT_CHARS]}") for row in rows]


def keep(database: Connection, model: str, vectors: Sequence[tuple[int, bytes]]) -> None:
    database.execute(KEEP, [{"memory": memory, "model": model, "vector": vector} for memory, vector in vectors])


def drop(database: Connection, memory: int) -> None:
    """What a memory said is told by its vector, too."""
    database.execute(DROP, {"memory": memory})


def nearness(database: Connection, seen: Sequence[Scope], query: Query, embedder: Embedder) -> dict[int, float]:
    """How near each of the newest memories is to the question, by its number."""
    its = and_(col(VectorRow.memory) == col(MemoryRow.seq), col(VectorRow.model) == embedder.model)
    statement = select(VectorRow.memory, VectorRow.vector).join(MemoryRow, its).where(*_active(seen))
    if query.kinds:
        statement = statement.where(col(MemoryRow.kind).in_(query.kinds))
    rows = database.execute(statement.order_by(*NEWEST).limit(COMPARED)).all()
    cosines = embedder.nearness(query.text[:TEXT_CHARS], [vector for _, vector in rows])
    return {memory: cosine for (memory, _), cosine in zip(rows, cosines, strict=True)}


def _active(seen: Sequence[Scope]) -> tuple[ColumnElement[bool], ...]:
    return col(MemoryRow.scope).in_([scope.number for scope in seen]), col(MemoryRow.state) == "active"
