"""What every answer works with, and how it is given: a comment, a reaction, each once."""

import hashlib
from dataclasses import dataclass, field, replace

import structlog

from bot.answers.crowd import Crowd
from bot.answers.shelf import Shelf
from bot.core import comments
from bot.core.config import Config
from bot.core.definitions import Catalog
from bot.core.errors import BotError
from bot.core.repository import Reaction, Repo
from bot.core.routing.pins import with_pins
from bot.core.runs import ENDED, Run, RunId, RunPlan
from bot.outbox import patiently, post_comment
from bot.ports import GitHubError, Ports
from bot.repository_config import config_of, settled
from bot.run import Runs
from bot.starting import Ask, Defaults

NO_RUN = RunId("none")
"""Stands in the mark of comments that belong to no run."""


class OnceError(BotError):
    """A refusal that is told once under its key; what is refused for the same reason after that gets a reaction."""

    def __init__(self, key: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.key = key


@dataclass(frozen=True, slots=True)
class Desk:
    """`runs` carries out what is started here; `catalog` has the built-in agents."""

    ports: Ports
    runs: Runs
    catalog: Catalog
    defaults: Defaults
    crowd: Crowd = field(default_factory=Crowd)
    shelf: Shelf = field(default_factory=Shelf)

    async def config(self, repo: Repo) -> Config:
        """The repository's settings, from its default branch. Raises `ConfigError`."""
        return await config_of(self.ports, repo)

    async def defaults_for(self, repo: Repo) -> Defaults:
        """What a run of the repository gets where its command says nothing. Raises `ConfigError`."""
        config = await self.config(repo)
        budget = config.limits.budget_usd or self.defaults.budget_usd
        return replace(self.defaults, budget_usd=budget, automation=config.automation)

    async def settled(self, repo: Repo, plan: RunPlan) -> RunPlan:
        """The plan of a run of the repository, with what its settings say. Raises `ConfigError`."""
        return with_pins(settled(plan, await self.config(repo)))

    async def tell(self, ask: Ask, text: str) -> str:
        """Answer with a comment, and mark the command as done."""
        await self.answer(ask, ask.key, text)
        await self.react(ask, "rocket")
        return "answered"

    async def refuse(self, ask: Ask, message: str, hint: str, key: str = "") -> str:
        """Answer that it cannot be done: once under a key, else once a minute for each person, command and reason."""
        await self.react(ask, "confused")
        asked = ask.key.rpartition("-")[2]
        reason = hashlib.sha256(message.encode("utf-8", "replace")).hexdigest()[:8]
        text = comments.refusal(message, hint)
        if key:
            await self.reply(ask, key, text)
        else:
            await self.answer(ask, f"refused-{ask.author}-{ask.at:%y%m%d%H%M}-{asked}-{reason}", text)
        return f"refused: {message}"

    async def answer(self, ask: Ask, key: str, text: str) -> None:
        """Comment as `reply` does, as long as somebody does not ask too much in a minute; that is said once."""
        if self.crowd.is_flooded(ask):
            key, text = f"flood-{ask.author}-{ask.at:%y%m%d%H%M}", comments.flooded(ask.author)
        await self.reply(ask, key, text)

    async def reply(self, ask: Ask, key: str, text: str) -> None:
        """Comment where the wish was said; the same key again comments nothing."""
        number = ask.issue.number
        await post_comment(self.ports, NO_RUN, f"{ask.repo}-{number}-{key}", ask.repo, number, text)

    async def react(self, ask: Ask, content: Reaction) -> None:
        """A reaction is a courtesy: where GitHub refuses it, the answer itself still comes."""
        if not ask.comment_id or self.crowd.is_crowded(ask):
            return
        try:
            await patiently(self.ports, lambda: self.ports.github.react(ask.repo, ask.comment_id, content))
            if content != "eyes":
                await self.ports.github.unreact(ask.repo, ask.comment_id, "eyes")
        except GitHubError as error:
            structlog.get_logger().warning("no reaction", comment=ask.comment_id, error=str(error))

    async def active(self, repo: Repo, issue: int) -> Run | None:
        """The run that is at work, or waits, on an issue."""
        runs = await self.ports.store.runs(repo=repo, issue=issue)
        return next((run for run in runs if run.state not in ENDED), None)

    async def runs_here(self, ask: Ask) -> list[Run]:
        """The runs of an issue, newest first; on a pull request also those that made it."""
        number = ask.issue.number
        if not ask.issue.is_pull:
            return await self.ports.store.runs(repo=ask.repo, issue=number)
        runs = await self.ports.store.runs(repo=ask.repo, limit=500)
        return [run for run in runs if number in {run.request.issue, run.pull_number}]

    async def last(self, ask: Ask) -> Run:
        """The newest run of the issue. Raises `BotError` if there is none."""
        run = next(iter(await self.runs_here(ask)), None)
        if run is None:
            raise BotError("No run has been started here yet.", "Start one with `/dev-workflow`, or see `/help`.")
        return run
