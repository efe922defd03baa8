"""Group commit on SQLite: calls that wait go into one transaction, in a thread and on a connection of their own.

The async engine goes from thread to thread at least five times for one transaction, this goes once; and as many calls
as there are wait for the disk once.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Generic, TypeVar

from bot.adapters.store.checkpoints import MOST_PAGES, Checkpointer
from bot.adapters.store.connections import connect

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
"""Statements of one call; they run inside a transaction that is begun and ended elsewhere, maybe twice."""


class _Call(Generic[T]):
    """Work, who waits for it, and about how many pages it writes."""

    def __init__(self, work: Work[T], pages: int) -> None:
        self.pages = pages
        self.done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._work = work
        self._result: T

    def run(self, connection: sqlite3.Connection) -> None:
        self._result = self._work(connection)

    def settle(self, error: Exception | None) -> None:
        if self.done.done():
            return
        if error is None:
            self.done.set_result(self._result)
        else:
            self.done.set_exception(error)


class GroupCommit:
    """Carries out calls in the order they came; each is durable when it returns."""

    def __init__(self, path: Path, in_line: AbstractAsyncContextManager[None]) -> None:
        """`in_line` is held during each transaction. Raises `sqlite3.Error`."""
        self._connection = connect(path)
        self._connection.execute(f"PRAGMA wal_autocheckpoint = {MOST_PAGES}")
        self._checkpointer = Checkpointer(path)
        self._in_line = in_line
        self._thread = ThreadPoolExecutor(1, "devflow-commit")
        self._waiting: list[_Call[object]] = []
        self._committing: asyncio.Task[None] | None = None

    async def write(self, work: Work[T], pages: int) -> T:
        """The result of the work, once it is on disk. A caller that is cancelled does not stop it.

        `pages` is about how many it writes. Raises what the work raises, and `sqlite3.Error`; nothing is stored then.
        """
        call = _Call(work, pages)
        self._waiting.append(call)  # type: ignore[arg-type]
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit_all())
        return await call.done

    async def close(self) -> None:
        """Carry out what waits, close the connections, end the threads. The last connection to close checkpoints."""
        if self._committing is not None:
            await asyncio.wait({self._committing})
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close_connections)
        self._thread.shutdown()

    def _close_connections(self) -> None:
        self._checkpointer.close()
        self._connection.close()

    async def _commit_all(self) -> None:
        calls: list[_Call[object]] = []
        try:
            while self._waiting:
                async with self._in_line:
                    calls, self._waiting = self._waiting, []
                    await self._commit(calls)
        finally:
            for call in (*calls, *self._waiting):
                call.done.cancel()

    async def _commit(self, calls: Sequence[_Call[object]]) -> None:
        """Return when the calls are settled and their callers had their turn: what these want next shall be part of
        the next transaction. The thread wakes the callers itself; by way of this task it would take them a turn of
        the loop more."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()
        alone = not self._checkpointer.busy

        def settle(errors: Sequence[Exception | None]) -> None:
            for call, error in zip(calls, errors, strict=True):
                call.settle(error)
            if not ended.done():
                ended.set_result(None)

        def tell(future: Future[list[Exception | None]]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, future.result())

        self._thread.submit(self._try, calls).add_done_callback(tell)
        await ended
        self._checkpointer.committed(sum(call.pages for call in calls), alone=alone)

    def _try(self, calls: Sequence[_Call[object]]) -> list[Exception | None]:
        """All in one transaction; each in its own if one of them is at fault and not the database's surroundings."""
        self._checkpointer.catch_up()
        error = self._transaction(calls)
        if len(calls) == 1 or error is None or isinstance(error, sqlite3.OperationalError):
            return [error] * len(calls)
        return [self._transaction([call]) for call in calls]

    def _transaction(self, calls: Sequence[_Call[object]]) -> Exception | None:
        try:
            with self._connection as connection:
                connection.execute("BEGIN IMMEDIATE")
                for call in calls:
                    call.run(connection)
        except Exception as error:  # noqa: BLE001 - it is raised again where the call was made
            return error
        return None
