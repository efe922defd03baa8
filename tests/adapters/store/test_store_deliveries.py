"""Deliveries: stored once, durable when accepted, worked on in the order of their arrival."""

import asyncio
import random
from datetime import timedelta, timezone

import psycopg
import pytest

from bot.adapters.store import SqlStore
from bot.adapters.store.connections import connect
from bot.core.repository import Delivery
from tests.adapters.store.rig import HOSTILE, NOON, a_delivery, later, start_process, stores_at
from tests.postgres import run_sql


async def test_a_delivery_is_new_once(store: SqlStore) -> None:
    """The first copy is new; every later one is not, also once it is processed."""
    assert await store.accept([a_delivery("d1")], NOON) == [True]
    assert await store.accept([a_delivery("d1", b"other")], later(1)) == [False]
    await store.processed("d1", "nothing to do", later(2))
    assert await store.accept([a_delivery("d1")], later(3)) == [False]
    assert await store.unprocessed() == []


async def test_a_batch_is_answered_one_by_one(store: SqlStore) -> None:
    """Known, new and doubled deliveries of one batch each get their own answer; the first copy is the one kept."""
    await store.accept([a_delivery("old")], NOON)
    batch = [a_delivery("z"), a_delivery("old"), a_delivery("a", b"first"), a_delivery("a", b"second")]
    assert await store.accept(batch, later(1)) == [True, False, True, False]
    assert [d.id for d in await store.unprocessed()] == ["old", "z", "a"]
    assert (await store.unprocessed())[-1].body == b"first"


async def test_an_empty_batch_is_nothing(store: SqlStore) -> None:
    """No deliveries, no answers."""
    assert await store.accept([], NOON) == []


async def test_work_comes_in_the_order_of_arrival(store: SqlStore) -> None:
    """Batch by batch, and inside a batch as it was given, whatever the ids sort like."""
    ids = [f"{random.Random(n).getrandbits(64):016x}" for n in range(40)]
    await store.accept([a_delivery(id_) for id_ in ids[:20]], NOON)
    await store.accept([a_delivery(id_) for id_ in ids[20:]], later(0.000001))
    assert [d.id for d in await store.unprocessed()] == ids
    assert [d.id for d in await store.unprocessed(3)] == ids[:3]


async def test_a_processed_delivery_waits_no_more(store: SqlStore) -> None:
    """Its outcome can be asked for, and the first outcome stays."""
    await store.accept([a_delivery("d1"), a_delivery("d2")], NOON)
    assert await store.delivery_outcome("d1") is None
    await store.processed("d1", "started a run", later(1))
    await store.processed("d1", "something else", later(2))
    assert await store.delivery_outcome("d1") == "started a run"
    assert [d.id for d in await store.unprocessed()] == ["d2"]
    assert await store.delivery_outcome("never seen") is None


async def test_bodies_come_back_byte_for_byte(store: SqlStore) -> None:
    """NUL bytes, invalid UTF-8 and megabytes are kept as they came; so is hostile text in ids and events."""
    bodies = [b"", b"\0\x01\xff\xfe'\"", bytes(range(256)) * 4096]
    deliveries = [Delivery(f"{n} {HOSTILE}", HOSTILE, body) for n, body in enumerate(bodies)]
    assert await store.accept(deliveries, NOON) == [True, True, True]
    assert await store.unprocessed() == deliveries
    assert [d.body for d in await store.unprocessed()] == bodies


async def test_ids_that_no_database_can_hold(store: SqlStore) -> None:
    """NUL and lone surrogates become U+FFFD, and the same delivery is still known when it comes again."""
    strange = Delivery("a\0b\ud800", "e\0", b"")
    assert await store.accept([strange], NOON) == [True]
    assert await store.accept([strange], NOON) == [False]
    assert [(d.id, d.event) for d in await store.unprocessed()] == [("a\ufffdb\ufffd", "e\ufffd")]
    await store.processed("a\0b\ud800", "done\0", NOON)
    assert await store.delivery_outcome("a\0b\ud800") == "done\ufffd"


async def test_twenty_at_once(two_stores: tuple[SqlStore, SqlStore]) -> None:
    """Of twenty copies accepted at the same time by two servers, exactly one is new."""
    answers = await asyncio.gather(*(two_stores[n % 2].accept([a_delivery("d1")], later(n)) for n in range(20)))
    assert sorted(answers) == [[False]] * 19 + [[True]]


async def test_batches_that_cross(two_stores: tuple[SqlStore, SqlStore]) -> None:
    """Two servers given the same deliveries in opposite order: each is new once."""
    batch = [a_delivery(f"d{n}", b"x" * 20_000) for n in range(50)]
    orders = [batch, batch[::-1]] * 6
    answers = await asyncio.gather(*(two_stores[n % 2].accept(order, NOON) for n, order in enumerate(orders)))
    assert sum(sum(answer) for answer in answers) == len(batch)
    assert len(await two_stores[0].unprocessed(1000)) == len(batch)


@pytest.mark.postgres
async def test_batches_that_cross_do_not_deadlock(postgres_url: str) -> None:
    """While another server's transaction holds the first id of a batch, nothing of the batch is held yet: the other
    can go on to a later id, which would be a deadlock otherwise."""
    insert = "INSERT INTO devflow_deliveries (id, event, received_at, position, body) VALUES (%s, '', now(), 0, '')"
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    async with stores_at(postgres_url) as (store,), await psycopg.AsyncConnection.connect(postgres_url) as other:
        await other.execute(insert, ["first"])
        accepting = asyncio.create_task(store.accept([a_delivery("later"), a_delivery("first")], NOON))
        while run_sql(postgres_url, waiting) != [(1,)]:
            await asyncio.sleep(0)
        await other.execute(insert, ["later"])
        await other.commit()
        assert await accepting == [False, False]


async def test_rejections_add_up(two_stores: tuple[SqlStore, SqlStore]) -> None:
    """Counts of one reason from several servers at once lose nothing."""
    one, other = two_stores
    await asyncio.gather(*(store.count_rejection("bad signature") for store in (one, other) * 5))
    await one.count_rejection("too large", 40)
    await other.count_rejection("too large", 2)
    assert await one.rejections() == {"bad signature": 10, "too large": 42}


async def test_old_deliveries_are_pruned(store: SqlStore) -> None:
    """Only processed ones received before the moment go, and they stay counted."""
    await store.accept([a_delivery("old, done"), a_delivery("old, waiting")], NOON)
    await store.accept([a_delivery("new, done")], later(10))
    await store.processed("old, done", "ok", later(20))
    await store.processed("new, done", "ok", later(20))
    assert await store.prune_deliveries(later(10)) == 1
    assert await store.prune_deliveries(later(10)) == 0
    assert await store.delivery_outcome("old, done") is None
    assert await store.delivery_outcome("new, done") == "ok"
    assert [d.id for d in await store.unprocessed()] == ["old, waiting"]
    totals = await store.statistics()
    assert (totals.deliveries_received, totals.deliveries_processed, totals.deliveries_waiting) == (3, 2, 1)


async def test_moments_need_a_zone(store: SqlStore) -> None:
    """A time without a zone would be read differently on every machine: it is refused, nothing is changed."""
    await store.accept([a_delivery("d1")], NOON)
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(Exception, match="timezone information"):
        await store.accept([a_delivery("d2")], naive)
    with pytest.raises(Exception, match="timezone information"):
        await store.processed("d1", "ok", naive)
    assert [d.id for d in await store.unprocessed()] == ["d1"]


async def test_order_across_zones(store: SqlStore) -> None:
    """Times are compared as moments, whatever zone they are given in."""
    tokyo = timezone(timedelta(hours=9))
    await store.accept([a_delivery("second")], later(1).astimezone(tokyo))
    await store.accept([a_delivery("first")], NOON)
    assert [d.id for d in await store.unprocessed()] == ["first", "second"]
    await store.processed("first", "ok", NOON)
    await store.processed("second", "ok", NOON)
    assert await store.prune_deliveries(later(1).astimezone(tokyo)) == 1


@pytest.mark.kill
async def test_kill_right_after_accepting(database_url: str) -> None:
    """What was accepted is there although the process was killed before it did anything else."""
    steps = """
        await store.open()
        assert await store.accept([Delivery(f"d{n}", "push", b"x" * 27_000) for n in range(64)], NOON) == [True] * 64
        print("accepted", flush=True)
        sys.stdin.read()
    """
    with start_process(database_url, steps) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "accepted\n"
        process.kill()
    async with stores_at(database_url) as (store,):
        assert [(d.id, len(d.body)) for d in await store.unprocessed()] == [(f"d{n}", 27_000) for n in range(64)]


async def test_sqlite_writes_through_to_the_disk(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The connection that accepts waits for the disk at each commit: synchronous is FULL (2)."""
    connection = connect(tmp_path_factory.mktemp("file") / "x.db")
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    connection.close()
