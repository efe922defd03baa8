"""The agents and commands that a repository's default branch has now."""

import asyncio

from bot.answers.desk import Desk
from bot.answers.shelf import Own
from bot.core.command_list import NAMES
from bot.core.definitions import AGENTS_FOLDER, MAX_BYTES, MAX_FILES, with_files
from bot.core.errors import BotError
from bot.core.repository import FoundFile, Repo, Sha
from bot.core.repository_commands import COMMANDS_FOLDER, repository_commands
from bot.core.repository_commands import MAX_BYTES as COMMAND_BYTES
from bot.core.repository_commands import MAX_FILES as MOST_COMMANDS
from bot.phases import RESERVED


async def own_definitions(desk: Desk, repo: Repo) -> Own:
    """Read once for each commit. Raises `GitHubError`, `WorkspaceError`, and `BotError` for an empty repository."""
    github = desk.ports.github
    branch = (await github.repository(repo)).default_branch
    sha = await github.branch_head(repo, branch)
    if sha is None:
        raise BotError(f"{repo} has no commits yet.", "Push something to its default branch.")
    if known := desk.shelf.get((repo, sha)):
        return known
    agents, _ = await _folder(desk, repo, sha, AGENTS_FOLDER, MAX_FILES, MAX_BYTES)
    catalog, _ = await asyncio.to_thread(with_files, desk.catalog, agents)
    files, left = await _folder(desk, repo, sha, COMMANDS_FOLDER, MOST_COMMANDS, COMMAND_BYTES)
    commands = await asyncio.to_thread(
        lambda: repository_commands(files, builtin=NAMES, agents=catalog.names, reserved=RESERVED, left_out=left)
    )
    found = Own(branch, sha, catalog, commands)
    desk.shelf.put((repo, sha), found)
    return found


async def _folder(desk: Desk, repo: Repo, sha: Sha, folder: str, most: int, size: int) -> tuple[list[FoundFile], int]:
    """Most repositories have no such folder: a short question saves them the fetch."""
    if await desk.ports.github.file(repo, folder, sha, most=0) is None:
        return [], 0
    url, token = await desk.ports.github.git_credentials(repo)
    deep = folder == COMMANDS_FOLDER
    return await desk.ports.workspaces.folder(url, token, sha, folder, most=most, size=size, deep=deep)
