"""The index over the terms of active memories: FTS5 in SQLite, `tsvector` in PostgreSQL.

Both only say which memories have a term; the ranking is our own (`bot.core.memory.ranking`), so it is the same on both.
A term is indexed with its scope in front. A search therefore reads nothing of other repositories, and takes as long as
if they were not there.
"""

import json
import struct
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from bot.adapters.store import memory_statements as sql
from bot.core.memory.documents import STRENGTHS, TERM_BITS, Document, Entry, Term, entries, entry
from bot.core.memory.ranking import Corpus

ENTRY_BITS = TERM_BITS + 2


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose memories are seen together, and how many and how long those in the index are."""

    number: int
    memories: int
    length: int


def put(database: Connection, scope: int, memory: int, document: Document) -> None:
    """Index a memory that is not in the index. The scope is locked by the caller."""
    keys = [scoped(scope, entry) for entry in entries(document)]
    database.execute(sql.KEEP, {"memory": memory, "postings": packed(document)})
    database.execute(sql.COUNT[database.dialect.name], {"numbers": json.dumps(keys)})
    database.execute(sql.PUT[database.dialect.name], {"memory": memory, "words": words(keys)})
    database.execute(sql.GROW, {"memories": 1, "length": document.length, "scope": scope})


def drop(database: Connection, scope: int, memory: int) -> None:
    """Take a memory out of the index, if it is in it. The scope is locked by the caller."""
    postings = database.execute(sql.KEPT, {"memory": memory}).scalar_one_or_none()
    if postings is None:
        return
    document = unpacked(postings)
    keys = [scoped(scope, entry) for entry in entries(document)]
    database.execute(sql.LOSE, {"memory": memory})
    for statement in (sql.DISCOUNT, sql.CLEAN_UP):
        database.execute(statement[database.dialect.name], {"numbers": json.dumps(keys)})
    database.execute(sql.DROP[database.dialect.name], {"memory": memory, "words": words(keys)})
    database.execute(sql.GROW, {"memories": -1, "length": -document.length, "scope": scope})


def corpus(database: Connection, scopes: Sequence[Scope], terms: Iterable[Term]) -> Corpus:
    """What the memories of the scopes have in common, as far as these terms go."""
    asked = [entry(term, at) for term in terms for at in range(len(STRENGTHS))]
    keys = [scoped(scope.number, one) for scope in scopes for one in asked]
    counts: Counter[Entry] = Counter()
    for key, memories in database.execute(sql.FREQUENCIES[database.dialect.name], {"numbers": json.dumps(keys)}):
        counts[key & ((1 << ENTRY_BITS) - 1)] += memories
    return Corpus.of(sum(scope.memories for scope in scopes), sum(scope.length for scope in scopes), counts)


def candidates(
    database: Connection, scopes: Sequence[Scope], worths: Mapping[Entry, float], kinds: Sequence[str], most: int
) -> dict[int, Document]:
    """The documents whose entries are worth most, added up."""
    keys = {f"{scoped(scope.number, one):x}": round(1000 * worths[one]) for one in worths for scope in scopes}
    parameters: dict[str, object] = {"worths": json.dumps(keys), "most": most}
    if kinds:
        parameters["kinds"] = list(kinds)
    if database.dialect.name == "postgresql":
        database.execute(sql.USE_THE_INDEX)
    statement = (sql.BEST_OF_KINDS if kinds else sql.BEST)[database.dialect.name]
    best = [row[0] for row in database.execute(statement, parameters)]
    rows = database.execute(sql.FETCH[database.dialect.name], {"numbers": json.dumps(best)})
    return {memory: unpacked(postings) for memory, postings in rows}


def scoped(scope: int, entry: Entry) -> int:
    """An entry's number within a scope."""
    return scope << ENTRY_BITS | entry


def words(keys: Sequence[int]) -> str:
    """Numbers as the index has them."""
    return " ".join(f"{key:x}" for key in keys)


def packed(document: Document) -> bytes:
    """Eight bytes for each term, then one byte for each weight."""
    count = len(document.weights)
    return struct.pack(f"<{count}Q{count}B", *document.weights, *document.weights.values())


def unpacked(postings: bytes) -> Document:
    """What was packed."""
    count = len(postings) // 9
    weights = postings[8 * count :]
    return Document(dict(zip(struct.unpack_from(f"<{count}Q", postings), weights, strict=False)), sum(weights))
