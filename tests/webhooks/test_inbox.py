"""What happens to a delivery after its 202: worked on in order, again after a crash, never for ever."""

import asyncio
import contextlib
import random
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from bot.core.repository import Delivery
from tests.webhooks.served import ExampleBot, FaultyStore, comment, delivery, opened, post, until
from webhooks.inbox import KEPT, PRUNE_SECONDS, Inbox, NotTakenError
from webhooks.worker import DATABASE_PAUSE, MOST_KNOWN, PAUSES, lane_of

ROOT = Path(__file__).parents[2]


@contextlib.asynccontextmanager
async def working(inbox: Inbox) -> AsyncIterator[None]:
    task = asyncio.create_task(inbox.run())
    try:
        yield
    finally:
        task.cancel()
        await inbox.close()
        await asyncio.wait({task})


class Desk:
    """A handler whose deliveries stay under way until they are released."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.ended: list[str] = []
        self._releases: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def handle(self, delivery: Delivery) -> str:
        self.begun.append(delivery.id)
        await self._releases[delivery.id].wait()
        self.ended.append(delivery.id)
        return "done"

    def release(self, *ids: str) -> None:
        for id_ in ids:
            self._releases[id_].set()


async def test_deliveries_that_come_together_share_a_commit(bot: ExampleBot) -> None:
    """While one commit runs the next batch gathers: fifty deliveries cost two commits, and all are new."""
    bot.store.door.clear()
    inbox = Inbox(bot.store, bot.clock, bot.handle_delivery)
    accepting = [asyncio.create_task(inbox.accept(delivery("d-0")))]
    await until(lambda: inbox.committing == 1)
    accepting += [asyncio.create_task(inbox.accept(delivery(f"d-{number}"))) for number in range(1, 50)]
    await until(lambda: inbox.waiting == 49)
    bot.store.door.set()
    assert await asyncio.gather(*accepting) == [True] * 50
    assert bot.store.batches == [1, 49]


async def test_of_copies_in_one_commit_the_first_is_new(bot: ExampleBot) -> None:
    """Copies that arrive in the same instant are one delivery with the body of the first."""
    bot.store.door.clear()
    inbox = Inbox(bot.store, bot.clock, bot.handle_delivery)
    before = asyncio.create_task(inbox.accept(delivery("d-0")))
    await until(lambda: inbox.committing == 1)
    copies = [asyncio.create_task(inbox.accept(delivery("d-1", issue))) for issue in (1, 2, 3)]
    await until(lambda: inbox.waiting == 3)
    bot.store.door.set()
    assert await before
    assert await asyncio.gather(*copies) == [True, False, False]
    assert [d.body for d in await bot.store.unprocessed()] == [comment(7), comment(1)]


@pytest.mark.kill
async def test_what_a_killed_server_had_taken_is_worked_on_by_the_next(tmp_path: Path) -> None:
    """A 202 is a promise: after SIGKILL in the middle of the work, the next process does all of it."""
    command = [sys.executable, "-m", "tests.webhooks.stuck_server", str(tmp_path)]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    port = int(await process.stdout.readline())
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        answers = [await post(client, comment(issue), delivery=f"d-{issue}") for issue in range(12)]
    process.kill()
    await process.communicate()
    assert {answer.status_code for answer in answers} == {202}

    async with opened(tmp_path) as store:
        bot = ExampleBot(store)
        inbox = Inbox(store, bot.clock, bot.handle_delivery)
        async with working(inbox):
            await inbox.drain()
            assert sorted(bot.handled_ids) == sorted(f"d-{issue}" for issue in range(12))
            assert await inbox.accept(delivery("d-3")) is False
            await inbox.drain()
        assert len(bot.handled) == 12


async def test_one_issue_in_order_different_issues_side_by_side(bot: ExampleBot) -> None:
    """A second comment on an issue waits for the first; a comment on another issue does not."""
    desk = Desk()
    inbox = Inbox(bot.store, bot.clock, desk.handle)
    for id_, issue in [("a1", 1), ("b1", 2), ("a2", 1), ("b2", 2)]:
        await inbox.accept(delivery(id_, issue))
    async with working(inbox):
        await until(lambda: len(desk.begun) == 2)
        assert desk.begun == ["a1", "b1"]
        desk.release("b1", "b2")
        await until(lambda: "b2" in desk.ended)
        assert desk.begun == ["a1", "b1", "b2"]
        desk.release("a1", "a2")
        await inbox.drain()
    assert desk.ended == ["b1", "b2", "a1", "a2"]


async def test_only_so_many_are_worked_on_at_once(bot: ExampleBot) -> None:
    """A burst over many issues meets a bounded number of hands, and is done to the last one."""
    desk = Desk()
    inbox = Inbox(bot.store, bot.clock, desk.handle, side_by_side=3)
    ids = [f"d-{number}" for number in range(150)]
    await asyncio.gather(*(inbox.accept(delivery(id_, issue)) for issue, id_ in enumerate(ids)))
    async with working(inbox):
        await until(lambda: len(desk.begun) == 3)
        assert desk.begun == ids[:3]
        desk.release(ids[0])
        await until(lambda: len(desk.begun) == 4)
        assert len(desk.begun) - len(desk.ended) == 3
        desk.release(*ids)
        await inbox.drain()
    assert sorted(desk.ended) == sorted(ids)


async def test_a_long_queue_on_one_issue_holds_up_no_other(bot: ExampleBot) -> None:
    """A hundred deliveries behind a slow one, and a comment on another issue still gets its turn at once."""
    desk = Desk()
    inbox = Inbox(bot.store, bot.clock, desk.handle)
    ids = [f"slow-{number}" for number in range(120)]
    await asyncio.gather(*(inbox.accept(delivery(id_, issue=1)) for id_ in ids))
    async with working(inbox):
        await until(lambda: desk.begun)
        await inbox.accept(delivery("other", issue=2))
        await until(lambda: "other" in desk.begun)
        assert desk.begun == ["slow-0", "other"]
        desk.release("other", *ids)
        await inbox.drain()
    assert desk.ended == ["other", *ids]
    assert len(ids) < MOST_KNOWN


async def test_a_poisonous_delivery_is_given_up_and_blocks_nobody(bot: ExampleBot) -> None:
    """What fails each time is tried a few times with growing pauses, marked as failed, and the rest goes on."""
    tried = []

    async def handle(delivery: Delivery) -> str:
        tried.append(delivery.id)
        if delivery.id == "poison":
            raise RuntimeError("token ghs_secret was refused")
        return "done"

    inbox = Inbox(bot.store, bot.clock, handle, side_by_side=1)
    for id_, issue in [("poison", 1), ("after", 1), ("beside", 2)]:
        await inbox.accept(delivery(id_, issue))
    async with working(inbox):
        for pause in PAUSES:
            await bot.clock.until_sleeping(pause)
            bot.clock.advance(pause)
        await inbox.drain()
    assert tried[:2] == ["poison", "beside"], "the pause takes nobody's place"
    assert tried.count("poison") == len(PAUSES) + 1
    assert tried[-1] == "after"
    assert await bot.store.delivery_outcome("poison") == "failed: RuntimeError"
    assert await bot.store.delivery_outcome("after") == "done"


async def test_a_passing_failure_is_not_noticed(bot: ExampleBot) -> None:
    """GitHub was away for a second: the next attempt succeeds, and that is the outcome."""
    failures = [ConnectionError("refused")]

    async def handle(_: Delivery) -> str:
        if failures:
            raise failures.pop()
        return "started"

    inbox = Inbox(bot.store, bot.clock, handle)
    async with working(inbox):
        await inbox.accept(delivery("d-1"))
        await bot.clock.until_sleeping(PAUSES[0])
        bot.clock.advance(PAUSES[0])
        await inbox.drain()
    assert await bot.store.delivery_outcome("d-1") == "started"


async def test_an_outage_of_the_database_is_waited_out(bot: ExampleBot) -> None:
    """Work whose outcome cannot be stored is not done twice in this process; it is stored when the database is back."""
    desk = Desk()
    inbox = Inbox(bot.store, bot.clock, desk.handle)
    await inbox.accept(delivery("d-1"))
    async with working(inbox):
        await until(lambda: desk.begun)
        bot.store.broken = True
        desk.release("d-1")
        await bot.clock.until_sleeping(DATABASE_PAUSE)
        bot.store.broken = False
        bot.clock.advance(DATABASE_PAUSE)
        await inbox.drain()
    assert desk.begun == ["d-1"]


async def test_deliveries_that_cannot_be_read_are_read_later(bot: ExampleBot) -> None:
    """A database that is away when the worker starts does not end the worker."""
    inbox = Inbox(bot.store, bot.clock, bot.handle_delivery)
    await inbox.accept(delivery("d-1"))
    bot.store.broken = True
    async with working(inbox):
        await bot.clock.until_sleeping(DATABASE_PAUSE)
        bot.store.broken = False
        bot.clock.advance(DATABASE_PAUSE)
        await inbox.drain()
    assert bot.handled_ids == ["d-1"]


async def test_a_repeat_wakes_a_worker_that_had_no_news(bot: ExampleBot) -> None:
    """A delivery that another process stored is found when GitHub sends it again, if not before."""
    inbox = Inbox(bot.store, bot.clock, bot.handle_delivery)
    async with working(inbox):
        await inbox.accept(delivery("d-1"))
        await inbox.drain()
        await bot.store.accept([delivery("d-2")], bot.clock.now() + timedelta(seconds=1))
        assert await inbox.accept(delivery("d-2")) is False
        await inbox.drain()
    assert bot.handled_ids == ["d-1", "d-2"]


async def test_what_is_under_way_at_a_stop_is_done_after_the_next_start(bot: ExampleBot) -> None:
    """A clean stop leaves unfinished work unprocessed; nothing is taken any more."""
    desk = Desk()
    inbox = Inbox(bot.store, bot.clock, desk.handle)
    async with working(inbox):
        await inbox.accept(delivery("d-1"))
        await until(lambda: desk.begun)
    assert [d.id for d in await bot.store.unprocessed()] == ["d-1"]
    with pytest.raises(NotTakenError):
        await inbox.accept(delivery("d-2"))

    next_inbox = Inbox(bot.store, bot.clock, bot.handle_delivery)
    async with working(next_inbox):
        await next_inbox.drain()
    assert bot.handled_ids == ["d-1"]


async def test_a_stop_lets_a_write_end(bot: ExampleBot) -> None:
    """What was done is marked as done even if the stop comes in that moment."""
    inbox = Inbox(bot.store, bot.clock, bot.handle_delivery)
    await inbox.accept(delivery("d-1"))
    bot.store.door.clear()
    task = asyncio.create_task(inbox.run())
    await until(lambda: bot.handled)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task}, timeout=0)
    assert not task.done()
    bot.store.door.set()
    await asyncio.wait({task})
    assert await bot.store.delivery_outcome("d-1") == "done"


async def test_old_deliveries_are_forgotten(bot: ExampleBot) -> None:
    """Bodies are kept for a week, then removed; the totals still count them."""
    inbox = Inbox(bot.store, bot.clock, bot.handle_delivery)
    async with working(inbox):
        await inbox.accept(delivery("d-1"))
        await inbox.drain()
        await bot.clock.until_sleeping(PRUNE_SECONDS)
        bot.clock.advance(KEPT.total_seconds() + 1)
        await bot.clock.until_sleeping(PRUNE_SECONDS)
        assert await bot.store.delivery_outcome("d-1") is None
    assert await bot.store.count() == 1


@pytest.mark.parametrize("seed", range(6))
async def test_order_holds_when_more_comes_than_is_held(
    bot: ExampleBot, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Whatever part is handed over in memory and whatever is read back, each delivery is handled once, in order."""
    monkeypatch.setattr("webhooks.worker.MOST_KNOWN", 8)
    monkeypatch.setattr("webhooks.worker.PAGE", 3)
    chance = random.Random(seed)
    sent: dict[int, list[str]] = defaultdict(list)
    handled: dict[str, list[str]] = defaultdict(list)

    async def handle(delivery: Delivery) -> str:
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)
        handled[lane_of(delivery)].append(delivery.id)
        return "done"

    inbox = Inbox(bot.store, bot.clock, handle, side_by_side=2)
    accepting = []
    async with working(inbox):
        for number in range(60):
            issue = chance.choice([1, 1, 2, 3])
            sent[issue].append(f"d-{number}")
            accepting.append(asyncio.create_task(inbox.accept(delivery(f"d-{number}", issue))))
            if chance.random() < 0.3:
                await accepting[-1]
        assert all(await asyncio.gather(*accepting))
        await inbox.drain()
    assert handled == {f"acme/widget#{issue}": ids for issue, ids in sent.items()}


@pytest.mark.parametrize(
    ("body", "lane"),
    [
        (b'{"repository":{"full_name":"a/b"},"issue":{"number":7}}', "a/b#7"),
        (b'{"repository":{"full_name":"a/b"},"pull_request":{"number":8}}', "a/b#8"),
        (b'{"repository":{"full_name":"a/b"},"ref":"refs/heads/main"}', "a/b"),
        (b'{"repository":{"full_name":"a/b"},"issue":"7"}', "a/b"),
        (b'{"repository":{"full_name":["a"]},"issue":{"number":7}}', "d-1"),
        (b'{"repository":7,"issue":[]}', "d-1"),
        (b"[]", "d-1"),
        (b"\xff", "d-1"),
    ],
)
def test_a_lane_is_an_issue_else_a_repository(body: bytes, lane: str) -> None:
    """Bodies of unexpected shape get a lane of their own instead of an error."""
    assert lane_of(Delivery("d-1", "issues", body)) == lane


async def test_two_batches_of_one_moment_keep_their_order(store: FaultyStore, bot: ExampleBot) -> None:
    """A clock that stands still or steps back does not turn the order of two comments around."""
    inbox = Inbox(store, bot.clock, bot.handle_delivery)
    ids = ["z-first", "a-second", "m-third"]
    for id_ in ids:
        await inbox.accept(delivery(id_))
    assert [waiting.id for waiting in await store.unprocessed()] == ids
