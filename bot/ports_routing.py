"""What the store keeps of who did which work how well, and of what was chosen; a part of `ports.Store`."""

from collections.abc import Sequence
from typing import Protocol

from bot.core.repository import Repo
from bot.core.routing.choice import Choice
from bot.core.routing.results import Chosen, Subject, WorkResult
from bot.core.runs import RunId


class Routing(Protocol):
    """Results of work, and choices made before it. Each call is one transaction."""

    async def note_results(self, results: Sequence[WorkResult]) -> None:
        """Store what a run's agents made of their work; the same piece of work again replaces what is stored of it."""

    async def results(self, repo: Repo, *, limit: int = 2000) -> list[WorkResult]:
        """The newest results of a repository, oldest first, with what became of their runs' pull requests since."""

    async def keep_choice(self, run: RunId, unit: str, subject: Subject, choice: Choice) -> Choice:
        """Store a choice before the work begins; returns what is stored: the first one holds."""

    async def choices(self, run: RunId) -> list[Chosen]:
        """All choices of a run, in the order in which they were made."""
