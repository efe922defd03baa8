"""A run: its plan, its phases, its states. Everything here is stored, so every type is plain data."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NewType

from bot.core.conversation import Usage
from bot.core.repository import Repo, Sha

RunId = NewType("RunId", str)
"""Sorts by time: `yymmdd-hhmmss-<comment id in base 36>`."""

PhaseName = Literal["requirements", "design", "tasks", "implementation", "testing", "review", "delivery"]
RunState = Literal["queued", "running", "succeeded", "unproven", "failed", "cancelled"]
"""`unproven`: all phases ended, but nothing proves the change (no tests were found, or they could not be run)."""

ENDED: frozenset[RunState] = frozenset({"succeeded", "unproven", "failed", "cancelled"})
PhaseState = Literal["waiting", "running", "done", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Phase:
    """One node of a run's plan."""

    name: PhaseName
    agent: str
    needs: tuple[PhaseName, ...] = ()


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What a run will do, fixed when it starts: phases in topological order and the caps on it."""

    phases: tuple[Phase, ...]
    budget_usd: float
    models: tuple[tuple[str, str], ...] = ()
    """(agent, model) pairs."""

    def model_of(self, agent: str, default: str) -> str:
        return dict(self.models).get(agent, default)


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for, as it stood at trigger time. Nothing is read again later: no swap after the trigger."""

    description: str
    issue: int
    issue_title: str
    issue_body: str
    requester: str
    comment_id: int
    base: str
    base_sha: Sha
    again: str = ""
    """The command that asks for the same once more, flags and all; empty if it is too long to be shown."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run, whole, as the store keeps it."""

    id: RunId
    repo: Repo
    request: Request
    plan: RunPlan
    state: RunState = "queued"
    reason: str = ""
    """Why it ended as it did, in a sentence; empty while it goes on or went well."""
    created_at: datetime | None = None
    ended_at: datetime | None = None
    pull_number: int | None = None


@dataclass(frozen=True, slots=True)
class PhaseResult:
    """A phase as it stands: `output` is the agent's whole result, `data` what the program needs of it (JSON text)."""

    run: RunId
    name: PhaseName
    agent: str
    state: PhaseState
    summary: str = ""
    output: str = ""
    data: str = "{}"
    started_at: datetime | None = None
    ended_at: datetime | None = None
    usage: Usage = field(default_factory=Usage)
    usd: float = 0.0

    @property
    def seconds(self) -> float | None:
        """Wall time from first to last line, None while it is not over."""
        if self.started_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Turn:
    """One call of the model, reserved before it is made; `unit` is a phase or a part of one (`implementation/T1`).

    `reply` is None until the call came back, `results` until its tools ran; `tree` is the checkout's git tree then.
    """

    run: RunId
    unit: str
    index: int
    agent: str
    model: str
    reserved_usd: float
    usd: float | None = None
    usage: Usage = field(default_factory=Usage)
    reply: str | None = None
    results: str | None = None
    tree: Sha | None = None
    seconds: float = 0.0
    reserved_tokens: int = 0
