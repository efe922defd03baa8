"""Lists runs for the command line."""

import asyncio
import json

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.bootstrap import open_store
from bot.core.comments import money
from bot.core.runs import Run
from bot.runner import total_usage
from bot.settings import Settings


def print_runs(settings: Settings, limit: int, *, as_json: bool) -> None:
    """Print the newest runs of the database that the settings name."""
    found = asyncio.run(_load(settings, limit))
    if as_json:
        print(json.dumps([_row(run, usd) for run, usd in found], indent=2))  # noqa: T201
        return
    if not found:
        print("No runs yet. Start the server with `devflow serve`, or try `devflow demo`.")  # noqa: T201
        return
    table = Table(box=None, pad_edge=False)
    for name in ("run", "repository", "issue", "state", "cost", "pull request"):
        table.add_column(name)
    for run, usd in found:
        pull = f"#{run.pull_number}" if run.pull_number else ""
        table.add_row(Text(run.id), Text(str(run.repo)), f"#{run.request.issue}", run.state, money(usd), pull)
    Console().print(table)


async def _load(settings: Settings, limit: int) -> list[tuple[Run, float]]:
    store = open_store(settings)
    await store.open()
    try:
        runs = await store.runs(limit=limit)
        return [(run, total_usage(await store.turns(run.id))[1]) for run in runs]
    finally:
        await store.close()


def _row(run: Run, usd: float) -> dict[str, object]:
    return {
        "run": run.id,
        "repository": str(run.repo),
        "issue": run.request.issue,
        "state": run.state,
        "reason": run.reason,
        "usd": usd,
        "pull_request": run.pull_number,
        "created_at": run.created_at.isoformat() if run.created_at else None,
        "ended_at": run.ended_at.isoformat() if run.ended_at else None,
    }
