"""Searching memories, and counting what they were good for."""

from collections.abc import Mapping, Sequence, Set

from sqlalchemy import ColumnElement, Connection, case
from sqlmodel import col, select, update

from bot.adapters.store import memory_index, memory_vectors
from bot.adapters.store.columns import insert_into
from bot.adapters.store.memory_index import Scope
from bot.adapters.store.memory_rows import find, load, memory_of, own_scope, scopes, use_of
from bot.adapters.store.memory_tables import MemoryRow, UseRow
from bot.core.memory.documents import query_terms
from bot.core.memory.memories import TAUGHT, Found, Memory, Query, State, Use, Verdict
from bot.core.memory.ranking import USUAL, Reach, fused, relevance, weight, within_budget, worth
from bot.core.repository import Repo
from bot.core.runs import RunId
from bot.ports_memories import Embedder

NEAR = 0.25
"""The least cosine of what has to do with each other: something is always nearest, and most often it is nothing."""
WEIGHED = 32
"""Memories of the best fit whose trust, age and usefulness are looked at."""


def recall(database: Connection, query: Query, reach: Reach = USUAL, embedder: Embedder | None = None) -> list[Found]:
    """By words; with an embedder also by meaning, and both rankings fused."""
    seen = scopes(database, query.repo)
    if not query.shared:
        own = own_scope(database, query.repo)
        seen = [scope for scope in seen if scope.number == own]
    fits = [_best(_by_words(database, seen, query, reach), query)]
    if embedder is not None:
        near = memory_vectors.nearness(database, seen, query, embedder)
        fits += [_best({key: cosine for key, cosine in near.items() if cosine > NEAR}, query)]
    memories = _active(database, {scope.number for scope in seen}, sorted({key for fit in fits for key in fit}))
    # The core has no clock. Ages count from the newest one: only their differences change an order.
    now = max((memory.at for memory in memories.values()), default=None)
    weights = {key: weight(memory, now or memory.at) for key, memory in memories.items()}
    scores = fused([{key: fit[key] * weights[key] for key in fit if key in weights} for fit in fits])
    found = [Found(memories[key], score) for key, score in scores.items()]
    return sorted(found, key=lambda one: (-one.score, one.memory.id))[: query.limit]


def _by_words(database: Connection, seen: Sequence[Scope], query: Query, reach: Reach) -> dict[int, float]:
    terms = query_terms(query)
    corpus = memory_index.corpus(database, seen, terms)
    worths = worth(corpus, terms)
    telling = within_budget(corpus, worths, reach.postings)
    documents = memory_index.candidates(database, seen, telling, query.kinds, reach.candidates)
    return relevance(corpus, worths, documents)


def _best(fits: Mapping[int, float], query: Query) -> dict[int, float]:
    best = sorted(fits, key=lambda key: (-fits[key], -key))[: max(WEIGHED, query.limit)]
    return {key: fits[key] for key in best}


def one(database: Connection, repo: Repo, memory_id: str) -> Memory | None:
    row = find(database, scopes(database, repo), memory_id)
    return memory_of(row) if row else None


def newest(database: Connection, repo: Repo, states: Sequence[State], limit: int) -> list[Memory]:
    numbers = [scope.number for scope in scopes(database, repo)]
    statement = select(MemoryRow).where(col(MemoryRow.scope).in_(numbers), col(MemoryRow.state).in_(states))
    statement = statement.order_by(col(MemoryRow.at).desc(), col(MemoryRow.seq).desc()).limit(limit)
    return [memory_of(row) for row in database.execute(statement).mappings()]


def note_uses(database: Connection, repo: Repo, uses: Sequence[Use]) -> None:
    seen = scopes(database, repo, lock=True)
    for use in uses:
        statement = insert_into(database, UseRow).values(
            run=use.run, unit=use.unit, memory=use.memory, rank=use.rank, at=use.at, verdict=use.verdict
        )
        statement = statement.on_conflict_do_nothing(index_elements=["run", "unit", "memory"])
        if database.execute(statement.returning(col(UseRow.seq))).first() is None:
            continue
        last = case((col(MemoryRow.used_at) > use.at, MemoryRow.used_at), else_=use.at)
        values = {"uses": MemoryRow.uses + int(use.unit != TAUGHT), "used_at": last}
        database.execute(update(MemoryRow).where(*_seen(seen, use.memory)).values(**values))


def uses(database: Connection, run_id: RunId) -> list[Use]:
    statement = select(UseRow).where(UseRow.run == run_id).order_by(col(UseRow.seq))
    return [use_of(row) for row in database.execute(statement).mappings()]


def judge(database: Connection, repo: Repo, run_id: RunId, verdict: Verdict) -> int:
    seen = scopes(database, repo, lock=True)
    rows = database.execute(select(UseRow).where(UseRow.run == run_id).with_for_update()).all()
    before = {row.memory: "" for row in rows} | {row.memory: row.verdict for row in rows if row.verdict}
    changed = [row.seq for row in rows if row.verdict != verdict]
    database.execute(update(UseRow).where(col(UseRow.seq).in_(changed)).values(verdict=verdict))
    for memory, old in before.items():
        helped = (verdict == "helped") - (old == "helped")
        misled = (verdict == "misled") - (old == "misled")
        if helped or misled:
            values = {"helped": MemoryRow.helped + helped, "misled": MemoryRow.misled + misled}
            database.execute(update(MemoryRow).where(*_seen(seen, memory)).values(**values))
    return len(changed)


def _seen(scopes: Sequence[Scope], memory_id: str) -> tuple[ColumnElement[bool], ...]:
    return (col(MemoryRow.id) == memory_id, col(MemoryRow.scope).in_([scope.number for scope in scopes]))


def _active(database: Connection, scopes: Set[int], numbers: Sequence[int]) -> dict[int, Memory]:
    """Memories by their numbers. Their scopes are looked at again, whatever the index may have said."""
    rows = load(database, numbers)
    return {row["seq"]: memory_of(row) for row in rows if row["scope"] in scopes and row["state"] == "active"}
