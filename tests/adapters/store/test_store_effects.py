"""Effects and totals: stored before they are made, found again after a crash."""

import asyncio
from dataclasses import replace

import pytest

from bot.adapters.store import SqlStore
from bot.core.conversation import Usage
from bot.core.runs import RunId, RunState
from bot.ports import Statistics
from tests.adapters.store.rig import (
    HOSTILE,
    NOON,
    RUN,
    SOME_TOKENS,
    a_delivery,
    a_run,
    a_turn,
    an_effect,
    later,
    reserve,
)


async def test_an_effect_is_stored_then_done(store: SqlStore) -> None:
    """Adding it again gives back what is stored: the first body, and whether it was made."""
    assert await store.add_effect(an_effect()) == an_effect()
    assert await store.add_effect(an_effect(body="Another text.")) == an_effect()
    await store.effect_done(an_effect(), "9001")
    done = replace(an_effect(), state="done", remote="9001")
    assert await store.add_effect(an_effect()) == done
    assert await store.effects(RUN) == [done]


async def test_effects_are_kept_in_order(store: SqlStore) -> None:
    """As they were added, each run its own; no run has to be stored for them."""
    for key in ("status", "branch", "a"):
        await store.add_effect(an_effect(key))
    await store.add_effect(replace(an_effect("help"), run=RunId("another")))
    assert [effect.key for effect in await store.effects(RUN)] == ["status", "branch", "a"]


async def test_one_effect_added_by_many(two_stores: tuple[SqlStore, SqlStore]) -> None:
    """All are told the same body, so all look for the same comment."""
    stored = await asyncio.gather(*(two_stores[n % 2].add_effect(an_effect(body=f"text {n}")) for n in range(10)))
    assert len(set(stored)) == 1
    assert await two_stores[0].effects(RUN) == [stored[0]]


async def test_hostile_effects_survive(store: SqlStore) -> None:
    """Keys, targets, bodies and remotes of any text."""
    effect = replace(an_effect(HOSTILE, HOSTILE * 1000), target=HOSTILE)
    await store.add_effect(effect)
    await store.effect_done(effect, HOSTILE)
    assert await store.effects(RUN) == [replace(effect, state="done", remote=HOSTILE)]


async def test_an_effect_has_to_be_stored_first(store: SqlStore) -> None:
    """Done without stored means that a crash would have made it twice."""
    with pytest.raises(LookupError, match="is not stored"):
        await store.effect_done(an_effect(), "9001")


async def test_statistics_of_nothing(store: SqlStore) -> None:
    """A new database counts zero of everything."""
    assert await store.statistics() == Statistics({}, 0, 0, {}, 0.0, Usage())


async def test_statistics(store: SqlStore) -> None:
    """Runs by state, deliveries, rejections, and what the calls that came back cost."""
    for number in range(3):
        await store.add_run(a_run(f"r{number}"))
    await store.set_run_state(RunId("r0"), "succeeded", at=NOON)
    await store.accept([a_delivery("d1"), a_delivery("d2")], NOON)
    await store.processed("d1", "ok", later(1))
    await store.count_rejection("bad signature", 7)
    for index in range(3):
        await reserve(store, a_turn(index, run="r1"), 5.0)
    for index in range(2):
        await store.finish_turn(replace(a_turn(index, run="r1"), usd=0.25, usage=SOME_TOKENS))
    found = await store.statistics()
    states: dict[RunState, int] = {"succeeded": 1, "queued": 2}
    assert found == Statistics(states, 2, 1, {"bad signature": 7}, 0.5, SOME_TOKENS + SOME_TOKENS)
    assert found.deliveries_waiting == 1
