"""What people can ask for, one type a command, as the parser leaves it."""

from dataclasses import dataclass
from typing import Literal

from bot.core.planning import Stage
from bot.core.runs import Automation, Mode, PhaseName

MemoryAction = Literal["list", "search", "add", "forget", "approve"]
MEMORY_ACTIONS: tuple[MemoryAction, ...] = ("list", "search", "add", "forget", "approve")


@dataclass(frozen=True, slots=True)
class DevWorkflow:
    """Build something: `description` is the rest of its line, `details` the lines below; both empty mean the issue."""

    description: str
    details: str
    mode: Mode
    budget_usd: float | None
    base: str | None
    line: int
    agents: tuple[str, ...] = ()
    skip: tuple[PhaseName, ...] = ()
    automation: Automation | None = None
    """None leaves it to the repository's configuration."""
    dry_run: bool = False
    model: str = ""
    """A short name or an id; empty leaves it to the settings and to history."""


@dataclass(frozen=True, slots=True)
class Planning:
    """Think it through up to a stage, and change nothing; the rest as for `DevWorkflow`."""

    stage: Stage
    description: str
    details: str
    budget_usd: float | None
    base: str | None


@dataclass(frozen=True, slots=True)
class Grooming:
    """Make an issue ready to be built; the rest as for `DevWorkflow`."""

    description: str
    details: str
    budget_usd: float | None
    sub_issues: bool = False


@dataclass(frozen=True, slots=True)
class Review:
    """Review a pull request; the words say what to look at."""

    description: str = ""
    details: str = ""
    budget_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Revise:
    """Change one of our pull requests as the words say; with none, as its open threads say."""

    description: str = ""
    details: str = ""
    budget_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Approve:
    """Let a run go on; `hash` is the beginning of the hash of what is approved, None means what waits."""

    hash: str | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """Send what waits back to its agent with the reason."""

    why: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer the question that a run waits with."""

    text: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Do a phase again, and what follows from it; None is the first one that did not go well."""

    phase: PhaseName | None = None


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on with a run that ended before its time."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Give a run more to spend, in US dollars."""

    usd: float


@dataclass(frozen=True, slots=True)
class Status:
    """Show a run; None is the latest of the issue."""

    run: str | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop a run; None is the one that is at work on the issue."""

    run: str | None = None


@dataclass(frozen=True, slots=True)
class Agents:
    """Show the agents; with `why`, the reasons for the team of the issue's last run."""

    why: bool = False


@dataclass(frozen=True, slots=True)
class Memory:
    """Look at what is remembered of the repository, or change it: `text` is what to look for or to add, or an id."""

    action: MemoryAction = "list"
    text: str = ""
    organisation: bool = False
    """Whether it is about what all repositories of the owner share."""


@dataclass(frozen=True, slots=True)
class Delegate:
    """Let somebody give commands on this issue, or the one named (without its slash)."""

    login: str
    command: str | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Stop the line: no run of the repository begins or goes on."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Unpause:
    """Let the runs of the repository go on."""


@dataclass(frozen=True, slots=True)
class Help:
    """Explain all commands, or the one named (without its slash)."""

    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Ping:
    """Say whether everything needed is there."""


@dataclass(frozen=True, slots=True)
class Custom:
    """A command that the repository defines: its name without the slash, the rest of its line, the lines below."""

    name: str
    arguments: str
    details: str


Command = (
    DevWorkflow
    | Planning
    | Grooming
    | Review
    | Revise
    | Approve
    | Reject
    | Answer
    | Retry
    | Resume
    | Budget
    | Status
    | Cancel
    | Agents
    | Memory
    | Delegate
    | Pause
    | Unpause
    | Help
    | Ping
    | Custom
)
