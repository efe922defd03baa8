"""Plays the demo on the terminal: the first line, the stage, live progress, and how it ended."""

import asyncio
import contextlib
import json
import os
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.core.errors import BotError
from bot.offline.demo.model import bypass_proxies
from bot.offline.demo.wish import Play, Wish, cast
from bot.terminal.interrupts import INTERRUPTED, until_stopped

if TYPE_CHECKING:
    from bot.core.runs import Run
    from bot.offline.demo.report import Report
    from bot.offline.demo.stage import Stage

NOBODY_READS = 141
"""The exit code of a program whose reader went away (128 and the number of SIGPIPE)."""


def run_demo(wish: Wish) -> int:
    """The exit code: 0 only if the evidence holds. Raises `BotError` for a wish that cannot be played."""
    play = cast(wish)
    bypass_proxies()
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    console = _Console(markup=False, emoji=False, highlight=False)
    if wish.report and wish.report.is_file():
        wish.report.unlink()
    try:
        console.print(_first_line(play), soft_wrap=True)
        _load(console)
        code = asyncio.run(until_stopped(lambda: _play(play, wish, console)))
        if code is None:
            console.print("Stopped. Nothing is left running.")
    except _NobodyReadsError:
        return NOBODY_READS
    except KeyboardInterrupt:
        return INTERRUPTED
    return INTERRUPTED if code is None else code


def _load(console: Console) -> None:
    """Import what is heavy after the first line stands there, and while Ctrl-C still works at once."""
    with console.status("Loading ..."):
        import_module("bot.offline.demo.tell")
        import_module("bot.offline.demo.watch")


class _Console(Console):
    """Stops the program without a word when nobody reads any more."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise _NobodyReadsError


class _NobodyReadsError(Exception):
    """The other end of our pipe is closed."""


def _first_line(play: Play) -> Text:
    if play.sessions:
        words = f"SCRIPTED: the model's words are played from {play.sessions[-1].name}. All else is real."
    else:
        words = f"REAL MODEL: {play.model['model']} speaks, for real money, ${play.model['budget_usd']:.2f} at most."
    return Text(words, style="bold yellow")


async def _play(play: Play, wish: Wish, console: Console) -> int:
    """Set the stage, let the run play, check and tell."""
    with console.status("Starting a local GitHub and the service ...") as starting:
        from bot.offline.demo.report import make_report
        from bot.offline.demo.stage import stage

        async with stage(play, wish) as on:
            starting.stop()
            console.print(_where(on))
            number, run, seconds = await _run(on, console)
            report = await make_report(on, number, run, seconds)
            if wish.report:
                _write(wish.report, report.data)
            with contextlib.suppress(_NobodyReadsError):
                await _tell(on, number, wish, console, report)
            return 0 if report.ok else 1


async def _run(on: "Stage", console: Console) -> tuple[int, "Run | None", float]:
    """(number of the issue, the run, its wall time in seconds)."""
    from bot.offline.demo.stage import MAINTAINER
    from bot.offline.demo.watch import watch

    play = on.play
    number = on.github.open_issue(play.repository, title=play.title, body=play.body, by=MAINTAINER)
    console.print(Text(f"@{MAINTAINER} comments on {play.repository}#{number}: {play.command}\n", style="bold"))
    on.github.comment(play.repository, number, play.command, by=MAINTAINER)
    began = time.monotonic()
    run = await watch(on, number, console)
    return number, run, time.monotonic() - began


async def _tell(on: "Stage", number: int, wish: Wish, console: Console, report: "Report") -> None:
    from bot.offline.demo.tell import addresses, tell

    tell(console, on, number, report)
    if wish.report:
        console.print(f"the report   {wish.report}", soft_wrap=True)
    if wish.keep:
        console.print("", addresses(on, number, report), sep="\n", soft_wrap=True)
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()


def _where(on: "Stage") -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("local GitHub", on.github.url)
    table.add_row("service", on.url)
    table.add_row("files", Text(on.shown, overflow="fold"))
    for note in on.play.notes:
        table.add_row("repository", Text(note))
    if on.sandbox_note:
        table.add_row("sandbox", Text(on.sandbox_note))
    return table


def _write(path: Path, data: dict[str, Any]) -> None:
    try:
        path.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise BotError(f"The report could not be written to {path}: {error.strerror}.") from error
