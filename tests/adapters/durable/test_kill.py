"""Processes that die with `kill -9`, on real databases.

Traps of dbos that have their test here: steps numbered in the order of completion do not match at a replay; nobody
takes over a dead worker's runs; a lease that was slept through; a run that kills every process that touches it, and
the innocent runs beside it.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from bot.adapters.durable import DbosDurable
from bot.adapters.durable.liveness import LOST_LEASE_EXIT
from bot.core.runs import RunId
from tests.adapters.durable.program import REPO

pytestmark = [pytest.mark.kill, pytest.mark.slow]
ROOT = Path(__file__).parents[3]


class Program:
    """One process of `program.py` and the lines it has printed so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[str] = []

    async def until(self, *wanted: str) -> None:
        """Return when all these lines have been printed."""
        while not set(wanted) <= set(self.lines):
            line = await self._line()
            assert line, f"it ended with {await self.process.wait()} after {self.lines}"

    async def _line(self) -> str:
        assert self.process.stdout is not None
        line = (await self.process.stdout.readline()).decode().rstrip("\n")
        self.lines += [line] if line else []
        return line

    async def end(self) -> int:
        """Its exit code, when it has ended and all its lines are read."""
        while await self._line():
            pass
        return await self.process.wait()

    async def kill(self) -> None:
        self.process.kill()
        assert await self.end() == -signal.SIGKILL

    @property
    def began(self) -> list[str]:
        return sorted(line.removeprefix("begin ") for line in self.lines if line.startswith("begin "))


Start = Callable[..., Awaitable[Program]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Starts programs; whatever is left of them is killed after the test."""
    programs: list[Program] = []

    async def start(*arguments: str) -> Program:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.adapters.durable.program", *arguments),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=ROOT,
        )
        programs.append(Program(process))
        return programs[-1]

    yield start
    for program in programs:
        if program.process.returncode is None:
            program.process.kill()
            await program.end()


async def test_after_a_kill_only_unfinished_steps_run_again(start: Start, database_url: str) -> None:
    """In a parallel middle and in a graph whose nodes ended out of order."""
    first = await start(database_url, "crash", "B2")
    await first.until("kept B1", "kept B3", "begin B2", "begin n2", "begin n6")
    await first.kill()

    second = await start(database_url, "crash")
    assert await second.end() == 0, second.lines
    assert second.began == ["B2", "C", "n2", "n6", "n7"]
    assert "result {'did': ['A', 'B1', 'B2', 'B3', 'C']}" in second.lines
    assert "'n7': {'did': 'n7', 'after': ['n2', 'n6']}" in second.lines[-1]


async def test_a_run_that_kills_its_process_is_given_up_and_its_neighbour_is_not(start: Start, sqlite_url: str) -> None:
    """After one restart, as set; the run that only waits beside it goes on however often the process died."""
    for _ in range(2):
        victim = await start(sqlite_url, "poison")
        assert await victim.end() == -signal.SIGKILL
        assert victim.began == ["poison"]
    survivor = await start(sqlite_url, "poison")
    assert await survivor.end() == 0
    assert survivor.lines == [
        "result None",
        "failure given up: the process died 2 times while it ran",
        "given up ['260102-000002-x']",
        "result {'still': 'here'}",
    ]


@pytest.mark.postgres
@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_worker_takes_over_from_one_that_died_or_fell_asleep(
    death: signal.Signals, start: Start, postgres_url: str
) -> None:
    """Nothing finished is repeated; who wakes up after its lease ran out ends itself at once."""
    run = RunId("260102-030405-k9")
    door = DbosDurable(postgres_url, poll_seconds=0.02)
    await door.start(run, REPO)
    one = await start(postgres_url, "serve", "second")
    await one.until("begin second")
    two = await start(postgres_url, "serve")
    await two.until("serving")
    os.kill(one.process.pid, death)
    assert await door.wait(run) == {"did": "second"}
    await two.until("end second")
    assert two.began == ["second"]
    if death == signal.SIGSTOP:
        os.kill(one.process.pid, signal.SIGCONT)
        assert await one.end() == LOST_LEASE_EXIT
        assert one.began == ["first", "second"]
    await door.close()
