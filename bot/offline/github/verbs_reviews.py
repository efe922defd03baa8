"""What reviewers and those who answer them do on GitHub, as methods."""

from collections.abc import Sequence
from typing import Literal

from bot.core.reviews import InlineComment
from bot.offline.github import reviewing
from bot.offline.github.acting import Acting
from bot.offline.github.state import Issue, Repository
from bot.offline.github.state_reviews import ReviewComment, Thread

Verdict = Literal["approve", "request_changes", "comment"]


class ReviewVerbs(Acting):
    """Each verb names who did it; each is announced to the webhook. Raises `KeyError` for what is not there."""

    def review(
        self,
        repo: str,
        number: int,
        *,
        by: str,
        verdict: Verdict = "comment",
        body: str = "",
        comments: Sequence[InlineComment] = (),
    ) -> int:
        """A review of the head as it is, with comments on lines of its diff; returns the review's id."""
        with self._acting(repo, by) as (world, repository, actor):
            issue = repository.issues[number]
            head = issue.pull.head_sha if issue.pull else ""
            event = verdict.upper()
            return reviewing.submit_review(world, repository, actor, issue, event, (head, body), comments).id

    def reply(self, repo: str, comment_id: int, body: str, *, by: str) -> int:
        """Answer in the thread of any of its comments; returns the new comment's id."""
        with self._acting(repo, by) as (world, repository, actor):
            issue, thread, _ = review_comment_in(repository, comment_id)
            return reviewing.add_reply(world, repository, actor, issue, thread, body).id

    def edit_review_comment(self, repo: str, comment_id: int, body: str, *, by: str) -> None:
        with self._acting(repo, by) as (world, repository, actor):
            issue, thread, comment = review_comment_in(repository, comment_id)
            reviewing.edit_review_comment(world, repository, actor, issue, (thread, comment), body)

    def delete_review_comment(self, repo: str, comment_id: int, *, by: str) -> None:
        with self._acting(repo, by) as (world, repository, actor):
            issue, thread, comment = review_comment_in(repository, comment_id)
            reviewing.delete_review_comment(world, repository, actor, issue, (thread, comment))

    def resolve(self, repo: str, comment_id: int, *, by: str) -> None:
        """Resolve the thread of a comment."""
        with self._acting(repo, by) as (world, repository, actor):
            issue, thread, _ = review_comment_in(repository, comment_id)
            reviewing.set_resolved(world, repository, actor, issue, thread, resolved=True)

    def unresolve(self, repo: str, comment_id: int, *, by: str) -> None:
        with self._acting(repo, by) as (world, repository, actor):
            issue, thread, _ = review_comment_in(repository, comment_id)
            reviewing.set_resolved(world, repository, actor, issue, thread, resolved=False)


def review_comment_in(repository: Repository, comment_id: int) -> tuple[Issue, Thread, ReviewComment]:
    """Raises `KeyError` if the comment is not in the repository."""
    found = repository.review_comment(comment_id)
    if found is None:
        raise KeyError(f"no review comment {comment_id} in {repository.full_name}")
    return found
