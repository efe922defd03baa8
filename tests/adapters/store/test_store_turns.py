"""Turns: money is reserved before it is spent, and nobody together or apart passes the cap."""

import asyncio
from dataclasses import replace

import pytest

from bot.adapters.store import SqlStore
from bot.core.conversation import Usage
from bot.core.repository import Sha
from bot.core.runs import RunId
from tests.adapters.store.rig import HOSTILE, RUN, SOME_TOKENS, a_cap, a_run, a_turn, reserve


async def test_a_turn_is_reserved_and_finished(store: SqlStore) -> None:
    """What came back replaces nothing of the reservation."""
    await store.add_run(a_run())
    assert await reserve(store, a_turn(), 5.0)
    assert await store.turns(RUN) == [a_turn()]
    came_back = replace(
        a_turn(usd=0.0), usd=0.05, usage=SOME_TOKENS, reply=f'["{HOSTILE}"]', tree=Sha("b" * 40), seconds=2.25
    )
    await store.finish_turn(came_back)
    await store.finish_turn(replace(came_back, results="[]"))
    assert await store.turns(RUN) == [replace(came_back, reserved_usd=0.3, results="[]")]


async def test_the_cap_holds_for_the_whole_run(store: SqlStore) -> None:
    """Units share one cap; another run has its own."""
    await store.add_run(a_run())
    await store.add_run(a_run("another"))
    assert await reserve(store, a_turn(0, 0.6), 1.0)
    assert not await reserve(store, a_turn(0, 0.6, unit="implementation/T1"), 1.0)
    assert await reserve(store, a_turn(0, 0.4, unit="implementation/T1"), 1.0)
    assert await reserve(store, a_turn(0, 0.6, run="another"), 1.0)
    assert [turn.unit for turn in await store.turns(RUN)] == ["design", "implementation/T1"]


async def test_a_finished_turn_counts_by_its_price(store: SqlStore) -> None:
    """The rest of its reservation is free again."""
    await store.add_run(a_run())
    assert await reserve(store, a_turn(0, 0.9), 1.0)
    await store.finish_turn(replace(a_turn(0), usd=0.1))
    assert not await reserve(store, a_turn(1, 0.95), 1.0)
    assert await reserve(store, a_turn(1, 0.9), 1.0)


async def test_a_raised_cap_lets_a_run_go_on(store: SqlStore) -> None:
    """The cap is the caller's; what was refused left no trace."""
    await store.add_run(a_run())
    assert not await reserve(store, a_turn(0, 2.5), 2.0)
    assert await store.turns(RUN) == []
    assert await reserve(store, a_turn(0, 2.5), 4.0)


async def test_floats_do_not_eat_the_last_cent(store: SqlStore) -> None:
    """Three calls of 0.1 fit under 0.3, although their sum as floats is a little more."""
    await store.add_run(a_run())
    assert [await reserve(store, a_turn(n, 0.1), 0.3) for n in range(4)] == [True, True, True, False]


async def test_a_lost_turn_stays_paid(store: SqlStore) -> None:
    """After a crash the same turn is reserved again; the call that was lost may have been charged and still counts."""
    await store.add_run(a_run())
    assert await reserve(store, a_turn(0, 0.4), 1.0)
    assert await reserve(store, replace(a_turn(0, 0.3), model="claude-haiku-5-5"), 1.0)
    assert not await reserve(store, a_turn(0, 0.31), 1.0)
    assert await store.turns(RUN) == [replace(a_turn(0, 0.3), model="claude-haiku-5-5")]
    await store.finish_turn(replace(a_turn(0), usd=0.1))
    assert not await reserve(store, a_turn(1, 0.51), 1.0)
    assert await reserve(store, a_turn(1, 0.5), 1.0)
    assert (await store.statistics()).usd == pytest.approx(0.5)


async def test_a_finished_turn_is_never_made_again(store: SqlStore) -> None:
    """Who wants to has missed the stored reply; that is an error, and the reply stays."""
    await store.add_run(a_run())
    await reserve(store, a_turn(), 5.0)
    finished = replace(a_turn(), usd=0.0, reply="{}")
    await store.finish_turn(finished)
    with pytest.raises(ValueError, match="is finished"):
        await reserve(store, a_turn(), 5.0)
    assert await store.turns(RUN) == [finished]


async def test_turns_need_a_run_and_a_reservation(store: SqlStore) -> None:
    """Without them there is no cap to hold: an error, nothing stored."""
    with pytest.raises(LookupError, match="is not stored"):
        await reserve(store, a_turn(), 5.0)
    await store.add_run(a_run())
    with pytest.raises(LookupError, match="never reserved"):
        await store.finish_turn(replace(a_turn(), usd=0.1))
    assert await store.turns(RUN) == []


async def test_turns_in_order(store: SqlStore) -> None:
    """A unit's turns by number; a run's in the order in which they were first reserved."""
    await store.add_run(a_run())
    for turn in (a_turn(1, unit="b"), a_turn(0, unit="a"), a_turn(0, unit="b"), a_turn(1, unit="b")):
        assert await reserve(store, turn, 5.0)
    assert [(t.unit, t.index) for t in await store.turns(RUN)] == [("b", 1), ("a", 0), ("b", 0)]
    assert [t.index for t in await store.turns(RUN, "b")] == [0, 1]
    assert await store.turns(RUN, "c") == []
    assert await store.turns(RunId("another")) == []


async def test_eight_at_once_against_the_cap(two_stores: tuple[SqlStore, SqlStore]) -> None:
    """Eight callers on two servers want 0.3 each of 1.0: exactly three get it."""
    await two_stores[0].add_run(a_run())
    wishes = (reserve(two_stores[n % 2], a_turn(0, 0.3, unit=f"implementation/T{n}"), 1.0) for n in range(8))
    answers = await asyncio.gather(*wishes)
    assert answers.count(True) == 3
    turns = await two_stores[0].turns(RUN)
    assert {t.unit for t in turns} == {f"implementation/T{n}" for n, got in enumerate(answers) if got}


async def test_one_turn_wanted_by_many(two_stores: tuple[SqlStore, SqlStore]) -> None:
    """Two servers that believe to own the same turn are both charged for."""
    await two_stores[0].add_run(a_run())
    answers = await asyncio.gather(*(reserve(two_stores[n % 2], a_turn(0, 0.3), 1.0) for n in range(8)))
    assert answers.count(True) == 3
    assert len(await two_stores[0].turns(RUN)) == 1


@pytest.mark.parametrize("usd", [float("nan"), float("inf")])
async def test_a_price_that_is_no_number_is_refused(store: SqlStore, usd: float) -> None:
    """A broken price table fails closed."""
    await store.add_run(a_run())
    assert not await reserve(store, a_turn(0, usd), 5.0)
    assert await store.turns(RUN) == []


async def test_every_cap_counts_what_is_below_it(store: SqlStore) -> None:
    """An agent that was called draws on its caller's cap, on the phase's and on the run's; a neighbour does not."""
    await store.add_run(a_run())
    run, phase = a_cap(1.0), a_cap(0.8, "implementation")
    one, other = a_cap(0.5, "implementation/T1"), a_cap(0.5, "implementation/T10")
    called = a_cap(0.4, "implementation/T1/0.1-helper")
    assert await store.reserve_turn(a_turn(0, 0.4, unit=called.unit), [run, phase, one, called]) is None
    refused = await store.reserve_turn(a_turn(0, 0.2, unit=one.unit), [run, phase, one])
    assert refused is not None
    assert (refused.cap, refused.what) == (one, "usd")
    assert await store.reserve_turn(a_turn(0, 0.4, unit=other.unit), [run, phase, other]) is None
    refused = await store.reserve_turn(a_turn(0, 0.1, unit="implementation~2"), [run, phase])
    assert refused is not None
    assert refused.cap == phase
    assert await store.reserve_turn(a_turn(0, 0.1, unit="review"), [run, a_cap(0.8, "review")]) is None
    assert await store.reserve_turn(a_turn(0, 0.2, unit="delivery"), [run]) is not None


async def test_turns_and_tokens_are_capped_too(store: SqlStore) -> None:
    """A turn that is made again after a crash is one turn, but its tokens may have been used twice."""
    await store.add_run(a_run())
    few = a_cap(turns=2, tokens=1000)
    turn = replace(a_turn(), reserved_tokens=400)
    assert await store.reserve_turn(turn, [few]) is None
    assert await store.reserve_turn(turn, [few]) is None
    refused = await store.reserve_turn(replace(turn, index=1), [few])
    assert refused is not None
    assert refused.what == "tokens"
    await store.finish_turn(replace(turn, usd=0.1, usage=Usage(1, 2, 3, 4)))
    assert await store.reserve_turn(replace(turn, index=1), [few]) is None
    refused = await store.reserve_turn(replace(turn, index=2, reserved_tokens=0), [few])
    assert refused is not None
    assert refused.what == "turns"
    assert [t.reserved_tokens for t in await store.turns(RUN)] == [400, 400]


async def test_tokens_come_back_when_a_call_does(store: SqlStore) -> None:
    """What was really used counts, of every kind."""
    await store.add_run(a_run())
    cap = a_cap(tokens=100)
    turn = replace(a_turn(), reserved_tokens=100)
    assert await store.reserve_turn(turn, [cap]) is None
    await store.finish_turn(replace(turn, usd=0.1, usage=Usage(10, 20, 30, 20)))
    assert await store.reserve_turn(replace(turn, index=1, reserved_tokens=21), [cap]) is not None
    assert await store.reserve_turn(replace(turn, index=1, reserved_tokens=20), [cap]) is None
