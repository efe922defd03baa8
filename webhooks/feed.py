"""What changed in the runs, for pages that are open: one look at the store a second, shared by all who listen."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from bot.core.runs import ENDED, Run, RunId, RunState
from bot.ports import Clock, Store

POLL_SECONDS = 1.0
SHOWN = 50
MOST_READERS = 100


@dataclass(frozen=True, slots=True)
class RunChange:
    """A run as it stands now: its state and, while it goes on, (phase, state) pairs."""

    id: RunId
    state: RunState
    phases: tuple[tuple[str, str], ...]


class RunFeed:
    """Looks at the store only while somebody listens."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._closing = asyncio.Event()
        self._looking = asyncio.Lock()
        self._seen: dict[RunId, RunChange] = {}
        self._seen_at = float("-inf")
        self.readers = 0

    @property
    def full(self) -> bool:
        """Whether another reader would be one too many."""
        return self.readers >= MOST_READERS

    def close(self) -> None:
        """End all streams, so that the server can stop."""
        self._closing.set()

    async def changes(self) -> AsyncIterator[list[RunChange]]:
        """At once an empty list (what happens from here on is not missed), then what changed, whenever it did."""
        self.readers += 1
        try:
            seen = await self._look()
            yield []
            while await self._pause():
                now = await self._look()
                changed = [run for run in now.values() if run != seen.get(run.id)]
                seen = now
                if changed:
                    yield changed
        finally:
            self.readers -= 1

    async def _pause(self) -> bool:
        """Wait for the next look; False if there will be none."""
        waits = {asyncio.ensure_future(self._clock.sleep(POLL_SECONDS)), asyncio.ensure_future(self._closing.wait())}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        return not self._closing.is_set()

    async def _look(self) -> dict[RunId, RunChange]:
        async with self._looking:
            if self._clock.monotonic() - self._seen_at >= POLL_SECONDS / 2:
                runs = await self._store.runs(limit=SHOWN)
                self._seen = {run.id: await self._change(run) for run in runs}
                self._seen_at = self._clock.monotonic()
            return self._seen

    async def _change(self, run: Run) -> RunChange:
        phases = [] if run.state in ENDED else await self._store.phases(run.id)
        return RunChange(run.id, run.state, tuple((phase.name, phase.state) for phase in phases))
