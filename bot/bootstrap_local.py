"""Makes the bot that works in a git checkout, with what stands for GitHub there."""

from dataclasses import dataclass
from pathlib import Path

from bot.adapters.local import Here, LocalHost, find_checkout, repository_name
from bot.bootstrap import Bot, wired
from bot.clock import SystemClock
from bot.core.errors import BotError
from bot.core.repository import Repo
from bot.ports import Clock, GitHubError
from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class LocalBot:
    """A bot for one checkout on this machine, with what stands for GitHub there."""

    bot: Bot
    host: LocalHost
    here: Here
    repo: Repo


def local_bot(settings: Settings, folder: Path, clock: Clock | None = None) -> LocalBot:
    """Wire a bot for the checkout around `folder`, which keeps its state there. Raises `BotError`."""
    clock, here = clock or SystemClock(), find_checkout(folder)
    state = settings.state_dir if settings.state_dir.is_absolute() else here.root / settings.state_dir
    settings = settings.model_copy(update={"state_dir": state, "write_seconds": 0.0})
    repo = repository_name(here.root)
    try:
        host = LocalHost(repo, here.git_dir, here.branch, state, clock, here.who)
    except GitHubError as error:
        raise BotError(str(error)) from error
    return LocalBot(wired(settings, clock, host, allow_file=True), host, here, repo)


def checkout_around(folder: Path) -> tuple[Path, Repo] | None:
    """(root, name) of the git checkout that `local_bot` would work on; None where there is none."""
    try:
        root = find_checkout(folder).root
    except BotError:
        return None
    return root, repository_name(root)
