"""Reviews, the comments on lines, and the threads they stand in."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from bot.adapters.github import graphql, graphql_texts, wire, wire_reviews
from bot.adapters.github.asks import Ask, RefusedError
from bot.adapters.github.paths import names, sha_path
from bot.adapters.github.writes import Writes, check_length
from bot.core.repository import Repo
from bot.core.reviews import InlineComment, Review, ReviewComment, ReviewDraft, ReviewThread
from bot.ports import GitHubError, LineOutsideDiffError

if TYPE_CHECKING:
    from githubkit_schemas.latest.types import (
        ReposOwnerRepoPullsPullNumberReviewsPostBodyPropCommentsItemsType as CommentBody,
    )

_OUTSIDE = ("could not be resolved", "must be part of the diff", "must precede the end line", "same hunk")


class ReviewsOfPulls(Writes, graphql.Graphql):
    """`bot.ports_github.Reviews`, without the checks."""

    async def reviews(self, repo: Repo, number: int) -> list[Review]:
        return [review async for review in self._reviews(repo, number) if review.state != "pending"]

    async def find_review(self, repo: Repo, number: int, mark: str) -> Review | None:
        """The oldest, should there be several."""
        me = await self.me()
        async for review in self._reviews(repo, number):
            if review.author == me and mark in review.body and review.state != "pending":
                return review
        return None

    async def create_review(self, repo: Repo, number: int, draft: ReviewDraft) -> Review:
        owner, name = names(repo)
        ask = Ask(f"review {repo}#{number}", "Pull requests: write", "content", repo)
        for text in (draft.body, *(comment.body for comment in draft.comments)):
            check_length(ask, text)
        comments, commit = [_comment_body(comment) for comment in draft.comments], sha_path(draft.commit)
        try:
            answer = await self._send(
                ask,
                lambda gh: gh.rest.pulls.async_create_review(
                    owner, name, number, commit_id=commit, body=draft.body, event=draft.event, comments=comments
                ),
            )
        except RefusedError as error:
            if error.status == 422 and any(words in str(error).lower() for words in _OUTSIDE):
                raise LineOutsideDiffError(str(error), 422) from None
            raise
        return wire.parse(wire_reviews.ReviewWire, answer, ask).core()

    async def review_comments(self, repo: Repo, number: int) -> list[ReviewComment]:
        return [comment async for comment in self._review_comments(repo, number)]

    async def find_review_comment(self, repo: Repo, number: int, mark: str) -> ReviewComment | None:
        """The oldest, should there be several."""
        me = await self.me()
        async for comment in self._review_comments(repo, number):
            if comment.author == me and mark in comment.body:
                return comment
        return None

    async def review_threads(self, repo: Repo, number: int) -> list[ReviewThread]:
        """Of a thread with more than a hundred comments, the first hundred."""
        owner, name = names(repo)
        ask = Ask(f"read the review threads of {repo}#{number}", "Pull requests: read", repo=repo, graphql=True)
        threads: list[ReviewThread] = []
        after: str | None = None
        while True:
            variables: dict[str, str | int | None] = {"owner": owner, "name": name, "number": number, "after": after}
            answer = await self._query(ask, graphql_texts.THREADS, variables)
            page = wire.parse(wire_reviews.ThreadsAnswer, answer, ask).data.repository.pull.threads
            threads += [thread.core() for thread in page.nodes if thread.comments.nodes]
            if not page.page.has_next or page.page.end in (None, after):
                return threads
            after = page.page.end

    async def reply_to_review_comment(self, repo: Repo, number: int, comment_id: int, body: str) -> ReviewComment:
        owner, name = names(repo)
        ask = Ask(f"answer review comment {comment_id} of {repo}#{number}", "Pull requests: write", "content", repo)
        check_length(ask, body)
        answer = await self._send(
            ask,
            lambda gh: gh.rest.pulls.async_create_reply_for_review_comment(owner, name, number, comment_id, body=body),
        )
        return wire.parse(wire_reviews.ReviewCommentWire, answer, ask).core()

    async def resolve_thread(self, repo: Repo, thread_id: str) -> None:
        if not thread_id:
            raise GitHubError("Could not resolve a review thread: it has no id.")
        needs = "Pull requests: write and Contents: write"
        ask = Ask(f"resolve a review thread in {repo}", needs, "write", repo, graphql=True)
        await self._query(ask, graphql_texts.RESOLVE, {"id": thread_id})

    async def _reviews(self, repo: Repo, number: int) -> AsyncIterator[Review]:
        owner, name = names(repo)
        ask = Ask(f"read the reviews of {repo}#{number}", "Pull requests: read", repo=repo)
        pages = self._pages(
            ask,
            wire_reviews.ReviewList,
            lambda page, gh: gh.rest.pulls.async_list_reviews(owner, name, number, per_page=100, page=page),
        )
        async for review in pages:
            yield review.core()

    async def _review_comments(self, repo: Repo, number: int) -> AsyncIterator[ReviewComment]:
        owner, name = names(repo)
        ask = Ask(f"read the review comments of {repo}#{number}", "Pull requests: read", repo=repo)
        pages = self._pages(
            ask,
            wire_reviews.ReviewComments,
            lambda page, gh: gh.rest.pulls.async_list_review_comments(owner, name, number, per_page=100, page=page),
        )
        async for comment in pages:
            yield comment.core()


def _comment_body(comment: InlineComment) -> "CommentBody":
    body: CommentBody = {"path": comment.path, "body": comment.body, "line": comment.line, "side": comment.side}
    if comment.start_line is not None:
        body["start_line"], body["start_side"] = comment.start_line, comment.side
    return body
