"""What one agent has to do, and how it ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from bot.core.context import CONTEXT_TOKENS
from bot.core.definitions import AgentDefinition, Catalog
from bot.core.limits import Cap, Limits, Refusal
from bot.core.repository import Sha
from bot.core.runs import Phase, PhaseName, Run
from bot.core.submissions import Submission
from bot.ports import Checkout


@dataclass(frozen=True, slots=True)
class Team:
    """Whom an agent may call with `Task`: any of the catalog that is not among `callers`, who called it one by one."""

    catalog: Catalog
    phase: Phase
    callers: tuple[str, ...] = ()
    context_tokens: int = CONTEXT_TOKENS
    """Of the first message of those that are called."""


@dataclass(frozen=True, slots=True)
class Job:
    """What one agent has to do. `unit` names it in the run; `submits` is the phase whose tool ends it, or None.

    `limits` are its own, agents that it calls included; `shared` are the caps that it draws on with others, the run's
    first.
    """

    run: Run
    unit: str
    agent: AgentDefinition
    model: str
    system: str
    first: str
    tools: tuple[str, ...]
    checkout: Checkout
    start: Sha
    limits: Limits
    submits: PhaseName | None = None
    agents: tuple[str, ...] = ()
    """Agents that the result may name."""
    required: tuple[str, ...] = ()
    """Agents that a team must have, or threads that a revision must answer."""
    env: Path | None = None
    """What the tests' install step left, mounted read-only at `/env` for commands."""
    shared: tuple[Cap, ...] = ()
    team: Team | None = None
    """None for an agent that works alone, whatever its tools."""
    asks: bool = False
    """It may ask people a question, and then the run waits for the answer."""
    noted: frozenset[int] = frozenset()
    """Comments of people that are in its first message."""
    looks_on: bool = False
    """It only reads, in a checkout that is another agent's: the files are left as they are."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """The whole texts of the pieces in `first` that are shortened: all that `Recall` gives."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended. `reason` and `hint` are sentences for people; `tree` is the checkout afterwards."""

    state: Literal["done", "failed"]
    text: str
    tree: Sha
    submission: Submission | None = None
    reason: str = ""
    hint: str = ""
    limit: Refusal | None = None
    """The limit that stopped it, if one did."""


class QuestionError(Exception):
    """An agent asks people something. The work goes on from here, in `unit`, once there is an answer."""

    def __init__(self, unit: str, text: str) -> None:
        super().__init__(text)
        self.unit, self.text = unit, text


def in_one(failed: Sequence[Outcome]) -> Outcome:
    """Of several that failed side by side, at least one: a limit counts whoever met it, and every reason is told."""
    ordered = sorted(failed, key=lambda outcome: outcome.limit is None)
    reasons = dict.fromkeys(f"{outcome.reason} {outcome.hint}".strip() for outcome in ordered)
    return replace(ordered[0], reason=" ".join(reasons), hint="")
