"""Totals over everything that is stored."""

from typing import cast

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.adapters.store import deliveries, runs, turns
from bot.core.runs import RunState
from bot.ports import Statistics


async def collect(session: AsyncSession) -> Statistics:
    received, processed = await deliveries.totals(session)
    usd, usage = await turns.totals(session)
    return Statistics(
        runs=cast("dict[RunState, int]", await runs.states(session)),
        deliveries_received=received,
        deliveries_processed=processed,
        rejections=await deliveries.counts(session, deliveries.REJECTED),
        usd=usd,
        usage=usage,
    )
