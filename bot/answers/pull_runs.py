"""Runs on pull requests: what they need to begin, and which there are."""

from dataclasses import dataclass, replace

from bot.answers.desk import Desk
from bot.core.errors import BotError
from bot.core.pull_plans import review_plan, revision_plan
from bot.core.repository import PullRequest, Repo, Sha
from bot.core.runs import ENDED, Onto, Purpose, Request, Run, RunId
from bot.core.wishes import Wishes
from bot.repository_config import settled, usable_config

BRANCHES = "devflow/"
"""What the names of our branches begin with."""
MOST_RUNS = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who wants something of a pull request, in which words, by which comment (0 for none)."""

    run: RunId
    requester: str
    description: str = ""
    comment_id: int = 0
    budget_usd: float | None = None
    again: str = ""


async def is_ours(desk: Desk, repo: Repo, pull: PullRequest) -> bool:
    """Whether we opened it, from a branch of the repository itself that we made."""
    return pull.head_repo == repo and pull.head.startswith(BRANCHES) and pull.author == await desk.ports.github.me()


async def runs_of(desk: Desk, repo: Repo, number: int) -> list[Run]:
    """All runs that opened, revised or reviewed a pull request, newest first."""
    runs = await desk.ports.store.runs(repo=repo, limit=MOST_RUNS)
    return [run for run in runs if run.pull_number == number or (run.request.onto and run.request.onto.pull == number)]


def at_work(runs: list[Run], *purposes: Purpose) -> Run | None:
    """The one for such a purpose that has not ended."""
    return next((run for run in runs if run.state not in ENDED and run.plan.purpose in purposes), None)


def origin_of(runs: list[Run]) -> Run | None:
    """The run that opened the pull request."""
    return next((run for run in reversed(runs) if run.plan.purpose == "build"), None)


async def new_review(desk: Desk, repo: Repo, pull: PullRequest, wanted: Wanted) -> Run:
    """A run that reviews a pull request as it is now. Raises `BotError` if base and head have no history in common."""
    parted = await _fork_point(desk, repo, pull.base_sha, pull.head_sha)
    onto = Onto(pull.head, pull.head_sha, pull.number, parted)
    models, agents_sha = await _agents(desk, repo)
    plan = review_plan(await _budget(desk, repo, wanted), models, agents_sha)
    request = _request(pull, wanted, parted, onto, (pull.title, pull.body))
    return Run(wanted.run, repo, request, plan, created_at=desk.ports.clock.now())


async def new_revision(desk: Desk, repo: Repo, pull: PullRequest, wanted: Wanted, wishes: Wishes) -> Run:
    """A run that goes on with our branch as it is now; where it has conflicts with its base, they are merged first."""
    github = desk.ports.github
    base = await github.branch_head(repo, pull.base)
    if base is None:
        raise BotError(f"There is no branch `{pull.base}` any more.", "Give the pull request another base.")
    parted = await _fork_point(desk, repo, base, pull.head_sha)
    merges = await github.mergeable(repo, pull.number) == "dirty"
    onto = Onto(pull.head, pull.head_sha, pull.number, parted, merges)
    models, agents_sha = await _agents(desk, repo)
    plan = revision_plan(await _budget(desk, repo, wanted), models, agents_sha)
    origin = origin_of(await runs_of(desk, repo, pull.number))
    texts = (origin.request.issue_title, origin.request.issue_body) if origin else (pull.title, pull.body)
    request = _request(pull, wanted, base if merges else parted, onto, texts, wishes)
    return Run(wanted.run, repo, request, plan, created_at=desk.ports.clock.now(), pull_number=pull.number)


def _request(
    pull: PullRequest, wanted: Wanted, base_sha: Sha, onto: Onto, texts: tuple[str, str], wishes: Wishes | None = None
) -> Request:
    return Request(
        description=wanted.description,
        issue=pull.number,
        issue_title=texts[0],
        issue_body=texts[1],
        requester=wanted.requester,
        comment_id=wanted.comment_id,
        base=pull.base,
        base_sha=base_sha,
        again=wanted.again,
        onto=onto,
        wishes=wishes or Wishes(),
    )


async def _fork_point(desk: Desk, repo: Repo, base: Sha, head: Sha) -> Sha:
    parted = await desk.ports.github.merge_base(repo, base, head)
    if parted is None:
        raise BotError("This pull request has no history in common with its base.", "Rebase it onto the base branch.")
    return parted


async def _budget(desk: Desk, repo: Repo, wanted: Wanted) -> float:
    config = await usable_config(desk.ports, repo)
    return wanted.budget_usd or config.limits.budget_usd or desk.defaults.budget_usd


async def _agents(desk: Desk, repo: Repo) -> tuple[list[tuple[str, str]], Sha | None]:
    """(models of the built-in agents, the commit that the repository's own are read from)."""
    default = (await desk.ports.github.repository(repo)).default_branch
    models = [(agent.name, agent.model or desk.defaults.model) for agent in desk.catalog.agents]
    return models, await desk.ports.github.branch_head(repo, default)


async def begin(desk: Desk, run: Run) -> str:
    """Store a run and start it; both once. It goes on whatever the repository's settings say of it."""
    config = await usable_config(desk.ports, run.repo)
    await desk.ports.store.add_run(replace(run, plan=settled(run.plan, config)))
    await desk.ports.durable.start(run.id, run.repo)
    return f"run {run.id}"
