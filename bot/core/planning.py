"""What a run will do: the phases of a mode, and the order of the tasks inside the implementation."""

from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import combinations

from bot.core.runs import Phase, RunPlan

QUICK = (
    Phase("requirements", "business-analyst"),
    Phase("design", "architect", ("requirements",)),
    Phase("tasks", "product-manager", ("requirements", "design")),
    Phase("implementation", "developer", ("requirements", "design", "tasks")),
    Phase("testing", "qa-engineer", ("requirements", "tasks", "implementation")),
    Phase("review", "code-reviewer", ("requirements", "design", "implementation", "testing")),
    Phase("delivery", "devflow", ("tasks", "implementation", "testing", "review")),
)
"""The lean mode. `delivery` is done by the program alone: no agent, no model."""

MAX_TASKS = 20


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work for one implementer; `files` are the paths it may touch."""

    id: str
    title: str
    description: str
    agent: str
    files: tuple[str, ...]
    depends_on: tuple[str, ...] = ()
    acceptance: tuple[str, ...] = ()


def plan(budget_usd: float, models: Sequence[tuple[str, str]]) -> RunPlan:
    """The plan of a quick run; `models` are (agent, model) pairs fixed for the whole run."""
    return RunPlan(QUICK, budget_usd, tuple(models))


def problems(tasks: Sequence[Task], agents: Sequence[str]) -> list[str]:
    """Everything that is wrong with a task plan, one sentence each; empty if it can be built."""
    ids = [task.id for task in tasks]
    found = [f"There are {len(tasks)} tasks; the limit is {MAX_TASKS}."] if len(tasks) > MAX_TASKS else []
    found += [f"Two tasks have the id {i!r}." for i in sorted({i for i in ids if ids.count(i) > 1})]
    for task in tasks:
        found += [f"{task.id} depends on {d!r}, which is not a task." for d in task.depends_on if d not in ids]
        if task.agent not in agents:
            found.append(f"{task.id} names the agent {task.agent!r}; there are: {', '.join(agents)}.")
        found += [
            f"{task.id} names the path {path!r}, which is not inside the repository."
            for path in task.files
            if _outside(path)
        ]
    if not tasks:
        found.append("There is no task.")
    return found or _order_problems(tasks)


def in_order(tasks: Sequence[Task]) -> list[list[Task]]:
    """Batches of tasks: all that a batch needs has ended before it, and no two tasks of a batch share a file."""
    by_id = {task.id: task for task in tasks}
    sorter = TopologicalSorter({task.id: task.depends_on for task in tasks})
    sorter.prepare()
    batches: list[list[Task]] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=[*by_id].index)
        batches.append([by_id[name] for name in ready])
        sorter.done(*ready)
    return batches


def _outside(path: str) -> bool:
    parts = path.split("/")
    return not path or path.startswith("/") or ".." in parts or ".git" in parts or "\0" in path


def _order_problems(tasks: Sequence[Task]) -> list[str]:
    try:
        order = list(TopologicalSorter({task.id: task.depends_on for task in tasks}).static_order())
    except CycleError as error:
        return [f"The tasks wait for each other: {' -> '.join(error.args[1])}."]
    before: dict[str, set[str]] = {}
    by_id = {task.id: task for task in tasks}
    for name in order:
        needs = by_id[name].depends_on
        before[name] = set(needs).union(*(before[n] for n in needs))
    return [
        f"{one.id} and {two.id} both change {', '.join(sorted(shared))}; let one depend on the other."
        for one, two in combinations(tasks, 2)
        if (shared := set(one.files) & set(two.files)) and one.id not in before[two.id] and two.id not in before[one.id]
    ]
