"""One job without a server: take over an issue's state, do what an event asks for, hear its thread meanwhile, save."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.bootstrap import Bot
from bot.carried import CarriedState
from bot.core.events import CommentPosted
from bot.core.gating import due
from bot.core.people import Gate
from bot.core.repository import Comment, Delivery, Repo
from bot.core.runs import ENDED, Run
from bot.core.state import Lines
from bot.gates import reminder_key, wake
from bot.ports import GitHubError

LOOK_SECONDS = 0.25
"""Between two looks whether runs are still at work."""
HEAR_SECONDS = 15.0
"""Between two looks at the comments of the issue, while runs are at work."""
SLACK = timedelta(seconds=30)
"""By how much GitHub's clock may be behind ours."""
_OUR_BRANCH = re.compile(r"devflow/issue-(\d+)-")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event happened: an issue or pull request by its number, and the branch that it names."""

    repo: Repo
    number: int
    branch: str = ""


def place_of(payload: Mapping[str, object]) -> Place | None:
    """Where the event of a payload happened; None if that is on no issue, pull request or branch of ours."""

    def text(*path: str) -> object:
        value: object = payload
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        return value

    full_name = text("repository", "full_name")
    if not isinstance(full_name, str):
        return None
    branches = (
        text("pull_request", "head", "ref"),
        text("check_suite", "head_branch"),
        text("check_run", "check_suite", "head_branch"),
    )
    branch = next((found for found in branches if isinstance(found, str)), "")
    numbers = (text("issue", "number"), text("pull_request", "number"), text("inputs", "issue"))
    number = next((int(str(found)) for found in numbers if str(found).isdigit()), 0)
    ours = _OUR_BRANCH.match(branch)
    if not number and not ours:
        return None
    return Place(Repo.parse(full_name), number or int(ours[1] if ours else 0), branch)


def home_of(place: Place, lines: Lines) -> int:
    """The issue whose state has the runs that a place is about: of a pull request of ours, the issue it came from."""
    known = lines.get(f"pull:{place.repo}#{place.number}".lower())
    if known is not None:
        return int(known["issue"])
    ours = _OUR_BRANCH.match(place.branch)
    return int(ours[1]) if ours else place.number


class Job:
    """The life of a bot for one event; `ends` is when it has to have stopped."""

    def __init__(self, bot: Bot, state: CarriedState, place: Place, ends: datetime, limit: str) -> None:
        self._bot, self._state, self._place, self._ends, self._limit = bot, state, place, ends, limit
        self._store, self._github, self._clock = bot.store, bot.ports.github, bot.clock

    async def do(self, work: Delivery | CommentPosted) -> str:
        """Do what an event asks for, and what is said while it is done; returns what was done in a few words."""
        began = self._clock.now()
        if isinstance(work, Delivery):
            done = await self._deliver(work)
        else:
            done = await self._bot.engine.handle(work)
        await self._hear(self._state.heard or began)
        await self._until_idle()
        return done

    async def look_after(self) -> str:
        """Go on with what was lost, remind people, take up what happened to pull requests; returns what was done."""
        await self._bot.caught_up.wait()
        for run in await self.runs():
            if run.state == "waiting":
                await wake(self._bot.ports, run, f"look-{self._clock.now().isoformat()}")
        await self._hear(self._state.heard or self._clock.now())
        await self._until_idle()
        return "looked after"

    async def _deliver(self, delivery: Delivery) -> str:
        before = await self._store.delivery_outcome(delivery.id)
        if before is not None:
            return f"done before: {before}"
        await self._store.accept([delivery], self._clock.now())
        outcome = await self._bot.handle_delivery(delivery)
        await self._store.processed(delivery.id, outcome, self._clock.now())
        return outcome

    async def _until_idle(self) -> None:
        """Return when no run can do anything before somebody speaks; at the time limit those at work are stopped."""
        heard = self._clock.monotonic()
        while await self.busy():
            if self._clock.now() >= self._ends:
                await self._stop()
                return
            if self._clock.monotonic() - heard >= HEAR_SECONDS:
                await self._hear(self._state.heard or self._clock.now())
                heard = self._clock.monotonic()
            await self._clock.sleep(LOOK_SECONDS)

    async def busy(self) -> list[Run]:
        """Runs that are at work: one that waits for people has told them so, or its repository is paused."""
        found = []
        for run in await self.runs():
            if run.state in ENDED and await self._bot.ports.durable.status(run.id) not in {"queued", "running"}:
                continue
            found += [] if run.state == "waiting" and await self._waits(run) else [run]
        return found

    async def _waits(self, run: Run) -> bool:
        """A gate is open before it is told: whoever stops between the two leaves people without the comment."""
        if await self._store.halted(run.repo) is not None:
            return True
        told = {effect.key for effect in await self._store.effects(run.id) if effect.state == "done"}
        return any(gate.state == "open" and self._is_told(run, gate, told) for gate in await self._store.gates(run.id))

    def _is_told(self, run: Run, gate: Gate, told: set[str]) -> bool:
        """Whether all is said that is due by now, and the gate has not come to its end."""
        reminders, left = due(gate, run.plan.remind_hours, run.plan.expire_days, self._clock.now())
        return left > 0 and gate.key in told and (not reminders or reminder_key(gate, reminders) in told)

    async def runs(self) -> list[Run]:
        """The runs of this issue and its pull requests, newest first."""
        found = [await self._store.run(run) for run in await self._state.own()]
        return [run for run in reversed(found) if run is not None]

    async def _stop(self) -> None:
        reason = f"Stopped: the job reached its limit of {self._limit}."
        for run in await self.busy():
            if run.state not in ENDED:
                await self._bot.engine.stop_run(run, "job-limit", reason)

    async def _hear(self, since: datetime) -> None:
        """Handle what was said since then: GitHub starts a job for a comment, but keeps only the newest in line, and
        none of them gets the issue's state before this one ends."""
        upto, since = self._clock.now(), since - SLACK
        for number in await self._threads():
            try:
                for comment in await self._github.comments_since(self._place.repo, number, since):
                    await self._heard(number, comment)
            except GitHubError as error:
                structlog.get_logger().warning("comments not read", issue=number, error=str(error))
                return
        self._state.heard = upto

    async def _threads(self) -> list[int]:
        runs = [run for run in await self.runs() if run.state not in ENDED]
        numbers = [self._place.number, *(number for run in runs for number in (run.request.issue, run.pull_number))]
        return [number for number in dict.fromkeys(numbers) if number]

    async def _heard(self, number: int, comment: Comment) -> None:
        """A new comment of a person, once. Who edited one is not known here: edits wait for their own job."""
        if comment.author_is_bot or comment.edited:
            return
        known = Delivery(comment_delivery(comment.id), "issue_comment", b"")
        if await self._store.delivery_outcome(known.id) is not None:
            return
        issue = await self._github.issue(self._place.repo, number)
        event = CommentPosted.by_person(self._place.repo, issue, comment)
        outcome = await self._bot.engine.handle(event)
        await self._store.accept([known], self._clock.now())
        await self._store.processed(known.id, outcome, self._clock.now())


def comment_delivery(comment_id: int) -> str:
    """The name under which a new comment is known to be answered, however it was heard of."""
    return f"comment-{comment_id}"
