"""What a run will do: the phases of a mode, and the order of the tasks inside the implementation."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from itertools import combinations
from typing import Literal

from bot.core.repository import Sha
from bot.core.runs import Member, Mode, Phase, PhaseName, RunPlan
from bot.core.team import ADVISERS, CHIEF, advisers

Stage = Literal["analysis", "design", "implementation", "testing"]
"""How far `/planning` goes."""
STAGES: tuple[Stage, ...] = ("analysis", "design", "implementation", "testing")
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
LEARNING = (
    Phase("team", CHIEF),
    Phase("requirements", "business-analyst", ("team",)),
    *QUICK[1:],
)
"""The lean mode with a team that is confirmed first; each agent explains its steps."""
COMPREHENSIVE = (
    Phase("team", CHIEF),
    Phase("product", "product-manager", ("team",)),
    Phase("requirements", "business-analyst", ("team", "product")),
    Phase("advice", ", ".join(ADVISERS), ("requirements",)),
    Phase("design", "architect", ("requirements", "advice")),
    Phase("tasks", "product-manager", ("requirements", "advice", "design")),
    Phase("implementation", "developer", ("requirements", "advice", "design", "tasks")),
    Phase("documentation", "technical-writer", ("requirements", "tasks", "implementation")),
    Phase("testing", "qa-engineer", ("requirements", "tasks", "implementation", "documentation")),
    Phase("security", "security-engineer", ("requirements", "design", "testing")),
    Phase("performance", "performance-optimizer", ("requirements", "design", "testing")),
    Phase(
        "review", "code-reviewer", ("requirements", "design", "implementation", "testing", "security", "performance")
    ),
    Phase("delivery", "devflow", ("tasks", "implementation", "testing", "review")),
)
"""Everything, before its team is known: whoever is in it gives advice. The documentation is written before the tests,
so that the tested tree is the final one."""
MODES: Mapping[Mode, tuple[Phase, ...]] = {"quick": QUICK, "comprehensive": COMPREHENSIVE, "learning": LEARNING}
TESTPLAN = Phase("testplan", "qa-engineer", ("requirements", "design", "tasks"))
PLANNED: Mapping[Stage, tuple[Phase, ...]] = {
    "analysis": QUICK[:1],
    "design": QUICK[:2],
    "implementation": QUICK[:3],
    "testing": (*QUICK[:3], TESTPLAN),
}
"""What is thought through when only a plan is wanted, up to that stage."""
ROADMAP: PhaseName = "roadmap"
GROOM = (
    Phase("analysis", "business-analyst"),
    Phase("feasibility", "architect"),
    Phase("risks", "security-engineer"),
    Phase(ROADMAP, "product-manager", ("analysis", "feasibility", "risks")),
)
"""An issue seen from three sides at the same time, then what to do first. Nothing is changed."""
SUB_ISSUES = Phase("sub-issues", "devflow", ("roadmap",))
"""What the roadmap proposes, opened under the issue by the program, where the command asks for it."""
REUSED: tuple[PhaseName, ...] = ("requirements", "design", "tasks")
"""Results of a plan that a later run on the same issue takes over."""
SKIPPABLE: tuple[PhaseName, ...] = (
    "product",
    "advice",
    "design",
    "documentation",
    "security",
    "performance",
    "review",
)
"""Phases that a run can do without. Without a review nothing approves the change, and the evidence says so."""
ASIDE: frozenset[PhaseName] = frozenset({"security", "performance", "analysis", "feasibility", "risks"})
"""Phases that run beside another one, and so need a working copy of their own."""

GROOMED_FOR: frozenset[PhaseName] = frozenset({"team", "product", "requirements"})
"""Phases that are shown the roadmap of an issue that was groomed before."""

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


def plan(
    budget_usd: float,
    models: Sequence[tuple[str, str]],
    mode: Mode = "quick",
    *,
    wanted: Sequence[str] = (),
    skipped: Sequence[PhaseName] = (),
    agents_sha: Sha | None = None,
) -> RunPlan:
    """The plan of a run before its team is known; `models` are (agent, model) pairs fixed for the whole run."""
    phases = _without(MODES[mode], skipped)
    return RunPlan(phases, budget_usd, tuple(models), mode, agents_sha, tuple(wanted), tuple(skipped))


def plan_only(
    budget_usd: float, models: Sequence[tuple[str, str]], stage: Stage, *, agents_sha: Sha | None = None
) -> RunPlan:
    """The plan of a run that thinks up to a stage and changes nothing."""
    return RunPlan(PLANNED[stage], budget_usd, tuple(models), agents_sha=agents_sha, purpose="plan")


def groom(
    budget_usd: float, models: Sequence[tuple[str, str]], *, sub_issues: bool = False, agents_sha: Sha | None = None
) -> RunPlan:
    """The plan of a run that makes an issue ready to be built."""
    phases = (*GROOM, SUB_ISSUES) if sub_issues else GROOM
    options = (SUB_ISSUES.name,) if sub_issues else ()
    return RunPlan(phases, budget_usd, tuple(models), agents_sha=agents_sha, purpose="groom", options=options)


def with_team(before: RunPlan, team: Sequence[Member]) -> RunPlan:
    """The plan with its team: advice is heard from those who are in it, and left out if nobody gives any."""
    heard = ", ".join(advisers(team))
    phases = _without(MODES[before.mode], [*before.skipped, *([] if heard else ["advice"])])
    phases = tuple(replace(phase, agent=heard) if phase.name == "advice" else phase for phase in phases)
    return replace(before, phases=phases, team=tuple(team))


def _without(phases: Sequence[Phase], left_out: Collection[str]) -> tuple[Phase, ...]:
    """The DAG without some phases; what needed one of them needs what that needed."""
    needs = {phase.name: phase.needs for phase in phases}

    def kept(name: PhaseName) -> tuple[PhaseName, ...]:
        direct = [kept(need) if need in left_out else (need,) for need in needs[name]]
        return tuple(dict.fromkeys(need for part in direct for need in part))

    return tuple(replace(phase, needs=kept(phase.name)) for phase in phases if phase.name not in left_out)


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
    """Batches of tasks, as few and as wide as the order allows; in each, what most depends on comes first.

    All that a batch needs has ended before it, and no two tasks of a batch share a file. Raises `CycleError`.
    """
    sorter = TopologicalSorter({task.id: task.depends_on for task in tasks})
    length = _lengths(tasks, list(sorter.static_order()))
    waiting, batches, done = list(tasks), list[list[Task]](), set[str]()
    while waiting:
        ready = [task for task in waiting if done.issuperset(task.depends_on)]
        batch = list[Task]()
        taken = set[str]()
        for task in sorted(ready, key=lambda task: -length[task.id]):
            if taken.isdisjoint(task.files):
                batch.append(task)
                taken.update(task.files)
        batches.append(batch)
        done.update(task.id for task in batch)
        waiting = [task for task in waiting if task.id not in done]
    return batches


def _lengths(tasks: Sequence[Task], order: Sequence[str]) -> dict[str, int]:
    """How many tasks the longest chain that begins with each task has."""
    after: dict[str, list[str]] = {name: [] for name in order}
    for task in tasks:
        for need in task.depends_on:
            after[need].append(task.id)
    length: dict[str, int] = {}
    for name in reversed(order):
        length[name] = 1 + max((length[follower] for follower in after[name]), default=0)
    return length


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
