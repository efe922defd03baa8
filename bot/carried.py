"""The state of a machine that lasts one job: fetched from refs of the repository, and saved there again and again."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from bot.core.errors import BotError
from bot.core.repository import NO_SHA, Sha
from bot.core.runs import RunId
from bot.core.state import (
    MANIFEST,
    MEMORY_REF,
    Lines,
    Manifest,
    StateError,
    issue_ref,
    lines_text,
    manifest_text,
    merged,
    newest,
    pack,
    read_lines,
    read_manifest,
    unpack,
)
from bot.ports import Clock, WorkspaceError
from bot.ports_state import Records, RefMovedError, Refs, Stored

SAVE_SECONDS = 60.0
"""At most so much work is lost with its machine."""
LEASE = timedelta(seconds=240)
"""A job that has not saved for so long is dead, and another one may take over."""
LOOK_SECONDS = 3.0
"""Between two looks whether the job before has ended."""
TRIES = 12
"""At writing what many write; each loses only to somebody who has written."""
PAUSES = (1.0, 3.0, 10.0)
"""Seconds between attempts while the server is out of order."""
LINES = "lines.jsonl"
T = TypeVar("T")


class TakenOverError(BotError):
    """Another job has this issue's state now: this one must not go on."""


@dataclass(slots=True)
class _Known:
    """A ref as this job saw or wrote it last."""

    sha: Sha = NO_SHA
    lines: Lines | None = None


class CarriedState:
    """The state of one issue and what its repository shares, for the time of a job called `job`."""

    def __init__(self, refs: Refs, records: Records, clock: Clock, job: str) -> None:
        self._refs, self._records, self._clock, self._job = refs, records, clock, job
        self._home = 0
        self._issue = _Known()
        self._memory = _Known()
        self._base: Lines = {}
        self._saving = asyncio.Lock()
        self._gone = asyncio.Event()
        self.heard: datetime | None = None
        """Up to when the comments of the issue were read."""

    async def own(self) -> list[RunId]:
        """The runs of this issue and its pull requests, oldest first; those of others are only looked at."""
        return [RunId(run) for run in await asyncio.to_thread(self._records.runs)]

    async def load(self) -> Lines:
        """Read what the repository shares. Raises `StateError` if it cannot be used, `WorkspaceError`."""
        await self._read_memory()
        return self._memory.lines or {}

    async def held(self, home: int) -> bool:
        """Whether a job that lives has the state of an issue. Raises `StateError`, `WorkspaceError`."""
        stored = await self._refs.read(issue_ref(home))
        return stored is not None and read_manifest(issue_ref(home), stored.files).held(self._clock.now())

    async def restore(self, home: int) -> None:
        """Take over the state of an issue: wait for the job that has it, say that this one has it now, unpack it.

        Raises `StateError` if it cannot be used; then nothing was changed.
        """
        self._home = home
        ref = issue_ref(home)
        while True:
            stored = await self._refs.read(ref)
            manifest = read_manifest(ref, stored.files) if stored else Manifest("issue", self._clock.now())
            if not manifest.held(self._clock.now()) or manifest.job == self._job:
                with contextlib.suppress(RefMovedError):
                    await self._take_over(ref, stored, manifest)
                    return
            await self._clock.sleep(LOOK_SECONDS)

    async def _take_over(self, ref: str, stored: Stored | None, manifest: Manifest) -> None:
        files = dict(stored.files) if stored else {}
        content = unpack(ref, "issue", files)[1] if stored else {}
        files[MANIFEST] = manifest_text(self._ours(manifest))
        self._issue.sha = await self._refs.write(ref, files, stored.sha if stored else NO_SHA)
        self.heard = manifest.heard
        await asyncio.to_thread(self._records.put, content)
        await asyncio.to_thread(self._records.fill, self._memory.lines or {})
        self._base = await asyncio.to_thread(self._records.shared)

    def _ours(self, manifest: Manifest, *, last: bool = False) -> Manifest:
        now = self._clock.now()
        job, until = ("", None) if last else (self._job, now + LEASE)
        return replace(manifest, saved_at=now, heard=self.heard or manifest.heard, job=job, until=until)

    async def save(self, *, last: bool = False) -> None:
        """Write the state to its refs; after the `last` time another job may have it.

        Raises `TakenOverError` if another job has it already, `WorkspaceError` if it cannot be written.
        """
        async with self._saving:
            files = await asyncio.to_thread(self._records.take)
            runs = tuple(await asyncio.to_thread(self._records.runs))
            manifest = self._ours(Manifest("issue", self._clock.now(), runs=runs), last=last)
            packed = await asyncio.to_thread(pack, manifest, files)
            try:
                self._issue.sha = await self._stubborn(
                    lambda: self._refs.write(issue_ref(self._home), packed, self._issue.sha)
                )
            except RefMovedError:
                raise self._taken_over() from None
            await self._stubborn(self._share)

    async def keep(self) -> None:
        """Save before something is told; where it cannot be saved now the work goes on, and is saved later.

        Once another job has the state this never returns: whoever calls it must not go on, and `lost` says so.
        """
        try:
            await self.save()
        except (WorkspaceError, StateError) as error:
            structlog.get_logger().warning("state not saved", error=str(error))
        except TakenOverError:
            self._gone.set()
            await asyncio.Event().wait()

    async def keep_often(self) -> None:
        """Save every minute, for ever."""
        while True:
            await self._clock.sleep(SAVE_SECONDS)
            await self.keep()

    async def lost(self) -> None:
        """Raise `TakenOverError` once another job has the state."""
        await self._gone.wait()
        raise self._taken_over()

    def _taken_over(self) -> TakenOverError:
        return TakenOverError(
            f"Another job took over the state of #{self._home}; this one was silent for too long.",
            "Look at that job. Nothing of it was changed.",
        )

    async def _share(self) -> None:
        """Bring our changes into what is shared; whoever was quicker is merged with, not overwritten."""
        ours = await asyncio.to_thread(self._records.shared)
        for attempt in range(TRIES):
            theirs = self._memory.lines or {}
            new = newest(merged(self._base, ours, theirs))
            if new == theirs:
                break
            try:
                await self._write_memory(new)
                break
            except RefMovedError:
                await self._clock.sleep(random.uniform(0, 0.2 * (attempt + 1)))  # noqa: S311 - spreads rivals
                await self._read_memory()
        else:
            raise WorkspaceError(f"`{MEMORY_REF}` could not be written: others wrote it {TRIES} times meanwhile.")
        self._base = ours

    async def _read_memory(self) -> None:
        stored = await self._refs.read(MEMORY_REF)
        content = unpack(MEMORY_REF, "memory", stored.files)[1] if stored else {}
        lines = read_lines(MEMORY_REF, content.get(LINES, b""))
        self._memory = _Known(stored.sha if stored else NO_SHA, lines)

    async def _write_memory(self, lines: Lines) -> None:
        packed = pack(Manifest("memory", self._clock.now()), {LINES: lines_text(lines)})
        self._memory = _Known(await self._refs.write(MEMORY_REF, packed, self._memory.sha), lines)

    async def _stubborn(self, call: Callable[[], Awaitable[T]]) -> T:
        """Try again while the server is out of order."""
        for pause in PAUSES:
            try:
                return await call()
            except WorkspaceError as error:
                structlog.get_logger().warning("state not saved yet", error=str(error), pause=pause)
            await self._clock.sleep(pause)
        return await call()
