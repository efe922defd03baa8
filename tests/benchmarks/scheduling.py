"""Makespan of random task plans: as soon as a worker is free, beside batches with barriers and beside the optimum."""

import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from bot.core.planning import Task, in_order
from bot.core.scheduling import best_order, bound, makespan, tails
from tests.benchmarks.rows import Row, bench_row
from tests.benchmarks.scheduling_optimum import Search, lower_bound

_row = partial(bench_row, "scheduling")
Seconds = dict[str, float]
PLANS = 100
SHAPES = ("sparse", "layers", "wide", "tree")
WORKERS = (2, 4, 8)
BOUND, OPTIMUM = "x bound", "x optimum"
"""The bound is max(critical path, work / workers); the optimum what no schedule can beat, or a higher bound."""


@dataclass
class Ratios:
    """How much longer each way of scheduling takes: than the bound, and (`best`) than the optimum or what is proven."""

    ours: list[float] = field(default_factory=list)
    tails: list[float] = field(default_factory=list)
    guessed: list[float] = field(default_factory=list)
    alike: list[float] = field(default_factory=list)
    batches: list[float] = field(default_factory=list)
    halves: list[float] = field(default_factory=list)
    best: list[float] = field(default_factory=list)
    batches_best: list[float] = field(default_factory=list)
    proven: int = 0

    def add(self, tasks: Sequence[Task], seconds: Seconds, guess: Seconds, workers: int) -> None:
        """Measure one plan, with exact durations, with guesses, and with all tasks taken to be alike."""
        least, took = bound(tasks, seconds, workers), makespan(tasks, seconds, workers, tails(tasks, seconds))
        ours = makespan(tasks, seconds, workers, best_order(tasks, seconds, workers))
        search = Search(tasks, seconds, workers, ours)
        proven = search.proven()
        optimum = search.best if proven else lower_bound(tasks, seconds, workers)
        batches, same = _in_batches(tasks, seconds, workers), dict.fromkeys(seconds, 1.0)
        self.ours.append(ours / least)
        self.tails.append(took / least)
        self.guessed.append(makespan(tasks, seconds, workers, best_order(tasks, guess, workers)) / least)
        self.alike.append(makespan(tasks, seconds, workers, best_order(tasks, same, workers)) / least)
        self.batches.append(batches / least)
        self.best.append(ours / optimum)
        self.batches_best.append(batches / optimum)
        self.proven += proven
        if least <= sum(seconds.values()) / 2:
            self.halves.append(ours / sum(seconds.values()))


def rows() -> list[Row]:
    """Means and worst cases by shape."""
    return [row for shape in SHAPES for row in _shape_rows(shape)]


def _shape_rows(shape: str) -> list[Row]:
    found = Ratios()
    for workers in WORKERS:
        for n in range(PLANS):
            found.add(*_plan(shape, random.Random(f"{shape} {workers} {n}")), workers)
    mean, known = statistics.mean, f"optimum proven for {found.proven} of {len(found.ours)}"
    return [
        _row(f"{shape}, mean", mean(found.ours), mean(found.batches), BOUND),
        _row(f"{shape}, worst", max(found.ours), max(found.batches), BOUND),
        _row(f"{shape}, mean beside longest path first", mean(found.ours), mean(found.tails), BOUND),
        _row(f"{shape}, mean, durations off by half", mean(found.guessed), mean(found.batches), BOUND),
        _row(f"{shape}, mean, durations unknown", mean(found.alike), mean(found.batches), BOUND),
        _row(f"{shape}, mean ({known})", mean(found.best), mean(found.batches_best), OPTIMUM),
        _row(f"{shape}, worst ({known})", max(found.best), max(found.batches_best), OPTIMUM),
        _row(f"{shape}, mean where half is possible", mean(found.halves), 0.5, "x one worker's time"),
    ]


def _plan(shape: str, dice: random.Random) -> tuple[list[Task], Seconds, Seconds]:
    """(8 to 20 tasks, their seconds, estimates of these)."""
    tasks = []
    for n in range(dice.randint(8, 20)):
        match shape:
            case "sparse":
                after = [m for m in range(max(0, n - 8), n) if dice.random() < 0.15]
            case "layers":
                after = [m for m in range(max(0, n // 4 * 4 - 4), n // 4 * 4) if dice.random() < 0.5]
            case "tree":
                after = [dice.randrange(n)] if n else []
            case _:
                after = []
        tasks.append(Task(f"T{n}", "", "", "developer", (f"{n}.py",), tuple(f"T{m}" for m in after)))
    seconds = {task.id: dice.lognormvariate(4, 0.6) for task in tasks}
    return tasks, seconds, {name: value * dice.lognormvariate(0, 0.4) for name, value in seconds.items()}


def _in_batches(tasks: Sequence[Task], seconds: Seconds, workers: int) -> float:
    """Each batch waits for the whole of the one before it."""
    total = 0.0
    for batch in in_order(tasks):
        ends = [0.0] * workers
        for task in batch:
            ends[ends.index(min(ends))] += seconds[task.id]
        total += max(ends)
    return total
