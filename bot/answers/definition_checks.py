"""Tells on a pull request what is wrong with the settings, agents and commands that it changes."""

import asyncio

import structlog

from bot.answers.desk import Desk
from bot.answers.own import own_definitions
from bot.core import comments
from bot.core.definition_checks import check_definitions, is_definition
from bot.core.errors import BotError
from bot.core.events import PullOpened, PullUpdated
from bot.core.repository import FoundFile, PullRequest, Repo
from bot.core.runs import RunId
from bot.core.yaml_models import FileProblem
from bot.outbox import edit_comment, post_comment
from bot.phases import RESERVED
from bot.ports import GitHubError, WorkspaceError

KEY = "definitions"
MOST = 30
"""Files of one pull request that are looked at."""
SIZE = 64_000


async def check_pull(desk: Desk, event: PullOpened | PullUpdated) -> str:
    """Read what the head has, and run nothing of it. One comment, made when something is wrong, edited from then on."""
    try:
        return await _checked(desk, event)
    except (GitHubError, WorkspaceError, BotError) as error:
        if isinstance(error, GitHubError) and not 400 <= error.status < 500:
            raise
        structlog.get_logger().warning("definitions were not checked", pull=event.pull.number, error=str(error))
        return "could not be checked"


async def _checked(desk: Desk, event: PullOpened | PullUpdated) -> str:
    pull, told = event.pull, await _told(desk, event.repo, event.pull)
    changed = [file for file in await desk.ports.github.pull_files(event.repo, pull.number) if file.status != "removed"]
    paths = [file.path for file in changed if is_definition(file.path)][:MOST]
    if not paths and not told:
        return "nothing to check"
    files = [found for path in paths if (found := await _read(desk, event.repo, pull, path))]
    problems = await _problems(desk, event.repo, files)
    if not problems and not told:
        return "checked"
    page = pull.html_url.rpartition("/pull/")[0]
    text = comments.definition_comment(problems, len(files), page, pull.head_sha)
    await _tell(desk, event.repo, pull, told, text)
    return f"checked: {len(problems)} problems"


async def _read(desk: Desk, repo: Repo, pull: PullRequest, path: str) -> FoundFile | None:
    if not path.isprintable():
        return FoundFile(path, None, "its name has characters that cannot be shown")
    return await desk.ports.github.file(repo, path, pull.head_sha, most=SIZE)


async def _problems(desk: Desk, repo: Repo, files: list[FoundFile]) -> list[FileProblem]:
    """Names that the files speak of may also be those of files that stay as they are."""
    if not files:
        return []
    own = await own_definitions(desk, repo)
    agents = own.catalog.names
    commands = [command.name for command in own.commands.commands]
    return await asyncio.to_thread(
        lambda: check_definitions(files, desk.catalog, agents=agents, commands=commands, reserved=RESERVED)
    )


def _run(repo: Repo, pull: PullRequest) -> RunId:
    """Stands in the mark of the comment: it belongs to no run."""
    return RunId(f"{repo}#{pull.number}")


async def _told(desk: Desk, repo: Repo, pull: PullRequest) -> int:
    """The id of the comment that an earlier push led to, 0 if there is none."""
    effects = await desk.ports.store.effects(_run(repo, pull))
    return next((int(effect.remote) for effect in effects if effect.key == KEY and effect.state == "done"), 0)


async def _tell(desk: Desk, repo: Repo, pull: PullRequest, told: int, text: str) -> None:
    run = _run(repo, pull)
    if not told:
        await post_comment(desk.ports, run, KEY, repo, pull.number, text)
        return
    try:
        await edit_comment(desk.ports, run, KEY, repo, told, text)
    except GitHubError as error:
        if error.status != 404:
            raise
        structlog.get_logger().warning("the comment about definitions is gone", pull=pull.number)
