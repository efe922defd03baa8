"""GitHub's limits: requests at once, points a minute, content writes, and the pause after "rate limit".

Sources: "Rate limits for the REST API" and "Best practices for using the REST API" on docs.github.com: at most 100
requests at once, 900 points a minute (a read is 1, a write 5), 80 content writes a minute and 500 an hour, a second
between writes. We stay one below each, and well below the first.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from bot.adapters.github.asks import Ask
from bot.ports import Clock, GitHubError

AT_ONCE = 20
FIRST_PAUSE = 60.0
LONGEST_PAUSE = 3600.0


class Window:
    """A sliding window: at most `limit` points in any `seconds`."""

    def __init__(self, limit: int, seconds: float) -> None:
        self._limit = limit
        self._seconds = seconds
        self._spent: deque[tuple[float, int]] = deque()
        self._total = 0

    def delay(self, now: float, points: int = 1) -> float:
        """Seconds until that many points fit."""
        while self._spent and self._spent[0][0] + self._seconds <= now:
            self._total -= self._spent.popleft()[1]
        excess, wait = self._total + points - self._limit, 0.0
        for at, spent in self._spent:
            if excess <= 0:
                break
            excess -= spent
            wait = at + self._seconds - now
        return wait

    def spend(self, now: float, points: int = 1) -> None:
        self._spent.append((now, points))
        self._total += points


class Gate:
    """Shut for all requests while GitHub says that there were too many."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._opens = 0.0
        self._in_a_row = 0
        self.ticket = 0
        """Changes each time the gate shuts, so that answers to requests sent before do not count again."""

    def delay(self, now: float) -> float:
        """Seconds until it opens."""
        return max(0.0, self._opens - now)

    def shut(self, ticket: int, seconds: float | None) -> None:
        """Shut it for the seconds GitHub named, or for a minute, doubled each time in a row, if it named none.

        Times in a row also set a floor, so that a server that says "one second" for ever is not asked for ever.
        """
        if ticket == self.ticket:
            self.ticket += 1
            self._in_a_row += 1
        elif seconds is None:
            return
        growth = 2.0 ** (self._in_a_row - 1)
        seconds = min(FIRST_PAUSE * growth, LONGEST_PAUSE) if seconds is None else max(seconds, growth)
        self._opens = max(self._opens, self._clock.monotonic() + seconds)

    def passed(self, ticket: int) -> None:
        """A request that was let through with this ticket was answered."""
        if ticket == self.ticket:
            self._in_a_row = 0


class Limits:
    """Lets requests through: one gate and one set of windows for a whole adapter; it waits through the clock."""

    def __init__(self, clock: Clock, *, max_wait_seconds: float, write_interval_seconds: float) -> None:
        self.gate = Gate(clock)
        self._clock = clock
        self._max_wait = max_wait_seconds
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._turn = asyncio.Lock()
        self._points = Window(899, 60)
        self._content = (Window(1, write_interval_seconds), Window(79, 60), Window(499, 3600))

    def deadline(self) -> float:
        """When a call that starts now has waited long enough, on the monotonic clock."""
        return self._clock.monotonic() + self._max_wait

    @asynccontextmanager
    async def slot(self, ask: Ask, deadline: float) -> AsyncIterator[int]:
        """Wait until the request may be sent, then hold one of the places; yields the gate's ticket.

        Raises `GitHubError` at once if the wait would pass the deadline, naming when it will work again.
        """
        if ask.kind == "content":
            async with self._turn:
                await self._enter(ask, deadline)
        else:
            await self._enter(ask, deadline)
        try:
            yield self.gate.ticket
        finally:
            self._slots.release()

    async def _enter(self, ask: Ask, deadline: float) -> None:
        while True:
            await self._slots.acquire()
            now = self._clock.monotonic()
            shut, full = self.gate.delay(now), self._full(ask, now)
            if not (shut or full):
                break
            self._slots.release()
            if now + max(shut, full) > deadline:
                raise self._too_long(ask, _cause(shut, full), max(shut, full))
            # The floor keeps a rest too small for the clock's resolution from looping for ever.
            await self._clock.sleep(max(shut, full, 0.001))
        self._points.spend(now, _points(ask))
        if ask.kind == "content":
            for window in self._content:
                window.spend(now)

    def _full(self, ask: Ask, now: float) -> float:
        content = self._content if ask.kind == "content" else ()
        return max(self._points.delay(now, _points(ask)), *(w.delay(now) for w in content), 0.0)

    def _too_long(self, ask: Ask, cause: str, seconds: float) -> GitHubError:
        again = self._clock.now() + timedelta(seconds=seconds)
        when = f"{again:%Y-%m-%d %H:%M:%S} UTC, in {max(1, round(seconds / 60))} min"
        return GitHubError(f"Could not {ask.what}: {cause}. It will work again at {when}.", 429)


def _points(ask: Ask) -> int:
    return 1 if ask.kind == "read" else 5


def _cause(shut: float, full: float) -> str:
    if shut >= full:
        return "GitHub's rate limit is reached"
    return "our own limit on writes is reached, which keeps us below GitHub's"
