"""Several workers on one PostgreSQL: names, leases, and what happens without them.

Traps of dbos that have their test here: two live workers with one name execute the same runs; looking at leases that
have run out instead of rows without a lease orphans runs.
"""

import asyncio

import pytest

from bot.adapters.durable import DbosDurable, Lease
from bot.core.conversation import Json
from bot.core.errors import BotError
from bot.core.repository import Repo
from bot.core.runs import RunId
from bot.ports import Steps
from tests.adapters.durable.story import Hold, gives, no_segment
from tests.postgres import run_sql

pytestmark = pytest.mark.postgres
QUICK = Lease(ttl_seconds=0.5, beat_seconds=0.05)


async def coordinate(run: RunId, steps: Steps) -> Json:
    return await steps.step("work", gives(ok=True))


def fenceable(url: str) -> tuple[DbosDurable, asyncio.Event]:
    """A worker that sets the event instead of ending the process."""
    loop, fenced = asyncio.get_running_loop(), asyncio.Event()

    def fence() -> None:
        loop.call_soon_threadsafe(fenced.set)

    return DbosDurable(url, poll_seconds=0.02, lease=QUICK, fence=fence), fenced


async def test_two_live_workers_never_share_a_name(empty_postgres_url: str) -> None:
    """The second one is refused while the first one lives; names that nobody chose differ."""
    one = DbosDurable(empty_postgres_url, executor_id="w1", poll_seconds=0.02, lease=QUICK)
    await one.launch(coordinate, no_segment)
    two = DbosDurable(empty_postgres_url, executor_id="w1", poll_seconds=0.02, lease=QUICK)
    with pytest.raises(BotError, match="Another worker is called 'w1'"):
        await two.launch(coordinate, no_segment)
    await one.close()
    await two.launch(coordinate, no_segment)
    await two.close()
    for _ in range(2):
        engine = DbosDurable(empty_postgres_url, poll_seconds=0.02, lease=Lease())
        await engine.launch(coordinate, no_segment)
        run_sql(empty_postgres_url, "CREATE TABLE IF NOT EXISTS names (name text PRIMARY KEY)")
        run_sql(empty_postgres_url, "INSERT INTO names SELECT executor_id FROM devflow.worker_lease")
        await engine.close()
    assert run_sql(empty_postgres_url, "SELECT count(*) FROM names") == [(2,)]
    assert run_sql(empty_postgres_url, "SELECT count(*) FROM devflow.worker_lease") == [(0,)]


@pytest.mark.parametrize(
    "loss",
    ["DELETE FROM devflow.worker_lease", "UPDATE devflow.worker_lease SET expires_at = now() - interval '1 hour'"],
)
async def test_a_worker_that_lost_its_lease_fences_itself(loss: str, postgres_url: str) -> None:
    """By its next beat, whoever or whatever took the lease."""
    engine, fenced = fenceable(postgres_url)
    await engine.launch(coordinate, no_segment)
    run_sql(postgres_url, loss)
    await fenced.wait()
    await engine.close()


async def test_a_worker_whose_database_is_silent_fences_itself_when_the_lease_has_run_out(postgres_url: str) -> None:
    """It cannot know that nobody took over, so it assumes that somebody did."""
    engine, fenced = fenceable(postgres_url)
    await engine.launch(coordinate, no_segment)
    run_sql(postgres_url, "ALTER TABLE devflow.worker_lease RENAME TO hidden")
    await fenced.wait()
    run_sql(postgres_url, "ALTER TABLE devflow.hidden RENAME TO worker_lease")
    await engine.close()


async def test_a_row_without_any_lease_is_taken_over(postgres_url: str, run: RunId, repo: Repo) -> None:
    """Its worker died so long ago that even its lease is forgotten."""
    hold = Hold()

    async def held(run: RunId, steps: Steps) -> Json:
        return await steps.step("work", hold)

    engine = DbosDurable(postgres_url, poll_seconds=0.02, lease=QUICK)
    await engine.launch(held, no_segment)
    await engine.start(run, repo)
    await hold.begun.wait()
    await engine.close()
    run_sql(postgres_url, "UPDATE dbos.workflow_status SET executor_id = 'long gone'")
    hold.let_go.set()
    engine = DbosDurable(postgres_url, poll_seconds=0.02, lease=QUICK)
    await engine.launch(held, no_segment)
    assert await engine.wait(run) == {"held": True}
    await engine.close()


async def test_a_server_that_cannot_be_reached_is_named_without_its_password(run: RunId, repo: Repo) -> None:
    """What is wrong, and what to check."""
    engine = DbosDurable("postgresql://bot:secret@127.0.0.1:1/devflow", poll_seconds=0.02)
    with pytest.raises(BotError, match=r"bot:\*\*\*@127.0.0.1:1/devflow cannot be used") as refused:
        await engine.start(run, repo)
    assert "secret" not in str(refused.value)
    await engine.close()
