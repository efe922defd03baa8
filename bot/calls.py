"""The calls of the model that this process is making: who finds no room for his own may wait until one has ended."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from weakref import WeakValueDictionary


class RunCalls:
    """Those of one run. Reservations are made under `lock`, so that each sees which calls are open."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.open = 0
        self.asked: dict[str, tuple[str, datetime]] = {}
        """For each unit of work that waits for the model: its agent, and since when."""
        self.ended = asyncio.Event()
        """Set when the next one ends."""

    def begin(self) -> None:
        """A call was reserved and will be made; `waiting` or `end` must follow."""
        self.open += 1

    def end(self) -> None:
        """A call is over: what it did not use is free for those who wait."""
        self.open -= 1
        self.ended.set()
        self.ended = asyncio.Event()

    @contextmanager
    def waiting(self, unit: str, agent: str, since: datetime) -> Iterator[None]:
        """The call that `begin` announced is made in here, and has ended afterwards."""
        self.asked[unit] = (agent, since)
        try:
            yield
        finally:
            del self.asked[unit]
            self.end()


class OpenCalls:
    """One for a process; it keeps nothing of runs that nobody is at work on."""

    def __init__(self) -> None:
        self._runs = WeakValueDictionary[str, RunCalls]()

    def of(self, run: str) -> RunCalls:
        """The calls of a run."""
        found = self._runs.get(run)
        if found is None:
            found = self._runs[run] = RunCalls()
        return found
