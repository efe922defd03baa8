"""Who is at work, in the database: each method of `bot.ports_pulses.Pulses` as one transaction."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.adapters.store.columns import insert_into
from bot.adapters.store.database import Database
from bot.adapters.store.runs import require
from bot.adapters.store.tables import PulseRow, RunRow
from bot.adapters.store.whole import whole_calls
from bot.core.pulse import Pulse
from bot.core.runs import RunId


@whole_calls
class SqlPulses(ABC):
    """The part of the store that keeps heartbeats."""

    @property
    @abstractmethod
    def _open(self) -> Database: ...

    async def take_up(self, run: RunId, at: datetime, silent_since: datetime) -> Pulse:
        async with self._open.writing() as session:
            return await _take_up(session, run, at, silent_since)

    async def beat(self, runs: Sequence[RunId], at: datetime) -> None:
        async with self._open.writing() as session:
            ours = col(PulseRow.run).in_(runs)
            await session.exec(update(PulseRow).where(ours).values(at=at))
            # Slow, but not dead: somebody thought it was.
            stalled = (ours, col(PulseRow.stalled_since).is_not(None), col(PulseRow.resumed_at).is_(None))
            await session.exec(update(PulseRow).where(*stalled).values(resumed_at=at))

    async def rest(self, run: RunId, at: datetime) -> None:
        async with self._open.writing() as session:
            await session.exec(update(PulseRow).where(col(PulseRow.run) == run).values(at=at, working=False))

    async def stall(self, silent_since: datetime) -> list[RunId]:
        async with self._open.writing() as session:
            return await _stall(session, silent_since)

    async def pulse(self, run: RunId) -> Pulse | None:
        async with self._open.reading() as session:
            row = (await session.exec(select(PulseRow).where(PulseRow.run == run))).one_or_none()
            return _pulse_of(row) if row else None


async def _take_up(session: AsyncSession, run: RunId, at: datetime, silent_since: datetime) -> Pulse:
    await require(session, run)
    before = (await session.exec(select(PulseRow).where(PulseRow.run == run))).one_or_none()
    values: dict[str, object] = {"at": at, "working": True}
    if before is not None and before.working:
        if before.resumed_at is None and before.stalled_since is not None:
            values |= {"resumed_at": at}
        elif before.at < silent_since:
            values |= {"stalled_since": before.at, "resumed_at": at}
    statement = insert_into(session, PulseRow).values(run=run, **values)
    statement = statement.on_conflict_do_update(index_elements=["run"], set_=values)
    await session.exec(statement)
    session.expire_all()
    return _pulse_of((await session.exec(select(PulseRow).where(PulseRow.run == run))).one())


async def _stall(session: AsyncSession, silent_since: datetime) -> list[RunId]:
    """A run that has ended, or waits, has nobody at work, however its worker left."""
    going_on = select(RunRow.id).where(col(RunRow.state) == "running")
    silent = (col(PulseRow.working).is_(True), col(PulseRow.at) < silent_since, col(PulseRow.run).in_(going_on))
    found = list(await session.exec(select(PulseRow).where(*silent)))
    for row in found:
        if row.stalled_since is None or row.resumed_at is not None:
            values = {"stalled_since": row.at, "resumed_at": None}
            same = (col(PulseRow.run) == row.run, col(PulseRow.at) == row.at)
            await session.exec(update(PulseRow).where(*same).values(**values))
    return [RunId(row.run) for row in found]


def _pulse_of(row: PulseRow) -> Pulse:
    return Pulse(RunId(row.run), row.at, row.working, row.stalled_since, row.resumed_at)
