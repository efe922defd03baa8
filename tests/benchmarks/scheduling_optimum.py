"""The least makespan that any schedule of a small plan can have, found by trying all that could be better."""

from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter

from bot.core.planning import Task
from bot.core.scheduling import bound, tails

STEPS = 3_000
"""Partial schedules that are looked at before a plan counts as too large."""


class Search:
    """Branch and bound over the order in which tasks begin, each on the worker that is free first.

    Idle workers are tried, too, since a schedule that never waits need not be the best. Files are not looked at.
    """

    def __init__(self, tasks: Sequence[Task], seconds: Mapping[str, float], workers: int, known: float) -> None:
        order = list(TopologicalSorter({task.id: task.depends_on for task in tasks}).static_order())
        needs = {task.id: task.depends_on for task in tasks}
        self._tail, self._seconds, self._needs = tails(tasks, seconds), seconds, needs
        self._order = sorted(order, key=lambda name: -self._tail[name])
        # What a task needs has a longer tail, so it stands before it.
        self._all = sum(seconds[name] for name in order)
        self._floor, self._workers = lower_bound(tasks, seconds, workers), workers
        self.best, self.steps = known, 0
        self._seen = set[tuple[object, ...]]()

    def proven(self) -> bool:
        """Whether `best` is the optimum; False if the plan is too large to say."""
        if self.best > self._floor * (1 + 1e-9):
            self._go({}, (0.0,) * self._workers, 0.0)
        return self.steps < STEPS

    def _go(self, ends: dict[str, float], free: tuple[float, ...], last: float) -> None:
        """Begin one more task, none before `last`; `free` has when each worker is free, sorted."""
        self.steps += 1
        if len(ends) == len(self._order):
            self.best = min(self.best, max(ends.values()))
            return
        state = (frozenset(ends), tuple(sorted((n, e) for n, e in ends.items() if e > last)), free)
        if self.steps >= STEPS or state in self._seen or self._hopeless(ends, free, last):
            return
        self._seen.add(state)
        for name in self._order:
            if name in ends or not all(need in ends for need in self._needs[name]):
                continue
            start = max(last, free[0], *(ends[need] for need in self._needs[name]))
            end = start + self._seconds[name]
            after = tuple(sorted([end, *(max(at, start) for at in free[1:])]))
            self._go({**ends, name: end}, after, start)
            if self.best <= self._floor * (1 + 1e-9):
                return

    def _hopeless(self, ends: dict[str, float], free: tuple[float, ...], last: float) -> bool:
        """Whether nothing that begins like this can be better than the best."""
        left = self._all - sum(self._seconds[name] for name in ends)
        paths, known = [0.0], dict(ends)
        for name in self._order:
            if name not in known:
                start = max(last, free[0], *(known[need] for need in self._needs[name]))
                known[name] = start + self._seconds[name]
                paths.append(start + self._tail[name])
        return max(*paths, (left + sum(free)) / self._workers) >= self.best * (1 - 1e-9)


def lower_bound(tasks: Sequence[Task], seconds: Mapping[str, float], workers: int) -> float:
    """More than `bound`: work that cannot begin before some moment, and has so much behind it, is shared by all; and
    of one task more than `k * workers`, some worker has `k + 1`."""
    needs = {task.id: task.depends_on for task in tasks}
    head = dict[str, float]()
    for name in TopologicalSorter(needs).static_order():
        head[name] = max((head[need] + seconds[need] for need in needs[name]), default=0.0)
    rest = {name: tail - seconds[name] for name, tail in tails(tasks, seconds).items()}
    least, longest = bound(tasks, seconds, workers), sorted(seconds.values(), reverse=True)
    for k in range(1, (len(longest) - 1) // workers + 1):
        least = max(least, sum(longest[k * (workers - 1) : k * workers + 1]))
    for first in set(head.values()):
        for behind in set(rest.values()):
            inside = [seconds[name] for name in head if head[name] >= first and rest[name] >= behind]
            least = max(least, first + sum(inside) / workers + behind) if inside else least
    return least
