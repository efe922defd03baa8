"""One query for everything that is waited for: which workflows have ended, which running ones were cancelled."""

import asyncio
import contextvars
import logging
from collections.abc import Awaitable, Callable

from dbos import WorkflowStatus

ENDED = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
_log = logging.getLogger(__name__)

EndedRows = Callable[[list[str]], Awaitable[list[WorkflowStatus]]]
"""Those of the given workflows that have ended, with their output and error."""


class Watch:
    """Polls while something runs or is waited for, once in `seconds`, at once after `poke`."""

    def __init__(self, ended_rows: EndedRows, seconds: float) -> None:
        self._ended_rows = ended_rows
        self._seconds = seconds
        self._running: dict[str, asyncio.Task[object]] = {}
        self._cancelled: set[asyncio.Task[object]] = set()
        self._waiters: dict[str, set[asyncio.Future[WorkflowStatus]]] = {}
        self._poked = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None
        self.closed = False

    def run(self, workflow_id: str, task: "asyncio.Task[object]") -> None:
        """Cancel the task when the workflow is cancelled."""
        self._running[workflow_id] = task
        task.add_done_callback(lambda done: self._left(workflow_id, done))
        self._wake()

    def _left(self, workflow_id: str, task: "asyncio.Task[object]") -> None:
        self._cancelled.discard(task)
        if self._running.get(workflow_id) is task:
            del self._running[workflow_id]
        # Its outcome is stored by now: whoever waits for it need not wait for the next round.
        self.poke()

    async def ended(self, workflow_id: str) -> WorkflowStatus:
        """Return when the workflow has ended. Raises `CancelledError` if the watch is closed before."""
        if self.closed:
            raise asyncio.CancelledError
        waiter: asyncio.Future[WorkflowStatus] = asyncio.get_running_loop().create_future()
        self._waiters.setdefault(workflow_id, set()).add(waiter)
        self._wake()
        try:
            return await waiter
        finally:
            self._forget(workflow_id, waiter)

    def _forget(self, workflow_id: str, waiter: "asyncio.Future[WorkflowStatus]") -> None:
        others = self._waiters.get(workflow_id, set())
        others.discard(waiter)
        if not others:
            self._waiters.pop(workflow_id, None)

    def poke(self) -> None:
        """Look at once."""
        self._poked.set()

    def _wake(self) -> None:
        if self._loop is None or self._loop.done():
            # Without the context of the workflow that happened to come first.
            self._loop = asyncio.get_running_loop().create_task(self._poll(), context=contextvars.Context())

    async def _poll(self) -> None:
        while self._running or self._waiters:
            self._poked.clear()
            try:
                for row in await self._ended_rows(sorted({*self._running, *self._waiters})):
                    self._tell(row)
            except Exception:  # noqa: BLE001 - a loop that ended would leave all who wait hanging
                _log.warning("the engine's database did not answer; asking again", exc_info=True)
            try:
                async with asyncio.timeout(self._seconds):
                    await self._poked.wait()
            except TimeoutError:
                continue

    def _tell(self, row: WorkflowStatus) -> None:
        for waiter in self._waiters.get(row.workflow_id, ()):
            if not waiter.done():
                waiter.set_result(row)
        task = self._running.get(row.workflow_id)
        if task is not None and row.status == "CANCELLED":
            self._cancel(task)

    def _cancel(self, task: "asyncio.Task[object]") -> None:
        """Cancel once: a second time would break off the clean-up that the first one began."""
        if task not in self._cancelled:
            self._cancelled.add(task)
            task.cancel()

    def cancelled(self, workflow_id: str) -> bool:
        """Whether the task of a running workflow was told to stop."""
        return self._running.get(workflow_id) in self._cancelled

    async def stop_running(self, seconds: float) -> int:
        """Cancel every running task and wait for them; returns how many were still busy after that many seconds."""
        tasks = set(self._running.values())
        for task in tasks:
            self._cancel(task)
        return len((await asyncio.wait(tasks, timeout=seconds))[1]) if tasks else 0

    async def close(self) -> None:
        """Stop polling; those that wait are cancelled."""
        self.closed = True
        for waiters in self._waiters.values():
            for waiter in waiters:
                waiter.cancel()
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.wait([self._loop])
