"""What a run says while it is followed: for people, as a live table or lines; for programs, as lines of JSON."""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.markdown import Markdown
from rich.text import Text

from bot.core.comments import beside_actual, money
from bot.core.people import Gate
from bot.core.runs import PhaseResult, Run, Turn
from bot.terminal.progress import phase_line, progress
from bot.terminal.words import readable, visible


@dataclass(frozen=True, slots=True)
class Ending:
    """How it came out: `branch` is empty if nothing was built, `rows` are (check, found, state) of the evidence."""

    run: Run
    branch: str
    usd: float
    rows: Sequence[tuple[str, str, str]]


class Shown(Protocol):
    """Where a run is shown."""

    def looked(self, run: Run, phases: Sequence[PhaseResult], turns: Sequence[Turn]) -> None:
        """The run as it stands now."""

    def comment(self, body: str) -> None:
        """Something was said that people read on an issue."""

    async def ask(self, run: Run, gate: Gate) -> str | None:
        """What the person says to a gate, as a command; None leaves it open."""

    def close(self) -> None:
        """Nothing more is redrawn."""

    def ended(self, ending: Ending) -> None:
        """The last words."""


class Lines:
    """JSON, a line for each change; a gate is told and left open."""

    def __init__(self) -> None:
        self._told: set[tuple[str, str, int]] = set()

    def looked(self, run: Run, phases: Sequence[PhaseResult], turns: Sequence[Turn]) -> None:
        if not self._told:
            self._told.add((run.id, "", 0))
            _emit("run", run=run.id, issue=run.request.issue, base=run.request.base)
        for phase in phases:
            if (key := (phase.name, phase.state, phase.attempt)) not in self._told:
                self._told.add(key)
                more = {"seconds": phase.seconds, "usd": phase.usd} if phase.ended_at else {}
                _emit("phase", name=phase.name, state=phase.state, agent=phase.agent, **more)

    def comment(self, body: str) -> None:
        _emit("comment", text=readable(body))

    async def ask(self, run: Run, gate: Gate) -> str | None:
        _emit("waiting", kind=gate.kind, phases=list(gate.phases), hash=gate.hash, why=gate.why)
        return None

    def close(self) -> None: ...

    def ended(self, ending: Ending) -> None:
        run, rows = ending.run, [{"check": row[0], "found": row[1], "state": row[2]} for row in ending.rows]
        _emit(
            "end", run=run.id, state=run.state, reason=run.reason, branch=ending.branch, usd=ending.usd, evidence=rows
        )


def _emit(event: str, **data: object) -> None:
    print(json.dumps({"event": event, **data}), flush=True)  # noqa: T201


class Screen:
    """For people: on a terminal the table of phases is redrawn; elsewhere a line for each change."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._told: set[tuple[str, str, int]] = set()

    def looked(self, run: Run, phases: Sequence[PhaseResult], turns: Sequence[Turn]) -> None:
        if self._console.is_terminal:
            if self._live is None:
                self._live = Live(console=self._console, auto_refresh=False)
                self._live.start()
            self._live.update(progress(run, phases, turns), refresh=True)
            return
        for phase in phases:
            if (key := (phase.name, phase.state, phase.attempt)) not in self._told:
                self._told.add(key)
                self._console.print(Text(phase_line(phase)))

    def comment(self, body: str) -> None:
        self._console.print(Markdown(readable(body)), "")

    async def ask(self, run: Run, gate: Gate) -> str | None:
        self.close()
        if not (self._console.is_terminal and _people_type()):
            return None
        if gate.kind == "question":
            words = await self._typed("Your answer (nothing: decide later)")
            return f"/answer {words}" if words else None
        said = await self._typed("[a]pprove, [r]eject, or later (nothing)")
        if said.lower() in {"a", "approve"}:
            return f"/approve {gate.hash[:8]}"
        if said.lower() in {"r", "reject"}:
            why = await self._typed("What should be otherwise")
            return f"/reject {why}" if why else None
        return None

    async def _typed(self, what: str) -> str:
        """One line; it may not carry a second command, so line ends are spaces."""
        typed = await asyncio.to_thread(self._console.input, Text(f"{what}: ", style="bold"))
        return " ".join(typed.split())

    def close(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def ended(self, ending: Ending) -> None:
        self.close()
        run, console = ending.run, self._console
        console.print("")
        for check, found, state in ending.rows:
            console.print(Text(visible(f"{state:5} {check}: {found}")), soft_wrap=True)
        style = "bold green" if run.state == "succeeded" else "bold red"
        console.print(Text(visible(f"{run.state}: {run.reason}" if run.reason else run.state), style=style))
        console.print(Text(f"cost {money(ending.usd)}{beside_actual(run, {})}, run {run.id}"))
        if ending.branch:
            console.print(Text(f"branch {ending.branch}\n  look   git diff {run.request.base}...{ending.branch}"))
            console.print(Text(f"  take   git merge {ending.branch}"), soft_wrap=True)


def _people_type() -> bool:
    return sys.stdin.isatty()
