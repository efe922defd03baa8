"""Which tasks begin next: those that the longest remaining work hangs on, as soon as a worker is free."""

import heapq
from collections.abc import Collection, Mapping, Sequence
from graphlib import TopologicalSorter

from bot.core.planning import Task


def tails(tasks: Sequence[Task], seconds: Mapping[str, float]) -> dict[str, float]:
    """The longest path of work that begins with each task, itself included: what has most begins first.

    List scheduling by it ends within (2 - 1/workers) of the best (R. L. Graham, Bounds on Multiprocessing Timing
    Anomalies, 1969). Raises `CycleError`.
    """
    order = list(TopologicalSorter({task.id: task.depends_on for task in tasks}).static_order())
    after: dict[str, list[str]] = {name: [] for name in order}
    for task in tasks:
        for need in task.depends_on:
            after[need].append(task.id)
    found = dict[str, float]()
    for name in reversed(order):
        found[name] = seconds[name] + max((found[follower] for follower in after[name]), default=0.0)
    return found


def startable(
    tasks: Sequence[Task],
    order: Mapping[str, float],
    workers: int,
    done: Collection[str],
    running: Collection[str],
) -> list[Task]:
    """What begins now, soonest first: all that it needs is done, no running task changes a file of it, and a worker is
    free. Equals begin in the order of the plan."""
    busy = {path for task in tasks if task.id in running for path in task.files}
    ready = [t for t in tasks if t.id not in done and t.id not in running and set(t.depends_on) <= set(done)]
    found = list[Task]()
    for task in sorted(ready, key=lambda task: -order[task.id]):
        if len(running) + len(found) < workers and busy.isdisjoint(task.files):
            found.append(task)
            busy.update(task.files)
    return found


def makespan(tasks: Sequence[Task], seconds: Mapping[str, float], workers: int, order: Mapping[str, float]) -> float:
    """When the last task ends, if each takes so long."""
    now, done, ends = 0.0, set[str](), list[tuple[float, str]]()
    while len(done) < len(tasks):
        for task in startable(tasks, order, workers, done, {name for _, name in ends}):
            heapq.heappush(ends, (now + seconds[task.id], task.id))
        now, name = heapq.heappop(ends)
        done.add(name)
    return now


def bound(tasks: Sequence[Task], seconds: Mapping[str, float], workers: int) -> float:
    """No schedule ends before this: the longest path, and all work shared by all workers."""
    return max(max(tails(tasks, seconds).values(), default=0.0), sum(seconds[t.id] for t in tasks) / workers)
