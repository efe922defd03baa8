"""What runs that have ended cost and how long they took: what later ones are planned by."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.core.planning import Task
from bot.core.runs import PhaseName, Run

Reach = Literal["repository", "organisation", "server"]
"""Whose runs: of one repository, of all with the same owner, or all that the store has."""
REACHES: tuple[Reach, ...] = ("repository", "organisation", "server")
PRIOR_TASKS = 2.0
"""How many tasks of its own an agent must have had to count as much as what tasks take here on average."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a phase, or a task, took; `seconds` of a task are those that its agent waited for the model."""

    usd: float
    seconds: float


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run that ended without being cancelled; of its phases those that called a model, and the tasks it built, each
    with its agent."""

    run: Run
    phases: Mapping[PhaseName, Spent]
    tasks: tuple[tuple[str, float], ...] = ()
    """(agent, seconds of its calls) of each."""


def task_seconds(tasks: Sequence[Task], past: Sequence[PastRun]) -> dict[str, float]:
    """How long each task will take, by what its agent's took here: the geometric mean, drawn to that of all agents.

    All alike, 1.0, where nothing is known.
    """
    known = [(agent, math.log(seconds)) for run in past for agent, seconds in run.tasks if seconds > 0]
    if not known:
        return dict.fromkeys((task.id for task in tasks), 1.0)
    usual = statistics.mean(value for _, value in known)

    def expected(agent: str) -> float:
        own = [value for name, value in known if name == agent]
        return math.exp((sum(own) + PRIOR_TASKS * usual) / (len(own) + PRIOR_TASKS))

    return {task.id: expected(task.agent) for task in tasks}


def phase_seconds(names: Sequence[PhaseName], past: Sequence[PastRun]) -> dict[PhaseName, float]:
    """How long each phase takes here, the median; those that nobody knows take as long as the others on average."""
    found = {name: [run.phases[name].seconds for run in past if name in run.phases] for name in names}
    medians = {name: statistics.median(values) for name, values in found.items() if values}
    usual = statistics.mean(medians.values()) if medians else 1.0
    return {name: medians.get(name, usual) for name in names}
