"""What each agent made of each piece of work in a run, and on which model: the evidence that choices rest on."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.core.routing.choice import Choice
from bot.core.routing.kinds import kind_of_task
from bot.core.routing.tally import Tally
from bot.core.runs import Outcome, PhaseName, PhaseResult, Run, RunId, Turn, phase_of
from bot.core.submissions import tasks_in

BUILDING: PhaseName = "implementation"
ROUND, MOST_ROUNDS = 0.125, 4
"""What a result is worth less for each time that tests or reviewers sent it back, and how often that counts."""
_CALLED = re.compile(r"\d+\.\d+-")
"""How the part of a unit begins in which an agent called another one."""


@dataclass(frozen=True, slots=True)
class WorkResult:
    """One piece of work: `unit` is a task (`implementation/T1`) or a phase, `kind` the task's kind or the phase.

    `rounds` is how often tests or reviewers sent the change back; `outcome` and `revised` (revisions after the pull
    request was opened) are read with the run, and not stored here.
    """

    run: RunId
    unit: str
    agent: str
    model: str
    kind: str
    ok: bool
    rounds: int
    usd: float
    seconds: float
    at: datetime
    outcome: Outcome = ""
    revised: int = 0

    @property
    def worth(self) -> float:
        """0 if it went wrong, 1 if it was right at once, a half at least if it was right in the end.

        What people did with the pull request speaks for those who built it, not for those who thought before.
        """
        built = phase_of(self.unit) == BUILDING
        if not self.ok or (built and self.outcome in {"closed", "reverted"}):
            return 0.0
        return 1.0 - ROUND * min(self.rounds + (self.revised if built else 0), MOST_ROUNDS)


Subject = Literal["agent", "model"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who does a unit of work, or on which model, as it was stored before the work began."""

    unit: str
    subject: Subject
    choice: Choice


def results_of(
    run: Run, phases: Mapping[PhaseName, PhaseResult], turns: Sequence[Turn], at: datetime
) -> list[WorkResult]:
    """The results of a run that has ended, one for each piece of work, agent and model. The same again is the same.

    What says nothing of an agent is left out: cancelled runs, phases that a limit or an error of ours stopped.
    """
    if run.state == "cancelled":
        return []
    groups, last = _grouped(turns)
    planned = phases.get("tasks")
    tasks = {task.id: task for task in tasks_in(planned)} if planned and planned.state == "done" else {}
    rounds, found = _rounds(phases), []
    for (piece, agent, model), spent in groups.items():
        if (ended_well := _ended_well(piece, phases)) is None:
            continue
        task = tasks.get(piece.partition("/")[2])
        kind = kind_of_task(task) if task else phase_of(piece)
        ok = ended_well and last[piece, agent] == model
        usd = sum(turn.reserved_usd if turn.usd is None else turn.usd for turn in spent)
        seconds = sum(turn.seconds for turn in spent)
        found.append(WorkResult(run.id, piece, agent, model, kind, ok, rounds if task else 0, usd, seconds, at))
    return found


def _grouped(turns: Sequence[Turn]) -> tuple[dict[tuple[str, str, str], list[Turn]], dict[tuple[str, str], str]]:
    """(turns by piece of work, agent and model; the last model of each agent at each piece).

    Agents that were called count for who called them.
    """
    leads = {turn.unit: turn for turn in turns}
    groups: dict[tuple[str, str, str], list[Turn]] = {}
    last: dict[tuple[str, str], str] = {}
    for turn in turns:
        lead = leads.get(_root(turn.unit), turn)
        piece = _piece(lead.unit)
        groups.setdefault((piece, lead.agent, lead.model), []).append(turn)
        last[piece, lead.agent] = lead.model
    return groups, last


def tally_of(results: Iterable[WorkResult], now: datetime, subject: Subject) -> Tally:
    """What is known of agents, or of models, by the kind of work. Results come oldest first.

    A model whose work was sent back did not suffice: a stronger one may have mended it.
    """
    tally = Tally()
    for one in results:
        name, worth = (one.agent, one.worth) if subject == "agent" else (one.model, 0.0 if one.rounds else one.worth)
        days = (now - one.at).total_seconds() / 86_400
        tally.note(name, one.kind, worth, usd=one.usd, days_old=days, merged=one.outcome == "merged")
    return tally


def _root(unit: str) -> str:
    """The unit of the agent at the head of a phase or task, for that of an agent that was called below it."""
    parts = unit.split("/")
    called = next((n for n, part in enumerate(parts) if n and _CALLED.match(part)), len(parts))
    return "/".join(parts[:called])


def _piece(unit: str) -> str:
    """What the unit is a part of, in whatever attempt: a task of the implementation, or a phase."""
    name, _, rest = unit.partition("/")
    phase, task = phase_of(name), rest.partition("/")[0].partition("~")[0]
    return f"{phase}/{task}" if phase == BUILDING and task else phase


def _ended_well(piece: str, phases: Mapping[PhaseName, PhaseResult]) -> bool | None:
    """Whether the piece was done, a task also proven; None where its end says nothing."""
    phase, _, task = piece.partition("/")
    result = phases.get(phase)
    if result is None or result.state not in {"done", "failed"}:
        return None
    data = json.loads(result.data)
    if not task or task not in {entry["task"] for entry in data.get("commits", [])}:
        stopped = "limit" in data or "tree" not in data
        return True if result.state == "done" else None if stopped else False
    tests, review = (json.loads(phases[name].data) if name in phases else {} for name in ("testing", "review"))
    tested = review.get("tests") or tests.get("tests") or {}
    return tested.get("state") != "failed" and review.get("verdict") != "request_changes"


def _rounds(phases: Mapping[PhaseName, PhaseResult]) -> int:
    """How often tests failed, or reviewers asked for changes, before the end."""
    tests, review = (json.loads(phases[name].data) if name in phases else {} for name in ("testing", "review"))
    return max(len(tests.get("history", [])) - 1, 0) + max(len(review.get("verdicts", [])) - 1, 0)
