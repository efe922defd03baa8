"""What the store knows of runs that have ended; a part of `ports.Store`."""

from typing import Protocol

from bot.core.history import PastRun, Reach
from bot.core.repository import Repo


class History(Protocol):
    """Read only."""

    async def past_runs(self, repo: Repo, reach: Reach, *, limit: int = 100) -> list[PastRun]:
        """The last runs that ended and were not cancelled, newest first."""
