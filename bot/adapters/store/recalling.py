"""Searching memories, and counting what they were good for."""

from collections.abc import Sequence

from sqlalchemy import case
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.adapters.store import memory_index
from bot.adapters.store.columns import insert_into
from bot.adapters.store.memory_rows import memory_of, scopes, use_of
from bot.adapters.store.memory_tables import MemoryRow, UseRow
from bot.core.memory.documents import query_terms
from bot.core.memory.memories import Found, Memory, Query, State, Use, Verdict
from bot.core.memory.ranking import relevance, weight
from bot.core.repository import Repo
from bot.core.runs import RunId

WEIGHED = 64
"""Memories of the best fit whose trust, age and usefulness are looked at."""


async def recall(session: AsyncSession, query: Query) -> list[Found]:
    seen = await scopes(session, query.repo)
    terms = query_terms(query)
    corpus = await memory_index.corpus(session, seen, terms)
    documents = await memory_index.candidates(session, seen, corpus, terms, query.kinds)
    scores = relevance(corpus, terms, documents)
    best = sorted(scores, key=lambda key: (-scores[key], -key))[: max(WEIGHED, query.limit)]
    memories = await _active(session, [scope.number or 0 for scope in seen], best)
    # The core has no clock. Ages count from the newest one: only their differences change an order.
    now = max((memory.at for memory in memories.values()), default=None)
    found = [Found(memory, scores[key] * weight(memory, now or memory.at)) for key, memory in memories.items()]
    return sorted(found, key=lambda one: (-one.score, one.memory.id))[: query.limit]


async def newest(session: AsyncSession, repo: Repo, states: Sequence[State], limit: int) -> list[Memory]:
    numbers = [scope.number for scope in await scopes(session, repo)]
    statement = select(MemoryRow).where(col(MemoryRow.scope).in_(numbers), col(MemoryRow.state).in_(states))
    statement = statement.order_by(col(MemoryRow.at).desc(), col(MemoryRow.seq).desc()).limit(limit)
    return [memory_of(row) for row in await session.exec(statement)]


async def note_uses(session: AsyncSession, uses: Sequence[Use]) -> None:
    # In one order for all: two who count the same memories wait for each other only forwards.
    for use in sorted(uses, key=lambda use: (use.memory, use.unit)):
        statement = insert_into(session, UseRow).values(
            run=use.run, unit=use.unit, memory=use.memory, rank=use.rank, at=use.at, verdict=use.verdict
        )
        statement = statement.on_conflict_do_nothing(index_elements=["run", "unit", "memory"])
        if (await session.exec(statement.returning(col(UseRow.seq)))).first() is None:
            continue
        last = case((col(MemoryRow.used_at) > use.at, MemoryRow.used_at), else_=use.at)
        values = {"uses": MemoryRow.uses + 1, "used_at": last}
        await session.exec(update(MemoryRow).where(col(MemoryRow.id) == use.memory).values(**values))


async def uses(session: AsyncSession, run_id: RunId) -> list[Use]:
    statement = select(UseRow).where(UseRow.run == run_id).order_by(col(UseRow.seq))
    return [use_of(row) for row in await session.exec(statement)]


async def judge(session: AsyncSession, run_id: RunId, verdict: Verdict) -> int:
    statement = select(UseRow).where(UseRow.run == run_id).order_by(col(UseRow.memory), col(UseRow.seq))
    rows = list(await session.exec(statement.with_for_update()))
    before = {row.memory: "" for row in rows} | {row.memory: row.verdict for row in rows if row.verdict}
    changed = [row.seq for row in rows if row.verdict != verdict]
    await session.exec(update(UseRow).where(col(UseRow.seq).in_(changed)).values(verdict=verdict))
    for memory, old in before.items():
        helped = (verdict == "helped") - (old == "helped")
        misled = (verdict == "misled") - (old == "misled")
        if helped or misled:
            values = {"helped": MemoryRow.helped + helped, "misled": MemoryRow.misled + misled}
            await session.exec(update(MemoryRow).where(col(MemoryRow.id) == memory).values(**values))
    return len(changed)


async def _active(session: AsyncSession, scopes: Sequence[int], numbers: Sequence[int]) -> dict[int, Memory]:
    """Memories by their numbers. The scopes are asked for again, whatever the index may have said."""
    theirs = (col(MemoryRow.seq).in_(numbers), col(MemoryRow.scope).in_(scopes), MemoryRow.state == "active")
    rows = await session.exec(select(MemoryRow).where(*theirs))
    return {row.seq or 0: memory_of(row) for row in rows}
