"""Results of work are kept once, come back with what became of their runs, and the first choice holds."""

from dataclasses import replace

import pytest

from bot.adapters.store import SqlStore
from bot.core.repository import Repo
from bot.core.routing.choice import Choice
from bot.core.routing.results import Chosen, WorkResult
from bot.core.runs import RunId
from tests.adapters.store.rig import HOSTILE, RUN, WIDGET, a_run, later


def a_result(unit: str = "implementation/T1", *, run: str = RUN, at: float = 0.0) -> WorkResult:
    return WorkResult(RunId(run), unit, "developer", "claude-sonnet-5-5", "backend", True, 1, 0.25, 2.5, later(at))


async def test_results_come_back_whole_oldest_first(store: SqlStore) -> None:
    """Whatever the order in which they were noted, and only those of the repository."""
    await store.add_run(a_run())
    await store.add_run(a_run("other", repo=Repo("acme", "other")))
    newer, older, strange = a_result(at=9), a_result("design"), replace(a_result(at=5), agent=HOSTILE, kind=HOSTILE)
    await store.note_results([newer, older, strange, a_result(run="other")])
    assert await store.results(WIDGET) == [older, strange, newer]
    assert await store.results(WIDGET, limit=2) == [strange, newer]


async def test_noting_again_changes_nothing_twice(store: SqlStore) -> None:
    """A process may die while a run ends; another model is another result."""
    await store.add_run(a_run())
    once = a_result()
    for _ in range(2):
        await store.note_results([once])
    await store.note_results([replace(once, ok=False), replace(once, model="claude-haiku-5-5")])
    found = await store.results(WIDGET)
    assert [(one.model, one.ok) for one in found] == [("claude-sonnet-5-5", False), ("claude-haiku-5-5", True)]
    with pytest.raises(Exception, match=r"FOREIGN KEY|foreign key"):
        await store.note_results([a_result(run="never stored")])


async def test_what_people_did_later_counts(store: SqlStore) -> None:
    """The outcome and the revisions of the pull request are those of now."""
    await store.add_run(a_run())
    await store.set_pull(RUN, 12)
    await store.note_results([a_result()])
    again = a_run("again")
    await store.add_run(replace(again, plan=replace(again.plan, purpose="revise"), pull_number=12))
    await store.set_outcome(RUN, "merged")
    [found] = await store.results(WIDGET)
    assert (found.outcome, found.revised, found.worth) == ("merged", 1, 0.75)
    await store.set_outcome(RUN, "closed")
    assert [one.worth for one in await store.results(WIDGET)] == [0.0]


async def test_the_first_choice_holds(two_stores: tuple[SqlStore, SqlStore]) -> None:
    """Whoever chooses a second time, even from another process, gets the first."""
    one, other = two_stores
    await one.add_run(a_run())
    first, second = Choice("developer", "suggested", HOSTILE), Choice("data-engineer", "best", "better")
    assert await one.keep_choice(RUN, "implementation/T1", "agent", first) == (await one.choices(RUN))[0].choice
    assert (await other.keep_choice(RUN, "implementation/T1", "agent", second)).name == "developer"
    assert await other.keep_choice(RUN, "implementation/T1", "model", second) == second
    chosen = await other.choices(RUN)
    assert chosen[1] == Chosen("implementation/T1", "model", second)
    assert len(chosen) == 2
    with pytest.raises(LookupError, match="run nobody is not stored"):
        await other.keep_choice(RunId("nobody"), "design", "model", first)
