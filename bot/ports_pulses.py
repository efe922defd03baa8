"""What the store keeps of who is at work; a part of `ports.Store`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.core.pulse import Pulse
from bot.core.runs import RunId


class Pulses(Protocol):
    """One pulse a run. Each call is one transaction."""

    async def take_up(self, run: RunId, at: datetime, silent_since: datetime) -> Pulse:
        """Somebody is at work on the run from now on. If its last worker was silent since before `silent_since`, the
        pulse says that it was stalled, and resumed now."""

    async def beat(self, runs: Sequence[RunId], at: datetime) -> None:
        """Somebody is still at work on these runs."""

    async def rest(self, run: RunId, at: datetime) -> None:
        """Nobody is at work on the run, and nobody has to be."""

    async def stall(self, silent_since: datetime) -> list[RunId]:
        """Runs on which somebody should be at work, silent since before that moment: their pulses say so now."""

    async def pulse(self, run: RunId) -> Pulse | None: ...
