"""An event becomes an answer: parse, authorise, hand over. Handling the same event again does nothing twice."""

import hashlib
from dataclasses import replace
from functools import partial

import structlog

from bot.answers import ANSWERS, FROM_BOTS, HAPPENINGS, gates, notes
from bot.answers.allowing import may
from bot.answers.custom import own_commands
from bot.answers.desk import NO_RUN, Desk, OnceError
from bot.answers.looking import look_after
from bot.answers.pull_events import reconcile
from bot.answers.stopping import stop
from bot.core import comments
from bot.core.command_errors import CommandError, render_error
from bot.core.command_kinds import Command
from bot.core.commands import has_other_words, labeled_command, new_commands
from bot.core.definitions import Catalog
from bot.core.effects import is_marked
from bot.core.errors import BotError
from bot.core.events import CommentPosted, Event, IssueLabeled
from bot.core.policy import Denied, changes_nothing, name_of
from bot.core.runs import ENDED, Run
from bot.ports import GitHubError, Ports
from bot.run import Runs
from bot.starting import Ask, Defaults

__all__ = ["NO_RUN", "Engine"]


class Engine:
    """Answers events. `runs` carries out what is started here."""

    def __init__(self, ports: Ports, runs: Runs, catalog: Catalog, defaults: Defaults) -> None:
        self._ports = ports
        self._runs = runs
        self._desk = Desk(ports, runs, catalog, defaults)
        runs.after = partial(look_after, self._desk)

    async def handle(self, event: Event) -> str:
        """Act on one event; returns what was done in a word or two, for the delivery's record."""
        known = isinstance(event, CommentPosted | IssueLabeled) or type(event) in HAPPENINGS
        if not known:
            return "nothing to do"
        if isinstance(event, CommentPosted) and await self._is_our_words(event):
            return await gates.edited(self._desk, event)
        if type(event) not in FROM_BOTS and (event.author_is_bot or event.author == await self._ports.github.me()):
            return "a bot's doing"
        match event:
            case CommentPosted():
                return await self._commented(event)
            case IssueLabeled():
                return await self._labeled(event)
            case _:
                return await HAPPENINGS[type(event)](self._desk, event)

    async def _is_our_words(self, event: CommentPosted) -> bool:
        """Whether a person edited a comment of ours."""
        if event.previous_text is None or event.actor_is_bot:
            return False
        me = await self._ports.github.me()
        return event.writer == me != event.author

    async def _commented(self, event: CommentPosted) -> str:
        found = await self._commands(event)
        if not found:
            return await notes.note(self._desk, event)
        ask = Ask(event.repo, event.issue, event.author, event.at, str(event.comment_id), event.comment_id)
        if is_marked(event.text):
            # Ours, edited or quoted: to obey it could go round and round.
            await self._desk.react(ask, "confused")
            return "carries our mark"
        done = [await self._answer(ask, index, command) for index, command in enumerate(found)]
        return ", ".join(done)

    async def _commands(self, event: CommentPosted) -> list[Command | CommandError]:
        """What the comment asks for. The repository's own commands are read only where one may be meant."""
        found = new_commands(event.text, event.previous_text)
        if not (has_other_words(event.text) or any(isinstance(command, CommandError) for command in found)):
            return found
        own = (await own_commands(self._desk, event.repo)).names
        return new_commands(event.text, event.previous_text, own) if own else found

    async def _labeled(self, event: IssueLabeled) -> str:
        command = labeled_command(event.label)
        if command is None:
            return "not our label"
        source = f"label-{hashlib.sha256(f'{event.repo} {event.issue.number} {event.label}'.encode()).hexdigest()[:8]}"
        ask = Ask(event.repo, event.issue, event.author, event.at, source, label=event.label)
        return await self._answer(ask, 0, command)

    async def stop_run(self, run: Run, source: str, reason: str) -> None:
        """Stop a run as `/cancel` does, its work so far on a branch; the same `source` again does nothing twice."""
        issue = await self._ports.github.issue(run.repo, run.request.issue)
        ask = Ask(run.repo, issue, run.request.requester, self._ports.clock.now(), source)
        await stop(self._desk, ask, run, reason)

    async def reconcile(self) -> None:
        """Once after a start: find out what happened while nobody listened."""
        await reconcile(self._desk)

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

    async def _answer(self, ask: Ask, index: int, command: Command | CommandError) -> str:
        ask = replace(ask, index=index, key=_key(ask, index, command))
        self._desk.crowd.note(ask)
        try:
            if isinstance(command, CommandError):
                await self._desk.react(ask, "confused")
                await self._desk.answer(ask, ask.key, render_error(command))
                return "not understood"
            return await self._obey(ask, command)
        except OnceError as error:
            return await self._desk.refuse(ask, error.message, error.hint, error.key)
        except BotError as error:
            return await self._desk.refuse(ask, error.message, error.hint)
        except GitHubError as error:
            if not 400 <= error.status < 500:
                raise
            return await self._desk.refuse(ask, str(error), "")

    async def _obey(self, ask: Ask, command: Command) -> str:
        answer = await may(self._desk, ask, name_of(command))
        if isinstance(answer, Denied):
            await self._desk.react(ask, "confused")
            key = f"denied-{ask.author}-{ask.label or name_of(command)}"
            await self._desk.reply(ask, key, comments.denied(ask.author, answer.reason))
            return "denied"
        await self._desk.react(ask, "eyes")
        return await ANSWERS[type(command)](self._desk, ask, command)


def _key(ask: Ask, index: int, command: Command | CommandError) -> str:
    """Of the answer. Two edits may fall into one second, so what was asked for is part of it; what only shows something
    is answered once a minute for each person who asks for it."""
    asked = hashlib.sha256(repr(command).encode("utf-8", "replace")).hexdigest()[:8]
    if isinstance(command, CommandError) or changes_nothing(name_of(command)):
        return f"reply-{ask.author}-{ask.at:%y%m%d%H%M}-{asked}"
    return f"reply-{ask.source}-{int(ask.at.timestamp())}-{index}-{asked}"
