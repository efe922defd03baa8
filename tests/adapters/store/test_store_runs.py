"""Runs and phases: whole when they come back, and never changed once they have ended."""

import asyncio
from dataclasses import replace

import pytest

from bot.adapters.store import SqlStore
from bot.core.repository import Repo
from bot.core.runs import ENDED, Member, RunId, RunState
from tests.adapters.store.rig import HOSTILE, NOON, RUN, SOME_TOKENS, WIDGET, a_phase, a_run, later


async def test_a_run_comes_back_whole(store: SqlStore) -> None:
    """Request, plan and times are equal to what was stored, and the times are in UTC."""
    run = a_run()
    assert await store.add_run(run)
    found = await store.run(RUN)
    assert found == run
    assert found is not None
    assert found.created_at is not None
    assert str(found.created_at.tzinfo) == "UTC"
    assert await store.run(RunId("another")) is None


async def test_a_run_is_added_once(store: SqlStore) -> None:
    """A second run with the id changes nothing, also when ten come at once."""
    answers = await asyncio.gather(*(store.add_run(a_run(issue=n)) for n in range(10)))
    assert sorted(answers) == [False] * 9 + [True]
    stored = await store.run(RUN)
    assert stored is not None
    assert stored.request.issue == answers.index(True)


@pytest.mark.parametrize("text", [HOSTILE, "x" * 1_000_000, ""], ids=["hostile", "1 MB", "empty"])
async def test_texts_survive(store: SqlStore, text: str) -> None:
    """Whatever people wrote in an issue comes back as it was, from every kind of column."""
    run = replace(a_run(text=text), reason=text, repo=Repo("acme", text[:100] or "widget"))
    await store.add_run(run)
    await store.save_phase(a_phase(text))
    assert await store.run(RUN) == run
    assert await store.runs(repo=run.repo) == [run]
    assert await store.phases(RUN) == [a_phase(text)]


async def test_what_no_database_can_hold(store: SqlStore) -> None:
    """NUL and lone surrogates in an issue or a result do not stop a run."""
    await store.add_run(a_run(text="a\0b \ud83d"))
    await store.save_phase(a_phase("c\0d \udc00"))
    run = await store.run(RUN)
    assert run is not None
    assert run.request.description in {"a\0b \ufffd", "a\ufffdb \ufffd"}
    assert [phase.output for phase in await store.phases(RUN)] == ["c\ufffdd \ufffd"]


async def test_newest_runs_first(store: SqlStore) -> None:
    """By repository and issue, up to a limit."""
    other = Repo("acme", "gadget")
    runs = [a_run("r1"), a_run("r2", issue=8), a_run("r3", repo=other), a_run("r4")]
    for run in runs:
        await store.add_run(run)
    assert [r.id for r in await store.runs()] == ["r4", "r3", "r2", "r1"]
    assert [r.id for r in await store.runs(limit=2)] == ["r4", "r3"]
    assert [r.id for r in await store.runs(repo=WIDGET)] == ["r4", "r2", "r1"]
    assert [r.id for r in await store.runs(repo=WIDGET, issue=7)] == ["r4", "r1"]
    assert await store.runs(repo=Repo("acme", "nothing")) == []


async def test_a_run_goes_on_and_ends(store: SqlStore) -> None:
    """Only the end has a time."""
    await store.add_run(a_run())
    assert await store.set_run_state(RUN, "running", at=later(1))
    running = await store.run(RUN)
    assert running == replace(a_run(), state="running")
    assert await store.set_run_state(RUN, "failed", reason="The tests fail.", at=later(2))
    assert await store.run(RUN) == replace(a_run(), state="failed", reason="The tests fail.", ended_at=later(2))


@pytest.mark.parametrize("end", sorted(ENDED))
async def test_an_ended_run_stays_as_it_is(store: SqlStore, end: RunState) -> None:
    """No state follows an end, not even the same one."""
    await store.add_run(a_run())
    assert await store.set_run_state(RUN, end, reason="first", at=NOON)
    before = await store.run(RUN)
    for state in (end, "running", "queued", "cancelled", "succeeded"):
        assert not await store.set_run_state(RUN, state, reason="second", at=later(5))
    assert await store.run(RUN) == before


async def test_a_run_ends_once(two_stores: tuple[SqlStore, SqlStore]) -> None:
    """Of a success and many cancellations at the same time, one counts."""
    await two_stores[0].add_run(a_run())
    states: list[RunState] = ["succeeded", *["cancelled"] * 9]  # type: ignore[list-item]
    ends = (two_stores[n % 2].set_run_state(RUN, state, reason=str(n)) for n, state in enumerate(states))
    answers = await asyncio.gather(*ends)
    assert answers.count(True) == 1
    run = await two_stores[1].run(RUN)
    assert run is not None
    assert run.reason == str(answers.index(True))


async def test_an_unknown_run_has_no_state(store: SqlStore) -> None:
    """There is nothing to change, and nothing is made."""
    assert not await store.set_run_state(RUN, "running")
    assert await store.runs() == []


async def test_the_pull_request_of_a_run(store: SqlStore) -> None:
    """Its number may be set when the run has ended, and only on a run that exists."""
    await store.add_run(a_run())
    await store.set_run_state(RUN, "succeeded", at=NOON)
    await store.set_pull(RUN, 41)
    run = await store.run(RUN)
    assert run is not None
    assert run.pull_number == 41
    with pytest.raises(LookupError, match="is not stored"):
        await store.set_pull(RunId("another"), 41)


async def test_a_phase_is_replaced_in_its_place(store: SqlStore) -> None:
    """Saving a phase again changes all of it; the order stays that of the first saving."""
    await store.add_run(a_run())
    await store.save_phase(a_phase())
    await store.save_phase(replace(a_phase(), name="tasks", agent="planner"))
    done = replace(a_phase("Two buttons."), state="done", ended_at=later(61.5), usage=SOME_TOKENS, usd=0.125)
    await store.save_phase(done)
    phases = await store.phases(RUN)
    assert phases == [done, replace(a_phase(), name="tasks", agent="planner")]
    assert phases[0].seconds == 61.5


async def test_a_phase_needs_its_run(store: SqlStore) -> None:
    """A phase of a run that is not stored is an error, not an orphan."""
    with pytest.raises(LookupError, match="is not stored"):
        await store.save_phase(a_phase())
    assert await store.phases(RUN) == []


async def test_a_plan_is_replaced_whole(store: SqlStore) -> None:
    """The team comes back as it was stored; a run that is not there is named."""
    await store.add_run(a_run())
    team = (Member("developer", "builds"),)
    plan = replace(a_run().plan, team=team, notes=("x",), mode="learning", skipped=("design",))
    await store.set_plan(RUN, plan)
    found = await store.run(RUN)
    assert found is not None
    assert found.plan == plan
    with pytest.raises(LookupError, match="run other is not stored"):
        await store.set_plan(RunId("other"), plan)
