"""The store: each method of `bot.ports.Store` as one transaction."""

import asyncio
import sqlite3
from collections.abc import Sequence
from datetime import datetime

from bot.adapters.store import deliveries, effects, runs, statistics, turns
from bot.adapters.store.database import Database
from bot.adapters.store.decisions import SqlDecisions
from bot.adapters.store.deliveries import accept as accept_all
from bot.adapters.store.history import SqlHistory
from bot.adapters.store.inbox import SqliteInbox
from bot.adapters.store.location import locate
from bot.adapters.store.memories import SqlMemories
from bot.adapters.store.migrate import prepare
from bot.adapters.store.pulses import SqlPulses
from bot.adapters.store.routing import SqlRouting
from bot.adapters.store.whole import whole_calls
from bot.core.effects import Effect
from bot.core.limits import Cap, Refusal
from bot.core.repository import Delivery, Repo
from bot.core.runs import Outcome, PhaseResult, Run, RunId, RunPlan, RunState, Turn
from bot.ports import Statistics
from bot.ports_memories import Embedder


@whole_calls
class SqlStore(SqlDecisions, SqlHistory, SqlMemories, SqlPulses, SqlRouting):
    """Records in SQLite (`sqlite:///path`) or PostgreSQL (`postgresql://user:password@host/database`).

    Every call is durable when it returns, and raises `BotError` when the database cannot be used.
    """

    def __init__(self, database_url: str, embedder: Embedder | None = None) -> None:
        """Raises `BotError` for a URL of another kind; nothing is touched before `open`."""
        self._location = locate(database_url)
        self._meanings = embedder
        self._database: Database | None = None
        self._inbox: SqliteInbox | None = None

    async def open(self) -> None:
        """Make the database if there is none, and bring its tables up to date.

        Raises `BotError` if it cannot be reached or written, or was used by a newer version of Devflow.
        """
        if self._database is not None:
            return
        await asyncio.to_thread(prepare, self._location)
        database = Database(self._location)
        if self._location.path is not None:
            with self._location.plain_errors("could not be opened", sqlite3.Error):
                self._inbox = await asyncio.to_thread(SqliteInbox, self._location.path, database.in_line)
        self._database = database

    async def close(self) -> None:
        """Let go of the database; `open` takes it up again."""
        inbox, self._inbox = self._inbox, None
        database, self._database = self._database, None
        if inbox is not None:
            await inbox.close()
        if database is not None:
            await database.close()

    async def accept(self, deliveries: Sequence[Delivery], at: datetime) -> list[bool]:
        if not deliveries:
            return []
        if self._inbox is None:
            async with self._open.writing() as session:
                return await accept_all(session, deliveries, at)
        with self._location.plain_errors("could not be written", sqlite3.Error):
            return await self._inbox.accept(deliveries, at)

    async def unprocessed(self, limit: int = 100) -> list[Delivery]:
        async with self._open.reading() as session:
            return await deliveries.unprocessed(session, limit)

    async def processed(self, delivery_id: str, outcome: str, at: datetime) -> None:
        if self._inbox is None:
            async with self._open.writing() as session:
                await deliveries.processed(session, delivery_id, outcome, at)
            return
        with self._location.plain_errors("could not be written", sqlite3.Error):
            await self._inbox.processed(delivery_id, outcome, at)

    async def delivery_outcome(self, delivery_id: str) -> str | None:
        async with self._open.reading() as session:
            return await deliveries.outcome(session, delivery_id)

    async def last_delivery(self) -> datetime | None:
        async with self._open.reading() as session:
            return await deliveries.last(session)

    async def prune_deliveries(self, before: datetime) -> int:
        async with self._open.writing() as session:
            return await deliveries.prune(session, before)

    async def count_rejection(self, reason: str, count: int = 1) -> None:
        async with self._open.writing() as session:
            await deliveries.count(session, deliveries.REJECTED, reason, count)

    async def rejections(self) -> dict[str, int]:
        async with self._open.reading() as session:
            return await deliveries.counts(session, deliveries.REJECTED)

    async def add_run(self, run: Run) -> bool:
        async with self._open.writing() as session:
            return await runs.add(session, run)

    async def run(self, run_id: RunId) -> Run | None:
        async with self._open.reading() as session:
            return await runs.find(session, run_id)

    async def runs(self, *, repo: Repo | None = None, issue: int | None = None, limit: int = 50) -> list[Run]:
        async with self._open.reading() as session:
            return await runs.newest(session, repo, issue, limit)

    async def runs_since(self, repo: Repo, at: datetime) -> list[Run]:
        async with self._open.reading() as session:
            return await runs.since(session, repo, at)

    async def set_run_state(
        self, run_id: RunId, state: RunState, *, reason: str = "", at: datetime | None = None
    ) -> bool:
        async with self._open.writing() as session:
            return await runs.set_state(session, run_id, state, reason, at)

    async def set_pull(self, run_id: RunId, number: int) -> None:
        async with self._open.writing() as session:
            await runs.set_pull(session, run_id, number)

    async def set_outcome(self, run_id: RunId, outcome: Outcome) -> None:
        async with self._open.writing() as session:
            await runs.set_outcome(session, run_id, outcome)

    async def set_plan(self, run_id: RunId, plan: RunPlan) -> None:
        async with self._open.writing() as session:
            await runs.set_plan(session, run_id, plan)

    async def save_phase(self, result: PhaseResult) -> None:
        async with self._open.writing() as session:
            await runs.save_phase(session, result)

    async def phases(self, run_id: RunId) -> list[PhaseResult]:
        async with self._open.reading() as session:
            return await runs.phases(session, run_id)

    async def reserve_turn(self, turn: Turn, caps: Sequence[Cap]) -> Refusal | None:
        async with self._open.writing() as session:
            return await turns.reserve(session, turn, caps)

    async def finish_turn(self, turn: Turn) -> None:
        async with self._open.writing() as session:
            await turns.finish(session, turn)

    async def turns(self, run_id: RunId, unit: str | None = None) -> list[Turn]:
        async with self._open.reading() as session:
            return await turns.of_run(session, run_id, unit)

    async def add_effect(self, effect: Effect) -> Effect:
        async with self._open.writing() as session:
            return await effects.add(session, effect)

    async def rewrite_effect(self, effect: Effect, body: str) -> None:
        async with self._open.writing() as session:
            await effects.rewrite(session, effect, body)

    async def effect_done(self, effect: Effect, remote: str) -> None:
        async with self._open.writing() as session:
            await effects.done(session, effect, remote)

    async def effects(self, run_id: RunId) -> list[Effect]:
        async with self._open.reading() as session:
            return await effects.of_run(session, run_id)

    async def statistics(self) -> Statistics:
        async with self._open.reading() as session:
            return await statistics.collect(session)

    @property
    def _open(self) -> Database:
        if self._database is None:
            raise RuntimeError("the store is not open")
        return self._database

    @property
    def _embedder(self) -> Embedder | None:
        return self._meanings
