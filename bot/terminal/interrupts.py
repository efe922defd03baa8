"""Ctrl-C and a closed terminal end a command cleanly; what was kept goes on later."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

INTERRUPTED = 130
"""The exit code of a program that Ctrl-C ended."""


async def until_stopped(work: Callable[[], Awaitable[int]]) -> int | None:
    """What `work` returned, None if Ctrl-C or a signal stopped it; a second one does not wait for the clean-up."""
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work())
    stopped = False

    def stop() -> None:
        nonlocal stopped
        if stopped:
            os._exit(INTERRUPTED)
        stopped = True
        task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    await asyncio.wait({task})
    return None if task.cancelled() else task.result()
