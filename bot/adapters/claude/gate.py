"""One gate for all calls of the process: while the provider wants a pause nobody goes on, then one after another."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime

from bot.ports import Clock

SPACING_SECONDS = 0.25
"""Between two calls that have waited, cut by up to half by chance: they must not come back all at once."""
MOST_SECONDS = 60.0
"""For what a reply announces; a refused call may ask for more."""
_KINDS = ("requests", "tokens", "input-tokens", "output-tokens")
_NEARLY_EMPTY = 0.02


class Gate:
    """First come, first served; who is cancelled leaves the line, and nobody waits longer for that."""

    def __init__(self, clock: Clock, chance: Callable[[], float]) -> None:
        self._clock = clock
        self._chance = chance
        self._line = asyncio.Lock()
        self._until = float("-inf")

    def hold(self, seconds: float) -> None:
        """Let nobody pass for so long."""
        self._until = max(self._until, self._clock.monotonic() + seconds)

    def heed(self, headers: Mapping[str, str], now: datetime) -> None:
        """Hold if a limit that a reply tells of is nearly used up, until it is full again
        (https://platform.claude.com/docs/en/api/rate-limits#response-headers)."""
        for kind in _KINDS:
            name = f"anthropic-ratelimit-{kind}"
            try:
                limit, left = float(headers[f"{name}-limit"]), float(headers[f"{name}-remaining"])
                reset = datetime.fromisoformat(headers[f"{name}-reset"])
                if left < limit * _NEARLY_EMPTY:
                    self.hold(min(MOST_SECONDS, (reset - now).total_seconds()))
            except (KeyError, ValueError, TypeError):
                continue

    async def passed(self) -> None:
        """Return when a call may be made."""
        waits = self._clock.monotonic() < self._until
        async with self._line:
            while (left := self._until - self._clock.monotonic()) > 0:
                await self._clock.sleep(left)
            if waits:
                await self._clock.sleep(SPACING_SECONDS * (1 - self._chance() / 2))
