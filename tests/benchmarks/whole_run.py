"""A whole scripted run: our own time beside the model's and the tests', and the memory of further runs at once."""

import asyncio
import gc
import json
import tempfile
import time
from pathlib import Path

from bot.core.runs import Run
from tests.benchmarks.process import resident_mb
from tests.benchmarks.rows import Row
from tests.scenarios.rig import Rig, rig

SIDE_BY_SIDE = 6


def rows() -> list[Row]:
    """Our own time of one run, and the memory of further runs at once."""
    return asyncio.run(_measure())


async def _measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        async with rig(Path(folder)) as bot:
            bot.plays("dark-mode")
            bot.issue(1)
            await bot.comment("/dev-workflow", on=1)
            bot.issue(2)
            began = time.perf_counter()
            await bot.comment("/dev-workflow", on=2)
            wall = time.perf_counter() - began
            run = await bot.last_run()
            elsewhere = await _elsewhere(bot, run)
            memory = await _memory_of_more(bot)
            for number in bot.numbers.values():
                bot.read_all(number)
    own = wall - elsewhere
    return [
        {
            "area": "run",
            "case": "own time beyond model and tests",
            "ours": round(own, 3),
            "baseline": 3.0,
            "ratio": round(own / 3.0, 3),
            "unit": "s (aim)",
        },
        {
            "area": "run",
            "case": "memory of each further run at once",
            "ours": round(memory, 1),
            "baseline": 20.0,
            "ratio": round(memory / 20.0, 2),
            "unit": "MB (aim)",
        },
    ]


async def _elsewhere(bot: Rig, run: Run) -> float:
    """Seconds that the run waited for the model or for the repository's tests."""
    turns = await bot.bot.store.turns(run.id)
    phases = {p.name: json.loads(p.data) for p in await bot.bot.store.phases(run.id)}
    return sum(t.seconds for t in turns) + float(phases["testing"]["tests"]["seconds"])


async def _memory_of_more(bot: Rig) -> float:
    """Resident megabytes that each run adds while several are at work, by the highest point seen."""
    gc.collect()
    before = highest = resident_mb(_pid())
    for number in range(10, 10 + SIDE_BY_SIDE):
        bot.issue(number)
        await bot.comment("/dev-workflow", on=number, settle=False)
    settling = asyncio.create_task(bot.settle())
    while not settling.done():
        highest = max(highest, resident_mb(_pid()))
        await asyncio.sleep(0.02)
    await settling
    return (highest - before) / SIDE_BY_SIDE


def _pid() -> int:
    import os

    return os.getpid()
