"""Webhook deliveries in the database, and counts of those turned away."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, delete, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.adapters.store.columns import clean_text, insert_into
from bot.adapters.store.tables import CounterRow, DeliveryRow
from bot.core.repository import Delivery

REJECTED = "rejected"
PRUNED = "pruned"


def which_are_new(deliveries: Sequence[Delivery], stored: set[str]) -> list[bool]:
    """For each delivery, whether it is the one that was stored now; a second one of the same batch is not."""
    left = set(stored)
    found = []
    for delivery in deliveries:
        key = clean_text(delivery.id)
        found.append(key in left)
        left.discard(key)
    return found


async def accept(session: AsyncSession, deliveries: Sequence[Delivery], at: datetime) -> list[bool]:
    """One INSERT for all. Rows go in by id: two servers that take the same redeliveries then cannot deadlock."""
    rows = [
        {"id": clean_text(d.id), "event": d.event, "received_at": at, "position": position, "body": d.body}
        for position, d in enumerate(deliveries)
    ]
    statement = insert_into(session, DeliveryRow).on_conflict_do_nothing().returning(col(DeliveryRow.id))
    result = await session.exec(statement, params=sorted(rows, key=lambda row: str(row["id"])))
    return which_are_new(deliveries, {str(key) for (key,) in result})


async def unprocessed(session: AsyncSession, limit: int) -> list[Delivery]:
    columns = select(DeliveryRow.id, DeliveryRow.event, DeliveryRow.body)
    statement = columns.where(col(DeliveryRow.processed_at).is_(None))
    order = (col(DeliveryRow.received_at), col(DeliveryRow.position))
    return [Delivery(*row) for row in await session.exec(statement.order_by(*order).limit(limit))]


async def processed(session: AsyncSession, delivery_id: str, outcome: str, at: datetime) -> None:
    """The first outcome stays."""
    waiting = (col(DeliveryRow.id) == delivery_id, col(DeliveryRow.processed_at).is_(None))
    await session.exec(update(DeliveryRow).where(*waiting).values(outcome=outcome, processed_at=at))


async def outcome(session: AsyncSession, delivery_id: str) -> str | None:
    return (await session.exec(select(DeliveryRow.outcome).where(DeliveryRow.id == delivery_id))).one_or_none()


async def last(session: AsyncSession) -> datetime | None:
    return (await session.exec(select(func.max(DeliveryRow.received_at)))).one()


async def prune(session: AsyncSession, before: datetime) -> int:
    old = (col(DeliveryRow.processed_at).is_not(None), col(DeliveryRow.received_at) < before)
    gone = (await session.exec(delete(DeliveryRow).where(*old))).rowcount
    if gone:
        await count(session, PRUNED, "deliveries", gone)
    return gone


async def count(session: AsyncSession, kind: str, name: str, by: int) -> None:
    statement = insert_into(session, CounterRow).values(kind=kind, name=name, value=by)
    total = col(CounterRow.value) + statement.excluded.value
    await session.exec(statement.on_conflict_do_update(index_elements=["kind", "name"], set_={"value": total}))


async def counts(session: AsyncSession, kind: str) -> dict[str, int]:
    rows = await session.exec(select(CounterRow).where(CounterRow.kind == kind).order_by(col(CounterRow.name)))
    return {row.name: row.value for row in rows}


async def totals(session: AsyncSession) -> tuple[int, int]:
    """(received, processed), pruned ones included. Both counts read an index only, not the bodies."""
    received = (await session.exec(select(func.count()).select_from(DeliveryRow))).one()
    waiting = select(func.count()).select_from(DeliveryRow).where(col(DeliveryRow.processed_at).is_(None))
    done = received - (await session.exec(waiting)).one()
    pruned = sum((await counts(session, PRUNED)).values())
    return received + pruned, done + pruned
