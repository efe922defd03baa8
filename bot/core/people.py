"""What people decide about runs: gates they pass, notes they leave, powers they lend, lines they stop."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.core.repository import Repo
from bot.core.runs import PhaseName, PhaseResult, RunId

GateState = Literal["open", "approved", "rejected", "redone", "answered", "expired", "void", "reposted"]
"""`void`: what was to be approved, or was approved, is not what stands in the thread. A rejection that was carried out
is `redone`, a void approval `reposted`."""
SHORT = 8
"""Digits of a hash that people are shown."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A place where a run waits: for an approval of what its phases posted, or for the answer to a question.

    `number` counts the gates of a run from 1; `why` says in a sentence or two why it waits, or holds the question.
    """

    run: RunId
    number: int
    kind: Literal["approval", "question"]
    phases: tuple[PhaseName, ...]
    why: str
    hash: str = ""
    """SHA-256 of what is approved, in hex; empty for a question."""
    unit: str = ""
    """Of a question: the agent's unit of work that goes on with the answer."""
    state: GateState = "open"
    by: str = ""
    words: str = ""
    """The answer, or the reason of a rejection."""
    opened_at: datetime | None = None
    decided_at: datetime | None = None

    @property
    def key(self) -> str:
        """Of its comment."""
        return f"gate-{self.number}"


@dataclass(frozen=True, slots=True)
class Note:
    """A comment that somebody with write access left while a run was at work, for its agents."""

    run: RunId
    comment: int
    author: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Delegation:
    """Who may give commands on one issue without the permission; an empty `command` is every one that needs write."""

    repo: Repo
    issue: int
    login: str
    command: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Halt:
    """The line of a repository is stopped."""

    repo: Repo
    by: str
    reason: str
    at: datetime


def artefact_hash(results: list[PhaseResult]) -> str:
    """Of what phases handed in, whatever the order: another word, attempt or task is another hash."""
    digest = hashlib.sha256()
    for result in sorted(results, key=lambda one: one.name):
        for part in (result.name, str(result.attempt), result.summary, result.output):
            digest.update(f"{len(part)}:{part}\n".encode("utf-8", "replace"))
    return digest.hexdigest()
