"""A run as a terminal shows it: a table of its phases that is redrawn, or a line for each change."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Group
from rich.table import Table
from rich.text import Text

from bot.core.comments import TITLES, duration, expected, money, tokens
from bot.core.estimates import estimate_of
from bot.core.runs import ENDED, PhaseResult, Run, Turn
from bot.core.transcript import reply_from_json
from bot.runner import total_usage
from bot.terminal.words import visible

STYLES = {"waiting": "dim", "running": "bold cyan", "done": "green", "failed": "bold red", "skipped": "dim"}
_SAYS = ("file_path", "path", "pattern", "command")


def phase_line(phase: PhaseResult) -> str:
    """For pipes and logs: a phase that began or ended."""
    title = TITLES.get(phase.name, phase.name)
    used = (
        f"{duration(phase.seconds):>7}  {tokens(phase.usage):>6} tokens  {money(phase.usd)}" if phase.ended_at else ""
    )
    return f"{phase.state:8} {title:15} {phase.agent:17} {used}".rstrip()


def progress(run: Run, phases: Sequence[PhaseResult], turns: Sequence[Turn]) -> Group:
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
    expecting = Text(expected_line(run, phases), style="dim")
    return Group(table, expecting, Text(_doing(run, turns), style="cyan", no_wrap=True, overflow="ellipsis"))


def expected_line(run: Run, phases: Sequence[PhaseResult]) -> str:
    """`Expected: ...`, empty where nothing is known or paid."""
    guess = estimate_of(run, {phase.name: phase for phase in phases})
    return f"Expected: {expected(guess)}" if guess else ""


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
