"""How well agents did is counted from phases of finished runs that they took part in."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bot.adapters.store import SqlStore
from bot.core.repository import Repo
from bot.core.runs import Member, PhaseName, PhaseResult, PhaseState, RunId, RunState
from tests.adapters.store.rig import RUN, WIDGET, a_run, a_turn

Spoken = Mapping[PhaseName, tuple[PhaseState, Mapping[str, str]]]
"""Of each phase: how it ended, and who spoke in which unit."""


async def played(store: SqlStore, run: str, spoken: Spoken, state: RunState = "succeeded", repo: Repo = WIDGET) -> None:
    """A run that ended."""
    await store.add_run(a_run(run, repo=repo))
    for name, (ended, units) in spoken.items():
        await store.save_phase(PhaseResult(RunId(run), name, "lead", ended))
        for unit, agent in units.items():
            await store.reserve_turn(replace(a_turn(unit=unit, run=run), agent=agent), [])
    await store.set_run_state(RunId(run), state)


async def test_success_is_the_share_of_phases_that_went_well(store: SqlStore) -> None:
    """Everybody who spoke in a phase shares its end, whatever the unit is called and however often he spoke."""
    built = {"implementation/T1": "data-engineer", "implementation/T2": "developer", "implementation/T3": "developer"}
    await played(store, "r1", {"implementation": ("done", built), "testing": ("done", {"testing/fix1": "developer"})})
    await played(store, "r2", {"implementation": ("failed", {"implementation~2": "data-engineer"})}, "failed")
    assert await store.agent_success(WIDGET, least=2) == {"data-engineer": 0.5, "developer": 1.0}
    assert await store.agent_success(WIDGET, least=3) == {}


async def test_what_says_nothing_of_an_agent_does_not_count(store: SqlStore) -> None:
    """Runs of others, runs that were cancelled or go on, phases that were skipped or only begin with the name."""
    one: Spoken = {"design": ("done", {"design": "architect"})}
    await played(store, "r1", one, repo=Repo("acme", "other"))
    await played(store, "r2", one, "cancelled")
    await played(store, "r3", one, "running")
    await played(store, "r4", {"design": ("skipped", {"design": "architect"})}, "failed")
    await played(store, "r5", {"design": ("done", {"designs": "architect", "design_": "architect"})})
    assert await store.agent_success(WIDGET, least=1) == {}
    await played(store, "r6", one, "unproven")
    assert await store.agent_success(WIDGET, least=1) == {"architect": 1.0}


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
