"""One command from start to end: its output, its wall limit, and the death of everything it started."""

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.adapters.sandbox.output import Output, collect, reader_of
from bot.adapters.sandbox.watch import watch
from bot.ports import ExecResult, SandboxError, SandboxLimits

TIMED_OUT = 124
"""The exit code of timeout(1)."""
KILLED = 137
_DRAIN_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Command:
    """What to start on the host, with nothing of the bot's environment."""

    argv: Sequence[str]
    cwd: Path
    env: dict[str, str] = field(default_factory=dict)
    pass_fds: tuple[int, ...] = ()
    errors: int | None = None
    """A descriptor for its standard error, None where that belongs to the output."""


@dataclass(frozen=True, slots=True)
class Tree:
    """The processes of a command: the one at the root (0: not known now), and how to end them all; `end` returns when
    they are dead."""

    root: Callable[[], int]
    end: Callable[[], Awaitable[None]]
    exceeded: Callable[[], str] = str
    """Words for a bound that whoever runs the tree saw it go over, empty if there is none."""


Grown = Callable[[asyncio.subprocess.Process], Awaitable[Tree]]
"""Tells the tree of a process that was just started."""


async def supervise(command: Command, limits: SandboxLimits, folders: Sequence[Path], grown: Grown) -> ExecResult:
    """Start the command and return when it and everything it started is dead, also when this call is cancelled.

    `folders` are where it can write to the host's disk. Raises `SandboxError` if it could not be started.
    """
    stop = asyncio.Event()
    life = asyncio.create_task(_live(command, limits, folders, grown, stop))
    try:
        return await asyncio.shield(life)
    except asyncio.CancelledError:
        stop.set()
        await _over(life)
        raise


async def _live(
    command: Command, limits: SandboxLimits, folders: Sequence[Path], grown: Grown, stop: asyncio.Event
) -> ExecResult:
    """The whole of it, in a task that nobody cancels: nothing here is left half done."""
    began = time.monotonic()
    output = Output(limits.output_bytes)
    process, reading = await _start(command, output)
    try:
        tree = await grown(process)
        try:
            ended = await _outcome(process, watch(tree.root, limits, folders, tree.exceeded), stop, limits.seconds)
        finally:
            await tree.end()
    finally:
        await _finish(process, reading)
    return ExecResult(
        exit_code=_exit_code(process.returncode, ended),
        output=output.text() + (f"\n[stopped: {ended}]" if ended else ""),
        seconds=time.monotonic() - began,
        timed_out=ended is None,
        truncated=output.full,
    )


async def _start(command: Command, output: Output) -> tuple[asyncio.subprocess.Process, asyncio.Task[None]]:
    """The process and the task that reads its output; the pipe is ours, so that waiting for the exit is only that."""
    read, write = os.pipe()
    reader, transport = await reader_of(read)
    try:
        process = await asyncio.create_subprocess_exec(
            *command.argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=write,
            stderr=write if command.errors is None else command.errors,
            cwd=command.cwd,
            env=command.env,
            pass_fds=command.pass_fds,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        transport.close()
        raise SandboxError(f"The command could not be started: {error}") from error
    finally:
        os.close(write)

    async def read_all() -> None:
        try:
            await collect(reader, output)
        finally:
            transport.close()

    return process, asyncio.create_task(read_all())


async def _outcome(
    process: asyncio.subprocess.Process, bounds: Coroutine[None, None, str], stop: asyncio.Event, seconds: float
) -> str | None:
    """None if the wall limit came first, words if another bound was passed, empty if the command ended or has to."""
    waiting = asyncio.create_task(process.wait())
    watching = asyncio.create_task(bounds)
    stopping = asyncio.create_task(stop.wait())
    every = (waiting, watching, stopping)
    try:
        done, _ = await asyncio.wait(every, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if waiting in done or stopping in done:
            return ""
        return watching.result() if watching in done else None
    finally:
        for task in every:
            task.cancel()


async def _finish(process: asyncio.subprocess.Process, reading: asyncio.Task[None]) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    await process.wait()
    await asyncio.wait({reading}, timeout=_DRAIN_SECONDS)
    reading.cancel()


async def _over(life: "asyncio.Task[ExecResult]") -> None:
    """Wait for the end of a life that was told to end, however often we are cancelled meanwhile."""
    while not life.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({life})
    if not life.cancelled():
        life.exception()


def _exit_code(code: int | None, ended: str | None) -> int:
    """As a shell would say it: 124 after the wall limit, 128 and the signal's number after a signal."""
    if ended is None:
        return TIMED_OUT
    if ended or code is None:
        return KILLED
    return 128 - code if code < 0 else code
