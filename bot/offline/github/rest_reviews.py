"""REST: reviews of pull requests and the comments on their lines."""

from typing import Any

from bot.core.repository import DiffSide
from bot.core.reviews import InlineComment
from bot.offline.github import reviewing
from bot.offline.github.payloads_reviews import review_body, review_comment_body
from bot.offline.github.refusals import RefusalError, not_found
from bot.offline.github.rest import Answer, Call, Route, own_or_write, route
from bot.offline.github.state import Issue, Pull
from bot.offline.github.state_reviews import Review, ReviewComment, Thread

_SIDES: dict[str, DiffSide] = {"LEFT": "LEFT", "RIGHT": "RIGHT"}


def _pull(call: Call) -> tuple[Issue, Pull]:
    issue = call.issue()
    if issue.pull is None:
        raise not_found()
    return issue, issue.pull


def list_reviews(call: Call) -> Answer:
    """Oldest first."""
    issue, pull = _pull(call)
    return call.page(pull.reviews, lambda review: review_body(call.world, call.repository, issue, review))


def _review(call: Call) -> tuple[Issue, Pull, Review]:
    issue, pull = _pull(call)
    for review in pull.reviews:
        if review.id == int(call.params["id"]):
            return issue, pull, review
    raise not_found()


def get_review(call: Call) -> Answer:
    issue, _, review = _review(call)
    return Answer(200, review_body(call.world, call.repository, issue, review))


def list_review_comments(call: Call) -> Answer:
    """The comments that one review brought."""
    issue, pull, review = _review(call)
    rows = [(thread, c) for thread, c in _comments(pull) if c.review is review]
    return call.page(rows, lambda row: review_comment_body(call.world, call.repository, issue, *row))


def create_review(call: Call) -> Answer:
    """One review with all its comments; what is wrong with one refuses all. Reviews to be sent later are not served."""
    issue, pull = _pull(call)
    verdict = call.maybe_text("event")
    if verdict is None:
        raise RefusalError(422, "Unprocessable Entity", ["pending reviews are not served here: give an event"])
    commit, body = call.maybe_text("commit_id") or pull.head_sha, call.maybe_text("body") or ""
    comments = [_inline(row) for row in call.fields.get("comments") or []]
    review = reviewing.submit_review(call.world, call.repository, call.actor, issue, verdict, (commit, body), comments)
    return Answer(200, review_body(call.world, call.repository, issue, review))


def _inline(row: Any) -> InlineComment:
    """A comment as the request has it. The old way to say where, `position`, is not served."""
    fields = row if isinstance(row, dict) else {}
    path, body, line = fields.get("path"), fields.get("body"), fields.get("line")
    start, side = fields.get("start_line"), _SIDES.get(fields.get("side") or "RIGHT")
    if not isinstance(path, str) or not isinstance(body, str) or side is None:
        raise RefusalError(422, "Invalid request.\n\nA comment has a path, a body, a line and a side.")
    if type(line) is not int or not (start is None or type(start) is int):
        raise RefusalError(422, "Unprocessable Entity", ["Line could not be resolved"])
    if fields.get("start_side") not in (None, side):
        raise RefusalError(422, "Unprocessable Entity", ["comments from one side to the other are not served here"])
    return InlineComment(path, line, body, side, start)


def _comments(pull: Pull) -> list[tuple[Thread, ReviewComment]]:
    """All comments of all threads, oldest first."""
    rows = [(thread, comment) for thread in pull.threads for comment in thread.comments]
    return sorted(rows, key=lambda row: row[1].id)


def list_comments(call: Call) -> Answer:
    issue, pull = _pull(call)
    rows = _comments(pull)
    if call.query.get("direction") == "desc":
        rows.reverse()
    return call.page(rows, lambda row: review_comment_body(call.world, call.repository, issue, *row))


def create_comment(call: Call) -> Answer:
    """A single comment on a line, or a reply if it says what to."""
    issue, _ = _pull(call)
    reply_to = call.fields.get("in_reply_to")
    if reply_to is not None:
        return _reply(call, issue, int(reply_to))
    place = _inline(call.fields)
    review = reviewing.submit_review(
        call.world, call.repository, call.actor, issue, "COMMENT", (call.text("commit_id"), ""), [place]
    )
    thread, comment = next(row for row in _comments(_pull(call)[1]) if row[1].review is review)
    return Answer(201, review_comment_body(call.world, call.repository, issue, thread, comment))


def create_reply(call: Call) -> Answer:
    return _reply(call, _pull(call)[0], int(call.params["id"]))


def _reply(call: Call, issue: Issue, comment_id: int) -> Answer:
    """Only to a thread's first comment, as on GitHub."""
    assert issue.pull
    thread = next((t for t in issue.pull.threads if t.comments[0].id == comment_id), None)
    if thread is None:
        raise not_found()
    comment = reviewing.add_reply(call.world, call.repository, call.actor, issue, thread, call.text("body"))
    return Answer(201, review_comment_body(call.world, call.repository, issue, thread, comment))


def _comment(call: Call) -> tuple[Issue, Thread, ReviewComment]:
    found = call.repository.review_comment(int(call.params["id"]))
    if found is None:
        raise not_found()
    return found


def get_comment(call: Call) -> Answer:
    return Answer(200, review_comment_body(call.world, call.repository, *_comment(call)))


def edit_comment(call: Call) -> Answer:
    issue, thread, comment = _comment(call)
    own_or_write(call, comment.by)
    body = call.text("body")
    reviewing.edit_review_comment(call.world, call.repository, call.actor, issue, (thread, comment), body)
    return Answer(200, review_comment_body(call.world, call.repository, issue, thread, comment))


def delete_comment(call: Call) -> Answer:
    issue, thread, comment = _comment(call)
    own_or_write(call, comment.by)
    reviewing.delete_review_comment(call.world, call.repository, call.actor, issue, (thread, comment))
    return Answer(204)


_PULLS = "/repos/{owner}/{repo}/pulls"
_ONE = _PULLS + "/{number:n}"
_COMMENT = _PULLS + "/comments/{id:n}"

ROUTES: tuple[Route, ...] = (
    route("GET", _ONE + "/reviews", list_reviews, "pull_requests"),
    route("POST", _ONE + "/reviews", create_review, "pull_requests", "read"),
    route("GET", _ONE + "/reviews/{id:n}", get_review, "pull_requests"),
    route("GET", _ONE + "/reviews/{id:n}/comments", list_review_comments, "pull_requests"),
    route("GET", _ONE + "/comments", list_comments, "pull_requests"),
    route("POST", _ONE + "/comments", create_comment, "pull_requests", "read"),
    route("POST", _ONE + "/comments/{id:n}/replies", create_reply, "pull_requests", "read"),
    route("GET", _COMMENT, get_comment, "pull_requests"),
    route("PATCH", _COMMENT, edit_comment, "pull_requests", "read"),
    route("DELETE", _COMMENT, delete_comment, "pull_requests", "read"),
)
