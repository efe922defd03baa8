"""Cancelling runs and stopping the engine, on SQLite and on PostgreSQL.

Traps of dbos that have their test here: a cancel ends only what runs in a preemptible step, not a run that waits for a
message or a segment; a cancelled segment frees its repository before its clean-up has ended; the tasks of an engine
that was destroyed go on; starts are counted for ever, so that patient runs would be given up.
"""

import asyncio

import pytest

from bot.core.conversation import Json
from bot.core.errors import BotError
from bot.core.repository import Repo
from bot.core.runs import RunId
from bot.ports import Steps
from tests.adapters.durable.conftest import Engines
from tests.adapters.durable.story import Hold, Tally, gives, no_segment, one_segment


async def test_cancel_breaks_off_a_step_and_the_next_run_waits_for_its_clean_up(engines: Engines, repo: Repo) -> None:
    """The step is told, tidies up, and only then another run of the repository begins its segment."""
    first, second = RunId("260102-000001-a"), RunId("260102-000002-b")
    begun, tidy, order = asyncio.Event(), asyncio.Event(), []

    async def work() -> Json:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            order.append("told")
            await tidy.wait()
            order.append("tidied up")
        return {}

    async def build(run: RunId, name: str, steps: Steps) -> Json:
        order.append(run)
        return await steps.step("work", work if run == first else gives(ok=True))

    engine = engines()
    await engine.launch(one_segment, build)
    await engine.start(first, repo)
    await begun.wait()
    await engine.start(second, repo)
    await engine.cancel(first)
    assert await engine.wait(first) is None
    assert await engine.status(first) == "cancelled"
    assert await engine.status(RunId(f"{first}:build")) == "cancelled"
    assert await engine.failure(first) == "it was cancelled"
    while await engine.status(RunId(f"{second}:build")) != "running":
        await asyncio.sleep(0)
    tidy.set()
    assert await engine.wait(second) == {"ok": True}
    assert order == [first, "told", "tidied up", second]


async def test_cancel_from_another_process_reaches_a_run_that_waits(engines: Engines, run: RunId, repo: Repo) -> None:
    """The command line cancels what the server executes; the run leaves the server's memory."""
    parked, gone = asyncio.Event(), asyncio.Event()

    async def coordinate(run: RunId, steps: Steps) -> Json:
        parked.set()
        try:
            return await steps.receive("approval", seconds=7 * 86400) or {}
        finally:
            gone.set()

    engine, door = engines(), engines()
    await engine.launch(coordinate, no_segment)
    await engine.start(run, repo)
    await parked.wait()
    await door.cancel(run)
    await gone.wait()
    assert await engine.wait(run) is None
    assert await door.status(run) == "cancelled"


async def test_cancel_of_a_run_that_has_not_begun_or_has_ended(engines: Engines, run: RunId, repo: Repo) -> None:
    """Before: it never runs. After: it stays what it was."""
    other, tally = RunId("260102-000009-z"), Tally()

    async def coordinate(run: RunId, steps: Steps) -> Json:
        return await steps.step("work", tally.work(run))

    door = engines()
    await door.start(run, repo)
    await door.cancel(run)
    engine = engines()
    await engine.launch(coordinate, no_segment)
    await engine.start(other, repo)
    await engine.wait(other)
    await engine.cancel(other)
    assert [await engine.status(run), await engine.status(other)] == ["cancelled", "succeeded"]
    assert tally.ran == [other]


async def test_an_engine_that_is_closed_leaves_its_runs_to_the_next_one(
    engines: Engines, run: RunId, repo: Repo
) -> None:
    """Finished steps stay done; the step under way is told and runs again; an error of its clean-up does not count."""
    tally, hold = Tally(), Hold()

    async def clumsy() -> Json:
        try:
            return await hold()
        except asyncio.CancelledError:
            raise OSError("the clean-up went wrong") from None

    async def build(run: RunId, name: str, steps: Steps) -> Json:
        await steps.step("before", tally.work("before"))
        return await steps.step("long", clumsy)

    async def coordinate(run: RunId, steps: Steps) -> Json:
        await steps.step("plan", tally.work("plan"))
        return await steps.segment("build")

    engine = engines()
    await engine.launch(coordinate, build)
    await engine.start(run, repo)
    await hold.begun.wait()
    waiting = asyncio.create_task(engine.wait(run))
    while await engine.status(run) != "running":
        await asyncio.sleep(0)
    await engine.close()
    assert hold.cleaned.is_set()
    with pytest.raises(BotError, match="closed"):
        await waiting
    with pytest.raises(BotError, match="The engine is closed"):
        await engine.status(run)

    hold.let_go.set()
    engine = engines()
    await engine.launch(coordinate, build)
    assert await engine.wait(run) == {"held": True}
    assert tally.ran == ["plan", "before"]
    assert hold.times == 2


async def test_a_run_goes_on_with_changed_code(engines: Engines, run: RunId, repo: Repo) -> None:
    """The version is pinned: what waited during a deploy ends with the new code and the old results."""
    parked = asyncio.Event()

    async def old(run: RunId, steps: Steps) -> Json:
        read = await steps.step("read", gives(by="old"))
        parked.set()
        await steps.receive("go", seconds=3600)
        return {"read": read, "code": "old"}

    async def new(run: RunId, steps: Steps) -> Json:
        read = await steps.step("read", gives(by="new"))
        return {"read": read, "go": await steps.receive("go", seconds=3600), "code": "new"}

    engine = engines()
    await engine.launch(old, no_segment)
    await engine.start(run, repo)
    await parked.wait()
    await engine.close()
    engine = engines()
    await engine.launch(new, no_segment)
    await engine.send(run, "go", {"ok": True}, key="d1")
    assert await engine.wait(run) == {"read": {"by": "old"}, "go": {"ok": True}, "code": "new"}


async def test_a_patient_run_survives_more_deploys_than_its_restarts(engines: Engines, run: RunId, repo: Repo) -> None:
    """Stopping in good order does not count as dying, neither for a run at its gate nor for a long step."""
    hold = Hold()

    async def build(run: RunId, name: str, steps: Steps) -> Json:
        return await steps.step("long", hold)

    for _ in range(4):
        engine = engines(restarts=1)
        await engine.launch(one_segment, build)
        await engine.start(run, repo)
        await hold.begun.wait()
        hold.begun.clear()
        await engine.close()
    hold.let_go.set()
    engine = engines(restarts=1)
    await engine.launch(one_segment, build)
    assert await engine.wait(run) == {"held": True}
    assert await engine.given_up() == []
