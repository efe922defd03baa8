"""What a workflow may do, on dbos: steps, graphs of steps, segments and messages."""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, Protocol

from dbos import DBOS, StepReservation, WorkflowStatus

from bot.adapters.durable.codec import StepFailed, failure_text, outcome, plain
from bot.core.conversation import Json
from bot.core.runs import RunId

PARKED_SECONDS = 0.5
"""A run that waits this long for a message is waiting, not replaying."""


class Host(Protocol):
    """The worker, as far as its workflows need it."""

    async def start_segment(self, run: RunId, name: str, repo: str) -> str:
        """Enqueue the segment unless it is there; its workflow id."""

    async def ended(self, workflow_id: str) -> WorkflowStatus: ...

    def stopping(self, workflow_id: str) -> bool:
        """Whether the workflow was told to stop, by a cancel or because this process closes the engine."""

    async def progressed(self, workflow_id: str) -> None:
        """The workflow did something new since it was started last: forget how often it was started before."""


class DbosSteps:
    """`ports.Steps` for one execution of one workflow.

    Work that raises makes the call raise `StepFailed` with the text of the error, on the first run and at every
    replay; unless the workflow catches it, the segment and its run fail with that text. Results are better: let work
    return an object that says how it went. A workflow that was cancelled, or whose process stops, is cancelled at
    its next `await`, in a step or not; work is told by `CancelledError` and may clean up.
    """

    def __init__(self, host: Host, run: RunId, workflow_id: str, repo: str) -> None:
        self._host = host
        self._run = run
        self._workflow_id = workflow_id
        self._repo = repo
        self._progressed = False

    def step(
        self, name: str, work: Callable[[], Awaitable[Json]], *, seconds: float | None = None
    ) -> Coroutine[Any, Any, Json]:
        """Run `work` at least once and keep its result, a JSON object; after `seconds` it is cancelled and fails.

        The step's place in the workflow is fixed by this call, not when it is awaited, so steps may be gathered.
        """
        return self._step(DBOS.reserve_step(), name, lambda: _within(name, work, seconds), self._stopping)

    def _stopping(self) -> bool:
        return self._host.stopping(self._workflow_id)

    async def _step(
        self, slot: StepReservation, name: str, work: Callable[[], Awaitable[Json]], stopping: Callable[[], bool]
    ) -> Json:
        ran = False

        async def attempt() -> Json:
            nonlocal ran
            ran = True
            try:
                return await work()
            except StepFailed:
                if stopping():
                    # The error of a clean-up must not be recorded as the step's result.
                    raise asyncio.CancelledError from None
                raise

        result = await slot.run_async({"name": name}, attempt)
        if ran:
            await self._progress()
        return result

    async def _progress(self) -> None:
        if not self._progressed:
            self._progressed = True
            await self._host.progressed(self._workflow_id)

    async def graph(
        self, needs: Mapping[str, Sequence[str]], work: Callable[[str, Mapping[str, Json]], Awaitable[Json]]
    ) -> dict[str, Json]:
        """Run a DAG of steps; the first node that fails cancels the others and makes this raise its `StepFailed`.

        Raises `ValueError`, before anything runs, if a node needs what does not stand before it.
        """
        _check_order(needs)
        if not needs:
            return {}
        # Reserved in the given order: places taken in the order of completion would differ at a replay.
        slots = {node: DBOS.reserve_step() for node in needs}
        tasks: dict[str, asyncio.Task[Json]] = {}
        failed = False

        async def run(node: str) -> Json:
            given = {need: await tasks[need] for need in needs[node]}
            inside = functools.partial(_within, node, functools.partial(work, node, given), None)
            return await self._step(slots[node], node, inside, lambda: failed or self._stopping())

        for node in needs:
            tasks[node] = asyncio.create_task(run(node))
        try:
            # Not a TaskGroup: before Python 3.13 it leaves the workflow's task looking cancelled.
            await asyncio.wait(tasks.values(), return_when=asyncio.FIRST_EXCEPTION)
        finally:
            failed = True
            await _cancel(tasks.values())
        return _results(tasks)

    async def segment(self, name: str) -> Json:
        """Run the named segment as a queued child and await its result. Raises `StepFailed` if it failed."""
        # A segment would wait for one behind it in the repository's queue.
        self._coordinators_only("start a segment")
        child = await self._host.start_segment(self._run, name, self._repo)

        async def wait() -> Json:
            await self._progress()
            return segment_result(await self._host.ended(child))

        return await self._step(DBOS.reserve_step(), f"await:{name}", wait, self._stopping)

    def _coordinators_only(self, what: str) -> None:
        if self._workflow_id != self._run:
            raise RuntimeError(f"only the coordinator of a run can {what}, not its segment {self._workflow_id}")

    async def receive(self, topic: str, *, seconds: float) -> Json | None:
        """The next message sent to this run under the topic, None after that many seconds, counted across restarts."""
        self._coordinators_only("receive a message")
        loop = asyncio.get_running_loop()
        marks: list[asyncio.Task[None]] = []
        parked = loop.call_later(PARKED_SECONDS, lambda: marks.append(loop.create_task(self._progress())))
        try:
            message: Json | None = await DBOS.recv_async(topic, timeout_seconds=seconds)
            return message
        finally:
            parked.cancel()


def _check_order(needs: Mapping[str, Sequence[str]]) -> None:
    known: set[str] = set()
    for node, wanted in needs.items():
        if missing := set(wanted) - known:
            raise ValueError(f"{node} needs {', '.join(sorted(missing))}, which does not stand before it")
        known.add(node)


async def _cancel(tasks: Iterable[asyncio.Task[Json]]) -> None:
    """Cancel those that are not done and wait for their clean-up."""
    pending = {task for task in tasks if not task.done()}
    for task in pending:
        task.cancel()
    if pending:
        await asyncio.wait(pending)


def _results(tasks: Mapping[str, asyncio.Task[Json]]) -> dict[str, Json]:
    """What the tasks returned, all of them done; raises the first error in topological order."""
    errors = [task.exception() for task in tasks.values() if not task.cancelled()]
    for error in errors:
        if error is not None:
            raise error
    return {node: task.result() for node, task in tasks.items()}


async def interruptible(name: str, work: Callable[[], Awaitable[Json]], stopping: Callable[[], bool]) -> Json:
    """The outcome of the work, where only a cancellation that was asked for may cancel.

    Any other would leave the run pending for ever, and an error of the clean-up would be recorded as the run's end.
    """
    try:
        return await outcome(work)
    except asyncio.CancelledError:
        if stopping():
            raise
        raise StepFailed(f"{name} cancelled itself") from None
    except StepFailed:
        if stopping():
            raise asyncio.CancelledError from None
        raise


async def _within(name: str, work: Callable[[], Awaitable[Json]], seconds: float | None) -> Json:
    """The outcome of the work; a time-out is a failure of it, and so is a cancellation that nobody asked for."""
    try:
        async with asyncio.timeout(seconds):
            return await outcome(work)
    except TimeoutError:
        raise StepFailed(f"{name} took longer than {seconds:g} seconds") from None
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise StepFailed(f"{name} cancelled itself") from None


def segment_result(row: WorkflowStatus) -> Json:
    """The result in a row that has ended. Raises `StepFailed` with the reason if it has none."""
    if row.status == "SUCCESS":
        return plain(row.output)
    raise StepFailed(why(row))


def why(row: WorkflowStatus) -> str:
    """The reason why a workflow that has ended has no result, in a sentence."""
    if row.status == "CANCELLED":
        return "it was cancelled"
    if row.status == "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
        return f"given up: the process died {(row.recovery_attempts or 1) - 1} times while it ran"
    return failure_text(row.error) if isinstance(row.error, Exception) else "its record cannot be read"
