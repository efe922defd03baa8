"""How well agents did in a repository, from its finished runs."""

from collections import Counter

from sqlalchemy import ColumnElement, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.adapters.store.tables import PhaseRow, RunRow, TurnRow
from bot.core.repository import Repo

LAST_RUNS = 100


async def by_agent(session: AsyncSession, repo: Repo, least: int) -> dict[str, float]:
    """A phase counts for everybody who spoke in it, once for each run."""
    finished = col(RunRow.state).in_(["succeeded", "unproven", "failed"])
    last = (
        select(col(RunRow.id))
        .where(RunRow.owner == repo.owner, RunRow.repo == repo.name, finished)
        .order_by(col(RunRow.seq).desc())
        .limit(LAST_RUNS)
    )
    statement = (
        select(TurnRow.agent, PhaseRow.run, PhaseRow.name, PhaseRow.state)
        .join(PhaseRow, (col(PhaseRow.run) == col(TurnRow.run)) & _part_of())
        .where(col(TurnRow.run).in_(last), col(PhaseRow.state).in_(["done", "failed"]))
        .distinct()
    )
    found = (await session.exec(statement)).all()
    took_part = Counter(agent for agent, *_ in found)
    went_well = Counter(agent for agent, _, _, state in found if state == "done")
    return {agent: went_well[agent] / count for agent, count in took_part.items() if count >= least}


def _part_of() -> ColumnElement[bool]:
    """A turn's unit is its phase's name, or begins with it: `design`, `design~2`, `implementation/T1`."""
    unit, name = col(TurnRow.unit), col(PhaseRow.name)
    return or_(unit == name, unit.like(name + "/%"), unit.like(name + "~%"))
