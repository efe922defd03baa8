"""Keeps each run's status comment true, with at most one edit in an interval."""

import asyncio

import structlog

from bot.core.comments import RENEWED, Progress, status_comment
from bot.core.pacing import Allowance
from bot.core.repository import Repo
from bot.core.runs import ENDED, Run, RunId
from bot.outbox import edit_comment, post_comment
from bot.ports import GitHubError, Ports
from bot.runner import total_usage

KEY = "status"
BURST, PACE = 20, 15.0
"""Edits that the runs of a process make at once, and seconds for each one more: 260 in the first hour, of 500 writes
that GitHub allows. The rest is for what is new: comments, pull requests, answers."""


async def progress_of(ports: Ports, run: Run) -> Progress:
    """Everything the status comment shows, read from the store."""
    turns = await ports.store.turns(run.id)
    usage, usd = total_usage(turns)
    phases = {str(phase.name): phase for phase in await ports.store.phases(run.id)}
    url = f"#{run.pull_number}" if run.pull_number else ""
    links = {e.key: int(e.remote) for e in await ports.store.effects(run.id) if e.kind == "comment" and e.remote}
    return Progress(
        run,
        phases,
        usage,
        usd,
        ports.clock.now(),
        url,
        all(turn.usd is not None for turn in turns),
        await ports.store.pulse(run.id),
        tuple((unit, agent, since) for unit, (agent, since) in ports.calls.of(run.id).asked.items()),
        links,
    )


class StatusBoard:
    """Edits the status comments of the runs of this process; `seconds` is the least time between two edits of one."""

    def __init__(self, ports: Ports, seconds: float) -> None:
        self._ports = ports
        self._seconds = seconds
        self._allowance, self._turn = Allowance(BURST, PACE), asyncio.Lock()
        self._last: dict[RunId, float] = {}
        self._dirty: set[RunId] = set()
        self._tasks: dict[RunId, asyncio.Task[None]] = {}

    async def open(self, run: Run) -> None:
        """Post the status comment, once."""
        text = status_comment(await progress_of(self._ports, run))
        await post_comment(self._ports, run.id, KEY, run.repo, run.request.issue, text)
        self._last[run.id] = self._ports.clock.monotonic()

    def touch(self, run_id: RunId) -> None:
        """Something changed: edit the comment as soon as it may be edited."""
        self._dirty.add(run_id)
        if run_id not in self._tasks:
            task = asyncio.create_task(self._write_when_due(run_id), name=f"status {run_id}")
            self._tasks[run_id] = task
            task.add_done_callback(lambda _: self._tasks.pop(run_id, None))

    def renew(self, run_id: RunId) -> None:
        """Nothing changed, but the comment says when it was true: edit it if that was too long ago."""
        if self._ports.clock.monotonic() - self._last.get(run_id, float("-inf")) >= RENEWED:
            self.touch(run_id)

    async def settle(self, run_id: RunId) -> None:
        """Write the last state of a run and forget it; returns when GitHub has it."""
        self._dirty.discard(run_id)
        if task := self._tasks.pop(run_id, None):
            task.cancel()
        await self._wait(run_id)
        self._allowance.take(self._ports.clock.monotonic())
        await self._write(run_id, last=True)
        self._last.pop(run_id, None)

    async def close(self) -> None:
        """Stop editing; the store keeps what there is to say."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _write_when_due(self, run_id: RunId) -> None:
        while run_id in self._dirty:
            await self._wait(run_id)
            await self._wait_for_others()
            self._dirty.discard(run_id)
            try:
                await self._write(run_id)
            except GitHubError as error:
                structlog.get_logger().warning("status comment not edited", run=run_id, error=str(error))

    async def _wait(self, run_id: RunId) -> None:
        due = self._last.get(run_id, float("-inf")) + self._seconds
        left = due - self._ports.clock.monotonic()
        if left > 0:
            await self._ports.clock.sleep(left)

    async def _wait_for_others(self) -> None:
        """One after the other, as they came: all runs together have one allowance."""
        async with self._turn:
            while (left := self._allowance.delay(self._ports.clock.monotonic())) > 0:
                await self._ports.clock.sleep(left)
            self._allowance.take(self._ports.clock.monotonic())

    async def _write(self, run_id: RunId, *, last: bool = False) -> None:
        run = await self._ports.store.run(run_id)
        if run is None:
            return
        text = status_comment(await progress_of(self._ports, run))
        comment = await self._comment_id(run)
        self._last[run_id] = self._ports.clock.monotonic()
        await edit_comment(self._ports, run.id, KEY, run.repo, comment, text, in_line=last)

    async def _comment_id(self, run: Run) -> int:
        text = status_comment(await progress_of(self._ports, run))
        return await post_comment(self._ports, run.id, KEY, run.repo, run.request.issue, text)


async def finish_reactions(ports: Ports, repo: Repo, run: Run) -> None:
    """The command's comment shows how its run ended: 🚀, or 😕 for anything less."""
    if run.state in ENDED and run.request.comment_id:
        await ports.github.react(repo, run.request.comment_id, "rocket" if run.state == "succeeded" else "confused")
        await ports.github.unreact(repo, run.request.comment_id, "eyes")
