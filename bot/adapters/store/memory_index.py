"""The index over the terms of active memories: FTS5 in SQLite, `tsvector` in PostgreSQL.

Both only say which memories have a term; the ranking is our own (`bot.core.memory.ranking`), so it is the same on both.
A term is indexed with its scope in front. A search therefore reads nothing of other repositories, and takes as long as
if they were not there.
"""

import json
import struct
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import bindparam, text
from sqlmodel import col, delete, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.adapters.store.columns import insert_into
from bot.adapters.store.memory_tables import PostingsRow, ScopeRow, TermRow
from bot.core.memory.documents import TERM_BITS, Document, Term
from bot.core.memory.ranking import CANDIDATES, Corpus, within_budget

COUNT = {
    "sqlite": "INSERT INTO devflow_memory_terms (term, memories) SELECT value, 1 FROM json_each(:terms) WHERE true"
    " ON CONFLICT (term) DO UPDATE SET memories = memories + 1",
    "postgresql": "INSERT INTO devflow_memory_terms AS t (term, memories)"
    " SELECT CAST(value AS BIGINT), 1 FROM json_array_elements_text(CAST(:terms AS JSON))"
    " ON CONFLICT (term) DO UPDATE SET memories = t.memories + 1",
}
PUT = {
    "sqlite": "INSERT INTO devflow_memory_index (rowid, terms) VALUES (:memory, :words)",
    "postgresql": "INSERT INTO devflow_memory_index (rowid, terms)"
    " VALUES (:memory, array_to_tsvector(string_to_array(:words, ' ')))",
}
DROP = {
    "sqlite": "INSERT INTO devflow_memory_index (devflow_memory_index, rowid, terms)"
    " VALUES ('delete', :memory, :words)",
    "postgresql": "DELETE FROM devflow_memory_index WHERE rowid = :memory AND CAST(:words AS TEXT) IS NOT NULL",
}
FIND = {
    "sqlite": "SELECT doc AS memory, CAST(value AS INTEGER) AS worth FROM json_each(:worths)"
    " CROSS JOIN devflow_memory_index_terms ON term = key",
    "postgresql": "SELECT rowid AS memory, CAST(value AS BIGINT) AS worth FROM json_each_text(CAST(:worths AS JSON))"
    " CROSS JOIN LATERAL (SELECT rowid FROM devflow_memory_index WHERE terms @@ CAST(key AS TSQUERY)) AS having_it",
}
BEST = "SELECT memory FROM ({find}) AS found GROUP BY memory ORDER BY sum(worth) DESC, memory DESC LIMIT :limit"
BEST_OF_KINDS = (
    "SELECT memory FROM ({find}) AS found JOIN devflow_memories ON seq = memory WHERE kind IN :kinds"
    " GROUP BY memory ORDER BY sum(worth) DESC, memory DESC LIMIT :limit"
)


async def put(session: AsyncSession, scope: int, memory: int, document: Document) -> None:
    """Index a memory that is not in the index. The scope is locked by the caller."""
    keys = [scoped(scope, term) for term in document.weights]
    await session.exec(insert_into(session, PostingsRow).values(memory=memory, postings=packed(document)))
    await session.execute(text(COUNT[_dialect(session)]), {"terms": json.dumps(keys)})
    await session.execute(text(PUT[_dialect(session)]), {"memory": memory, "words": _words(keys)})
    await _count(session, scope, 1, document.length)


async def drop(session: AsyncSession, scope: int, memory: int) -> None:
    """Take a memory out of the index, if it is in it. The scope is locked by the caller."""
    row = (await session.exec(select(PostingsRow).where(PostingsRow.memory == memory))).one_or_none()
    if row is None:
        return
    document = unpacked(row.postings)
    keys = [scoped(scope, term) for term in document.weights]
    await session.exec(delete(PostingsRow).where(col(PostingsRow.memory) == memory))
    counted = col(TermRow.term).in_(keys)
    await session.exec(update(TermRow).where(counted).values(memories=TermRow.memories - 1))
    await session.exec(delete(TermRow).where(counted, col(TermRow.memories) < 1))
    await session.execute(text(DROP[_dialect(session)]), {"memory": memory, "words": _words(keys)})
    await _count(session, scope, -1, -document.length)


async def corpus(session: AsyncSession, scopes: Sequence[ScopeRow], terms: Iterable[Term]) -> Corpus:
    """What the memories of the scopes have in common, as far as these terms go."""
    terms = [*terms]
    keys = [scoped(scope.number or 0, term) for scope in scopes for term in terms]
    frequencies: dict[Term, int] = {}
    for row in await session.exec(select(TermRow).where(col(TermRow.term).in_(keys))):
        term = row.term & ((1 << TERM_BITS) - 1)
        frequencies[term] = frequencies.get(term, 0) + row.memories
    return Corpus(sum(scope.memories for scope in scopes), sum(scope.length for scope in scopes), frequencies)


async def candidates(
    session: AsyncSession, scopes: Sequence[ScopeRow], known: Corpus, terms: Mapping[Term, float], kinds: Sequence[str]
) -> dict[int, Document]:
    """The documents that have the most of the rarest terms."""
    worths = {
        f"{scoped(scope.number or 0, term):x}": round(1000 * terms[term] * known.rarity(term))
        for term in within_budget(known, terms)
        for scope in scopes
    }
    parameters: dict[str, object] = {"worths": json.dumps(worths), "limit": CANDIDATES}
    statement = text(BEST.format(find=FIND[_dialect(session)]))
    if kinds:
        statement = text(BEST_OF_KINDS.format(find=FIND[_dialect(session)])).bindparams(
            bindparam("kinds", expanding=True)
        )
        parameters["kinds"] = list(kinds)
    best = [int(row[0]) for row in await session.execute(statement, parameters)]
    rows = await session.exec(select(PostingsRow).where(col(PostingsRow.memory).in_(best)))
    return {row.memory: unpacked(row.postings) for row in rows}


def scoped(scope: int, term: Term) -> int:
    """A term's number within a scope."""
    return scope << TERM_BITS | term


def packed(document: Document) -> bytes:
    """Eight bytes for each term, then one byte for each weight."""
    count = len(document.weights)
    return struct.pack(f"<{count}Q{count}B", *document.weights, *document.weights.values())


def unpacked(postings: bytes) -> Document:
    """What was packed."""
    count = len(postings) // 9
    numbers = struct.unpack(f"<{count}Q{count}B", postings)
    return Document(dict(zip(numbers[:count], numbers[count:], strict=True)), sum(numbers[count:]))


async def _count(session: AsyncSession, scope: int, memories: int, length: int) -> None:
    values = {"memories": ScopeRow.memories + memories, "length": ScopeRow.length + length}
    await session.exec(update(ScopeRow).where(col(ScopeRow.number) == scope).values(**values))


def _words(keys: Sequence[int]) -> str:
    return " ".join(f"{key:x}" for key in keys)


def _dialect(session: AsyncSession) -> str:
    return session.get_bind().dialect.name
