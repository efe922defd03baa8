"""`ports.Durable` on dbos: the calls that anyone may make, and the worker behind `launch`."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Literal, TypeVar

from dbos import DBOSClient, WorkflowStatus
from dbos import error as dbos_error

from bot.adapters.durable.codec import plain
from bot.adapters.durable.database import Database, open_database, parse_url
from bot.adapters.durable.liveness import Lease, Liveness, exit_process, new_executor_id
from bot.adapters.durable.sqlite import lock_file
from bot.adapters.durable.steps import why
from bot.adapters.durable.watch import ENDED, Watch
from bot.adapters.durable.worker import RUN_WORKFLOW, RUNS, VERSION, Limits, Worker
from bot.core.conversation import Json
from bot.core.errors import BotError
from bot.core.repository import Repo
from bot.core.runs import RunId
from bot.ports import SegmentWorkflow, Workflow

T = TypeVar("T")
Status = Literal["unknown", "queued", "running", "succeeded", "failed", "cancelled"]
SQLITE_EXECUTOR = "devflow"
"""Always the same: one process at a time works on a file, and continues what the one before left."""
PRUNE_BATCH = 200
_STATUS: dict[str, Status] = {
    "DELAYED": "queued",
    "ENQUEUED": "queued",
    "PENDING": "running",
    "SUCCESS": "succeeded",
    "ERROR": "failed",
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": "failed",
    "CANCELLED": "cancelled",
}


class DbosDurable:
    """The engine. Without `launch` it starts, signals, cancels and shows runs that another process executes."""

    def __init__(
        self,
        database_url: str,
        *,
        executor_id: str | None = None,
        poll_seconds: float = 0.5,
        segments_at_once: int = 2,
        restarts: int = 5,
        lease: Lease | None = None,
        fence: Callable[[], None] = exit_process,
    ) -> None:
        """Nothing is opened yet. Raises `BotError` for a URL that is neither `sqlite:///file` nor `postgresql://...`.

        `executor_id` names this worker on PostgreSQL (default: a fresh name; two live workers never share one) and has
        no effect on SQLite. `restarts` is how often a segment may take its process down without progress before it
        is given up. `fence` is called when a lost lease means that others execute our runs; it must not return to work.
        """
        self._url = parse_url(database_url)
        self._executor_id = executor_id or new_executor_id()
        self._limits = Limits(segments_at_once, poll_seconds, restarts)
        self._lease = lease or Lease()
        self._fence = fence
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="durable")
        self._opening = threading.Lock()
        self._database: Database | None = None
        self._watch = Watch(self._ended_rows, poll_seconds)
        self._worker: Worker | None = None
        self._liveness: Liveness | None = None
        self._unlock: Callable[[], None] | None = None
        self._closed = False

    async def _offload(self, call: Callable[[], T]) -> T:
        """A blocking call in a thread of ours: no workflow's context goes along, no pool of dbos is needed."""
        if self._closed:
            raise BotError("The engine is closed.", "Make a new one.")
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    async def _ask(self, call: Callable[[DBOSClient], T]) -> T:
        return await self._offload(lambda: call(self._open().client))

    def _open(self) -> Database:
        with self._opening:
            if self._database is None:
                self._database = open_database(self._url)
            return self._database

    async def launch(self, workflow: Workflow, segment: SegmentWorkflow) -> None:
        """Execute on this event loop, beginning with what an earlier process left unfinished.

        Raises `BotError` if the SQLite file, the executor's name or this process is taken, or the database is unusable.
        """
        if self._worker is not None:
            raise BotError("The engine is launched already.", "Launch it once.")
        try:
            worker = await self._offload(self._prepare)
            worker.launch(workflow, segment)
        except BaseException:
            await self._offload(self._let_go)
            raise
        self._worker = worker
        if self._liveness is not None:
            self._liveness.watch_others()

    def _prepare(self) -> Worker:
        database = self._open()
        if database.file:
            self._unlock = lock_file(database.file)
        else:
            client, name = database.client, self._executor_id
            liveness = Liveness(self._url, client, VERSION, name, self._lease, self._fence)
            liveness.register()
            self._liveness = liveness
        executor_id = SQLITE_EXECUTOR if database.file else self._executor_id
        worker = Worker(database, executor_id, self._watch, self._limits, self._offload)
        worker.register_queues()
        return worker

    def _let_go(self) -> None:
        if self._liveness is not None:
            self._liveness.release()
            self._liveness = None
        if self._unlock is not None:
            self._unlock()
            self._unlock = None

    async def start(self, run: RunId, repo: Repo) -> None:
        """Begin a run; the same id again does nothing, until a pruned run's id is forgotten."""
        if not run or ":" in run:
            raise ValueError(f"{run!r} is no run id")
        await self._ask(
            lambda client: client.enqueue(
                {
                    "workflow_name": RUN_WORKFLOW,
                    "queue_name": RUNS,
                    "workflow_id": run,
                    "app_version": VERSION,
                },
                run,
                str(repo),
            )
        )

    async def send(self, run: RunId, topic: str, message: Json, key: str) -> None:
        """Send a JSON object to a run; the same key again does nothing. Raises `BotError` if there is no such run."""
        sent = plain(message)
        try:
            await self._ask(lambda client: client.send(run, sent, topic, idempotency_key=key))
        except dbos_error.DBOSNonExistentWorkflowError:
            raise _no_such_run(run) from None

    async def cancel(self, run: RunId) -> None:
        """Stop a run and its segments. Work under way gets `CancelledError`, here at once, in another process within
        `poll_seconds`; a run that has ended stays as it is."""

        def cancel(client: DBOSClient) -> None:
            row = _row(client, run)
            if row is not None and row.status not in ENDED:
                client.cancel_workflow(run, cancel_children=True)

        await self._ask(cancel)
        self._watch.poke()

    async def status(self, run: RunId) -> Status:
        row = await self._ask(lambda client: _row(client, run))
        return _STATUS[row.status] if row else "unknown"

    async def failure(self, run: RunId) -> str | None:
        """Why a run has no result, in a sentence; None while it goes on or if it succeeded."""
        row = await self._ask(lambda client: _row(client, run))
        return why(row) if row and row.status in ENDED and row.status != "SUCCESS" else None

    async def wait(self, run: RunId) -> Json | None:
        """Return when the run has ended: its result, None if it failed or was cancelled.

        Raises `BotError` if there is no such run, or if this engine is closed before the run has ended.
        """
        if await self.status(run) == "unknown":
            raise _no_such_run(run)
        try:
            row = await self._watch.ended(run)
        except asyncio.CancelledError:
            if not self._watch.closed:
                raise
            raise BotError(
                f"The engine was closed before run {run} ended.", "It goes on when it is started again."
            ) from None
        result: Json | None = row.output if row.status == "SUCCESS" else None
        return result

    async def _ended_rows(self, workflow_ids: list[str]) -> list[WorkflowStatus]:
        return await self._ask(
            lambda client: client.list_workflows(workflow_ids=workflow_ids, status=list(ENDED), load_input=False)
        )

    async def given_up(self) -> list[RunId]:
        """Runs that ended because the process died again and again while they, or a segment of theirs, ran."""
        rows = await self._ask(
            lambda client: client.list_workflows(
                status="MAX_RECOVERY_ATTEMPTS_EXCEEDED", load_input=False, load_output=False
            )
        )
        return sorted({RunId(row.workflow_id.partition(":")[0]) for row in rows})

    async def prune(self, before: datetime) -> int:
        """Delete runs that ended before that moment, with their segments; returns how many runs.

        A run id that is started again afterwards runs again: keep them longer than a delivery can be repeated.
        """
        return await self._ask(lambda client: _prune(client, before))

    async def close(self) -> None:
        """Stop executing; unfinished runs go on at the next launch. Again does nothing."""
        if self._closed:
            return
        if self._worker is not None:
            await self._worker.close()
        await self._watch.close()
        await self._offload(self._shut)
        self._closed = True
        self._threads.shutdown(wait=False)

    def _shut(self) -> None:
        self._let_go()
        if self._database is not None:
            self._database.close()


def _row(client: DBOSClient, workflow_id: str) -> WorkflowStatus | None:
    rows = client.list_workflows(workflow_ids=[workflow_id], load_input=False)
    return rows[0] if rows else None


def _prune(client: DBOSClient, before: datetime) -> int:
    count = 0
    while rows := client.list_workflows(
        name=RUN_WORKFLOW,
        status=list(ENDED),
        completed_before=before.isoformat(),
        limit=PRUNE_BATCH,
        load_input=False,
        load_output=False,
    ):
        client.delete_workflows([row.workflow_id for row in rows], delete_children=True)
        count += len(rows)
    return count


def _no_such_run(run: RunId) -> BotError:
    return BotError(f"There is no run {run}.", "`devflow runs` lists those that are known.")
