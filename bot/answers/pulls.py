"""What is said on pull requests: `/review`, `/revise`."""

from bot.answers.breakers import check_breakers
from bot.answers.desk import Desk, OnceError
from bot.answers.looking import everything_open
from bot.answers.pull_runs import Wanted, at_work, begin, is_ours, new_review, new_revision, runs_of
from bot.core.command_kinds import Review, Revise
from bot.core.errors import BotError
from bot.core.repository import PullRequest
from bot.core.runs import Purpose
from bot.starting import AGAIN_LIMIT, Ask, make_run_id


async def review(desk: Desk, ask: Ask, command: Review) -> str:
    """Anybody's pull request, also that of a fork: it is read, and nothing of it is run."""
    wanted = _wanted(ask, "/review", command)
    if run := await desk.ports.store.run(wanted.run):
        return await begin(desk, run)
    pull = await _pull(desk, ask, "`/review` reviews a pull request")
    await _check_free(desk, ask, "review")
    return await begin(desk, await new_review(desk, ask.repo, pull, wanted))


async def revise(desk: Desk, ask: Ask, command: Revise) -> str:
    """A pull request of ours: what the words say, and what stands open in its threads."""
    wanted = _wanted(ask, "/revise", command)
    if run := await desk.ports.store.run(wanted.run):
        return await begin(desk, run)
    pull = await _pull(desk, ask, "`/revise` changes a pull request of mine")
    if not await is_ours(desk, ask.repo, pull):
        raise BotError(
            "This pull request is not mine, and I change only branches that I made.",
            "`/review` reviews it; `/dev-workflow` on an issue builds a change of its own.",
        )
    await _check_free(desk, ask, "revise", "build")
    wishes = await everything_open(desk, ask.repo, pull)
    if not wanted.description and not wishes:
        raise BotError("Nothing is open here that I could work on.", "Say what to change: `/revise WHAT TO CHANGE`.")
    return await begin(desk, await new_revision(desk, ask.repo, pull, wanted, wishes))


def _wanted(ask: Ask, name: str, command: Review | Revise) -> Wanted:
    words = "\n\n".join(filter(None, [command.description, command.details]))
    budget = f" --budget {command.budget_usd:g}" if command.budget_usd else ""
    again = f"{name}{budget} {command.description}\n{command.details}".strip()
    run_id = make_run_id(ask.at, ask.comment_id or ask.source, ask.index)
    shown = again if len(again) <= AGAIN_LIMIT else name
    return Wanted(run_id, ask.author, words, ask.comment_id, command.budget_usd, shown)


async def _pull(desk: Desk, ask: Ask, what: str) -> PullRequest:
    """The pull request of the thread. Raises `BotError` where there is none, or it is closed, or nobody could work."""
    if problem := desk.ports.model.available():
        raise BotError(problem)
    if not ask.issue.is_pull:
        raise BotError(f"{what}, and this is an issue.", "Comment it on the pull request.")
    if ask.issue.state == "closed":
        raise BotError("This pull request is closed.", "Open it again, then repeat the command.")
    return await desk.ports.github.pull(ask.repo, ask.issue.number)


async def _check_free(desk: Desk, ask: Ask, *purposes: Purpose) -> None:
    """Raises `BotError` while a run for one of these purposes is at work on the pull request."""
    runs = await runs_of(desk, ask.repo, ask.issue.number)
    if active := at_work(runs, *purposes):
        hint = "Repeat the command when it has ended; see `/status`, or stop it with `/cancel`."
        message = f"Run `{active.id}` is still at work on this pull request."
        raise OnceError(f"busy-{active.id}-{ask.author}", message, hint)
    await check_breakers(desk, ask)
