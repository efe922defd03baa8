"""Group commit on SQLite: one transaction for all who wait, its log bounded, nothing left behind."""

import asyncio
import sqlite3
import threading
from contextlib import nullcontext
from pathlib import Path

import pytest

from bot.adapters.store import SqlStore, checkpoints
from bot.adapters.store.checkpoints import Checkpointer
from bot.adapters.store.connections import connect
from bot.adapters.store.group_commit import GroupCommit, Work
from bot.core.errors import BotError
from tests.adapters.store.rig import NOON, a_delivery, a_run, later, start_process, stores_at

BODY = b"x" * 27_000
MEGABYTE = 2**20


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with a table of numbers, none twice."""
    file = tmp_path / "x.db"
    connection = connect(file)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE numbers (number INTEGER PRIMARY KEY)")
    connection.close()
    return file


def putting(number: int) -> Work[int]:
    """Work that stores a number and returns how many there are."""

    def work(connection: sqlite3.Connection) -> int:
        connection.execute("INSERT INTO numbers VALUES (?)", [number])
        (count,) = connection.execute("SELECT count(*) FROM numbers").fetchone()
        return int(count)

    return work


def numbers_in(path: Path) -> list[int]:
    connection = connect(path)
    found = [number for (number,) in connection.execute("SELECT number FROM numbers ORDER BY number")]
    connection.close()
    return found


def our_threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("devflow-")}


async def test_all_who_wait_share_a_transaction(path: Path) -> None:
    """Five calls that come while the writers' line is held: one BEGIN, and each sees what those before it did."""
    line = asyncio.Lock()
    begun: list[str] = []
    group = GroupCommit(path, line)
    group._connection.set_trace_callback(lambda sql: begun.append(sql) if sql.startswith("BEGIN") else None)
    async with line:
        calls = [asyncio.create_task(group.write(putting(number), 1)) for number in range(5)]
        await asyncio.sleep(0)
    assert await asyncio.gather(*calls) == [1, 2, 3, 4, 5]
    assert begun == ["BEGIN IMMEDIATE"]
    await group.close()


async def test_who_fails_fails_alone(path: Path) -> None:
    """A call that breaks a rule of the table gets its error; those of the same transaction are carried out."""
    group = GroupCommit(path, nullcontext())
    answers = await asyncio.gather(
        *(group.write(putting(number), 1) for number in (1, 2, 2, 3)), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [int, int, sqlite3.IntegrityError, int]
    assert numbers_in(path) == [1, 2, 3]
    await group.close()


async def test_a_bug_is_raised_where_the_call_was_made(path: Path) -> None:
    """Any error of the work comes back to its caller, with nothing stored; later calls are not hurt."""

    def broken(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO numbers VALUES (7)")
        raise ZeroDivisionError

    group = GroupCommit(path, nullcontext())
    with pytest.raises(ZeroDivisionError):
        await group.write(broken, 1)
    assert await group.write(putting(8), 1) == 1
    assert numbers_in(path) == [8]
    await group.close()


async def test_a_locked_database_is_waited_for_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If another program holds the database, all who share a transaction are told so together, not one by one."""
    begun: list[str] = []
    group = GroupCommit(path, nullcontext())
    group._connection.execute("PRAGMA busy_timeout = 1")
    group._connection.set_trace_callback(lambda sql: begun.append(sql) if sql.startswith("BEGIN") else None)
    other = connect(path)
    other.execute("BEGIN IMMEDIATE")
    calls = (group.write(putting(number), 1) for number in range(5))
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert {str(answer) for answer in answers} == {"database is locked"}
    assert begun == ["BEGIN IMMEDIATE"]
    other.execute("ROLLBACK")
    other.close()
    assert await group.write(putting(1), 1) == 1
    await group.close()


async def test_a_cancelled_caller_stops_nobody(path: Path) -> None:
    """Its work is carried out, and so is that of all others, whenever the cancellation comes."""
    group = GroupCommit(path, nullcontext())
    for ticks in range(10):
        calls = [asyncio.create_task(group.write(putting(3 * ticks + n), 1)) for n in range(3)]
        await asyncio.sleep(0)
        for _ in range(ticks):
            await asyncio.sleep(0)
        calls[1].cancel()
        assert all([isinstance(await call, int) for call in (calls[0], calls[2])])
    await group.close()
    assert numbers_in(path) == list(range(30))


async def test_closing_carries_out_what_waits(path: Path) -> None:
    """Calls that were made before the closing are answered; no thread of ours is left."""
    group = GroupCommit(path, nullcontext())
    calls = [asyncio.create_task(group.write(putting(number), 1)) for number in range(5)]
    await asyncio.sleep(0)
    await group.close()
    assert [call.result() for call in calls] == [1, 2, 3, 4, 5]
    assert our_threads() == set()


async def test_a_clean_end(tmp_path: Path) -> None:
    """Closing the store copies the log into the database, removes it, and ends its threads."""
    async with stores_at(f"sqlite:///{tmp_path}/x.db") as (store,):
        for batch in range(30):
            await store.accept([a_delivery(f"{batch}/{n}", BODY) for n in range(8)], later(batch))
        assert (tmp_path / "x.db-wal").stat().st_size > 0
        assert our_threads()
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith("x.db-")] == ["x.db-migrate.lock"]
    assert our_threads() == set()
    async with stores_at(f"sqlite:///{tmp_path}/x.db") as (store,):
        assert len(await store.unprocessed(1000)) == 240


async def test_the_log_stays_bounded(tmp_path: Path) -> None:
    """80 MB of deliveries, marked meanwhile, leave a log under 64 MB: it begins anew although nobody ever pauses."""
    log = tmp_path / "x.db-wal"
    largest = 0
    async with stores_at(f"sqlite:///{tmp_path}/x.db") as (store,):

        async def deliver(lane: int) -> None:
            nonlocal largest
            for batch in range(12):
                await store.accept([a_delivery(f"{lane}/{batch}/{n}", BODY) for n in range(64)], later(batch))
                await store.processed(f"{lane}/{batch}/0", "ok", NOON)
                largest = max(largest, log.stat().st_size)

        await asyncio.gather(*(deliver(lane) for lane in range(4)))
        assert (await store.statistics()).deliveries_received == 4 * 12 * 64
    assert MEGABYTE < largest < 64 * MEGABYTE


async def test_the_log_stays_bounded_by_the_writer_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if the thread beside never gets to checkpoint."""
    monkeypatch.setattr(checkpoints, "EVERY_PAGES", 10**9)
    async with stores_at(f"sqlite:///{tmp_path}/x.db") as (store,):
        for batch in range(24):
            await store.accept([a_delivery(f"{batch}/{n}", BODY) for n in range(100)], later(batch))
        assert (tmp_path / "x.db-wal").stat().st_size < 48 * MEGABYTE


async def test_checkpoints_leave_gaps(path: Path) -> None:
    """One begins after enough pages, never after a commit that another checkpoint overlapped."""
    checkpointer = Checkpointer(path)
    release = threading.Event()
    checkpointer._thread.submit(release.wait)
    checkpointer.committed(checkpoints.EVERY_PAGES - 1, alone=True)
    assert not checkpointer.busy
    checkpointer.committed(1, alone=False)
    assert not checkpointer.busy
    checkpointer.committed(0, alone=True)
    latest = checkpointer._latest
    assert latest is not None
    assert not latest.done()
    release.set()
    checkpointer.close()
    assert latest.done()


async def test_the_writer_waits_for_a_slow_checkpoint(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once it has written enough beside one, its next transaction begins when the checkpoint has ended."""
    monkeypatch.setattr(checkpoints, "MOST_BEHIND", 20)
    group = GroupCommit(path, nullcontext())
    release = threading.Event()
    checkpointer = group._checkpointer
    checkpointer._thread.submit(release.wait)
    checkpointer.committed(checkpoints.EVERY_PAGES, alone=True)
    seen = [await group.write(lambda _: checkpointer.busy, 10) for _ in range(2)]
    waiting = asyncio.create_task(group.write(lambda _: checkpointer.busy, 10))
    for _ in range(100):
        await asyncio.sleep(0)
    release.set()
    assert [*seen, await waiting] == [True, True, False]
    await group.close()


async def test_a_checkpoint_that_fails_hurts_nobody(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread beside is a help, not a need: with its connection gone, calls are carried out as before."""
    monkeypatch.setattr(checkpoints, "EVERY_PAGES", 1)
    group = GroupCommit(path, nullcontext())
    group._checkpointer._connection.close()
    assert [await group.write(putting(number), 1) for number in range(5)] == [1, 2, 3, 4, 5]
    await group.close()


async def test_large_batches_take_several_statements(tmp_path: Path) -> None:
    """More deliveries than one statement takes, known ones among them, are one transaction all the same."""
    async with stores_at(f"sqlite:///{tmp_path}/x.db") as (store,):
        await store.accept([a_delivery(str(n)) for n in range(0, 450, 7)], NOON)
        fresh = await store.accept([a_delivery(str(n)) for n in range(450)], later(1))
        assert fresh == [n % 7 != 0 for n in range(450)]
        assert [d.id for d in await store.unprocessed(1000)][65:] == [str(n) for n in range(450) if n % 7]


async def test_accepting_marking_and_runs_side_by_side(tmp_path: Path) -> None:
    """Both ways into the database wait in one line: nobody is told that it is locked."""
    async with stores_at(f"sqlite:///{tmp_path}/x.db") as (store,):

        async def deliver(n: int) -> None:
            assert await store.accept([a_delivery(f"d{n}", BODY)], later(n)) == [True]
            await store.processed(f"d{n}", "ok", later(n))
            assert await store.delivery_outcome(f"d{n}") == "ok"

        await asyncio.gather(*(deliver(n) for n in range(40)), *(store.add_run(a_run(f"r{n}")) for n in range(20)))
        assert await store.unprocessed() == []
        assert len(await store.runs()) == 20


async def test_marking_on_a_locked_database(tmp_path: Path) -> None:
    """The error is one for people; the delivery waits as before."""
    async with stores_at(f"sqlite:///{tmp_path}/x.db") as (store,):
        await store.accept([a_delivery("d1")], NOON)
        assert store._inbox is not None
        store._inbox._group._connection.execute("PRAGMA busy_timeout = 1")
        with sqlite3.connect(tmp_path / "x.db", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(BotError, match="could not be written: database is locked"):
                await store.processed("d1", "ok", NOON)
            other.execute("ROLLBACK")
        other.close()
        assert [d.id for d in await store.unprocessed()] == ["d1"]


@pytest.mark.kill
async def test_kill_right_after_marking(tmp_path: Path) -> None:
    """An outcome that was stored is there although the process was killed before it did anything else."""
    steps = """
        await store.open()
        await store.accept([Delivery(f"d{n}", "push", b"x" * 27_000) for n in range(8)], NOON)
        await asyncio.gather(*(store.processed(f"d{n}", "ok", NOON) for n in range(7)))
        print("marked", flush=True)
        sys.stdin.read()
    """
    url = f"sqlite:///{tmp_path}/x.db"
    with start_process(url, steps) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "marked\n"
        process.kill()
    async with stores_at(url) as (store,):
        assert [d.id for d in await store.unprocessed()] == ["d7"]


async def test_a_closed_store_marks_nothing(tmp_path: Path) -> None:
    """It does not open itself again behind the caller's back."""
    store = SqlStore(f"sqlite:///{tmp_path}/x.db")
    with pytest.raises(RuntimeError, match="not open"):
        await store.processed("d1", "ok", NOON)
