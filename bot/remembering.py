"""What a run is told of earlier ones, and what it teaches in its turn."""

from dataclasses import replace

import structlog

from bot.core.memory.harvest import Ended, memories_of
from bot.core.memory.memories import TAUGHT, Found, Memory, Query, Use, Verdict
from bot.core.policy import may_write
from bot.core.runs import Outcome, Run
from bot.ports import GitHubError, Ports

MOST = 6
"""Memories that an agent is shown because they fit what it is about to do."""
MOST_HOWTO = 4
"""Those that say how to build and test, beside them, for agents that can run commands."""
HOWTO = "how to install, build, run and check all tests; commands that work or cannot be run here"
VERDICTS: dict[Outcome, Verdict] = {"": "", "merged": "helped", "closed": "misled", "reverted": "misled"}


async def recalled(ports: Ports, run: Run, unit: str, wish: str, *, runs_commands: bool = False) -> list[Memory]:
    """Memories for a unit of work, best first: chosen once, the same after a restart; forgotten ones are left out."""
    if run.plan.memory == "off":
        return []
    shown = [use for use in await ports.store.uses(run.id) if use.unit == unit]
    if not shown and not await ports.store.turns(run.id, unit):
        found = await _found(ports, run, wish, runs_commands=runs_commands)
        now = ports.clock.now()
        shown = [Use(run.id, unit, one.memory.id, rank, now) for rank, one in enumerate(found, 1)]
        await ports.store.note_uses(run.repo, shown)
    memories = [await ports.store.memory(run.repo, use.memory) for use in sorted(shown, key=lambda use: use.rank)]
    return [memory for memory in memories if memory is not None and memory.state == "active"]


async def _found(ports: Ports, run: Run, wish: str, *, runs_commands: bool) -> list[Found]:
    shared = run.plan.memory == "organisation"
    query = Query(run.repo, wish, limit=MOST, shared=shared)
    found = [one for one in await ports.store.recall(query) if one.memory.kind != "howto"]
    if runs_commands:
        howto = Query(run.repo, HOWTO, kinds=("howto",), limit=MOST_HOWTO, shared=shared)
        found = [*await ports.store.recall(howto), *found]
    return found


async def learn(ports: Ports, run: Run) -> None:
    """Write down what a run taught. The same run again writes nothing twice."""
    if run.plan.memory == "off":
        return
    store, now = ports.store, ports.clock.now()
    results = {result.name: result for result in await store.phases(run.id)}
    taught = memories_of(Ended(run, results, await store.turns(run.id), await store.gates(run.id), now))
    if any(memory.state == "pending" for memory in taught) and await _vouched(ports, run):
        taught = [replace(memory, state="active") for memory in taught]
    kept = await store.remember_all(taught)
    uses = [Use(run.id, TAUGHT, one.memory.id, 0, now) for one in kept if one.how != "forgotten"]
    await store.note_uses(run.repo, uses)
    if run.outcome:
        await judge(ports, run, run.outcome)


async def judge(ports: Ports, run: Run, outcome: Outcome) -> None:
    """Let the end of a pull request speak for what its run was shown and what it taught.

    A merge also approves what waits: somebody who may write has taken the work over.
    """
    await ports.store.judge_uses(run.repo, run.id, VERDICTS[outcome])
    if outcome != "merged":
        return
    taught = {use.memory for use in await ports.store.uses(run.id) if use.unit == TAUGHT}
    for memory_id in taught:
        memory = await ports.store.memory(run.repo, memory_id)
        if memory is not None and memory.state == "pending":
            await ports.store.set_memory_state(run.repo, memory_id, "active")


async def _vouched(ports: Ports, run: Run) -> bool:
    """Whether whoever wrote the issue may write to the repository; not, if GitHub does not say."""
    try:
        issue = await ports.github.issue(run.repo, run.request.issue)
        return may_write(await ports.github.permission(run.repo, issue.author))
    except GitHubError as error:
        structlog.get_logger().warning("the issue's author is not known", run=run.id, error=str(error))
        return False
