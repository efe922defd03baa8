"""Locks, and folders that vanish as a whole."""

import asyncio
import contextlib
import fcntl
import os
import shutil
import time
import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from bot.ports import WorkspaceError

_LOCK_SECONDS = 1800.0
_POLL_SECONDS = 0.05


@asynccontextmanager
async def locked(path: Path, seconds: float = _LOCK_SECONDS) -> AsyncIterator[int]:
    """Hold a lock file, across tasks and processes; the kernel lets go of it when its holders have died.

    Gives the descriptor that holds it. Raises `WorkspaceError` after so many seconds of waiting.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + seconds
    try:
        while not _taken(fd):
            if time.monotonic() > deadline:
                raise WorkspaceError(f"Another process has held {path.name} for {seconds:.0f} s.")
            await asyncio.sleep(_POLL_SECONDS)
        yield fd
    finally:
        os.close(fd)


def _taken(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def remove(path: Path) -> None:
    """Remove a folder whatever is in it, as one step to those who look: it is renamed first.

    rm(1) does it, since a repository can be nested deeper than Python recurses. Raises `WorkspaceError` if it cannot.
    """
    trash = path.with_name(f".trash-{uuid.uuid4().hex[:12]}")
    try:
        await asyncio.to_thread(path.rename, trash)
    except FileNotFoundError:
        return
    await _empty(trash)


async def sweep(folder: Path, *patterns: str) -> None:
    """Remove what killed processes left: entries of a folder that match."""
    for left in await asyncio.to_thread(_matching, folder, (".trash-*", *patterns)):
        await _empty(left)


def _matching(folder: Path, patterns: Iterable[str]) -> list[Path]:
    return [left for pattern in patterns for left in folder.glob(pattern)]


async def _empty(trash: Path) -> None:
    if await _command("rm", "-rf", "--", str(trash)) == 0:
        return
    await _command("chmod", "-R", "u+rwX", "--", str(trash))
    if await _command("rm", "-rf", "--", str(trash)) != 0:
        raise WorkspaceError(f"The folder {trash.name} could not be removed.")


async def _command(program: str, *args: str) -> int:
    found = shutil.which(program) or f"/bin/{program}"
    process = await asyncio.create_subprocess_exec(found, *args, stderr=asyncio.subprocess.DEVNULL)
    try:
        return await process.wait()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
