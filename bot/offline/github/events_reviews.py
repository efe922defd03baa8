"""Reviews, their comments and their threads, told to the webhook."""

from bot.offline.github.events import emit
from bot.offline.github.payloads import node_id
from bot.offline.github.payloads_git import pull_body
from bot.offline.github.payloads_reviews import review_body, review_comment_body
from bot.offline.github.state import Actor, Issue, Json, Repository, World
from bot.offline.github.state_reviews import Review, ReviewComment, Thread


def _pull(world: World, repository: Repository, issue: Issue) -> Json:
    assert issue.pull
    return pull_body(world, repository, issue, issue.pull)


def review_event(world: World, repository: Repository, actor: Actor, issue: Issue, review: Review) -> None:
    """A review was submitted; one without a body has null for it here, and its state in small letters."""
    body = review_body(world, repository, issue, review)
    body |= {"state": review.state, "body": review.body or None}
    extra = {"review": body, "pull_request": _pull(world, repository, issue)}
    emit(world, repository, actor, "pull_request_review", "submitted", extra)


def review_comment_event(
    world: World,
    repository: Repository,
    actor: Actor,
    issue: Issue,
    action: str,
    thread: Thread,
    comment: ReviewComment,
    **extra: Json,
) -> None:
    """A comment in a thread was written, edited or deleted."""
    body = review_comment_body(world, repository, issue, thread, comment)
    bodies = {"comment": body, "pull_request": _pull(world, repository, issue), **extra}
    emit(world, repository, actor, "pull_request_review_comment", action, bodies)


def thread_event(world: World, repository: Repository, actor: Actor, issue: Issue, thread: Thread, action: str) -> None:
    """A thread was resolved, or opened again."""
    comments = [review_comment_body(world, repository, issue, thread, comment) for comment in thread.comments]
    told = {"node_id": node_id("PullRequestReviewThread", thread.id), "comments": comments}
    extra = {"thread": told, "pull_request": _pull(world, repository, issue)}
    emit(world, repository, actor, "pull_request_review_thread", action, extra)
