"""How long tasks and phases will take follows from how long they took."""

import pytest

from bot.core.history import PastRun, Spent, phase_seconds, task_seconds
from bot.core.planning import Task
from tests.samples import a_run


def task(name: str, agent: str) -> Task:
    return Task(name, name, "Do.", agent, (f"{name}.py",))


def past(*tasks: tuple[str, float], **phases: float) -> PastRun:
    return PastRun(a_run(), {name: Spent(0.1, seconds) for name, seconds in phases.items()}, tasks)


def test_tasks_take_as_long_as_their_agents_took() -> None:
    """The more an agent has done, the more its own tasks count; one that nobody knows takes what is usual here."""
    tasks = [task("T1", "quick"), task("T2", "slow"), task("T3", "new")]
    known = past(*[("quick", 10.0)] * 50, *[("slow", 1000.0)] * 50)
    found = task_seconds(tasks, [known])
    assert found["T1"] == pytest.approx(10, rel=0.1)
    assert found["T2"] == pytest.approx(1000, rel=0.1)
    assert found["T3"] == pytest.approx(100)
    assert 10 < task_seconds(tasks, [past(("quick", 10.0), ("slow", 1000.0))])["T1"] < 100


def test_without_history_all_tasks_are_alike() -> None:
    """Nor does one that took no time say anything."""
    assert task_seconds([task("T1", "a"), task("T2", "b")], [past(("a", 0.0))]) == {"T1": 1.0, "T2": 1.0}


def test_phases_take_what_they_mostly_took() -> None:
    """One that hung does not count for more; one that is new takes the average."""
    known = [past(design=10, testing=30), past(design=12, testing=30), past(design=5000, testing=30)]
    assert phase_seconds(["design", "testing", "own"], known) == {"design": 12, "testing": 30, "own": 21}
    assert phase_seconds(["design"], []) == {"design": 1.0}
