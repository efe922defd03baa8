"""What runs took is read back from those that ended, wherever they were."""

import json
from collections.abc import Mapping
from dataclasses import replace

from sqlmodel import update

from bot.adapters.store import SqlStore
from bot.adapters.store.tables import RunRow
from bot.core.history import PastRun, Spent
from bot.core.repository import Repo
from bot.core.runs import PhaseName, PhaseResult, RunId, RunState
from tests.adapters.store.rig import NOON, WIDGET, a_run, a_turn, later

OTHER, ELSEWHERE = Repo("acme", "other"), Repo("umbrella", "widget")


async def played(
    store: SqlStore,
    run: str,
    spent: Mapping[PhaseName, float],
    calls: Mapping[str, tuple[str, float]] = {},
    state: RunState = "succeeded",
    repo: Repo = WIDGET,
) -> None:
    """A run whose phases cost so much and took ten seconds; `calls` are by unit: (agent, seconds)."""
    await store.add_run(a_run(run, repo=repo))
    for name, usd in spent.items():
        done = PhaseResult(RunId(run), name, "lead", "done", started_at=NOON, ended_at=later(10), usd=usd)
        await store.save_phase(done)
    for unit, (agent, seconds) in calls.items():
        turn = replace(a_turn(unit=unit, run=run), agent=agent)
        await store.reserve_turn(turn, [])
        await store.finish_turn(replace(turn, usd=0.1, seconds=seconds, reply=json.dumps({}), results="[]"))
    await store.set_run_state(RunId(run), state, at=later(60))


async def names(store: SqlStore, **wanted: object) -> list[str]:
    return [past.run.id for past in await store.past_runs(WIDGET, **wanted)]  # type: ignore[arg-type]


async def test_what_a_run_took_is_read_back(store: SqlStore) -> None:
    """Phases that cost nothing are left out; all that belongs to a task counts as its own agent's."""
    calls = {
        "implementation/T1": ("developer", 3.0),
        "implementation/T1/0.1-researcher": ("researcher", 2.0),
        "implementation@2/T1/redo": ("developer", 1.0),
        "implementation/T2~2": ("data-engineer", 4.0),
        "design": ("architect", 9.0),
    }
    await played(store, "r1", {"design": 0.5, "implementation": 1.0, "delivery": 0.0}, calls)
    (past,) = await store.past_runs(WIDGET, "repository")
    assert past == PastRun(
        past.run,
        {"design": Spent(0.5, 10.0), "implementation": Spent(1.0, 10.0)},
        (("developer", 6.0), ("data-engineer", 4.0)),
    )
    assert past.run.id == "r1"


async def test_whose_runs_are_read(store: SqlStore) -> None:
    """Newest first; none that go on or were cancelled; a wider reach has those of the narrower, too."""
    await played(store, "r1", {"design": 1.0})
    await played(store, "r2", {"design": 1.0}, repo=OTHER)
    await played(store, "r3", {"design": 1.0}, repo=ELSEWHERE)
    await played(store, "r4", {"design": 1.0}, state="cancelled")
    await played(store, "r5", {"design": 1.0}, state="running")
    await played(store, "r6", {"design": 1.0}, state="failed")
    assert await names(store, reach="repository") == ["r6", "r1"]
    assert await names(store, reach="organisation") == ["r6", "r2", "r1"]
    assert await names(store, reach="server") == ["r6", "r3", "r2", "r1"]
    assert await names(store, reach="server", limit=2) == ["r6", "r3"]


async def test_a_run_that_cannot_be_read_keeps_nobody_from_beginning(store: SqlStore) -> None:
    """It is left out."""
    await played(store, "r1", {"design": 1.0})
    await played(store, "r2", {"design": 1.0})
    async with store._open.writing() as session:
        await session.exec(update(RunRow).where(RunRow.id == "r1").values(plan={}))  # type: ignore[arg-type]
    assert await names(store, reach="repository") == ["r2"]
