"""Memories: how well they are found, beside other methods, and how long it takes in small and large stores.

`python -m tests.benchmarks.memory --data FILE --json` takes rows of the form
`{"id","repo","title"?,"text","files"?,"syms"?,"dups"?}`; which task it is depends on which gold is there.
"""

import argparse
import time
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from tests.benchmarks import memory_scale, memory_tuning
from tests.benchmarks.memory_data import GITBUGS, SHARED, SWE, Issue, Quality, Question, Task, load, quality, tasks
from tests.benchmarks.memory_methods import BASELINES, Method, Ours, Timed, answers, missing_package, percentile
from tests.benchmarks.rows import Row, bench_row, print_rows

_row = partial(bench_row, "memory")
OURS = "ours"
LEARNING = (10, 182)
"""So many memories; what comes after the last of them is asked."""
SIZES = (10_000, 100_000)
LARGEST = 1_000_000


def rows() -> list[Row]:
    """The tables of both sets, of learning, of tuning on the other set, and of speed in large stores."""
    paths = [SHARED / name for name in (SWE, GITBUGS)]
    found = [path for path in paths if path.exists()]
    measured = [row for path in found for row in quality_rows(path)]
    if len(found) == len(paths):
        sets = [load(path) for path in paths]
        measured += learning_rows(sets[0]) + memory_tuning.rows(*sets) + memory_scale.rows(sets, SIZES)
    return measured + [_row(f"{path.name} is missing: left out", None, None, "") for path in paths if path not in found]


def quality_rows(path: Path) -> list[Row]:
    """Each measure of the set's task, and the time of a search: ours beside each other method."""
    name = path.name.split(".")[0]
    all_tasks = tasks(load(path))
    others = [method for method in BASELINES if not missing_package(method)]
    ours, milliseconds = _measure(OURS, all_tasks)
    made = []
    for method in others:
        theirs, their_milliseconds = _measure(method, all_tasks)
        made += [
            _row(f"{name} hit@10, beside {method}", ours.hit, theirs.hit, "%"),
            _row(f"{name} nDCG@10, beside {method}", ours.ndcg, theirs.ndcg, "%"),
            _row(f"{name} R@10, beside {method}", ours.recall, theirs.recall, "%"),
            _row(f"{name} search, median, beside {method}", milliseconds, their_milliseconds, "ms"),
        ]
    missing = [method for method in BASELINES if method not in others]
    return made + [_row(f"{method} is not installed: left out", None, None, "") for method in missing]


def learning_rows(issues: Sequence[Issue]) -> list[Row]:
    """hit@5 on the issues that come last, with few and with many memories of what came first."""
    django = next(task for task in tasks(issues) if task.issues[0].repo == "django/django")
    few, many = (_hit_at_5(django.issues, count) for count in LEARNING)
    return [_row(f"django hit@5 with {LEARNING[1]} memories, beside {LEARNING[0]}", many, few, "%")]


def _hit_at_5(issues: Sequence[Issue], count: int) -> float:
    asked = issues[LEARNING[-1] :]
    files = {issue.id: set(issue.files) for issue in issues}
    with Ours() as ours:
        for issue in issues[:count]:
            ours.add(issue)
        hits = [any(files[one] & files[issue.id] for one in ours.search(issue, 5)) for issue in asked]
    return 100 * sum(hits) / len(hits)


def _measure(name: str, all_tasks: Sequence[Task]) -> tuple[Quality, float]:
    """The quality over all questions, and the median milliseconds of CPU that a search takes."""
    found: list[tuple[Question, list[str]]] = []
    spent: list[float] = []
    with Progress(transient=True, console=Console(stderr=True)) as progress:
        bar = progress.add_task(name, total=sum(len(task.questions) for task in all_tasks))
        for task in all_tasks:
            with ExitStack() as stack:
                method: Method = stack.enter_context(Ours()) if name == OURS else BASELINES[name]()
                ranked = answers(Timed(method, spent), task, lambda: progress.advance(bar))
                found += zip(task.questions, ranked, strict=True)
    return quality(found), percentile(spent, 50)


def main() -> None:
    """Measure one file, or what `make bench` measures."""
    parser = argparse.ArgumentParser(description="Measure how well memories are found.")
    parser.add_argument("--data", type=Path, help="a set of your own, .jsonl or .jsonl.gz")
    parser.add_argument("--json", action="store_true", help="print rows as JSON")
    parser.add_argument("--full", action="store_true", help="also a million memories; takes a quarter of an hour")
    arguments = parser.parse_args()
    began = time.monotonic()
    measured = quality_rows(arguments.data) if arguments.data else rows()
    if arguments.full:
        sets = [load(SHARED / name) for name in (SWE, GITBUGS) if (SHARED / name).exists()]
        measured += memory_scale.rows(sets, [LARGEST])
    print_rows(measured, time.monotonic() - began, as_json=arguments.json)


if __name__ == "__main__":
    main()
