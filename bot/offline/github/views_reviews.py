"""What there is to see of reviews on GitHub, as methods."""

from bot.core.repository import Sha
from bot.core.reviews import Review, ReviewComment, ReviewThread
from bot.offline.github.payloads import node_id
from bot.offline.github.payloads_reviews import review_comment_page, review_page
from bot.offline.github.state import Issue, Repository, World
from bot.offline.github.state_reviews import Thread


class ReviewViews:
    """Copies of the state as it is now. Raises `KeyError` for what is not there."""

    _world: World

    def reviews_on(self, repo: str, number: int) -> list[Review]:
        """Oldest first, those GitHub makes around single comments among them."""
        with self._world.lock:
            world, repository = self._world, self._world.repository(repo)
            issue = repository.issues[number]
            return [
                Review(
                    id=review.id,
                    author=review.by.user.login,
                    author_is_bot=review.by.user.type == "Bot",
                    state=review.state,
                    body=review.body,
                    commit=Sha(review.commit_sha),
                    html_url=review_page(world, repository, issue, review),
                    submitted_at=review.submitted_at,
                )
                for review in (issue.pull.reviews if issue.pull else [])
            ]

    def threads_on(self, repo: str, number: int) -> list[ReviewThread]:
        """Oldest first."""
        with self._world.lock:
            repository = self._world.repository(repo)
            issue = repository.issues[number]
            threads = issue.pull.threads if issue.pull else []
            return [_thread_seen(self._world, repository, issue, thread) for thread in threads]


def _thread_seen(world: World, repository: Repository, issue: Issue, thread: Thread) -> ReviewThread:
    first = thread.comments[0]
    comments = tuple(
        ReviewComment(
            id=comment.id,
            author=comment.by.user.login,
            author_is_bot=comment.by.user.type == "Bot",
            body=comment.body,
            path=thread.path,
            line=thread.line,
            in_reply_to=None if comment is first else first.id,
            html_url=review_comment_page(world, repository, issue, comment),
            created_at=comment.created_at,
        )
        for comment in thread.comments
    )
    identity = node_id("PullRequestReviewThread", thread.id)
    resolved, outdated = thread.resolved_by is not None, thread.line is None
    return ReviewThread(identity, thread.path, thread.line, resolved, outdated, comments, thread.hunk)
