"""Effects, the writes to GitHub, in the database."""

from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.adapters.store.columns import insert_into
from bot.adapters.store.records import effect_of, effect_values
from bot.adapters.store.tables import EffectRow
from bot.core.effects import Effect
from bot.core.runs import RunId


async def add(session: AsyncSession, effect: Effect) -> Effect:
    statement = insert_into(session, EffectRow).values(effect_values(effect))
    await session.exec(statement.on_conflict_do_nothing(index_elements=["run", "key"]))
    key = (EffectRow.run == effect.run, EffectRow.key == effect.key)
    return effect_of((await session.exec(select(EffectRow).where(*key))).one())


async def rewrite(session: AsyncSession, effect: Effect, body: str) -> None:
    key = (col(EffectRow.run) == effect.run, col(EffectRow.key) == effect.key, col(EffectRow.state) == "pending")
    await session.exec(update(EffectRow).where(*key).values(body=body))


async def done(session: AsyncSession, effect: Effect, remote: str) -> None:
    """Raises `LookupError` if the effect was not stored before it was made."""
    statement = update(EffectRow).where(col(EffectRow.run) == effect.run, col(EffectRow.key) == effect.key)
    if (await session.exec(statement.values(state="done", remote=remote))).rowcount == 0:
        raise LookupError(f"effect {effect.key} of run {effect.run} is not stored")


async def of_run(session: AsyncSession, run_id: RunId) -> list[Effect]:
    statement = select(EffectRow).where(EffectRow.run == run_id).order_by(col(EffectRow.seq))
    return [effect_of(row) for row in await session.exec(statement)]
