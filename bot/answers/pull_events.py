"""What happens on pull requests of ours: reviews, comments on lines, checks that end, their own end."""

import structlog

from bot.answers.desk import Desk
from bot.answers.looking import ended_with_failures, look, tell_once
from bot.answers.pull_runs import BRANCHES, is_ours, runs_of
from bot.answers.stopping import stop
from bot.core.comments import revisions as texts
from bot.core.events import ChecksFinished, PullClosed, PullOpened, ReviewCommentPosted, ReviewSubmitted
from bot.core.policy import may_write
from bot.core.repository import Repo
from bot.core.runs import ENDED, Outcome, Run
from bot.ports import GitHubError
from bot.remembering import judge
from bot.starting import Ask


async def reviewed(desk: Desk, event: ReviewSubmitted) -> str:
    """GitHub wraps every lone comment in a review without words: that comment has an event of its own."""
    if event.state == "approved" or (event.state == "commented" and not event.body.strip()):
        return "nothing is asked for"
    return await _asked(desk, event)


async def commented(desk: Desk, event: ReviewCommentPosted) -> str:
    """A comment on a line, new or changed."""
    return await _asked(desk, event)


async def _asked(desk: Desk, event: ReviewSubmitted | ReviewCommentPosted) -> str:
    """Who may not start work is told so, once for each pull request."""
    if event.author == await desk.ports.github.me() or not await is_ours(desk, event.repo, event.pull):
        return "not about our pull request"
    permission = "none" if event.author_is_bot else await desk.ports.github.permission(event.repo, event.author)
    if event.author_is_bot or not may_write(permission):
        text = texts.unheard_review(event.author, is_bot=event.author_is_bot)
        await tell_once(desk, event.repo, event.pull.number, f"unheard-{event.author}", text)
        return "denied"
    return await look(desk, event.repo, event.pull.number)


async def checks_finished(desk: Desk, event: ChecksFinished) -> str:
    """Any of them may be the last of its commit; a good one after all others costs two questions."""
    if event.branch is None or not event.branch.startswith(BRANCHES):
        return "not our branch"
    pull = await desk.ports.github.find_pull(event.repo, event.branch)
    if pull is None or pull.head_sha != event.sha:
        return "not the head of a pull request"
    if not await ended_with_failures(desk, event.repo, event.sha):
        return "nothing failed, or not all have ended"
    return await look(desk, event.repo, pull.number)


async def pull_opened(desk: Desk, event: PullOpened) -> str:
    """What was closed is open again."""
    if not event.reopened:
        return "nothing to do"
    for run in await runs_of(desk, event.repo, event.pull.number):
        if run.outcome:
            await _record(desk, run, "")
    return "open again"


async def pull_closed(desk: Desk, event: PullClosed) -> str:
    """The end of its runs: what people made of it is kept, and told where the run is told."""
    outcome: Outcome = "merged" if event.merged else "closed"
    if event.reverts:
        for run in await runs_of(desk, event.repo, event.reverts):
            if run.outcome == "merged":
                await _record(desk, run, "reverted")
    return await end_runs(desk, event.repo, event.number, outcome, f"@{event.author} {outcome}")


async def end_runs(desk: Desk, repo: Repo, number: int, outcome: Outcome, who: str) -> str:
    """Record what became of a pull request with all its runs; those at work on it are stopped."""
    runs = await runs_of(desk, repo, number)
    for run in runs:
        if run.state not in ENDED:
            issue = await desk.ports.github.issue(repo, run.request.issue)
            ask = Ask(repo, issue, run.request.requester, desk.ports.clock.now(), f"pull-{outcome}")
            await stop(desk, ask, run, f"Stopped: {who} the pull request.")
        known = run.outcome == outcome or (run.outcome == "reverted" and outcome == "merged")
        if not known and run.pull_number == number:
            await _record(desk, run, outcome)
    return f"{outcome}: {len(runs)} runs"


async def _record(desk: Desk, run: Run, outcome: Outcome) -> None:
    await judge(desk.ports, run, outcome)
    await desk.ports.store.set_outcome(run.id, outcome)
    if run.plan.purpose != "build" or run.state not in ENDED:
        return
    try:
        await desk.runs.board.settle(run.id)
    except GitHubError as error:
        structlog.get_logger().warning("the outcome was not told", run=run.id, error=str(error))


async def reconcile(desk: Desk) -> None:
    """Find out what happened to our open pull requests while nobody listened."""
    runs = await desk.ports.store.runs(limit=500)
    places = dict.fromkeys((run.repo, run.pull_number) for run in runs if run.pull_number and not run.outcome)
    for repo, number in places:
        try:
            await _catch_up(desk, repo, number or 0)
        except GitHubError as error:
            structlog.get_logger().warning("pull request not looked at", repo=str(repo), pull=number, error=str(error))


async def _catch_up(desk: Desk, repo: Repo, number: int) -> None:
    pull = await desk.ports.github.pull(repo, number)
    if pull.state == "open":
        await look(desk, repo, number)
    else:
        await end_runs(desk, repo, number, "merged" if pull.merged else "closed", "somebody closed")
