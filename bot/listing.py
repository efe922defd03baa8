"""Lists runs for the command line."""

import asyncio
import json
from typing import NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.bootstrap import open_store
from bot.core.comments import dollars, money
from bot.core.estimates import estimate_of
from bot.core.expected import Estimate
from bot.core.runs import Run
from bot.ports import Store
from bot.runner import total_usage
from bot.settings import Settings


def print_runs(settings: Settings, limit: int, *, as_json: bool) -> None:
    """Print the newest runs of the database that the settings name."""
    found = asyncio.run(_load(settings, limit))
    if as_json:
        print(json.dumps([_row(one) for one in found], indent=2))  # noqa: T201
        return
    if not found:
        print("No runs yet. Start the server with `devflow serve`, or try `devflow demo`.")  # noqa: T201
        return
    table = Table(box=None, pad_edge=False)
    for name in ("run", "repository", "issue", "state", "cost", "expected", "pull request", "outcome"):
        table.add_column(name)
    for listed in found:
        run, guess = listed.run, listed.expected
        pull = f"#{run.pull_number}" if run.pull_number else ""
        expected = dollars(guess.usd) if guess else ""
        cells = (f"#{run.request.issue}", run.state, money(listed.usd), expected, pull, run.outcome)
        table.add_row(Text(run.id), Text(str(run.repo)), *cells)
    Console().print(table)


class _Listed(NamedTuple):
    """A run, what it has cost, and what it was expected to."""

    run: Run
    usd: float
    expected: Estimate | None


async def _load(settings: Settings, limit: int) -> list[_Listed]:
    store = open_store(settings)
    await store.open()
    try:
        return [await _look(store, run) for run in await store.runs(limit=limit)]
    finally:
        await store.close()


async def _look(store: Store, run: Run) -> _Listed:
    _, usd = total_usage(await store.turns(run.id))
    return _Listed(run, usd, estimate_of(run, {phase.name: phase for phase in await store.phases(run.id)}))


def _row(listed: _Listed) -> dict[str, object]:
    run, guess = listed.run, listed.expected
    return {
        "run": run.id,
        "repository": str(run.repo),
        "issue": run.request.issue,
        "state": run.state,
        "reason": run.reason,
        "usd": listed.usd,
        "expected_usd": [guess.usd.low, guess.usd.mid, guess.usd.high] if guess else None,
        "pull_request": run.pull_number,
        "outcome": run.outcome,
        "created_at": run.created_at.isoformat() if run.created_at else None,
        "ended_at": run.ended_at.isoformat() if run.ended_at else None,
    }
