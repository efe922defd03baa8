"""What a run will take, told before it spends anything, and again when its tasks are known."""

import json
from dataclasses import replace

from bot.core.conversation import Reply, Usage
from bot.core.estimates import LEAST_RUNS, Rates, estimate
from bot.core.expected import BUILDING, ESTIMATE, Estimate, to_json
from bot.core.history import REACHES, PastRun
from bot.core.planning import QUICK, REUSED
from bot.core.runs import PhaseResult, Run
from bot.core.submissions import tasks_in
from bot.ports import Ports


async def estimated(ports: Ports, run: Run, model: str) -> Run:
    """The run with an estimate of what is left of it, stored once; `model` is that of agents without one."""
    if run.plan.estimate is not None:
        return run
    results = {result.name: result for result in await ports.store.phases(run.id)}
    rest = {p.name for p in run.plan.phases if p.name not in results or results[p.name].state != "done"}
    tasks = len(tasks_in(results["tasks"])) if "tasks" in results and "tasks" not in rest else None
    found = estimate(run, await _past(ports, run), _rates(ports, model), tasks=tasks, only=rest)
    # Read once more: a budget that is raised at this moment is part of the plan, too.
    now = await ports.store.run(run.id) or run
    plan = replace(now.plan, estimate=found)
    await ports.store.set_plan(run.id, plan)
    return replace(now, plan=plan)


async def estimated_again(ports: Ports, run: Run, tasks: PhaseResult, model: str) -> PhaseResult:
    """The task plan with an estimate that counts on its tasks: of the whole run, what is spent included, or, where
    nothing is built in this run, of building it."""
    if tasks.state != "done":
        return tasks
    count, past = len(tasks_in(tasks)), await _past(ports, run)
    if run.plan.purpose == "plan":
        build = replace(run, plan=replace(run.plan, purpose="build", phases=QUICK))
        left = {phase.name for phase in QUICK if phase.name not in REUSED}
        found = estimate(build, past, _rates(ports, model), tasks=count, only=left)
        return _with(tasks, BUILDING, found)
    before = [r for r in await ports.store.phases(run.id) if r.state == "done" and r.name != tasks.name]
    left = {p.name for p in run.plan.phases} - {tasks.name, *(r.name for r in before)}
    found = estimate(run, past, _rates(ports, model), tasks=count, only=left)
    spent = [*before, tasks]
    return _with(tasks, ESTIMATE, found.after(sum(r.usd for r in spent), sum(r.seconds or 0.0 for r in spent)))


def _with(result: PhaseResult, key: str, found: Estimate) -> PhaseResult:
    return replace(result, data=json.dumps({**json.loads(result.data), key: to_json(found)}))


async def _past(ports: Ports, run: Run) -> list[PastRun]:
    """Those of the repository; of others only where it has too few."""
    found = list[PastRun]()
    for reach in REACHES:
        found = await ports.store.past_runs(run.repo, reach)
        if len([past for past in found if past.phases]) >= LEAST_RUNS:
            break
    return found


def _rates(ports: Ports, model: str) -> Rates:
    def price(name: str, usage: Usage) -> float:
        return ports.model.cost_usd(Reply((), "end_turn", usage, name))

    return Rates(price, model)
