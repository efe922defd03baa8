"""Runs and their phases in the database."""

from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.adapters.store.columns import insert_into
from bot.adapters.store.records import phase_of, phase_values, run_of, run_values, to_json
from bot.adapters.store.tables import PhaseRow, RunRow
from bot.core.repository import Repo
from bot.core.runs import ENDED, Outcome, PhaseResult, Run, RunId, RunPlan, RunState


async def add(session: AsyncSession, run: Run) -> bool:
    statement = insert_into(session, RunRow).values(run_values(run)).on_conflict_do_nothing(index_elements=["id"])
    return (await session.exec(statement.returning(col(RunRow.id)))).first() is not None


async def find(session: AsyncSession, run_id: RunId) -> Run | None:
    row = (await session.exec(select(RunRow).where(RunRow.id == run_id))).one_or_none()
    return run_of(row) if row else None


async def newest(session: AsyncSession, repo: Repo | None, issue: int | None, limit: int) -> list[Run]:
    statement = select(RunRow).order_by(col(RunRow.seq).desc()).limit(limit)
    if repo is not None:
        statement = statement.where(RunRow.owner == repo.owner, RunRow.repo == repo.name)
    if issue is not None:
        statement = statement.where(RunRow.issue == issue)
    return [run_of(row) for row in await session.exec(statement)]


async def since(session: AsyncSession, repo: Repo, at: datetime) -> list[Run]:
    place = (RunRow.owner == repo.owner, RunRow.repo == repo.name, col(RunRow.created_at) >= at)
    statement = select(RunRow).where(*place).order_by(col(RunRow.seq).desc())
    return [run_of(row) for row in await session.exec(statement)]


async def set_state(session: AsyncSession, run_id: RunId, state: RunState, reason: str, at: datetime | None) -> bool:
    going_on = (col(RunRow.id) == run_id, col(RunRow.state).not_in(sorted(ENDED)))
    ended_at = at if state in ENDED else None
    result = await session.exec(update(RunRow).where(*going_on).values(state=state, reason=reason, ended_at=ended_at))
    return result.rowcount == 1


async def set_pull(session: AsyncSession, run_id: RunId, number: int) -> None:
    result = await session.exec(update(RunRow).where(col(RunRow.id) == run_id).values(pull_number=number))
    if result.rowcount == 0:
        raise LookupError(f"run {run_id} is not stored")


async def set_outcome(session: AsyncSession, run_id: RunId, outcome: Outcome) -> None:
    result = await session.exec(update(RunRow).where(col(RunRow.id) == run_id).values(outcome=outcome))
    if result.rowcount == 0:
        raise LookupError(f"run {run_id} is not stored")


async def set_plan(session: AsyncSession, run_id: RunId, plan: RunPlan) -> None:
    result = await session.exec(update(RunRow).where(col(RunRow.id) == run_id).values(plan=to_json(plan)))
    if result.rowcount == 0:
        raise LookupError(f"run {run_id} is not stored")


async def require(session: AsyncSession, run_id: RunId) -> None:
    """Lock the run's row until the transaction ends. Raises `LookupError` if there is none.

    SQLite ignores the lock and needs none, its writers come one after another.
    """
    statement = select(RunRow.seq).where(RunRow.id == run_id).with_for_update(key_share=True)
    if (await session.exec(statement)).first() is None:
        raise LookupError(f"run {run_id} is not stored")


async def save_phase(session: AsyncSession, result: PhaseResult) -> None:
    await require(session, result.run)
    values = phase_values(result)
    statement = insert_into(session, PhaseRow).values(values)
    await session.exec(statement.on_conflict_do_update(index_elements=["run", "name"], set_=values))


async def phases(session: AsyncSession, run_id: RunId) -> list[PhaseResult]:
    statement = select(PhaseRow).where(PhaseRow.run == run_id).order_by(col(PhaseRow.seq))
    return [phase_of(row) for row in await session.exec(statement)]


async def states(session: AsyncSession) -> dict[str, int]:
    """How many runs are in each state."""
    return dict((await session.exec(select(RunRow.state, func.count()).group_by(RunRow.state))).all())
