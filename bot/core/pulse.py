"""The heartbeat of a run: whether a living process is at work on it, and since when not."""

from dataclasses import dataclass
from datetime import datetime

from bot.core.runs import RunId


@dataclass(frozen=True, slots=True)
class Pulse:
    """Of one run: `working` from the beginning of a segment to its end, whoever died in between.

    `stalled_since` is the last beat before a silence, None if there was none; `resumed_at` is when somebody took the
    run up again, None while nobody has.
    """

    run: RunId
    at: datetime
    working: bool = True
    stalled_since: datetime | None = None
    resumed_at: datetime | None = None

    @property
    def stalled(self) -> bool:
        """Whether somebody found out that nobody is at work, and nobody is yet."""
        return self.working and self.stalled_since is not None and self.resumed_at is None
