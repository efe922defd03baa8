"""Live progress of a run: a table that is redrawn on a terminal, lines elsewhere."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bot.core.comments import TITLES, duration, money, tokens
from bot.core.errors import BotError
from bot.core.runs import ENDED, PhaseResult, Run, Turn
from bot.core.transcript import reply_from_json
from bot.offline.demo.stage import Stage
from bot.offline.demo.thread import visible
from bot.runner import total_usage

PATIENCE_SECONDS = 60.0
"""How long the service may take to begin a run after the comment."""
LOOK_SECONDS = 0.15
STYLES = {"waiting": "dim", "running": "bold cyan", "done": "green", "failed": "bold red", "skipped": "dim"}
_SAYS = ("file_path", "path", "pattern", "command")


async def watch(on: Stage, number: int, console: Console) -> Run | None:
    """Show progress until the run has ended and all is told on GitHub; None if no run began."""
    run = await _begun(on, number)
    if run is None:
        return None
    if not console.is_terminal:
        return await _as_lines(on, run, console)
    with Live(console=console, auto_refresh=False) as live:
        while True:
            looked = time.monotonic()
            run = await _latest(on) or run
            over = await _over(on, run)
            live.update(_progress(run, await on.bot.store.phases(run.id), await _turns(on, run)), refresh=True)
            if over:
                return run
            await asyncio.sleep(max(LOOK_SECONDS, 4 * (time.monotonic() - looked)))


async def _begun(on: Stage, number: int) -> Run | None:
    """The run, as soon as there is one; None if the service answered otherwise, or not at all."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        _still_serving(on)
        refused = any(c.author_is_bot for c in on.github.comments_on(on.play.repository, number))
        if (run := await _latest(on)) is not None or refused:
            return run
        await asyncio.sleep(0.02)
    return None


async def _latest(on: Stage) -> Run | None:
    runs = await on.bot.store.runs(limit=1)
    return runs[0] if runs else None


async def _turns(on: Stage, run: Run) -> list[Turn]:
    return await on.bot.store.turns(run.id)


async def _over(on: Stage, run: Run) -> bool:
    """Whether the engine has finished too: the last edit and reaction are made."""
    _still_serving(on)
    return run.state in ENDED and await on.bot.ports.durable.status(run.id) not in {"queued", "running"}


def _still_serving(on: Stage) -> None:
    if on.serving.done():
        raise BotError("The service stopped in the middle of the run.", f"Its log: {on.shown}/service.log")


async def _as_lines(on: Stage, run: Run, console: Console) -> Run:
    """For pipes and logs: a line when a phase begins or ends."""
    told: set[tuple[str, str]] = set()
    while True:
        run = await _latest(on) or run
        over = await _over(on, run)
        for phase in await on.bot.store.phases(run.id):
            if (phase.name, phase.state) not in told:
                told.add((phase.name, phase.state))
                console.print(_line(phase))
        if over:
            return run
        await asyncio.sleep(LOOK_SECONDS)


def _line(phase: PhaseResult) -> str:
    title = TITLES.get(phase.name, phase.name)
    used = (
        f"{duration(phase.seconds):>7}  {tokens(phase.usage):>6} tokens  {money(phase.usd)}" if phase.ended_at else ""
    )
    return f"{phase.state:8} {title:15} {phase.agent:17} {used}".rstrip()


def _progress(run: Run, phases: Sequence[PhaseResult], turns: Sequence[Turn]) -> Group:
    """The table of phases, and below it what is done right now."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("state", "phase", "agent"):
        table.add_column(name, no_wrap=True)
    for name in ("calls", "tokens", "cost", "time"):
        table.add_column(name, justify="right", no_wrap=True)
    found = {phase.name: phase for phase in phases}
    for planned in run.plan.phases:
        result = found.get(planned.name)
        state = result.state if result else "waiting"
        mine = [t for t in turns if _phase_of(t) == planned.name]
        title = TITLES.get(planned.name, planned.name)
        table.add_row(state, title, planned.agent, *_used(mine), _seconds(result), style=STYLES[state])
    table.add_row("", "all", "", *_used(turns), duration(_elapsed(run)), style="bold")
    return Group(table, Text(_doing(run, turns), style="cyan", no_wrap=True, overflow="ellipsis"))


def _phase_of(turn: Turn) -> str:
    return turn.unit.partition("/")[0].partition("~")[0]


def _used(turns: Sequence[Turn]) -> tuple[str, str, str]:
    """(calls, tokens, cost); what is only reserved for a call under way does not count."""
    usage, usd = total_usage([turn for turn in turns if turn.reply is not None])
    return (str(len(turns)), tokens(usage), money(usd)) if turns else ("", "", "")


def _seconds(result: PhaseResult | None) -> str:
    if result is None or result.started_at is None:
        return ""
    return duration(round(((result.ended_at or datetime.now(UTC)) - result.started_at).total_seconds(), 1))


def _elapsed(run: Run) -> float | None:
    return ((run.ended_at or datetime.now(UTC)) - run.created_at).total_seconds() if run.created_at else None


def _doing(run: Run, turns: Sequence[Turn]) -> str:
    """The last thing that an agent asked for: `developer, T1: Edit latchkey/app.py`."""
    if run.state in ENDED or not turns:
        return ""
    last = turns[-1]
    unit = last.unit.partition("/")[2].partition("~")[0]
    who = f"{last.agent}, {unit}" if unit else last.agent
    uses = reply_from_json(last.reply).tool_uses if last.reply else ()
    if not uses:
        return f"{who}: thinking"
    said = next((str(uses[-1].input[name]) for name in _SAYS if name in uses[-1].input), "")
    return visible(f"{who}: {uses[-1].name} {' '.join(said.split())}").rstrip()
