"""A run's heartbeat: who is silent for too long is found out, and who goes on says so."""

from datetime import UTC, datetime, timedelta

from bot.adapters.store import SqlStore
from bot.core.pulse import Pulse
from bot.core.runs import RunId
from tests.samples import a_run

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
PATIENCE = timedelta(seconds=45)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


async def working(store: SqlStore) -> RunId:
    """A run that somebody took up at noon."""
    run = a_run(state="running")
    await store.add_run(run)
    assert await store.take_up(run.id, NOON, NOON - PATIENCE) == Pulse(run.id, NOON)
    return run.id


async def test_a_run_that_beats_is_not_stalled(store: SqlStore) -> None:
    """However long it takes."""
    run = await working(store)
    await store.beat([run], at(40))
    assert await store.stall(at(80) - PATIENCE) == []
    assert await store.pulse(run) == Pulse(run, at(40))


async def test_silence_is_found_out_and_ends_when_somebody_takes_the_run_up(store: SqlStore) -> None:
    """It is told as often as it is asked for; the last beat is when the silence began."""
    run = await working(store)
    for _ in range(2):
        assert await store.stall(at(46) - PATIENCE) == [run]
    pulse = await store.pulse(run)
    assert pulse == Pulse(run, NOON, stalled_since=NOON)
    assert pulse.stalled
    resumed = await store.take_up(run, at(60), at(60) - PATIENCE)
    assert resumed == Pulse(run, at(60), stalled_since=NOON, resumed_at=at(60))
    assert not resumed.stalled
    assert await store.stall(at(61) - PATIENCE) == []


async def test_a_silence_that_nobody_saw_is_told_by_who_takes_the_run_up(store: SqlStore) -> None:
    """As after a restart of the only server."""
    run = await working(store)
    assert await store.take_up(run, at(600), at(600) - PATIENCE) == Pulse(
        run, at(600), stalled_since=NOON, resumed_at=at(600)
    )


async def test_a_short_silence_is_none(store: SqlStore) -> None:
    """A quick restart is nobody's concern."""
    run = await working(store)
    assert await store.take_up(run, at(20), at(20) - PATIENCE) == Pulse(run, at(20))


async def test_a_run_at_rest_may_be_silent(store: SqlStore) -> None:
    """Nobody has to be at work on what waits for people, and days are no stall."""
    run = await working(store)
    await store.rest(run, at(10))
    assert await store.stall(at(9999)) == []
    assert await store.take_up(run, at(9999), at(9999) - PATIENCE) == Pulse(run, at(9999))


async def test_a_run_that_ended_or_waits_is_not_stalled(store: SqlStore) -> None:
    """Its worker may have died before it could say that it rests."""
    run = await working(store)
    await store.set_run_state(run, "waiting")
    assert await store.stall(at(9999)) == []
    await store.set_run_state(run, "failed", at=at(10))
    assert await store.stall(at(9999)) == []


async def test_a_second_silence_is_another_one(store: SqlStore) -> None:
    """The newest is told."""
    run = await working(store)
    await store.take_up(run, at(600), at(600) - PATIENCE)
    assert await store.stall(at(700) - PATIENCE) == [run]
    assert await store.pulse(run) == Pulse(run, at(600), stalled_since=at(600))


async def test_a_worker_that_was_only_slow_is_believed_again(store: SqlStore) -> None:
    """Its next beat ends what looked like a stall."""
    run = await working(store)
    await store.stall(at(46) - PATIENCE)
    await store.beat([run], at(50))
    assert await store.pulse(run) == Pulse(run, at(50), stalled_since=NOON, resumed_at=at(50))


async def test_nobody_at_work_is_no_pulse(store: SqlStore) -> None:
    """Of a run that was never taken up."""
    assert await store.pulse(RunId("none")) is None
    await store.beat([], NOON)
