"""The inbox: deliveries are durable before they are answered, many in one commit, and are worked on afterwards."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import structlog

from bot.core.repository import Delivery
from bot.ports import Clock, Store
from webhooks.worker import Handle, Lane, Worker, lane_of, to_the_end

FLUSH_SECONDS = 10.0
"""How long a rejection may be counted in memory only: a flood of bad posts costs one write for each reason."""
LARGEST_BATCH = 200
KEPT = timedelta(days=7)
"""GitHub delivers again on request for three days: a repeat must still be known as one."""
PRUNE_SECONDS = 3600.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery on its way into the store, and who waits for that."""

    delivery: Delivery
    lane: Lane
    stored: "asyncio.Future[bool]"


class NotTakenError(Exception):
    """The delivery is not stored; GitHub's delivery log still has it."""

    def __init__(self, reason: Literal["busy", "not_stored"]) -> None:
        super().__init__(reason)
        self.reason: Literal["busy", "not_stored"] = reason


class Inbox:
    """Stores deliveries in group commits, hands them to `handle` in the background, counts what was turned away.

    `waiting` bounds the deliveries that wait for a commit, `side_by_side` those that `handle` has at one time.
    """

    def __init__(
        self, store: Store, clock: Clock, handle: Handle, *, waiting: int = 1000, side_by_side: int = 8
    ) -> None:
        self._store = store
        self._clock = clock
        self._worker = Worker(store, clock, handle, side_by_side)
        self._most_waiting = waiting
        self._waiting: list[Waiting] = []
        self._committer: asyncio.Task[None] | None = None
        self._rejected: Counter[str] = Counter()
        self._storing = asyncio.Lock()
        self._closed = False
        self._last_moment = datetime.min.replace(tzinfo=UTC)
        self.running = False
        self.committing = 0

    @property
    def waiting(self) -> int:
        """Deliveries that wait for the next commit; those in the commit under way are `committing`."""
        return len(self._waiting)

    @property
    def uncounted(self) -> Counter[str]:
        """Rejections by reason that are not in the store yet."""
        return self._rejected.copy()

    async def accept(self, delivery: Delivery, lane: Lane = "") -> bool:
        """Return when the delivery is durable: True if it is new, False for a repeat. Raises `NotTakenError`.

        `lane` saves parsing the body again if the caller did (`lane_in`).
        """
        if self._closed or len(self._waiting) >= self._most_waiting:
            raise NotTakenError("busy")
        stored: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(Waiting(delivery, lane or lane_of(delivery), stored))
        if self._committer is None:
            self._committer = asyncio.create_task(self._commit_all())
        return await stored

    def reject(self, reason: str) -> None:
        """Count a delivery that was turned away; `reason` is one of a few fixed words, never text from outside."""
        self._rejected[reason] += 1

    async def run(self) -> None:
        """Work on deliveries, beginning with what an earlier process left, until cancelled; forget old ones."""
        self.running = True
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._worker.run(self._storing))
                tasks.create_task(self._flush_often())
                tasks.create_task(self._forget_often())
        finally:
            self.running = False

    async def drain(self) -> None:
        """Return when nothing is unprocessed; `run` must be under way."""
        await self._worker.drain()

    async def flush(self) -> None:
        """Write the counted rejections to the store; what cannot be written is kept for the next time."""
        for reason in list(self._rejected):
            count = self._rejected.pop(reason)
            try:
                await to_the_end(self._store.count_rejection(reason, count))
            except Exception:
                self._rejected[reason] += count
                log.exception("rejections cannot be counted", reason=reason)

    async def close(self) -> None:
        """Take nothing more, end the commit under way, write the counts. Cancel `run` before or after."""
        self._closed = True
        if self._committer is not None:
            await self._committer
        await self.flush()

    async def _flush_often(self) -> None:
        while True:
            await self._clock.sleep(FLUSH_SECONDS)
            await self.flush()

    async def _forget_often(self) -> None:
        while True:
            try:
                await to_the_end(self._store.prune_deliveries(self._clock.now() - KEPT))
            except Exception:
                log.exception("old deliveries cannot be removed")
            await self._clock.sleep(PRUNE_SECONDS)

    async def _commit_all(self) -> None:
        """One batch after the other, each of what came while the last was written: waiting is never artificial."""
        while self._waiting:
            batch = self._waiting[:LARGEST_BATCH]
            del self._waiting[:LARGEST_BATCH]
            self.committing = len(batch)
            await self._commit(batch)
            self.committing = 0
        self._committer = None

    async def _commit(self, batch: list[Waiting]) -> None:
        """Store a batch and answer all who wait for it; of several copies the first is the new one."""
        try:
            new = await self._store_once(batch)
        except Exception:
            log.exception("deliveries cannot be stored", count=len(batch))
            for waiting in batch:
                if not waiting.stored.done():
                    waiting.stored.set_exception(NotTakenError("not_stored"))
            return
        for waiting in batch:
            if not waiting.stored.done():
                waiting.stored.set_result(waiting.delivery.id in new)
            new.discard(waiting.delivery.id)

    async def _store_once(self, batch: list[Waiting]) -> set[str]:
        """The ids that were not stored before; the worker has their deliveries when this returns."""
        unique: dict[str, Waiting] = {}
        for waiting in batch:
            unique.setdefault(waiting.delivery.id, waiting)
        async with self._storing:
            fresh = await self._store.accept([waiting.delivery for waiting in unique.values()], self._moment())
            new = [waiting for waiting, is_new in zip(unique.values(), fresh, strict=True) if is_new]
            self._worker.offer((waiting.delivery, waiting.lane) for waiting in new)
        ids = {waiting.delivery.id for waiting in new}
        for repeated in unique.keys() - ids:
            self._worker.look(repeated)
        return ids

    def _moment(self) -> datetime:
        """Now, but later than the batch before: the store gives deliveries back in the order of their moments."""
        self._last_moment = max(self._clock.now(), self._last_moment + timedelta(microseconds=1))
        return self._last_moment
