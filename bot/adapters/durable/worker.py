"""Executing workflows in this process: dbos' singleton, its two queues, and what must hold when it starts and stops."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

import dbos._dbos as dbos_module
import sqlalchemy as sa
from dbos import DBOS, SetEnqueueOptions, SetWorkflowID, WorkflowStatus

from bot.adapters.durable.codec import JsonSerializer
from bot.adapters.durable.database import APPLICATION, Database
from bot.adapters.durable.steps import DbosSteps, interruptible
from bot.adapters.durable.watch import Watch
from bot.core.conversation import Json
from bot.core.errors import BotError
from bot.core.runs import RunId
from bot.ports import SegmentWorkflow, Workflow

VERSION = "wf-1"
"""The workflows' version, raised by hand when old runs cannot go on with new code."""
RUNS, SEGMENTS = "runs", "segments"
RUN_WORKFLOW, SEGMENT_WORKFLOW = "run", "segment"
RUNS_AT_ONCE = 500
"""Coordinators in memory; most of them wait."""
RUN_PATIENCE = 10
"""A coordinator may be restarted this many times as often as a segment: it dies of the segments beside it."""
CLEAN_UP_SECONDS = 10.0
_log = logging.getLogger(__name__)

Offload = Callable[[Callable[[], Any]], Awaitable[Any]]
"""Run a blocking call in a thread of our own, outside any workflow's context."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is done at once, how often the database is asked, how often a run may take the process down."""

    segments_at_once: int
    poll_seconds: float
    restarts: int


class Worker:
    """The process' one executor of workflows."""

    def __init__(self, database: Database, executor_id: str, watch: Watch, limits: Limits, offload: Offload) -> None:
        self._database = database
        self._executor_id = executor_id
        self._watch = watch
        self._limits = limits
        self._offload = offload
        self._closing = False
        self._repos: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._segment: Callable[[str, str, str], Coroutine[Any, Any, Json]] | None = None

    def register_queues(self) -> None:
        """Before the launch, because a new queue is noticed only once per second."""
        client, poll = self._database.client, self._limits.poll_seconds
        client.register_queue(RUNS, worker_concurrency=RUNS_AT_ONCE, polling_interval_sec=poll)
        client.register_queue(
            SEGMENTS,
            partition_concurrency=1,
            worker_concurrency=self._limits.segments_at_once,
            polling_interval_sec=poll,
        )

    def launch(self, workflow: Workflow, segment: SegmentWorkflow) -> None:
        """Begin to execute on the running event loop. Raises `BotError` if this process executes already."""
        if dbos_module._dbos_global_instance is not None:
            raise BotError("This process already has a running engine.", "Close it before you launch another one.")
        try:
            self._launch(workflow, segment)
        except BaseException:
            DBOS.destroy(destroy_registry=True)
            raise

    def _launch(self, workflow: Workflow, segment: SegmentWorkflow) -> None:
        self._register(workflow, segment)
        DBOS(
            config={
                "name": APPLICATION,
                "system_database_engine": self._database.engine,
                "executor_id": self._executor_id,
                "application_version": VERSION,
                "serializer": JsonSerializer(),
                "log_level": "WARNING",
                "run_migrations": False,
                "notification_listener_polling_interval_sec": 2 * self._limits.poll_seconds,
            }
        )
        DBOS.launch()

    def _register(self, workflow: Workflow, segment: SegmentWorkflow) -> None:
        """Under fixed names: a renamed function would strand the runs that wait for it."""

        async def run_workflow(run: str, repo: str) -> Json:
            run_id = RunId(run)
            return await self._guarded(run, lambda: workflow(run_id, DbosSteps(self, run_id, run, repo)))

        async def segment_workflow(run: str, name: str, repo: str) -> Json:
            workflow_id, run_id = segment_id(RunId(run), name), RunId(run)
            steps = DbosSteps(self, run_id, workflow_id, repo)
            return await self._guarded(workflow_id, lambda: segment(run_id, name, steps), self._repo(repo))

        restarts = self._limits.restarts
        DBOS.workflow(name=RUN_WORKFLOW, max_recovery_attempts=restarts * RUN_PATIENCE)(run_workflow)
        self._segment = DBOS.workflow(name=SEGMENT_WORKFLOW, max_recovery_attempts=restarts)(segment_workflow)

    def _repo(self, repo: str) -> asyncio.Lock:
        """dbos frees a cancelled segment's place while its clean-up still runs; the next one waits for this lock."""
        lock = self._repos.get(repo)
        if lock is None:
            lock = self._repos[repo] = asyncio.Lock()
        return lock

    async def _guarded(
        self, workflow_id: str, body: Callable[[], Awaitable[Json]], turn: asyncio.Lock | None = None
    ) -> Json:
        task = asyncio.current_task()
        if self._closing or task is None:
            raise asyncio.CancelledError
        self._watch.run(workflow_id, task)
        async with turn or nullcontext():
            return await interruptible(workflow_id, body, lambda: self.stopping(workflow_id))

    def stopping(self, workflow_id: str) -> bool:
        return self._closing or self._watch.cancelled(workflow_id)

    async def start_segment(self, run: RunId, name: str, repo: str) -> str:
        """Enqueue the segment as a child, once whatever is replayed; its workflow id."""
        if self._segment is None:
            raise RuntimeError("the worker is not launched")
        workflow_id = segment_id(run, name)
        with SetWorkflowID(workflow_id), SetEnqueueOptions(queue_partition_key=repo):
            await DBOS.enqueue_workflow_async(SEGMENTS, self._segment, run, name, repo)
        return workflow_id

    async def ended(self, workflow_id: str) -> WorkflowStatus:
        return await self._watch.ended(workflow_id)

    async def progressed(self, workflow_id: str) -> None:
        """Forget earlier starts: a run is poison only if it takes the process down again and again without progress.

        dbos counts every start for ever: a run that waits for an approval through enough deploys would be given up.
        """
        await self._offload(lambda: _set_starts(self._database.engine, "1", "workflow_uuid = :name", workflow_id))

    async def close(self) -> None:
        """Stop executing. What runs is cancelled and left for the next launch."""
        self._closing = True
        busy = await self._watch.stop_running(CLEAN_UP_SECONDS)
        if busy:
            _log.warning("%d runs did not stop within %g seconds; leaving them", busy, CLEAN_UP_SECONDS)
        await self._offload(lambda: DBOS.destroy(destroy_registry=True))
        # Whoever stops in good order did not die of its runs.
        starts, mine = "recovery_attempts - 1", "executor_id = :name"
        await self._offload(lambda: _set_starts(self._database.engine, starts, mine, self._executor_id))
        # dbos made its own thread pool the loop's default and has just shut it down.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(thread_name_prefix="asyncio"))


def segment_id(run: RunId, name: str) -> str:
    """The workflow id of a segment."""
    return f"{run}:{name}"


def _set_starts(engine: sa.Engine, value: str, which: str, name: str) -> None:
    """Correct dbos' count of starts in the rows under way; `value` and `which` are SQL of ours."""
    table = "workflow_status" if engine.dialect.name == "sqlite" else "dbos.workflow_status"
    statement = (
        f"UPDATE {table} SET recovery_attempts = {value} "  # noqa: S608 - constants
        f"WHERE {which} AND status = 'PENDING' AND recovery_attempts > 0"
    )
    with engine.begin() as connection:
        connection.execute(sa.text(statement), {"name": name})
