"""Plans are checked before anything is built from them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.planning import QUICK, Task, in_order, plan, problems


def task(name: str, files: str = "", after: str = "", agent: str = "developer") -> Task:
    return Task(name, f"Do {name}", "words", agent, tuple((files or f"{name}.py").split()), tuple(after.split()))


def test_a_quick_run_has_seven_phases_in_order() -> None:
    """Each phase needs only phases that stand before it."""
    seen: set[str] = set()
    for phase in QUICK:
        assert set(phase.needs) <= seen
        seen.add(phase.name)
    assert [p.name for p in QUICK] == [
        "requirements",
        "design",
        "tasks",
        "implementation",
        "testing",
        "review",
        "delivery",
    ]


def test_a_plan_fixes_models_and_budget() -> None:
    """What a run may spend and who speaks does not change while it goes on."""
    made = plan(2.5, [("developer", "big"), ("architect", "small")])
    assert (made.budget_usd, made.model_of("developer", "x"), made.model_of("nobody", "x")) == (2.5, "big", "x")


@pytest.mark.parametrize(
    ("tasks", "problem"),
    [
        ([], "There is no task."),
        ([task("T1"), task("T1", "other.py")], "Two tasks have the id 'T1'."),
        ([task("T1", after="T9")], "T1 depends on 'T9', which is not a task."),
        ([task("T1", after="T2"), task("T2", after="T1")], "The tasks wait for each other: T1 -> T2 -> T1."),
        ([task("T1", after="T1")], "The tasks wait for each other: T1 -> T1."),
        ([task("T1", "a.py"), task("T2", "a.py b.py")], "T1 and T2 both change a.py; let one depend on the other."),
        ([task("T1", agent="wizard")], "T1 names the agent 'wizard'; there are: developer."),
        ([task("T1", "/etc/passwd")], "T1 names the path '/etc/passwd', which is not inside the repository."),
        ([task("T1", "../x")], "T1 names the path '../x', which is not inside the repository."),
        ([task("T1", "a/.git/config")], "T1 names the path 'a/.git/config', which is not inside the repository."),
        ([task(f"T{n}") for n in range(21)], "There are 21 tasks; the limit is 20."),
    ],
)
def test_what_is_wrong_with_a_plan_is_named(tasks: list[Task], problem: str) -> None:
    """The sentence tells the planner what to mend."""
    assert problem in problems(tasks, ["developer"])


def test_two_tasks_may_share_a_file_in_order() -> None:
    """An order, even through a third task, is enough."""
    assert problems([task("T1", "a.py"), task("T2", after="T1"), task("T3", "a.py", after="T2")], ["developer"]) == []


def test_batches_are_as_wide_as_the_order_allows() -> None:
    """What does not wait for each other goes side by side."""
    tasks = [task("T1"), task("T2", after="T1"), task("T3"), task("T4", after="T2 T3")]
    assert [[t.id for t in batch] for batch in in_order(tasks)] == [["T1", "T3"], ["T2"], ["T4"]]


@given(st.integers(1, 12), st.data())
def test_batches_hold_every_task_once_after_what_it_needs(count: int, data: st.DataObject) -> None:
    """No plan without a cycle loses a task or runs one too early."""
    tasks = [
        task(
            f"T{n}",
            after=" ".join(data.draw(st.sets(st.sampled_from([f"T{m}" for m in range(n)] or ["T0"])))) if n else "",
        )
        for n in range(count)
    ]
    assert problems(tasks, ["developer"]) == []
    done: set[str] = set()
    for batch in in_order(tasks):
        assert all(set(t.depends_on) <= done for t in batch)
        done |= {t.id for t in batch}
    assert len(done) == count == sum(len(b) for b in in_order(tasks))
