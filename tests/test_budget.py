"""Eight agents at once under one dollar, on both kinds of database."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.conversation import Json
from bot.core.definitions import parse_agent
from bot.core.limits import Cap, Limits
from bot.core.runs import Turn
from bot.ports import Checkout
from bot.runner import Job, run_job
from tests.postgres import postgres_url
from tests.samples import RUN, a_request, a_run
from tests.scenarios.rig import parts

pytestmark = pytest.mark.slow

__all__ = ["postgres_url"]
READER = parse_agent("---\nname: reader\ndescription: Reads.\ntools: Glob\n---\nYou read.\n", "reader.md")
CAP = Cap("run", RUN, "", Limits(turns=1000, usd=1.0))
TURN: Json = {"tools": [{"Glob": {"pattern": "*.py"}}], "usage": {"input": 500, "output": 1000}}


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def test_eight_agents_never_spend_more_than_a_dollar(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Each call reserves fifteen times what it costs, and all of them together want more than there is.

    They stop just below the cap; what a lost call may have cost is part of it.
    """
    url = "" if kind == "sqlite" else str(request.getfixturevalue("postgres_url"))
    async with parts(tmp_path, database_url=url) as rig:
        store = rig.bot.store
        run = a_run(request=a_request())
        await store.add_run(run)
        lost = Turn(RUN, "design", 0, "architect", "claude-sonnet-5-5", 0.2)
        assert await store.reserve_turn(lost, [CAP]) is None
        for name in range(8):
            rig.says("implementation", *[TURN] * 11, {"text": "Done."}, task=f"T{name}")
        job = Job(
            run=run,
            unit="",
            agent=READER,
            model="claude-sonnet-5-5",
            system="You read.",
            first="",
            tools=("Glob",),
            checkout=Checkout(tmp_path, tmp_path, run.request.base_sha),
            start=run.request.base_sha,
            limits=Limits(),
            shared=(CAP,),
            looks_on=True,
        )

        most_open = 0

        async def on_turn() -> None:
            nonlocal most_open
            turns = await store.turns(RUN)
            most_open = max(most_open, sum(turn.usd is None for turn in turns))
            assert sum(turn.reserved_usd if turn.usd is None else turn.usd for turn in turns) <= 1.0

        first = '<phase name="implementation" agent="reader" run="r" task="T{}">\n\n</phase>'
        jobs = [replace(job, unit=f"implementation/T{n}", first=first.format(f"{n}")) for n in range(8)]
        outcomes = await asyncio.gather(*(run_job(one, rig.bot.ports, on_turn) for one in jobs))
        spent = sum(turn.usd or 0.0 for turn in await store.turns(RUN))
        assert 0.75 < spent <= 0.8
        stopped = [outcome.limit for outcome in outcomes if outcome.limit]
        assert stopped
        assert {(limit.cap.of, limit.what) for limit in stopped} == {("run", "usd")}
        assert most_open > 1
        assert rig.claude.unmatched == []
