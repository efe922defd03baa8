"""Plays the demo on the terminal: live progress, then the thread, the diff and the evidence."""

import asyncio
import json
import time
from datetime import UTC, datetime

import structlog
from rich.console import Console
from rich.live import Live
from rich.markdown import Markdown
from rich.panel import Panel
from rich.rule import Rule
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from bot.core.comments import TITLES, duration, money, tokens
from bot.core.effects import without_marks
from bot.core.runs import ENDED, PhaseResult, Run, Turn
from bot.offline.demo.report import Report, make_report
from bot.offline.demo.stage import MAINTAINER, Stage, stage
from bot.offline.demo.wish import Play, Wish, cast
from bot.runner import total_usage

PATIENCE_SECONDS = 20.0
"""How long the service may take to begin a run after the comment."""


def run_demo(wish: Wish) -> int:
    """The exit code: 0 only if the evidence holds. Raises `BotError` for a wish that cannot be played."""
    play = cast(wish)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    console = Console()
    console.print(_first_line(play), highlight=False)
    try:
        return asyncio.run(_play(play, wish, console))
    except KeyboardInterrupt:
        console.print("\nStopped.")
        return 130


def _first_line(play: Play) -> Text:
    if play.session:
        name = play.session.name
        return Text(
            f"The model's words are SCRIPTED in this demo ({name}). "
            "Tools, edits, tests, git, HTTP, database and checks are real.",
            style="bold yellow",
        )
    return Text("A real model speaks in this demo. It costs real money.", style="bold yellow")


async def _play(play: Play, wish: Wish, console: Console) -> int:
    async with stage(play, wish) as on:
        console.print(_where(on))
        number = on.github.open_issue(play.repository, title=play.title, body=play.body, by=MAINTAINER)
        on.github.comment(play.repository, number, play.command, by=MAINTAINER)
        began = time.monotonic()
        console.print(f"[bold]@{MAINTAINER}[/] comments on {play.repository}#{number}: [bold]{play.command}[/]\n")
        run = await _watch(on, number, console)
        report = await make_report(on, number, run, time.monotonic() - began)
        _tell(console, on, number, report)
        if wish.report:
            wish.report.write_text(json.dumps(report.data, indent=2) + "\n")
            console.print(f"Report: {wish.report}")
        if wish.keep:
            await _stay(console, on, number, report)
        return 0 if report.ok else 1


def _where(on: Stage) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("local GitHub", on.github.url)
    table.add_row("service", on.url)
    table.add_row("files", str(on.folder))
    if on.sandbox_note:
        table.add_row("sandbox", on.sandbox_note)
    return table


async def _watch(on: Stage, number: int, console: Console) -> Run | None:
    """Show progress until the run has ended; None if none began."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (run := await _latest(on)) is None:
        if time.monotonic() > deadline:
            return None
        await asyncio.sleep(0.05)
    if not console.is_terminal:
        return await _watch_lines(on, run, console)
    with Live(console=console, refresh_per_second=8, transient=False) as live:
        while True:
            run = await _latest(on) or run
            phases, turns = await on.bot.store.phases(run.id), await on.bot.store.turns(run.id)
            live.update(_progress(run, phases, turns))
            if run.state in ENDED and await _settled(on, run):
                return run
            await asyncio.sleep(0.1)


async def _latest(on: Stage) -> Run | None:
    runs = await on.bot.store.runs(limit=1)
    return runs[0] if runs else None


async def _settled(on: Stage, run: Run) -> bool:
    """Whether the engine has finished too: the last edit and reaction are made."""
    return await on.bot.ports.durable.status(run.id) not in {"queued", "running"}


async def _watch_lines(on: Stage, run: Run, console: Console) -> Run:
    """For pipes and logs: a line when a phase begins or ends."""
    told: set[tuple[str, str]] = set()
    while True:
        run = await _latest(on) or run
        for phase in await on.bot.store.phases(run.id):
            if (phase.name, phase.state) not in told:
                told.add((phase.name, phase.state))
                used = (
                    f"{duration(phase.seconds)}, {tokens(phase.usage)} tokens, {money(phase.usd)}"
                    if phase.ended_at
                    else ""
                )
                console.print(
                    f"{TITLES.get(phase.name, phase.name):16} {phase.state:8} {phase.agent:18} {used}", highlight=False
                )
        if run.state in ENDED and await _settled(on, run):
            return run
        await asyncio.sleep(0.1)


def _progress(run: Run, phases: list[PhaseResult], turns: list[Turn]) -> Table:
    table = Table(title=f"run {run.id}: {run.state}", title_justify="left", box=None, pad_edge=False)
    for name in ("", "phase", "agent", "at work on"):
        table.add_column(name)
    for name in ("turns", "tokens", "cost", "time"):
        table.add_column(name, justify="right")
    found = {phase.name: phase for phase in phases}
    for planned in run.plan.phases:
        result = found.get(planned.name)
        state = result.state if result else "waiting"
        sign, style = {
            "waiting": ("·", "dim"),
            "running": ("▶", "bold cyan"),
            "done": ("✓", "green"),
            "failed": ("✗", "red"),
            "skipped": ("-", "dim"),
        }[state]
        mine = [t for t in turns if t.unit.partition("/")[0].partition("~")[0] == planned.name]
        usage, usd = total_usage(mine)
        unit = f"{mine[-1].agent} {mine[-1].unit.partition('/')[2]}".strip() if mine and state == "running" else ""
        seconds = _seconds(result)
        table.add_row(
            sign,
            TITLES.get(planned.name, planned.name),
            planned.agent,
            unit,
            str(len(mine) or ""),
            tokens(usage) if mine else "",
            money(usd) if mine else "",
            seconds,
            style=style,
        )
    usage, usd = total_usage(turns)
    table.add_row("", "", "", "", str(len(turns)), tokens(usage), money(usd), "", style="bold")
    return table


def _seconds(result: PhaseResult | None) -> str:
    if result is None or result.started_at is None:
        return ""
    end = result.ended_at or datetime.now(UTC)
    return f"{(end - result.started_at).total_seconds():.1f} s"


def _tell(console: Console, on: Stage, number: int, report: Report) -> None:
    console.print(Rule(f"The thread: {on.play.repository}#{number}"))
    for comment in on.github.comments_on(on.play.repository, number):
        console.print(Panel(Markdown(without_marks(comment.body)), title=f"@{comment.author}", title_align="left"))
    if report.diff:
        console.print(Rule(f"The pull request: {report.data['pull_request']['url']}"))
        console.print(Syntax(report.diff, "diff", word_wrap=True, background_color="default"))
    console.print(Rule("The evidence"))
    table = Table(box=None, pad_edge=False)
    for row in report.data["evidence"]:
        table.add_row(
            {"ok": "✓", "note": "i", "unknown": "?", "fail": "✗"}[row["state"]], row["check"], Text(row["found"])
        )
    console.print(table)
    console.print()
    console.print(_verdict(report))
    _where_to_look(console, on, number, report)


def _verdict(report: Report) -> Text:
    if report.ok:
        return Text("OK: the evidence holds.", style="bold green")
    return Text(f"NOT OK: {report.data['reason']}", style="bold red")


def _where_to_look(console: Console, on: Stage, number: int, report: Report) -> None:
    bare = on.folder / "github" / f"{on.play.repository.lower()}.git"
    console.print(
        f"Look at the branch: git -C {bare} log -p {report.data['pull_request']['branch'] or on.play.branch}",
        highlight=False,
        soft_wrap=True,
    )
    console.print("Look at the pages:  devflow demo --keep", highlight=False)


async def _stay(console: Console, on: Stage, number: int, report: Report) -> None:
    console.print(f"\nIssue:     {on.github.url}/{on.play.repository}/issues/{number}")
    if report.data["pull_request"]["url"]:
        console.print(f"Pull:      {report.data['pull_request']['url']}")
    console.print(f"Dashboard: {on.url}/\nRunning until Ctrl-C.")
    await asyncio.Event().wait()
