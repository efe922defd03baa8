"""Plans are checked before anything is built from them."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.planning import MODES, QUICK, SKIPPABLE, Task, in_order, plan, problems, with_team
from bot.core.runs import Member, Mode, Phase, PhaseName


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


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_is_a_dag_in_order(mode: Mode) -> None:
    """Each phase needs only phases that stand before it, and delivery comes last of all."""
    seen = list[str]()
    for phase in MODES[mode]:
        assert set(phase.needs) <= set(seen)
        seen.append(phase.name)
    assert seen[-1] == "delivery"
    assert seen.index("implementation") < seen.index("testing") < seen.index("review")


@given(st.sampled_from(list(MODES)), st.sets(st.sampled_from(SKIPPABLE)))
def test_a_run_without_some_phases_is_still_whole(mode: Mode, left_out: set[PhaseName]) -> None:
    """Nothing that is left needs what is left out; whatever waited for a phase through another one still does."""
    phases = plan(1, [], mode, skipped=sorted(left_out)).phases
    names = [phase.name for phase in phases]
    assert names == [phase.name for phase in MODES[mode] if phase.name not in left_out]
    before, then = _all_needs(MODES[mode]), _all_needs(phases)
    for phase in phases:
        assert set(phase.needs) <= set(names)
        assert then[phase.name] == before[phase.name] - left_out


def _all_needs(phases: Sequence[Phase]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for phase in phases:
        found[phase.name] = set(phase.needs).union(*(found[need] for need in phase.needs))
    return found


def test_implementation_needs_its_tasks_last() -> None:
    """Each builder gets his own task in place of that result."""
    for mode, phases in MODES.items():
        for skipped in ((), ("design",), ("advice", "design")):
            left = plan(1, [], mode, skipped=[name for name in skipped if name in {p.name for p in phases}]).phases
            assert next(phase for phase in left if phase.name == "implementation").needs[-1] == "tasks"


def test_the_tested_tree_is_the_final_one() -> None:
    """Whatever changes files comes before the tests, or runs them itself."""
    names = [phase.name for phase in MODES["comprehensive"]]
    assert names.index("documentation") < names.index("testing") < names.index("security") < names.index("review")


def test_advice_is_heard_from_the_team() -> None:
    """From nobody else, and not at all where nobody gives any."""
    before = plan(1, [], "comprehensive", skipped=["product"])
    team = [Member("data-engineer", "rows"), Member("developer", "always"), Member("uiux-designer", "pages")]
    after = with_team(before, team)
    assert after.team == tuple(team)
    assert {p.name: p.agent for p in after.phases}["advice"] == "uiux-designer, data-engineer"
    assert "product" not in {phase.name for phase in after.phases}
    alone = with_team(before, [Member("developer", "always")])
    assert "advice" not in {phase.name for phase in alone.phases}
    assert with_team(plan(1, []), team).phases == QUICK


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


def test_a_batch_begins_with_what_most_depends_on() -> None:
    """With fewer hands than tasks, the longest way is begun first."""
    tasks = [task("T1"), task("T2"), task("T3", after="T2"), task("T4", after="T3"), task("T5", after="T1")]
    assert [[t.id for t in batch] for batch in in_order(tasks)] == [["T2", "T1"], ["T3", "T5"], ["T4"]]


def test_one_file_is_changed_by_one_task_of_a_batch() -> None:
    """Even if nobody checked the plan."""
    tasks = [task("T1", "a.py"), task("T2", "a.py b.py"), task("T3", "b.py")]
    assert [[t.id for t in batch] for batch in in_order(tasks)] == [["T1", "T3"], ["T2"]]


@st.composite
def plans(draw: st.DrawFn) -> list[Task]:
    """Tasks in any order, each after some of those before it and with some of a few files."""
    tasks = []
    for n in range(draw(st.integers(1, 12))):
        after = draw(st.sets(st.sampled_from([f"T{m}" for m in range(n)]))) if n else set[str]()
        files = draw(st.sets(st.sampled_from("abcdef"), min_size=1, max_size=3))
        tasks.append(task(f"T{n}", " ".join(sorted(files)), " ".join(sorted(after))))
    return draw(st.permutations(tasks))


@given(plans())
def test_batches_are_wide_whole_and_without_conflict(tasks: list[Task]) -> None:
    """Every task once, after what it needs, beside none that shares a file; whoever waits has a reason."""
    batches = in_order(tasks)
    assert sorted(t.id for batch in batches for t in batch) == sorted(t.id for t in tasks)
    done: set[str] = set()
    for batch in batches:
        files = [path for t in batch for path in t.files]
        assert len(files) == len(set(files))
        assert all(set(t.depends_on) <= done for t in batch)
        here = {t.id for t in batch}
        for other in tasks:
            if other.id not in done | here and set(other.depends_on) <= done:
                assert set(other.files) & set(files)
        done |= here


@given(plans())
def test_a_plan_that_passes_the_check_needs_no_batch_for_a_file(tasks: list[Task]) -> None:
    """Tasks that share a file wait for each other there: the batches are as few as the longest way has tasks."""
    if problems(tasks, ["developer"]):
        return
    depth: dict[str, int] = {}
    for one in sorted(tasks, key=lambda t: int(t.id[1:])):
        depth[one.id] = 1 + max((depth[need] for need in one.depends_on), default=0)
    assert len(in_order(tasks)) == max(depth.values())
