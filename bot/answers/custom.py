"""Answers to commands that a repository defines under `.claude/commands`."""

from dataclasses import replace

import structlog

from bot.answers.desk import Desk
from bot.answers.own import own_definitions
from bot.answers.starting import check_can_start
from bot.core.command_kinds import Custom
from bot.core.custom_plans import custom_plan
from bot.core.errors import BotError
from bot.core.repository import Repo
from bot.core.repository_commands import RepositoryCommands, render
from bot.core.runs import Request, Run, RunId
from bot.ports import GitHubError, WorkspaceError
from bot.starting import AGAIN_LIMIT, Ask, make_run_id


async def own_commands(desk: Desk, repo: Repo) -> RepositoryCommands:
    """The commands of the default branch, none where they cannot be read: others' commands look the same."""
    try:
        return (await own_definitions(desk, repo)).commands
    except (GitHubError, WorkspaceError, BotError) as error:
        if isinstance(error, GitHubError) and not 400 <= error.status < 500:
            raise
        structlog.get_logger().warning("commands of a repository cannot be read", repo=str(repo), error=str(error))
        return RepositoryCommands()


async def start_custom(desk: Desk, ask: Ask, command: Custom) -> str:
    """The command's text as it stands now, with what was given in its places, is what the run is asked for."""
    store = desk.ports.store
    run_id = make_run_id(ask.at, ask.comment_id or ask.source, ask.index)
    if await store.run(run_id) is None:
        await check_can_start(desk, ask)
        await store.add_run(await _new_run(desk, ask, command, run_id))
    await desk.ports.durable.start(run_id, ask.repo)
    return f"run {run_id}"


async def _new_run(desk: Desk, ask: Ask, command: Custom, run_id: RunId) -> Run:
    own = await own_definitions(desk, ask.repo)
    found = own.commands.find(command.name)
    if found is None and (problem := own.commands.wrong(command.name)):
        raise BotError(f"`/{command.name}` cannot be used: {problem.place}: {problem.message}", problem.hint)
    if found is None:
        raise BotError(f"`/{command.name}` is not in this repository any more.", "See `/help`.")
    defaults = await desk.defaults_for(ask.repo)
    models = [(agent.name, agent.model or defaults.model) for agent in desk.catalog.agents]
    again = f"/{command.name} {command.arguments}".strip() + (f"\n{command.details}" if command.details else "")
    request = Request(
        description="\n\n".join(filter(None, [render(found, command.arguments), command.details])),
        issue=ask.issue.number,
        issue_title=ask.issue.title,
        issue_body=ask.issue.body,
        requester=ask.author,
        comment_id=ask.comment_id,
        base=own.branch,
        base_sha=own.sha,
        again=again if len(again) <= AGAIN_LIMIT else "",
    )
    plan = replace(custom_plan(found, defaults.budget_usd, models, own.sha), automation=defaults.automation)
    return Run(run_id, ask.repo, request, await desk.settled(ask.repo, plan), created_at=desk.ports.clock.now())
