"""How many commands somebody gives in a minute: reactions are a courtesy that a flood does not get."""

from dataclasses import dataclass, field
from datetime import datetime

from bot.core.repository import Repo
from bot.starting import Ask

MOST = 5
"""Commands of one person in one repository and minute that get their reactions."""


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
        return self.counts.get((ask.repo, ask.author), 0) > MOST
