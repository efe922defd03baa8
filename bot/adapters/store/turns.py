"""Calls of the model in the database: the money of a run is reserved here before it is spent.

What counts against a cap: a turn that came back, by its price and tokens; one that did not, by its reservation; and
every earlier attempt at the same turn, by its reservation (`lost_usd`, `lost_tokens`): it may have been charged for.
"""

from collections.abc import Sequence

from sqlalchemy import case, func
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.adapters.store.records import turn_of, usage_values
from bot.adapters.store.runs import require
from bot.adapters.store.tables import TurnRow
from bot.core.conversation import Usage
from bot.core.limits import Cap, Refusal, Used, refusal
from bot.core.runs import RunId, Turn


async def reserve(session: AsyncSession, turn: Turn, caps: Sequence[Cap]) -> Refusal | None:
    """Raises `ValueError` for a turn that is finished, `LookupError` if its run is not stored."""
    await require(session, turn.run)
    row = await _find(session, turn)
    if row is not None and row.usd is not None:
        raise ValueError(f"turn {turn.index} of {turn.unit} in run {turn.run} is finished; it cannot be made again")
    wish = Used(1 if row is None else 0, turn.reserved_tokens, turn.reserved_usd)
    if refused := refusal(caps, await _used(session, turn.run), turn.unit, wish):
        return refused
    if row is None:
        row = TurnRow(run=turn.run, unit=turn.unit, number=turn.index, agent="", model="", reserved_usd=0.0)
    row.lost_usd += row.reserved_usd
    row.lost_tokens += row.reserved_tokens
    row.agent, row.model = turn.agent, turn.model
    row.reserved_usd, row.reserved_tokens = turn.reserved_usd, turn.reserved_tokens
    row.heard = turn.heard
    session.add(row)
    return None


async def finish(session: AsyncSession, turn: Turn) -> None:
    """The reservation stays as it was made. Raises `LookupError` if there was none."""
    statement = update(TurnRow).where(
        col(TurnRow.run) == turn.run, col(TurnRow.unit) == turn.unit, col(TurnRow.number) == turn.index
    )
    came_back = {"usd": turn.usd, "reply": turn.reply, "results": turn.results, "tree": turn.tree}
    values = came_back | {"seconds": turn.seconds} | usage_values(turn.usage)
    if (await session.exec(statement.values(values))).rowcount == 0:
        raise LookupError(f"turn {turn.index} of {turn.unit} in run {turn.run} was never reserved")


async def of_run(session: AsyncSession, run_id: RunId, unit: str | None) -> list[Turn]:
    statement = select(TurnRow).where(TurnRow.run == run_id)
    if unit is not None:
        statement = statement.where(TurnRow.unit == unit).order_by(col(TurnRow.number))
    return [turn_of(row) for row in await session.exec(statement.order_by(col(TurnRow.seq)))]


async def totals(session: AsyncSession) -> tuple[float, Usage]:
    """(dollars, tokens) of all runs; calls that have not come back yet are left out."""
    cost = func.sum(func.coalesce(col(TurnRow.usd), 0.0) + col(TurnRow.lost_usd))
    spent = (await session.exec(select(cost))).one()
    tokens = select(
        func.sum(col(TurnRow.input_tokens)),
        func.sum(col(TurnRow.output_tokens)),
        func.sum(col(TurnRow.cache_write_tokens)),
        func.sum(col(TurnRow.cache_read_tokens)),
    )
    return float(spent or 0.0), Usage(*(int(number or 0) for number in (await session.exec(tokens)).one()))


async def _used(session: AsyncSession, run_id: RunId) -> dict[str, Used]:
    """What each unit of a run has spent or reserved."""
    came = col(TurnRow.input_tokens) + col(TurnRow.output_tokens)
    came += col(TurnRow.cache_write_tokens) + col(TurnRow.cache_read_tokens)
    tokens = case((col(TurnRow.usd).is_(None), col(TurnRow.reserved_tokens)), else_=came) + col(TurnRow.lost_tokens)
    usd = func.coalesce(col(TurnRow.usd), col(TurnRow.reserved_usd)) + col(TurnRow.lost_usd)
    statement = select(TurnRow.unit, func.count(), func.sum(tokens), func.sum(usd)).where(TurnRow.run == run_id)
    rows = (await session.exec(statement.group_by(TurnRow.unit))).all()
    return {unit: Used(count, int(token or 0), float(cost or 0.0)) for unit, count, token, cost in rows}


async def _find(session: AsyncSession, turn: Turn) -> TurnRow | None:
    """The row, locked against `finish`."""
    key = (TurnRow.run == turn.run, TurnRow.unit == turn.unit, TurnRow.number == turn.index)
    return (await session.exec(select(TurnRow).where(*key).with_for_update())).one_or_none()
