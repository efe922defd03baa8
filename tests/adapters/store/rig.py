"""Examples of what a store keeps, and helpers to open stores here and in other processes."""

import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta

from bot.adapters.store import SqlStore
from bot.core.conversation import Usage
from bot.core.effects import Effect
from bot.core.limits import Cap, Limits
from bot.core.repository import Delivery, Repo, Sha
from bot.core.runs import Phase, PhaseResult, Request, Run, RunId, RunPlan, Turn

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
WIDGET = Repo("acme", "widget")
RUN = RunId("260301-120000-a1")
HOSTILE = "'; DROP TABLE devflow_runs; -- \" \\ %s %(x)s :x ? \r\n\t 🧨 e\u0301 \u202e"
"""Text that every column has to give back as it was."""


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def a_delivery(id_: str, body: bytes = b"{}") -> Delivery:
    return Delivery(id_, "issue_comment", body)


def a_run(id_: str = RUN, *, repo: Repo = WIDGET, issue: int = 7, text: str = "Dark mode") -> Run:
    request = Request(text, issue, text, text, "maintainer", 2**40 + 1, "main", Sha("a" * 40))
    phases = (Phase("design", "architect"), Phase("tasks", "planner", ("design",)))
    plan = RunPlan(phases, 5.0, (("architect", "claude-sonnet-5-5"), ("planner", text)))
    return Run(RunId(id_), repo, request, plan, created_at=NOON)


def a_phase(text: str = "") -> PhaseResult:
    return PhaseResult(RUN, "design", "architect", "running", text, text, "{}", started_at=NOON)


def a_turn(index: int = 0, usd: float = 0.3, *, unit: str = "design", run: str = RUN) -> Turn:
    return Turn(RunId(run), unit, index, "architect", "claude-sonnet-5-5", usd)


def a_cap(usd: float = 5.0, unit: str = "", **limits: float) -> Cap:
    """Of a whole run, or of one unit of it."""
    return Cap("agent" if unit else "run", "architect", unit, Limits(usd=usd, **limits))  # type: ignore[arg-type]


async def reserve(store: SqlStore, turn: Turn, usd: float = 5.0) -> bool:
    """Whether the run's dollars had room for the turn."""
    return await store.reserve_turn(turn, [a_cap(usd)]) is None


def an_effect(key: str = "status", body: str = "Working on it.") -> Effect:
    return Effect(RUN, key, "comment", WIDGET, "7", body)


SOME_TOKENS = Usage(1, 20, 300, 2**33)


@asynccontextmanager
async def stores_at(database_url: str, count: int = 1) -> AsyncIterator[list[SqlStore]]:
    """That many open stores on one database."""
    async with AsyncExitStack() as stack:
        stores = [SqlStore(database_url) for _ in range(count)]
        for store in stores:
            await store.open()
            stack.push_async_callback(store.close)
        yield stores


PROGRAM = """
import asyncio, sys
from datetime import UTC, datetime
from bot.adapters.store import SqlStore
from bot.core.errors import BotError
from bot.core.repository import Delivery
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
async def main():
    store = SqlStore(sys.argv[1])
{steps}
asyncio.run(main())
"""


def start_process(database_url: str, steps: str, *more: str) -> subprocess.Popen[str]:
    """Another Python that carries out `steps` with `store` (not open yet) on the database."""
    program = PROGRAM.format(steps=textwrap.indent(textwrap.dedent(steps), "    "))
    argv = [sys.executable, "-c", program, database_url, *more]
    pipe = subprocess.PIPE
    return subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def outputs_of(processes: Sequence[subprocess.Popen[str]]) -> list[str]:
    """What they print, once they all have ended well."""
    ended = [process.communicate() for process in processes]
    problems = [errors for process, (_, errors) in zip(processes, ended, strict=True) if process.returncode]
    assert not problems, problems[0]
    return [output.strip() for output, _ in ended]
