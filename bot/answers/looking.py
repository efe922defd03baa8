"""Looking at a pull request of ours: what is asked of it, and the one run that does it all.

What runs have taken up is read from the store, so looking again after a crash, or at every event of a burst, starts
nothing twice; what comes while a run is at work is found by the look at its end.
"""

from bot.answers.desk import NO_RUN, Desk
from bot.answers.pull_runs import Wanted, at_work, begin, is_ours, new_revision, origin_of, runs_of
from bot.core.comments import revisions as texts
from bot.core.errors import BotError
from bot.core.policy import may_write
from bot.core.repository import PullRequest, Repo, Sha
from bot.core.reviews import Check, Review, ReviewThread
from bot.core.revisions import Seen, checked, fixes_in_a_row, open_reviews, open_threads, seen_by
from bot.core.runs import Run
from bot.core.wishes import CheckWish, Wishes
from bot.outbox import post_comment
from bot.outbox_pulls import pushed_by
from bot.repository_config import usable_config
from bot.starting import make_run_id


async def look(desk: Desk, repo: Repo, number: int) -> str:
    """Start a revision if something is asked for and none is at work; returns what was done in a few words."""
    pull = await desk.ports.github.pull(repo, number)
    if pull.state == "closed" or not await is_ours(desk, repo, pull):
        return "closed, or not ours"
    runs = await runs_of(desk, repo, number)
    if at_work(runs, "revise", "build"):
        return "a run is at work on it"
    wishes = await _wishes(desk, repo, pull, seen_by(_revisions(runs)), runs)
    if not wishes:
        return "nothing is asked for"
    if desk.ports.model.available() or await _stopped(desk, repo, pull, wishes, runs):
        return "no more revisions"
    return await begin(desk, await new_revision(desk, repo, pull, _wanted(desk, pull, wishes, runs), wishes))


async def everything_open(desk: Desk, repo: Repo, pull: PullRequest) -> Wishes:
    """What a `/revise` takes up: also threads that an earlier run saw and did not answer."""
    runs = await runs_of(desk, repo, pull.number)
    answered = [run for run in _revisions(runs) if run.state in {"succeeded", "unproven"}]
    return await _wishes(desk, repo, pull, seen_by(answered), answered)


def _revisions(runs: list[Run]) -> list[Run]:
    return [run for run in runs if run.plan.purpose == "revise"]


async def _wishes(desk: Desk, repo: Repo, pull: PullRequest, seen: Seen, runs: list[Run]) -> Wishes:
    github, me = desk.ports.github, await desk.ports.github.me()
    threads = await github.review_threads(repo, pull.number)
    reviews = await github.reviews(repo, pull.number)
    writers = await _writers(desk, repo, threads, reviews)
    tried = any(
        run.request.wishes.checks and run.request.onto and run.request.onto.head == pull.head_sha for run in runs
    )
    failed, known = ((), ()) if tried else await _failed_checks(desk, repo, pull)
    return Wishes(open_threads(threads, writers, me, seen), open_reviews(reviews, writers, seen), failed, known)


async def _writers(desk: Desk, repo: Repo, threads: list[ReviewThread], reviews: list[Review]) -> set[str]:
    """Those who said something that may start work, and may do so."""
    spoke = {c.author for thread in threads if not thread.is_resolved for c in thread.comments if not c.author_is_bot}
    spoke |= {review.author for review in reviews if not review.author_is_bot}
    spoke -= {await desk.ports.github.me()}
    return {login for login in sorted(spoke) if may_write(await desk.ports.github.permission(repo, login))}


async def ended_with_failures(desk: Desk, repo: Repo, sha: Sha) -> list[Check]:
    """The checks of a commit if all have ended and some of them failed; else none."""
    checks = await desk.ports.github.checks(repo, sha)
    over = all(check.conclusion is not None for check in checks)
    return checks if over and any(check.failed for check in checks) else []


async def _failed_checks(desk: Desk, repo: Repo, pull: PullRequest) -> tuple[tuple[CheckWish, ...], tuple[str, ...]]:
    """(failures to be mended, failures that the base has, too); nothing before all checks have ended."""
    github = desk.ports.github
    checks = await ended_with_failures(desk, repo, pull.head_sha)
    if not checks:
        return (), ()
    parted = await github.merge_base(repo, pull.base_sha, pull.head_sha)
    found = checked(checks, await github.checks(repo, parted) if parted else [])
    if found.known and not found.failed:
        key = f"known-checks-{pull.head_sha[:12]}"
        await tell_once(desk, repo, pull.number, key, texts.known_failures(found.known))
    return found.failed, found.known


async def _stopped(desk: Desk, repo: Repo, pull: PullRequest, wishes: Wishes, runs: list[Run]) -> bool:
    """Whether reviews, or checks, have started as many runs as they may; that is said once."""
    limits = (await usable_config(desk.ports, repo)).limits
    own = [run for run in _revisions(runs) if not run.request.comment_id]
    if wishes.threads or wishes.reviews:
        asked = [run for run in own if run.request.wishes.threads or run.request.wishes.reviews]
        if len(asked) < limits.revisions:
            return False
        await tell_once(desk, repo, pull.number, "enough-revisions", texts.enough_revisions(limits.revisions))
        return True
    pairs = [(run, await pushed_by(desk.ports, run.id)) for run in _revisions(runs)[: limits.check_fixes + 1]]
    if fixes_in_a_row(pairs, pull.head_sha) < limits.check_fixes:
        return False
    names = [check.name for check in wishes.checks]
    key = f"enough-fixes-{pull.head_sha[:12]}"
    await tell_once(desk, repo, pull.number, key, texts.enough_fixes(limits.check_fixes, names))
    return True


def _wanted(desk: Desk, pull: PullRequest, wishes: Wishes, runs: list[Run]) -> Wanted:
    """The run's name follows from what it takes up, so that two who look at once start one."""
    newest = [f"thread-{thread.upto}" for thread in wishes.threads] + [f"review-{r.id}" for r in wishes.reviews]
    source = f"{pull.number}-{'-'.join(newest) or f'checks-{pull.head_sha}'}"
    at = next((run.created_at for run in runs if run.created_at), desk.ports.clock.now())
    said = [one.author for thread in wishes.threads for one in thread.said if not one.ours]
    origin = origin_of(runs)
    asked_by = [
        *(review.author for review in wishes.reviews),
        *said[-1:],
        *([origin.request.requester] if origin else []),
    ]
    return Wanted(make_run_id(at, source, 0), asked_by[0] if asked_by else pull.author, again="/revise")


async def tell_once(desk: Desk, repo: Repo, number: int, key: str, text: str) -> None:
    """A comment on a pull request that belongs to no run; the same key again comments nothing."""
    await post_comment(desk.ports, NO_RUN, f"{repo}-{number}-{key}", repo, number, text)


async def look_after(desk: Desk, run: Run) -> None:
    """A run on a pull request of ours has ended: look what was asked for meanwhile."""
    number = run.request.onto.pull if run.request.onto else run.pull_number
    if not number or run.state == "cancelled" or run.plan.purpose not in {"build", "revise"}:
        return
    try:
        await look(desk, run.repo, number)
    except BotError as error:
        await tell_once(desk, run.repo, number, f"look-{run.id}", f"😕 {error}")
