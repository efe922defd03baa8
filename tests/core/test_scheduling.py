"""Tasks begin as soon as they can, the longest way first."""

import random

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from bot.core.planning import Task, in_order
from bot.core.scheduling import best_order, bound, longest_first, makespan, startable, tails
from tests.benchmarks.scheduling_optimum import Search, lower_bound


def task(name: str, after: str = "", files: str = "") -> Task:
    return Task(name, name, "Do.", "developer", tuple(files.split()) or (f"{name}.py",), tuple(after.split()))


@st.composite
def plans(draw: st.DrawFn) -> tuple[list[Task], dict[str, float], int]:
    """Tasks in any order with their seconds, and a number of workers."""
    tasks = []
    for n in range(draw(st.integers(1, 12))):
        after = draw(st.sets(st.sampled_from([f"T{m}" for m in range(n)]))) if n else set[str]()
        files = draw(st.sets(st.sampled_from("abcdefghijkl"), min_size=1, max_size=2))
        tasks.append(task(f"T{n}", " ".join(sorted(after)), " ".join(sorted(files))))
    seconds = {t.id: draw(st.floats(1, 100)) for t in tasks}
    return draw(st.permutations(tasks)), seconds, draw(st.integers(1, 5))


def test_the_longest_way_begins_first() -> None:
    """Not the task with most behind it in number: the one with most seconds."""
    tasks = [task("T1"), task("T2", "T1"), task("T3"), task("T4", "T1")]
    order = tails(tasks, {"T1": 1, "T2": 1, "T3": 10, "T4": 1})
    assert [t.id for t in startable(tasks, order, 1, [], [])] == ["T3"]
    assert [t.id for t in startable(tasks, order, 4, [], [])] == ["T3", "T1"]


def test_nobody_waits_for_a_batch() -> None:
    """A task begins when what it needs has ended, whatever else is still at work."""
    tasks = [task("T1"), task("T2"), task("T3", "T1")]
    order = tails(tasks, dict.fromkeys(["T1", "T2", "T3"], 1.0))
    assert [t.id for t in startable(tasks, order, 2, ["T1"], ["T2"])] == ["T3"]
    assert startable(tasks, order, 1, ["T1"], ["T2"]) == []


def test_tasks_of_one_file_are_never_at_work_at_once() -> None:
    """Even if nobody checked the plan."""
    tasks = [task("T1", files="a"), task("T2", files="a b"), task("T3", files="b")]
    order = tails(tasks, dict.fromkeys(["T1", "T2", "T3"], 1.0))
    assert [t.id for t in startable(tasks, order, 3, [], [])] == ["T1", "T3"]
    assert startable(tasks, order, 3, ["T3"], ["T1"]) == []


@seed(5)
@given(plans())
def test_a_schedule_is_whole_and_within_grahams_bound(plan: tuple[list[Task], dict[str, float], int]) -> None:
    """Where no files are shared: never earlier than possible, never (2 - 1/workers) times later than the best."""
    tasks, seconds, workers = plan
    alone = [task(t.id, " ".join(t.depends_on)) for t in tasks]
    took, least = makespan(alone, seconds, workers, tails(alone, seconds)), bound(alone, seconds, workers)
    path = max(tails(alone, seconds).values())
    assert took >= least * (1 - 1e-9)
    assert took <= (sum(seconds.values()) / workers + (1 - 1 / workers) * path) * (1 + 1e-9)


@seed(5)
@given(plans())
def test_shared_files_delay_and_never_stop_a_plan(plan: tuple[list[Task], dict[str, float], int]) -> None:
    """Every plan ends, no later than one task after the other."""
    tasks, seconds, workers = plan
    took = makespan(tasks, seconds, workers, tails(tasks, seconds))
    assert took <= sum(seconds.values()) * (1 + 1e-9)


def test_uneven_tasks_end_before_batches_would() -> None:
    """Batches of the same plan wait 9 s for the longest of the first."""
    tasks = [task("T1"), task("T2"), task("T3", "T1"), task("T4", "T3")]
    seconds = {"T1": 1.0, "T2": 9.0, "T3": 4.0, "T4": 4.0}
    assert [[t.id for t in batch] for batch in in_order(tasks)] == [["T1", "T2"], ["T3"], ["T4"]]
    assert makespan(tasks, seconds, 2, tails(tasks, seconds)) == pytest.approx(9.0)


def test_the_longest_way_is_not_always_the_best() -> None:
    """Longest first ends after 7 s: three of 2 s behind two of 3 s. The best order shares all work evenly."""
    tasks = [task(f"T{n}") for n in range(1, 6)]
    seconds = dict(zip([t.id for t in tasks], [3.0, 3.0, 2.0, 2.0, 2.0], strict=True))
    assert makespan(tasks, seconds, 2, tails(tasks, seconds)) == pytest.approx(7.0)
    assert makespan(tasks, seconds, 2, best_order(tasks, seconds, 2)) == pytest.approx(6.0)


@seed(5)
@settings(max_examples=50)
@given(plans())
def test_the_best_order_is_never_worse_and_always_the_same(plan: tuple[list[Task], dict[str, float], int]) -> None:
    """Not than the longest way first, nor than the optimum allows; a restart finds the same one."""
    tasks, seconds, workers = plan
    order = best_order(tasks, seconds, workers)
    took = makespan(tasks, seconds, workers, order)
    assert bound(tasks, seconds, workers) * (1 - 1e-9) <= took
    assert took <= makespan(tasks, seconds, workers, tails(tasks, seconds))
    assert best_order(tasks, seconds, workers) == order


@seed(5)
@settings(max_examples=30)
@given(plans())
def test_the_optimum_of_the_benchmark_is_one(plan: tuple[list[Task], dict[str, float], int]) -> None:
    """Between the bounds and what we find; as good as the best of many orders where files are not shared."""
    tasks, seconds, workers = plan
    alone = [task(t.id, " ".join(t.depends_on)) for t in tasks][:8]
    alone = [task(t.id, " ".join(set(t.depends_on) & {o.id for o in alone})) for t in alone]
    seconds = {t.id: seconds[t.id] for t in alone}
    ours = makespan(alone, seconds, workers, best_order(alone, seconds, workers))
    search = Search(alone, seconds, workers, ours)
    search.proven()
    assert lower_bound(alone, seconds, workers) <= search.best * (1 + 1e-9)
    dice = random.Random(1)
    tried = [makespan(alone, seconds, workers, {t.id: dice.random() for t in alone}) for _ in range(50)]
    assert search.best <= min(ours, *tried) * (1 + 1e-9)


def test_phases_begin_in_the_order_of_their_longest_way() -> None:
    """What needs another stands behind it, even where nothing takes any time."""
    needs = {"a": [], "b": [], "c": ["b"], "d": ["a", "c"]}
    assert longest_first(needs, {"a": 9, "b": 1, "c": 2, "d": 1}) == ["a", "b", "c", "d"]
    assert longest_first(needs, {"a": 1, "b": 1, "c": 2, "d": 1}) == ["b", "c", "a", "d"]
    assert longest_first(needs, dict.fromkeys(needs, 0.0)) == ["b", "a", "c", "d"]
