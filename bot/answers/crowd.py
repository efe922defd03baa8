"""How many commands somebody gives in a minute: a flood gets no reactions, and soon no answers but one."""

from dataclasses import dataclass, field
from datetime import datetime

from bot.core.repository import Repo
from bot.starting import Ask

MOST_REACTIONS = 5
"""Commands of one person in one repository and minute that get their reactions."""
MOST_ANSWERS = 12
"""Those that get an answer of their own."""


@dataclass(slots=True)
class Crowd:
    """Counts in memory alone: after a restart a flood gets a few reactions more."""

    minute: datetime | None = None
    counts: dict[tuple[Repo, str], int] = field(default_factory=dict)

    def note(self, ask: Ask) -> None:
        """One more command came."""
        minute = ask.at.replace(second=0, microsecond=0)
        if self.minute is None or minute > self.minute:
            self.minute, self.counts = minute, {}
        if minute == self.minute:
            who = (ask.repo, ask.author)
            self.counts[who] = self.counts.get(who, 0) + 1

    def is_crowded(self, ask: Ask) -> bool:
        """Whether it is too much to react to."""
        return self._count(ask) > MOST_REACTIONS

    def is_flooded(self, ask: Ask) -> bool:
        """Whether it is too much to answer."""
        return self._count(ask) > MOST_ANSWERS

    def _count(self, ask: Ask) -> int:
        return self.counts.get((ask.repo, ask.author), 0)
