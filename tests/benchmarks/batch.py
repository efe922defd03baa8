"""Two tasks of 5 s each: the wall time of their batch, side by side and one after the other."""

import asyncio
import tempfile
from datetime import datetime
from pathlib import Path

from bot.core.conversation import Json
from tests.benchmarks.rows import Row
from tests.scenarios.rig import rig

TASK_SECONDS = 5.0
TASKS = ("one", "two")


def rows() -> list[Row]:
    """The implementation phase with both tasks at once, beside the same plan with one worker."""
    wide, narrow = asyncio.run(_measure(2)), asyncio.run(_measure(1))
    common = {"area": "batch", "unit": "s"}
    return [
        {
            **common,
            "case": "two tasks of 5 s, side by side, beside the longest",
            "ours": round(wide, 2),
            "baseline": TASK_SECONDS,
            "ratio": round(wide / TASK_SECONDS, 2),
        },
        {
            **common,
            "case": "the same, one after the other, beside side by side",
            "ours": round(narrow, 2),
            "baseline": round(wide, 2),
            "ratio": round(narrow / wide, 2),
        },
    ]


async def _measure(workers: int) -> float:
    """Seconds from the first task's begin to the last one's end."""
    with tempfile.TemporaryDirectory() as folder:
        async with rig(Path(folder), parallel_tasks=workers) as bot:
            bot.claude.thinks()
            bot.plays("plan", "approve", "no-tests-missing")
            bot.says("tasks", {"tools": [{"submit_tasks": {"tasks": [_task(name) for name in TASKS]}}]})
            for name in TASKS:
                write = {"Write": {"file_path": f"{name}.py", "content": "ONE = 1\n"}}
                thinks = {"tools": [write], "delay_seconds": TASK_SECONDS - 1.0}
                bot.says("implementation", thinks, {"text": "Done.", "delay_seconds": 1.0}, task=name)
            bot.issue(1)
            await bot.comment("/dev-workflow", on=1)
            run = await bot.last_run()
            phase = next(p for p in await bot.bot.store.phases(run.id) if p.name == "implementation")
            bot.read_all(1)
            return _seconds(phase.started_at, phase.ended_at)


def _seconds(began: datetime | None, ended: datetime | None) -> float:
    assert began is not None
    assert ended is not None
    return (ended - began).total_seconds()


def _task(name: str) -> Json:
    words = {"id": name, "title": f"Write {name}", "description": "Do.", "agent": "developer", "acceptance": ["Done."]}
    return {**words, "files": [f"{name}.py"], "depends_on": []}
