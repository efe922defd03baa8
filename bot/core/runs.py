"""A run: its plan, its phases, its states. Everything here is stored, so every type is plain data."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NewType

from bot.core.conversation import Usage
from bot.core.expected import Estimate
from bot.core.repository import NO_SHA, Repo, Sha
from bot.core.wishes import Wishes

RunId = NewType("RunId", str)
"""Sorts by time: `yymmdd-hhmmss-<comment id in base 36>`."""

Mode = Literal["quick", "comprehensive", "learning"]
Automation = Literal["manual", "smart", "auto"]
"""When a run waits for people: after every phase; where there is a risk or a question; never."""
Memories = Literal["off", "repository", "organisation"]
AUTOMATIONS: tuple[Automation, ...] = ("manual", "smart", "auto")
Purpose = Literal["build", "plan", "groom", "review", "revise", "custom"]
"""What a run is for: a pull request; a plan; an issue made ready; a review of somebody's pull request; changes of one
of ours; a command that the repository defines."""
Outcome = Literal["", "merged", "closed", "reverted"]
"""What people did with a run's pull request; empty while it is open, or if there is none. `reverted`: merged, and a
later pull request took the change back."""
PhaseName = str
"""A built-in phase (`planning` lists them) or one of a repository's own command."""
RunState = Literal["queued", "running", "waiting", "succeeded", "unproven", "failed", "cancelled"]
"""`waiting`: for people, at no cost. `unproven`: all phases ended, but nothing proves the change (no tests were found,
or they could not be run)."""

ENDED: frozenset[RunState] = frozenset({"succeeded", "unproven", "failed", "cancelled"})
PhaseState = Literal["waiting", "running", "done", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Phase:
    """One node of a run's plan; `agent` holds several names with commas between them where they work side by side."""

    name: PhaseName
    agent: str
    needs: tuple[PhaseName, ...] = ()
    gate: bool = False
    """Whether the run waits for an approval of its result, whatever the automation."""
    prompt: str = ""
    """What a repository's own command says to its agent."""


@dataclass(frozen=True, slots=True)
class Member:
    """One agent of a team, and why it is there in a few words."""

    agent: str
    reason: str


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What a run will do: phases in topological order and the caps on it. It is fixed when the run starts, but for what
    follows from its team, which is fixed before the first agent works."""

    phases: tuple[Phase, ...]
    budget_usd: float
    models: tuple[tuple[str, str], ...] = ()
    """(agent, model) pairs."""
    mode: Mode = "quick"
    agents_sha: Sha | None = None
    """The commit of the default branch that the repository's own agents are read from."""
    wanted: tuple[str, ...] = ()
    """Agents that the command names; empty leaves the choice to the rules."""
    skipped: tuple[PhaseName, ...] = ()
    """Phases that the command leaves out."""
    team: tuple[Member, ...] = ()
    """Empty until it is chosen."""
    purpose: Purpose = "build"
    automation: Automation = "smart"
    dry_run: bool = False
    """Nothing is pushed; the change is shown in the thread."""
    remind_hours: float = 24.0
    """How often people are reminded that the run waits for them; 0 is never."""
    expire_days: float = 7.0
    """How long it waits for them before it ends."""
    risk_paths: tuple[str, ...] = ()
    """Patterns of files that a smart run changes only after an approval, beside the built-in ones."""
    memory: Memories = "repository"
    """Whose memories its agents are shown, and whether it leaves any."""
    options: tuple[str, ...] = ()
    """What else the command asked for, such as `sub-issues`."""
    model: str = ""
    """The model that the command names for all agents; empty leaves the choice to the settings and to history."""
    pins: tuple[tuple[str, str], ...] = ()
    """(kind of task or phase, agent) pairs that the repository sets."""
    estimate: Estimate | None = None
    """What it is expected to take, as of before its first call of the model."""
    notes: tuple[str, ...] = ()
    """What people should know of the repository's own agents: files that are broken or were read in part."""

    def model_of(self, agent: str, default: str) -> str:
        return dict(self.models).get(agent, default)


@dataclass(frozen=True, slots=True)
class Onto:
    """A branch that a run goes on with, its head when the run began, and its pull request (0 if it has none)."""

    branch: str
    head: Sha
    pull: int = 0
    fork_point: Sha = NO_SHA
    """The newest commit that it shares with the base."""
    merges: bool = False
    """Whether the base, at `Request.base_sha`, has to be merged in first; else `base_sha` is the fork point."""


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
    onto: Onto | None = None
    """None for a run that makes a branch of its own."""
    wishes: Wishes = field(default_factory=Wishes)
    """What a revision has to heed beside the description."""
    after: str = ""
    """The run that this one goes on with; empty if it began anew."""


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
    outcome: Outcome = ""


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
    attempt: int = 1
    """Goes up when people send the phase back."""

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
    heard: str = ""
    """Comments that people left while the agent worked and that this turn was the first to see: ids with commas."""


def unit_of(unit: str, attempt: int) -> str:
    """A unit of work in that attempt of its phase: `implementation@2/T1`."""
    if attempt == 1:
        return unit
    phase, slash, part = unit.partition("/")
    return f"{phase}@{attempt}{slash}{part}"


def phase_of(unit: str) -> PhaseName:
    """The phase that a unit of work belongs to."""
    return unit.partition("/")[0].partition("~")[0].partition("@")[0]
