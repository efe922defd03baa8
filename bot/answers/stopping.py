"""Stopping a run: by `/cancel`, by taking its label away, by closing its issue."""

import structlog

from bot.answers.desk import Desk
from bot.core import comments
from bot.core.command_kinds import Cancel
from bot.core.commands import labeled_command
from bot.core.errors import BotError
from bot.core.events import IssueClosed, IssueUnlabeled
from bot.core.runs import ENDED, Run
from bot.outbox import intend_comment, post_comment, reword_comment
from bot.ports import GitHubError, WorkspaceError
from bot.salvage import leave_on_branch
from bot.starting import Ask


async def cancel(desk: Desk, ask: Ask, command: Cancel) -> str:
    run = await _to_cancel(desk, ask)
    if run is None or (command.run and command.run != run.id):
        named = f"Run `{command.run}` is not" if command.run else "No run is"
        raise BotError(f"{named} at work on this issue.", "`/status` shows the last one.")
    done = await stop(desk, ask, run, f"Stopped by @{ask.author}.")
    await desk.react(ask, "rocket")
    return done


async def unlabeled(desk: Desk, event: IssueUnlabeled) -> str:
    if labeled_command(event.label) is None:
        return "not our label"
    return await _withdrawn(desk, event, f"@{event.author} took away the label `{event.label}`")


async def closed(desk: Desk, event: IssueClosed) -> str:
    return await _withdrawn(desk, event, f"@{event.author} closed the issue")


async def _withdrawn(desk: Desk, event: IssueUnlabeled | IssueClosed, how: str) -> str:
    """The wish is taken back: whoever could set the label, or close the issue, may stop what it started."""
    source = f"withdrawn-{int(event.at.timestamp())}"
    ask = Ask(event.repo, event.issue, event.author, event.at, source)
    run = await _to_cancel(desk, ask)
    by_label = run is not None and not run.request.comment_id and run.plan.purpose != "revise"
    if run is None or (isinstance(event, IssueUnlabeled) and not by_label):
        return "no run at work that it asked for"
    return await stop(desk, ask, run, f"Stopped: {how}.")


async def stop(desk: Desk, ask: Ask, run: Run, reason: str) -> str:
    """Stop the run. The intention is stored first, so that a repeat after a crash finishes the same one."""
    ports, key, place = desk.ports, f"cancel-{ask.source}", (run.repo, run.request.issue)
    await intend_comment(ports, run.id, key, *place, comments.cancelled(run.id, reason))
    await ports.store.set_run_state(run.id, "cancelled", reason=reason, at=ports.clock.now())
    await ports.durable.cancel(run.id)
    text = comments.cancelled(run.id, reason, await _left_on(desk, run))
    await reword_comment(ports, run.id, key, *place, text)
    try:
        await post_comment(ports, run.id, key, *place, text)
    except GitHubError as error:
        if not 400 <= error.status < 500:
            raise
        structlog.get_logger().warning("the stop was not told", run=run.id, error=str(error))
    await desk.runs.finish(run.id, "cancelled", reason)
    return "cancelled"


async def _left_on(desk: Desk, run: Run) -> str:
    """The branch that holds the work so far; empty if there is none, or if it could not be pushed."""
    try:
        return await leave_on_branch(desk.ports, run)
    except (GitHubError, WorkspaceError) as error:
        structlog.get_logger().warning("the work so far was not pushed", run=run.id, error=str(error))
        return ""


async def _to_cancel(desk: Desk, ask: Ask) -> Run | None:
    """The run at work on the issue, or the one that an earlier delivery of the same wish began to stop."""
    store, key = desk.ports.store, f"cancel-{ask.source}"
    for run in await desk.runs_here(ask):
        if run.state not in ENDED or key in {effect.key for effect in await store.effects(run.id)}:
            return run
    return None
