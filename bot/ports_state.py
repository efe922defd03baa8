"""Where state lives that has no server: refs of the repository itself, and the files of this machine."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.core.repository import Sha
from bot.core.state import Lines


@dataclass(frozen=True, slots=True)
class Stored:
    """A ref's commit and its files."""

    sha: Sha
    files: dict[str, bytes]


class RefMovedError(Exception):
    """A ref is not where it was expected: somebody else wrote it."""


class Refs(Protocol):
    """Refs of one repository, each holding a few files. Methods raise `ports.WorkspaceError` beside what they say."""

    async def names(self, prefix: str) -> dict[str, Sha]:
        """Refs that begin so, and where they are."""

    async def read(self, ref: str) -> Stored | None: ...

    async def write(self, ref: str, files: Mapping[str, bytes], expected: Sha) -> Sha:
        """Make the ref hold exactly these files; raises `RefMovedError` unless it is where it is expected."""

    async def delete(self, ref: str, expected: Sha) -> None: ...


class Records(Protocol):
    """The databases of this machine as files that can be carried away. Calls block; make them in a thread."""

    def put(self, files: Mapping[str, bytes]) -> None:
        """Begin with the files of an earlier job, before anything is opened. Raises `BotError` for what is no
        database of ours."""

    def fill(self, lines: Lines) -> None:
        """Add what the repository shares. What is added here is left out by `take`."""

    def take(self) -> dict[str, bytes]:
        """Consistent copies of the databases, also while they are written, without what `fill` added."""

    def shared(self) -> Lines:
        """What the repository shares, as it is now."""

    def runs(self) -> Collection[str]:
        """The runs that are this machine's own, oldest first: without those that `fill` added."""
