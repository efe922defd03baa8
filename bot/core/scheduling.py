"""Which tasks begin next: those that the longest remaining work hangs on, as soon as a worker is free."""

import heapq
import random
from collections.abc import Collection, Mapping, Sequence
from graphlib import TopologicalSorter

from bot.core.planning import Task

TRIES = 100
"""Schedules that are looked at: 20 ms for twenty tasks. Ten times as many make it less than 0.1 % shorter."""

LEAST_SECONDS = 1e-3
"""With less, what follows could seem to begin as much work as what it waits for."""


def tails(tasks: Sequence[Task], seconds: Mapping[str, float]) -> dict[str, float]:
    """The longest path of work that begins with each task, itself included: what has most begins first.

    List scheduling by it ends within (2 - 1/workers) of the best (R. L. Graham, Bounds on Multiprocessing Timing
    Anomalies, 1969). Raises `CycleError`.
    """
    return _tails({task.id: task.depends_on for task in tasks}, seconds)


def longest_first(needs: Mapping[str, Sequence[str]], seconds: Mapping[str, float]) -> list[str]:
    """All names, those first that most work begins with; what one needs stands before it. Raises `CycleError`."""
    tail = _tails(needs, {name: max(seconds[name], LEAST_SECONDS) for name in needs})
    return sorted(needs, key=lambda name: -tail[name])


def _tails(needs: Mapping[str, Sequence[str]], seconds: Mapping[str, float]) -> dict[str, float]:
    order = list(TopologicalSorter(needs).static_order())
    after: dict[str, list[str]] = {name: [] for name in order}
    for name, before in needs.items():
        for need in before:
            after[need].append(name)
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


def best_order(tasks: Sequence[Task], seconds: Mapping[str, float], workers: int) -> dict[str, float]:
    """The priorities with which the last task ends first, of `TRIES`, if each task takes so long.

    It begins with `tails` and shakes the best so far a little, the same way every time. Raises `CycleError`.
    """
    dice = random.Random(0)  # noqa: S311
    found, floor = tails(tasks, seconds), bound(tasks, seconds, workers)
    least = makespan(tasks, seconds, workers, found)
    for _ in range(TRIES):
        if least <= floor * (1 + 1e-9):
            break
        order = {name: value * dice.uniform(0.75, 1.33) for name, value in found.items()}
        took = makespan(tasks, seconds, workers, order)
        if took < least * (1 - 1e-9):
            found, least = order, took
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
