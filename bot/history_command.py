"""`devflow agents --repo`: how the work of each agent went in a repository, as the choice of agents sees it."""

import asyncio
import json

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.bootstrap import open_store
from bot.clock import SystemClock
from bot.core.comments import money
from bot.core.errors import BotError
from bot.core.repository import Repo
from bot.core.routing.results import WorkResult, tally_of
from bot.settings import Settings

COLUMNS = ("agent", "work", "went well", "of", "merged", "cost each")


def print_history(settings: Settings, repo: str, *, as_json: bool) -> None:
    """One line for each agent and kind of work. Raises `BotError` for what is no repository's name."""
    try:
        place = Repo.parse(repo)
    except ValueError as error:
        raise BotError(str(error), "Name it as in `--repo acme/widget`.") from error
    rows = _rows(asyncio.run(_load(settings, place)))
    if as_json:
        print(json.dumps(rows, indent=2))  # noqa: T201
        return
    if not rows:
        print(f"No run of {place} has ended yet.")  # noqa: T201
        return
    table = Table(box=None, pad_edge=False)
    for name in COLUMNS:
        table.add_column(name)
    for row in rows:
        cells = (str(row[name]) for name in ("agent", "work", "well", "all", "merged"))
        table.add_row(*map(Text, cells), money(float(str(row["usd"]))))
    Console().print(table)


async def _load(settings: Settings, repo: Repo) -> list[WorkResult]:
    store = open_store(settings)
    await store.open()
    try:
        return await store.results(repo)
    finally:
        await store.close()


def _rows(results: list[WorkResult]) -> list[dict[str, object]]:
    tally = tally_of(results, SystemClock().now(), "agent")
    made = []
    for agent, kind in sorted({(one.agent, one.kind) for one in results}):
        count, usd = tally.seen(agent, kind), tally.usd(agent, kind) or 0.0
        counts = {"all": count.all, "well": count.well, "merged": count.merged}
        made.append({"agent": agent, "work": kind, **counts, "usd": round(usd, 4)})
    return made
