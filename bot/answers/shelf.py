"""What was read of repositories' own agents and commands, kept as long as their branches stay where they are."""

from dataclasses import dataclass, field

from bot.core.definitions import Catalog
from bot.core.repository import Repo, Sha
from bot.core.repository_commands import RepositoryCommands

MOST = 32
"""Commits that are kept in memory."""


@dataclass(frozen=True, slots=True)
class Own:
    """The built-in agents with the repository's own, and its commands, as one commit has them."""

    branch: str
    sha: Sha
    catalog: Catalog
    commands: RepositoryCommands


@dataclass(slots=True)
class Shelf:
    """The newest few; what is gone is read again."""

    kept: dict[tuple[Repo, Sha], Own] = field(default_factory=dict)

    def get(self, key: tuple[Repo, Sha]) -> Own | None:
        return self.kept.get(key)

    def put(self, key: tuple[Repo, Sha], own: Own) -> None:
        self.kept[key] = own
        while len(self.kept) > MOST:
            del self.kept[next(iter(self.kept))]
