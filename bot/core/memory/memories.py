"""A memory: what it says, where it comes from, how far it is trusted, and whether it helped."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.core.repository import Repo
from bot.core.runs import RunId

Kind = Literal["result", "fix", "howto", "lesson", "decision", "note"]
"""`result`: what a run changed. `fix`: what failed, and what mended it. `howto`: how to build and test here. `lesson`:
what a reviewer asked for. `decision`: what people decided. `note`: what somebody added by hand."""
KINDS: tuple[Kind, ...] = ("result", "fix", "howto", "lesson", "decision", "note")
State = Literal["active", "pending", "replaced", "forgotten"]
"""`pending` waits for somebody who may write; `replaced` was contradicted by a newer one; of a `forgotten` one nothing
is left but its id, so that it does not come back by itself."""
TAUGHT = ""
"""Stands for the unit of work in the uses of a run's own memories: its outcome speaks for them, too."""
Verdict = Literal["", "helped", "misled"]
"""Of the runs that were shown a memory: their pull request was merged, or closed."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a memory comes from: the run of that id, the comment at that address, or a person at a terminal."""

    kind: Literal["run", "comment", "person"]
    ref: str
    by: str
    """A login, or the agent whose words they are."""


@dataclass(frozen=True, slots=True)
class Memory:
    """One thing that is remembered of a repository; one that is `shared` counts for all repositories of its owner."""

    id: str
    repo: Repo
    kind: Kind
    title: str
    text: str
    source: Source
    at: datetime
    files: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    subject: str = ""
    """What it answers, where only one answer can be right (`how the tests are run`): a newer one replaces it."""
    trust: float = 0.5
    """0 to 1, by its source."""
    state: State = "active"
    shared: bool = False
    uses: int = 0
    """How often it was shown to an agent."""
    helped: int = 0
    misled: int = 0
    """In how many runs; a run counts once."""
    used_at: datetime | None = None
    replaced_by: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """What an agent is about to do: words, and paths and names where they are known."""

    repo: Repo
    text: str
    files: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    """Empty is every kind."""
    limit: int = 8
    shared: bool = True
    """Whether what is shared by other repositories of the same owner counts, too."""


@dataclass(frozen=True, slots=True)
class Found:
    """A memory and how well it fits, more is better; scores of different queries cannot be compared."""

    memory: Memory
    score: float


@dataclass(frozen=True, slots=True)
class Use:
    """A memory that was shown to an agent in a unit of work of a run."""

    run: RunId
    unit: str
    memory: str
    rank: int
    """1 stood first."""
    at: datetime
    verdict: Verdict = ""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What became of something that was to be remembered: `known` was there already, word for word or nearly."""

    memory: Memory
    how: Literal["new", "known", "replaced", "forgotten"]
    """`replaced`: it took the place of an older one. `forgotten`: somebody had it forgotten; it stays so."""


def memory_id(repo: Repo, kind: Kind, ref: str, about: str) -> str:
    """The same thing from the same source has the same id, however often it is written down."""
    digest = hashlib.sha256(
        "\0".join([repo.owner.lower(), repo.name.lower(), kind, ref, about]).encode("utf-8", "replace")
    )
    return f"m{digest.hexdigest()[:9]}"
