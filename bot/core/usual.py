"""What a phase usually takes by the price table, before any run has ended: only proportions matter once one has."""

from collections.abc import Callable, Collection, Mapping

from bot.core.conversation import Usage
from bot.core.history import Spent
from bot.core.runs import Phase, PhaseName, RunPlan

TURNS: Mapping[PhaseName, int] = {
    "team": 3,
    "tasks": 5,
    "requirements": 6,
    "product": 6,
    "advice": 6,
    "roadmap": 6,
    "testplan": 6,
    "analysis": 8,
    "feasibility": 8,
    "risks": 8,
    "revision": 20,
}
"""Calls of the model by each agent of a phase. Rough figures of ours; nothing is measured by them."""
OTHER_TURNS = 10
TASK_TURNS = 12
TASKS = 3
"""Of a plan that is not made yet."""
TURN_SECONDS = 12.0
FIRST_TOKENS, MORE_TOKENS, ANSWER_TOKENS = 8_000, 2_500, 700
"""Of a conversation's first message; of what each turn adds to it; of a reply."""
PROGRAM = "devflow"
"""Stands for the agent of a phase that the program does alone."""
Price = Callable[[str, Usage], float]
"""(model, tokens) to US dollars."""


def usual(plan: RunPlan, tasks: int, price: Price, model: str, only: Collection[PhaseName] | None = None) -> Spent:
    """What these phases of a plan (all, if not named) take together; `model` is that of agents without one."""
    phases = [phase for phase in plan.phases if only is None or phase.name in only]
    each = [_phase(phase, plan, tasks, price, model) for phase in phases]
    return Spent(sum(one.usd for one in each), sum(one.seconds for one in each))


def _phase(phase: Phase, plan: RunPlan, tasks: int, price: Price, model: str) -> Spent:
    """Agents side by side take the time of one."""
    agents = [name for name in phase.agent.split(", ") if name != PROGRAM]
    if not agents:
        return Spent(0.0, 0.0)
    if phase.name == "implementation":
        usd = _conversation(plan.model_of(agents[0], model), TASK_TURNS, price)
        return Spent(tasks * usd, tasks * TASK_TURNS * TURN_SECONDS)
    turns = TURNS.get(phase.name, OTHER_TURNS)
    usd = sum(_conversation(plan.model_of(name, model), turns, price) for name in agents)
    return Spent(usd, turns * TURN_SECONDS)


def _conversation(model: str, turns: int, price: Price) -> float:
    """Each turn reads what stands from the cache, and writes what is new: so many times the average one."""
    write = FIRST_TOKENS + MORE_TOKENS * (turns - 1)
    read = (turns - 1) * FIRST_TOKENS + MORE_TOKENS * (turns - 1) * (turns - 2) // 2
    return turns * price(model, Usage(0, ANSWER_TOKENS, write // turns, read // turns))
