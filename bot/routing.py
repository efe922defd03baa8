"""Who does which work of a run, and on which model: chosen from what is known here, and stored before it begins."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.core.config import CONFIG_PATH
from bot.core.planning import Task
from bot.core.routing.choice import Choice, choose
from bot.core.routing.kinds import kind_of_task
from bot.core.routing.models import choose_model
from bot.core.routing.results import BUILDING, results_of, tally_of
from bot.core.routing.tally import Tally
from bot.core.runs import Run, RunId, phase_of, unit_of
from bot.ports import Ports

LEAST_RESULTS = 5
"""Pieces of work that an agent must have done here before its success says anything of it."""


async def note_results(ports: Ports, run: Run) -> None:
    """Write down how the work of a run that has ended went. The same run again changes nothing."""
    phases = {result.name: result for result in await ports.store.phases(run.id)}
    turns = await ports.store.turns(run.id)
    await ports.store.note_results(results_of(run, phases, turns, run.ended_at or ports.clock.now()))


async def agents_known(ports: Ports, run: Run) -> Tally:
    """What agents have achieved in the run's repository. Other repositories do not count, not even the owner's."""
    return tally_of(await ports.store.results(run.repo), ports.clock.now(), "agent")


async def who_builds(
    ports: Ports, run: Run, tasks: Sequence[Task], builders: Sequence[str], attempt: int
) -> tuple[list[Task], list[Choice]]:
    """(the tasks with the agents that build them, why for each), chosen once for an attempt at the implementation.

    The plan's agent is a suggestion; a pin of the repository comes before it and before evidence, and the agents that a
    command names before all: then the plan alone decides among them.
    """
    tally, chosen = await agents_known(ports, run), list[Choice]()
    for task in tasks:
        unit = unit_of(f"{BUILDING}/{task.id}", attempt)
        choice = _builder(run, task, builders, tally, f"{run.id}/{unit}")
        chosen.append(await ports.store.keep_choice(run.id, unit, "agent", choice))
    return [replace(task, agent=one.name) for task, one in zip(tasks, chosen, strict=True)], chosen


def _builder(run: Run, task: Task, builders: Sequence[str], tally: Tally, seed: str) -> Choice:
    if run.plan.wanted:
        why = f"{task.agent}: the plan named it, and the command names whom to plan with"
        return Choice(task.agent, "named", why)
    kind = kind_of_task(task)
    pins = dict(run.plan.pins)
    if pinned := next((what for what in (kind, BUILDING) if what in pins), ""):
        return Choice(pins[pinned], "pinned", f"{pins[pinned]}: pinned for {pinned} in `{CONFIG_PATH}`")
    candidates = tuple(dict.fromkeys((*builders, task.agent)))
    return choose(candidates, kind, tally, seed=seed, suggested=task.agent)


@dataclass(frozen=True, slots=True)
class Assignment:
    """What an agent is about to do; `failed` says that it follows a failed attempt of its own."""

    unit: str
    agent: str
    kind: str
    failed: bool = False


async def which_model(ports: Ports, run: Run, given: Assignment, models: Sequence[str], usual: str) -> str:
    """The model for a unit of work, chosen once; `models` go from cheap to strong. With one there is no choice."""
    if len(models) < 2 or usual not in models:
        return usual
    results = await ports.store.results(run.repo)
    tally = tally_of(results, ports.clock.now(), "model")
    before, seed = await _failed_with(ports, run, given, models), f"{run.id}/{given.unit}"
    choice = choose_model(models, usual, given.kind, tally, seed=seed, failed_with=before)
    return (await ports.store.keep_choice(run.id, given.unit, "model", choice)).name


async def _failed_with(ports: Ports, run: Run, given: Assignment, models: Sequence[str]) -> str:
    """The strongest model that the agent had when it failed: in this run, or in the one that this goes on with."""
    turns = await ports.store.turns(run.id) if given.failed else []
    if not turns and run.request.after:
        phase, before = phase_of(given.unit), RunId(run.request.after)
        ends = {result.name: result.state for result in await ports.store.phases(before)}
        if ends.get(phase) == "failed":
            turns = [turn for turn in await ports.store.turns(before) if phase_of(turn.unit) == phase]
    used = [turn.model for turn in turns if turn.agent == given.agent and turn.model in models]
    return max(used, key=models.index, default="")
