"""What ended runs took, from the database: `bot.ports_history.History`, each call one transaction."""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Sequence
from typing import cast

import structlog
from sqlalchemy import func
from sqlalchemy.orm import QueryableAttribute, load_only
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.adapters.store.database import Database
from bot.adapters.store.records import run_of
from bot.adapters.store.tables import PhaseRow, RunRow, TurnRow
from bot.adapters.store.whole import whole_calls
from bot.core.errors import BotError
from bot.core.history import PastRun, Reach, Spent
from bot.core.repository import Repo
from bot.core.runs import Run, phase_of

Tasks = dict[str, dict[str, tuple[str, float]]]
"""By run and task: (agent, seconds of all calls)."""
_SMALL = cast(
    "tuple[QueryableAttribute[object], ...]",
    (PhaseRow.run, PhaseRow.name, PhaseRow.usd, PhaseRow.started_at, PhaseRow.ended_at),
)
"""What is read of a phase: not what its agents wrote."""


@whole_calls
class SqlHistory(ABC):
    """The part of the store that looks back."""

    @property
    @abstractmethod
    def _open(self) -> Database: ...

    async def past_runs(self, repo: Repo, reach: Reach, *, limit: int = 100) -> list[PastRun]:
        async with self._open.reading() as session:
            runs = await _ended(session, repo, reach, limit)
            ids = [run.id for run in runs]
            phases, tasks = await _phases(session, ids), await _tasks(session, ids)
        return [PastRun(run, phases[run.id], tuple(tasks[run.id].values())) for run in runs]


async def _ended(session: AsyncSession, repo: Repo, reach: Reach, limit: int) -> list[Run]:
    """A run that cannot be read any more says nothing, and must not keep others from being begun."""
    statement = select(RunRow).where(col(RunRow.state).in_(["succeeded", "unproven", "failed"]))
    if reach != "server":
        statement = statement.where(RunRow.owner == repo.owner)
    if reach == "repository":
        statement = statement.where(RunRow.repo == repo.name)
    found = []
    for row in await session.exec(statement.order_by(col(RunRow.seq).desc()).limit(limit)):
        try:
            found.append(run_of(row))
        except BotError as error:
            structlog.get_logger().warning("run left out of the history", run=row.id, error=str(error))
    return found


async def _phases(session: AsyncSession, ids: Sequence[str]) -> dict[str, dict[str, Spent]]:
    """Phases that cost something: what was taken over from another run, or needs no model, did not."""
    paid = (col(PhaseRow.run).in_(ids), col(PhaseRow.state).in_(["done", "failed"]), col(PhaseRow.usd) > 0)
    statement = select(PhaseRow).options(load_only(*_SMALL)).where(*paid).order_by(col(PhaseRow.seq))
    found = defaultdict[str, dict[str, Spent]](dict)
    for row in await session.exec(statement):
        if row.started_at is not None and row.ended_at is not None:
            found[row.run][row.name] = Spent(row.usd, (row.ended_at - row.started_at).total_seconds())
    return found


async def _tasks(session: AsyncSession, ids: Sequence[str]) -> Tasks:
    """What was built, with all that each task took: attempts, a second start, and those whom its agent called."""
    turns = (TurnRow.run, TurnRow.unit, TurnRow.agent, func.sum(col(TurnRow.seconds)))
    ours = (col(TurnRow.run).in_(ids), col(TurnRow.unit).like("implementation%"))
    statement = select(*turns).where(*ours).group_by(TurnRow.run, TurnRow.unit, TurnRow.agent)
    found: Tasks = defaultdict(dict)
    for run, unit, agent, seconds in sorted(await session.exec(statement)):
        phase, _, rest = unit.partition("/")
        task = rest.partition("/")[0].partition("~")[0]
        if phase_of(phase) == "implementation" and task:
            whose, before = found[run].get(task, (agent, 0.0))
            found[run][task] = (whose, before + seconds)
    return found
