"""Reviews and the comments in them in the JSON that GitHub publishes."""

from bot.offline.github.payloads import api_url, association, issue_page, node_id, reactions_body, time_text, user_body
from bot.offline.github.state import Issue, Json, Repository, World
from bot.offline.github.state_reviews import Review, ReviewComment, Thread


def review_page(world: World, repository: Repository, issue: Issue, review: Review) -> str:
    """The address of a review for people."""
    return f"{issue_page(world, repository, issue)}#pullrequestreview-{review.id}"


def review_comment_page(world: World, repository: Repository, issue: Issue, comment: ReviewComment) -> str:
    return f"{issue_page(world, repository, issue)}#discussion_r{comment.id}"


def review_body(world: World, repository: Repository, issue: Issue, review: Review) -> Json:
    """A review as REST shows it; in a webhook its state is in small letters."""
    pull_url = f"{api_url(world, repository)}/pulls/{issue.number}"
    page = review_page(world, repository, issue, review)
    return {
        "id": review.id,
        "node_id": node_id("PullRequestReview", review.id),
        "user": user_body(world, review.by.user),
        "body": review.body,
        "state": review.state.upper(),
        "html_url": page,
        "pull_request_url": pull_url,
        "author_association": association(repository, review.by.user),
        "_links": {"html": {"href": page}, "pull_request": {"href": pull_url}},
        "commit_id": review.commit_sha,
        "submitted_at": time_text(review.submitted_at),
    }


def review_comment_body(
    world: World, repository: Repository, issue: Issue, thread: Thread, comment: ReviewComment
) -> Json:
    """A comment on lines of a diff; its line and position are null once newer commits changed the line."""
    url = f"{api_url(world, repository)}/pulls/comments/{comment.id}"
    pull_url = f"{api_url(world, repository)}/pulls/{issue.number}"
    page = review_comment_page(world, repository, issue, comment)
    body: Json = {
        "url": url,
        "pull_request_review_id": comment.review.id,
        "id": comment.id,
        "node_id": node_id("PullRequestReviewComment", comment.id),
        "diff_hunk": thread.hunk,
        "path": thread.path,
        "commit_id": thread.commit_sha,
        "original_commit_id": thread.original_commit_sha,
        "user": user_body(world, comment.by.user),
        "body": comment.body,
        "created_at": time_text(comment.created_at),
        "updated_at": time_text(comment.updated_at),
        "html_url": page,
        "pull_request_url": pull_url,
        "author_association": association(repository, comment.by.user),
        "_links": {"self": {"href": url}, "html": {"href": page}, "pull_request": {"href": pull_url}},
        "reactions": reactions_body(url, []),
        **_place(thread),
    }
    if comment is not thread.comments[0]:
        body["in_reply_to_id"] = thread.comments[0].id
    return body


def _place(thread: Thread) -> Json:
    many = thread.original_start_line is not None
    return {
        "start_line": thread.start_line,
        "original_start_line": thread.original_start_line,
        "start_side": thread.side if many else None,
        "line": thread.line,
        "original_line": thread.original_line,
        "side": thread.side,
        "original_position": thread.position,
        "position": thread.position if thread.line is not None else None,
        "subject_type": "line",
    }
