"""Makespan of random task plans: as soon as a worker is free, beside batches and beside what no schedule can beat."""

import random
import statistics
from collections.abc import Sequence

from bot.core.planning import Task, in_order
from bot.core.scheduling import bound, makespan, tails

Row = dict[str, object]
PLANS = 100
SHAPES = ("sparse", "layers", "wide", "tree")
WORKERS = (2, 4, 8)


def rows() -> list[Row]:
    """Means and worst cases by shape, with exact durations and with estimates that are off by half."""
    made = list[Row]()
    for shape in SHAPES:
        plans = [
            (workers, _plan(shape, random.Random(f"{shape} {workers} {n}")))
            for workers in WORKERS
            for n in range(PLANS)
        ]
        ours, batches, guessed, halves = [], [], [], []
        for workers, (tasks, seconds, guess) in plans:
            least = bound(tasks, seconds, workers)
            ours.append(makespan(tasks, seconds, workers, tails(tasks, seconds)) / least)
            guessed.append(makespan(tasks, seconds, workers, tails(tasks, guess)) / least)
            batches.append(_in_batches(tasks, seconds, workers) / least)
            if least <= sum(seconds.values()) / 2:
                halves.append(ours[-1] * least / sum(seconds.values()))
        made += [
            _row(f"{shape}, mean", statistics.mean(ours), statistics.mean(batches)),
            _row(f"{shape}, worst", max(ours), max(batches)),
            _row(f"{shape}, mean, durations guessed", statistics.mean(guessed), statistics.mean(batches)),
            _row(f"{shape}, mean share of one worker's time where half is possible", statistics.mean(halves), 0.5),
        ]
    return made


def _plan(shape: str, dice: random.Random) -> tuple[list[Task], dict[str, float], dict[str, float]]:
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


def _in_batches(tasks: Sequence[Task], seconds: dict[str, float], workers: int) -> float:
    """Each batch waits for the whole of the one before it."""
    total = 0.0
    for batch in in_order(tasks):
        ends = [0.0] * workers
        for task in batch:
            ends[ends.index(min(ends))] += seconds[task.id]
        total += max(ends)
    return total


def _row(case: str, ours: float, baseline: float) -> Row:
    values = {"ours": round(ours, 3), "baseline": round(baseline, 3), "ratio": round(ours / baseline, 3)}
    return {"area": "scheduling", "case": case, **values, "unit": "x the least possible"}
