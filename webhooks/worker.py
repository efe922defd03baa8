"""Works on stored deliveries: one after the other on each issue, side by side otherwise, again after a restart."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import TypeVar

import orjson
import structlog

from bot.core.repository import Delivery
from bot.ports import Clock, Store

Handle = Callable[[Delivery], Awaitable[str]]
"""Does what a delivery asks for and says in a few words what came of it."""

PAUSES = (1.0, 5.0, 30.0, 120.0)
"""Seconds between the attempts on a delivery; after the last it counts as failed."""
PAGE = 50
MOST_KNOWN = 1000
MOST_KNOWN_BYTES = 64 * 1024 * 1024
DATABASE_PAUSE = 3.0

log = structlog.get_logger()


T = TypeVar("T")
Lane = str
"""Deliveries of one lane are worked on in order: those of one issue or pull request, else of one repository."""


def lane_of(delivery: Delivery) -> Lane:
    """The lane of a delivery, its own if its body has another shape than expected."""
    try:
        return lane_in(orjson.loads(delivery.body)) or delivery.id
    except orjson.JSONDecodeError:
        return delivery.id


def lane_in(payload: object) -> Lane:
    """The lane of a payload that is parsed already; empty if it names no repository."""
    repository = _member(payload, "repository", "full_name")
    if not isinstance(repository, str):
        return ""
    for outer in ("issue", "pull_request"):
        number = _member(payload, outer, "number")
        if isinstance(number, int):
            return f"{repository}#{number}"
    return repository


def _member(payload: object, outer: str, inner: str) -> object:
    """`payload[outer][inner]`, None where a body has another shape."""
    value = payload.get(outer) if isinstance(payload, dict) else None
    return value.get(inner) if isinstance(value, dict) else None


async def to_the_end(call: Coroutine[None, None, T]) -> T:
    """Await a call of the store that a cancellation must not break off: it ends first, then the cancellation goes on.

    A connection that is left in the middle of something is thrown away, with an alarming traceback.
    """
    task = asyncio.create_task(call)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


class Worker:
    """Takes each stored delivery to `handle` at least once; one that keeps failing blocks nobody.

    What was just stored is handed over in memory. The store is asked only for what is not known here: at the start,
    after more came than may be held, and when GitHub repeats something.
    """

    def __init__(self, store: Store, clock: Clock, handle: Handle, side_by_side: int) -> None:
        self._store = store
        self._clock = clock
        self._handle = handle
        self._slots = asyncio.Semaphore(side_by_side)
        self._wake = asyncio.Event()
        self._progress = asyncio.Condition()
        self._settled = 0
        self._forget()

    def _forget(self) -> None:
        self._tasks: asyncio.TaskGroup | None = None
        self._lanes: dict[Lane, deque[Delivery]] = {}
        self._known: set[str] = set()
        self._known_bytes = 0
        self._behind = True
        self._settled_meanwhile: set[str] | None = None

    def offer(self, stored: Iterable[tuple[Delivery, Lane]]) -> None:
        """Take over deliveries that were stored just now, in their order. Never call it while a fetch is under way."""
        for delivery, lane in stored:
            if self._behind or self._tasks is None or self._full:
                self.look()
                return
            self._queue(delivery, lane, self._tasks)

    def look(self, repeated: str = "") -> None:
        """Say that the store may hold something that is not known here, the repeated delivery for one."""
        if repeated not in self._known:
            self._behind = True
            self._wake.set()

    async def run(self, storing: asyncio.Lock) -> None:
        """Work until cancelled; what is under way then stays unprocessed. `storing` is held while deliveries are
        stored and offered, and here while the store is read: so their order is kept, and none is seen twice."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                try:
                    await self._keep_up(tasks, storing)
                finally:
                    self._tasks = None
        finally:
            self._forget()

    async def drain(self) -> None:
        """Return when the store holds nothing unprocessed; something must `run` meanwhile."""
        while True:
            seen = self._settled
            if not await self._store.unprocessed(1):
                return
            async with self._progress:
                while self._settled == seen:
                    await self._progress.wait()

    @property
    def _full(self) -> bool:
        return len(self._known) >= MOST_KNOWN or self._known_bytes >= MOST_KNOWN_BYTES

    async def _keep_up(self, tasks: asyncio.TaskGroup, storing: asyncio.Lock) -> None:
        while True:
            self._wake.clear()
            async with storing:
                await self._fetch(tasks)
            await self._wake.wait()

    async def _fetch(self, tasks: asyncio.TaskGroup) -> None:
        """Queue what is not known, unless all hands are busy: then the next free one wakes us."""
        if not self._behind or self._full or self._slots.locked():
            return
        limit = len(self._known) + PAGE
        settled = self._settled_meanwhile = set[str]()
        try:
            found = await to_the_end(self._store.unprocessed(limit))
        except Exception:
            log.exception("deliveries cannot be read")
            tasks.create_task(self._look_later())
            return
        finally:
            self._settled_meanwhile = None
        for delivery in found:
            if delivery.id not in settled:
                self._queue(delivery, lane_of(delivery), tasks)
        self._behind = len(found) == limit
        if self._behind:
            self._wake.set()

    async def _look_later(self) -> None:
        await self._clock.sleep(DATABASE_PAUSE)
        self.look()

    def _queue(self, delivery: Delivery, lane: Lane, tasks: asyncio.TaskGroup) -> None:
        if delivery.id in self._known:
            return
        self._known.add(delivery.id)
        self._known_bytes += len(delivery.body)
        if lane not in self._lanes:
            self._lanes[lane] = deque()
            tasks.create_task(self._work(lane, self._lanes[lane]))
        self._lanes[lane].append(delivery)

    async def _work(self, lane: Lane, queue: deque[Delivery]) -> None:
        while queue:
            delivery = queue.popleft()
            await self._settle(delivery, await self._outcome(delivery))
        del self._lanes[lane]

    async def _outcome(self, delivery: Delivery) -> str:
        """What `handle` made of it; pauses between attempts take no slot."""
        if delivery.event == "ping":
            return "ping"
        failure = ""
        for attempt in range(len(PAUSES) + 1):
            try:
                async with self._slots:
                    return await self._handle(delivery)
            except Exception as error:
                failure = f"failed: {type(error).__name__}"
                log.exception("delivery failed", delivery=delivery.id, event_name=delivery.event, attempt=attempt + 1)
            if attempt < len(PAUSES):
                await self._clock.sleep(PAUSES[attempt])
        return failure

    async def _settle(self, delivery: Delivery, outcome: str) -> None:
        while not await self._marked(delivery, outcome):
            await self._clock.sleep(DATABASE_PAUSE)
        self._known.discard(delivery.id)
        self._known_bytes -= len(delivery.body)
        if self._settled_meanwhile is not None:
            self._settled_meanwhile.add(delivery.id)
        self._settled += 1
        self._wake.set()
        async with self._progress:
            self._progress.notify_all()

    async def _marked(self, delivery: Delivery, outcome: str) -> bool:
        try:
            await to_the_end(self._store.processed(delivery.id, outcome, self._clock.now()))
        except Exception:
            log.exception("outcome cannot be stored", delivery=delivery.id)
            return False
        return True
