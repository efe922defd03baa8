"""Live progress of a run: a table that is redrawn on a terminal, lines elsewhere."""

import asyncio
import time

from rich.console import Console
from rich.live import Live

from bot.core.errors import BotError
from bot.core.runs import ENDED, Run, Turn
from bot.offline.demo.stage import Stage
from bot.terminal.progress import phase_line, progress

PATIENCE_SECONDS = 60.0
"""How long the service may take to begin a run after the comment."""
LOOK_SECONDS = 0.15


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
            live.update(progress(run, await on.bot.store.phases(run.id), await _turns(on, run)), refresh=True)
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
                console.print(phase_line(phase))
        if over:
            return run
        await asyncio.sleep(LOOK_SECONDS)
