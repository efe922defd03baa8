"""Heartbeats: while this process is at work on a run it says so, and it finds out where nobody is any more."""

import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import structlog

from bot.core.runs import RunId
from bot.ports import Ports
from bot.status import StatusBoard

BEATS = 4
"""How often a worker speaks in the time after which its silence is a stall."""


class Heart:
    """Of one process. `seconds` is how long a worker may be silent before its runs count as stalled."""

    def __init__(self, ports: Ports, board: StatusBoard, seconds: float) -> None:
        self._ports = ports
        self._board = board
        self._patience = timedelta(seconds=seconds)
        self._every = seconds / BEATS
        self._here = Counter[RunId]()
        self._told = set[RunId]()

    @contextlib.asynccontextmanager
    async def at_work(self, run: RunId) -> AsyncIterator[None]:
        """Beat for the run. If this is left by an error or a stop, somebody still has to be at work on it."""
        now = self._ports.clock.now()
        pulse = await self._ports.store.take_up(run, now, now - self._patience)
        self._told.discard(run)
        if pulse.resumed_at:
            self._board.touch(run)
        self._here[run] += 1
        try:
            yield
            await self._ports.store.rest(run, self._ports.clock.now())
        finally:
            self._here[run] -= 1
            self._here += Counter()

    async def look(self) -> None:
        """Speak for the runs that are at work here; say of those that nobody works on that they are stalled."""
        now = self._ports.clock.now()
        if self._here:
            await self._ports.store.beat(list(self._here), now)
        for run in await self._ports.store.stall(now - self._patience):
            if run not in self._here and run not in self._told:
                structlog.get_logger().warning("run is stalled", run=run)
                self._told.add(run)
                self._board.touch(run)
        for run in list(self._here):
            self._board.renew(run)

    async def beat_on(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            try:
                await self.look()
            except Exception:  # noqa: BLE001
                structlog.get_logger().exception("heartbeat")
            await self._ports.clock.sleep(self._every)
