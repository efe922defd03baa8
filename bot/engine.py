"""An event becomes an answer: parse, authorise, start, stop. Handling the same event again does nothing twice."""

import hashlib

import structlog

from bot.core import comments
from bot.core.command_errors import CommandError, render_error
from bot.core.commands import (
    Cancel,
    Command,
    DevWorkflow,
    Help,
    Ping,
    Planning,
    Status,
    help_text,
    labeled_command,
    new_commands,
)
from bot.core.definitions import Catalog
from bot.core.errors import BotError
from bot.core.events import CommentPosted, Event, IssueClosed, IssueLabeled, IssueUnlabeled
from bot.core.policy import Denied, authorise
from bot.core.repository import Reaction, Repo
from bot.core.runs import ENDED, Run, RunId
from bot.outbox import intend_comment, patiently, post_comment
from bot.ports import GitHubError, Ports
from bot.run import Runs
from bot.starting import Ask, Defaults, make_run_id, new_run, take_over_plan
from bot.status import progress_of

NO_RUN = RunId("none")
"""Stands in the mark of comments that belong to no run."""


class Engine:
    """Answers events. `runs` carries out what is started here."""

    def __init__(self, ports: Ports, runs: Runs, catalog: Catalog, defaults: Defaults) -> None:
        self._ports = ports
        self._runs = runs
        self._catalog = catalog
        self._defaults = defaults

    async def handle(self, event: Event) -> str:
        """Act on one event; returns what was done in a word or two, for the delivery's record."""
        if not isinstance(event, CommentPosted | IssueLabeled | IssueUnlabeled | IssueClosed):
            return "nothing to do"
        if event.author_is_bot or event.author == await self._ports.github.me():
            return "a bot's doing"
        match event:
            case CommentPosted():
                return await self._commented(event)
            case IssueLabeled():
                return await self._labeled(event)
            case IssueUnlabeled(label=label) if labeled_command(label) is None:
                return "not our label"
            case IssueUnlabeled(label=label):
                return await self._withdrawn(event, f"@{event.author} took away the label `{label}`")
            case IssueClosed():
                return await self._withdrawn(event, f"@{event.author} closed the issue")

    async def _commented(self, event: CommentPosted) -> str:
        found = new_commands(event.text, event.previous_text)
        ask = Ask(event.repo, event.issue, event.author, event.at, str(event.comment_id), event.comment_id)
        done = [await self._answer(ask, index, command) for index, command in enumerate(found)]
        return ", ".join(done) or "no command"

    async def _labeled(self, event: IssueLabeled) -> str:
        command = labeled_command(event.label)
        if command is None:
            return "not our label"
        source = f"label-{hashlib.sha256(f'{event.repo} {event.issue.number} {event.label}'.encode()).hexdigest()[:8]}"
        return await self._answer(Ask(event.repo, event.issue, event.author, event.at, source), 0, command)

    async def _withdrawn(self, event: IssueUnlabeled | IssueClosed, how: str) -> str:
        """The wish is taken back: whoever could set the label, or close the issue, may stop what it started."""
        source = f"withdrawn-{int(event.at.timestamp())}"
        ask = Ask(event.repo, event.issue, event.author, event.at, source)
        run = await self._to_cancel(ask)
        if run is None or (isinstance(event, IssueUnlabeled) and run.request.comment_id):
            return "no run at work that it asked for"
        return await self._stop(ask, run, f"Stopped: {how}.")

    async def recover(self) -> None:
        """Take up what an earlier process left: runs that were stored but never started, or given up by the engine."""
        for run in await self._ports.store.runs(limit=500):
            if run.state in ENDED:
                continue
            match await self._ports.durable.status(run.id):
                case "unknown":
                    await self._ports.durable.start(run.id, run.repo)
                case "failed":
                    await self._runs.finish(run.id, "failed", "The run was given up after it broke several times.")
                case "cancelled":
                    await self._runs.finish(run.id, "cancelled", run.reason)
                case _:
                    structlog.get_logger().info("run goes on", run=run.id)

    async def _answer(self, event: Ask, index: int, command: Command | CommandError) -> str:
        # Two edits may fall into one second, so what was asked for is part of the key.
        asked = hashlib.sha256(repr(command).encode("utf-8", "replace")).hexdigest()[:8]
        key = f"reply-{event.source}-{int(event.at.timestamp())}-{index}-{asked}"
        try:
            if isinstance(command, CommandError):
                await self._react(event, "confused")
                await self._reply(event, key, render_error(command))
                return "not understood"
            return await self._obey(event, index, key, command)
        except BotError as error:
            return await self._refuse(event, key, error.message, error.hint)
        except GitHubError as error:
            if not 400 <= error.status < 500:
                raise
            return await self._refuse(event, key, str(error), "")

    async def _refuse(self, event: Ask, key: str, message: str, hint: str) -> str:
        await self._react(event, "confused")
        await self._reply(event, key, comments.refusal(message, hint))
        return f"refused: {message}"

    async def _obey(self, event: Ask, index: int, key: str, command: Command) -> str:
        permission = await self._ports.github.permission(event.repo, event.author)
        answer = authorise(command, permission)
        if isinstance(answer, Denied):
            await self._react(event, "confused")
            await self._reply(event, f"denied-{event.author}", comments.denied(event.author, answer.reason))
            return "denied"
        await self._react(event, "eyes")
        match command:
            case DevWorkflow() | Planning():
                return await self._start(event, index, key, command)
            case Status():
                return await self._status(event, key, command)
            case Cancel():
                return await self._cancel(event, command)
            case Help():
                await self._reply(event, key, help_text(command.topic))
            case Ping():
                await self._reply(
                    event, key, comments.pong(self._ports.model.available(), self._ports.sandbox.available())
                )
        await self._react(event, "rocket")
        return "answered"

    async def _start(self, event: Ask, index: int, key: str, command: DevWorkflow | Planning) -> str:
        run_id = make_run_id(event.at, event.comment_id or event.source, index)
        run = await self._ports.store.run(run_id)
        if run is None:
            await self._check_can_start(event)
            run = await new_run(self._ports, self._catalog, self._defaults, run_id, event, command)
            await self._ports.store.add_run(run)
        if run.state == "queued":
            await take_over_plan(self._ports, run)
        await self._ports.durable.start(run_id, event.repo)
        return f"run {run_id}"

    async def _check_can_start(self, event: Ask) -> None:
        """Raises `BotError` where a run would fail for a reason that is known now."""
        if problem := self._ports.model.available():
            raise BotError(problem)
        if event.issue.is_pull:
            raise BotError(
                "A run starts from an issue, and this is a pull request.", "Comment the command on the issue."
            )
        if event.issue.state == "closed":
            raise BotError("This issue is closed.", "Open it again, then repeat the command.")
        if active := await self._active(event.repo, event.issue.number):
            raise BotError(
                f"Run `{active.id}` is still at work on this issue.", "See `/status`, or stop it with `/cancel`."
            )

    async def _active(self, repo: Repo, issue: int) -> Run | None:
        runs = await self._ports.store.runs(repo=repo, issue=issue)
        return next((run for run in runs if run.state not in ENDED), None)

    async def _status(self, event: Ask, key: str, command: Status) -> str:
        run = await self._run_to_show(event, command)
        text = comments.status_comment(await progress_of(self._ports, run)) if run else comments.NO_RUN_HERE
        await self._reply(event, key, text)
        await self._react(event, "rocket")
        return "answered"

    async def _run_to_show(self, event: Ask, command: Status) -> Run | None:
        """The run that is named, of this repository only, else the newest one of the issue."""
        if command.run is None:
            return next(iter(await self._ports.store.runs(repo=event.repo, issue=event.issue.number, limit=1)), None)
        run = await self._ports.store.run(RunId(command.run))
        if run is None or run.repo != event.repo:
            hint = "`/status` alone shows the last one of this issue."
            raise BotError(f"There is no run `{command.run}` in this repository.", hint)
        return run

    async def _cancel(self, event: Ask, command: Cancel) -> str:
        run = await self._to_cancel(event)
        if run is None or (command.run and command.run != run.id):
            named = f"Run `{command.run}` is not" if command.run else "No run is"
            raise BotError(f"{named} at work on this issue.", "`/status` shows the last one.")
        done = await self._stop(event, run, f"Stopped by @{event.author}.")
        await self._react(event, "rocket")
        return done

    async def _stop(self, event: Ask, run: Run, reason: str) -> str:
        """Stop the run. The intention is stored first, so that a repeat after a crash finishes the same one."""
        key, place = f"cancel-{event.source}", (run.repo, run.request.issue)
        text = comments.cancelled(run.id, reason)
        await intend_comment(self._ports, run.id, key, *place, text)
        await self._ports.store.set_run_state(run.id, "cancelled", reason=reason, at=self._ports.clock.now())
        await self._ports.durable.cancel(run.id)
        try:
            await post_comment(self._ports, run.id, key, *place, text)
        except GitHubError as error:
            if not 400 <= error.status < 500:
                raise
            structlog.get_logger().warning("the stop was not told", run=run.id, error=str(error))
        await self._runs.finish(run.id, "cancelled", reason)
        return "cancelled"

    async def _to_cancel(self, event: Ask) -> Run | None:
        """The run at work on the issue, or the one that an earlier delivery of the same wish began to stop."""
        key = f"cancel-{event.source}"
        for run in await self._ports.store.runs(repo=event.repo, issue=event.issue.number):
            if run.state not in ENDED or key in {effect.key for effect in await self._ports.store.effects(run.id)}:
                return run
        return None

    async def _reply(self, event: Ask, key: str, text: str) -> None:
        await post_comment(
            self._ports, NO_RUN, f"{event.repo}-{event.issue.number}-{key}", event.repo, event.issue.number, text
        )

    async def _react(self, event: Ask, content: Reaction) -> None:
        """A reaction is a courtesy: where GitHub refuses it, the answer itself still comes."""
        if not event.comment_id:
            return
        try:
            await patiently(self._ports, lambda: self._ports.github.react(event.repo, event.comment_id, content))
            if content != "eyes":
                await self._ports.github.unreact(event.repo, event.comment_id, "eyes")
        except GitHubError as error:
            structlog.get_logger().warning("no reaction", comment=event.comment_id, error=str(error))
