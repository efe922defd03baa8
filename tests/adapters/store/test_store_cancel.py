"""Whoever waits for the database may be stopped at any moment; the next one must not pay for it."""

import asyncio
import random

from bot.adapters.store import SqlStore
from bot.core.effects import Effect
from tests.samples import a_run


async def test_a_cancelled_write_leaves_no_lock(store: SqlStore) -> None:
    """Calls cancelled at moments all over a transaction: each one is whole or was not made, and writing goes on."""
    run, chance = a_run(), random.Random(7)
    await store.add_run(run)
    for number in range(60):
        cancelled = asyncio.create_task(store.add_effect(Effect(run.id, f"a{number}", "comment", run.repo, "1", "x")))
        await asyncio.sleep(chance.random() * 0.004)
        cancelled.cancel()
        await store.add_effect(Effect(run.id, f"b{number}", "comment", run.repo, "1", "x"))
        await asyncio.wait({cancelled})
    keys = {effect.key for effect in await store.effects(run.id)}
    assert {f"b{number}" for number in range(60)} <= keys


async def test_a_cancelled_call_is_over_when_its_caller_hears_of_it(store: SqlStore) -> None:
    """Nothing is written behind the back of somebody who was told that it was stopped."""
    run = a_run()
    await store.add_run(run)
    task = asyncio.create_task(store.add_effect(Effect(run.id, "key", "comment", run.repo, "1", "x")))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    before = await store.effects(run.id)
    await asyncio.sleep(0.05)
    assert await store.effects(run.id) == before
