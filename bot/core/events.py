"""Webhook payloads as our own events: only what we act on, checked, and nothing of GitHub's shape past here."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from pydantic import ValidationError

from bot.core import payloads as p
from bot.core import pull_events as pulls
from bot.core.event_types import (
    ChecksFinished,
    CommentPosted,
    Event,
    EventError,
    IssueClosed,
    IssueEdited,
    IssueLabeled,
    IssueReopened,
    IssueUnlabeled,
    PullClosed,
    PullOpened,
    PullUpdated,
    ReviewCommentPosted,
    ReviewSubmitted,
)

__all__ = [
    "HANDLED_EVENTS",
    "ChecksFinished",
    "CommentPosted",
    "Event",
    "EventError",
    "IssueClosed",
    "IssueEdited",
    "IssueLabeled",
    "IssueReopened",
    "IssueUnlabeled",
    "PullClosed",
    "PullOpened",
    "PullUpdated",
    "ReviewCommentPosted",
    "ReviewSubmitted",
    "event_from_payload",
]

Raw = Mapping[str, object]


def event_from_payload(event_name: str, payload: Raw) -> Event | None:
    """The event in a delivery (`X-GitHub-Event` and the parsed body), None if it is nothing we act on.

    Deleted comments and edits that left the text alone are nothing. Raises `EventError` for a malformed payload.
    """
    readers = _READERS.get(event_name)
    if readers is None:
        return None
    if not isinstance(payload, Mapping):
        raise EventError("payload: not a JSON object")
    # Alone among the events we read, `status` has no action.
    action = payload.get("action", "" if "" in readers else None)
    if not isinstance(action, str):
        raise EventError("action: missing, or not a string")
    reader = readers.get(action)
    if reader is None:
        return None
    try:
        return reader(payload)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise EventError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def _comment_created(raw: Raw) -> CommentPosted:
    payload = p.CommentPayload.model_validate(raw)
    return _comment(payload, payload.comment.user or payload.sender, None, payload.comment.created_at)


def _comment_edited(raw: Raw) -> CommentPosted | None:
    payload = p.CommentEditPayload.model_validate(raw)
    if payload.changes.body is None:
        return None
    return _comment(payload, payload.sender, payload.changes.body.before, payload.comment.updated_at)


def _comment(payload: p.CommentPayload, author: p.User, previous_text: str | None, at: datetime) -> CommentPosted:
    comment = payload.comment
    users = [user for user in (author, payload.sender, comment.user) if user]
    return CommentPosted(
        repo=payload.repo,
        issue=payload.issue.core(),
        comment_id=comment.id,
        comment_url=comment.html_url,
        author=author.login,
        author_is_bot=any(user.is_bot for user in users) or comment.performed_via_github_app is not None,
        text=comment.body,
        previous_text=previous_text,
        at=at,
        installation_id=payload.installation_id,
        writer=comment.user.login if comment.user else "",
        actor_is_bot=author.is_bot or payload.sender.is_bot,
    )


_Labeling = TypeVar("_Labeling", IssueLabeled, IssueUnlabeled)


def _labeling(
    kind: type[_Labeling], form: type[p.IssuePayload] | type[p.PullPayload]
) -> Callable[[Raw], _Labeling | None]:
    """Reads either, of what `form` describes; None if the label itself was deleted: it then comes without a name."""

    def read(raw: Raw) -> _Labeling | None:
        payload = form.model_validate(raw)
        if payload.label is None:
            return None
        issue, at = payload.subject()
        return kind(
            repo=payload.repo,
            issue=issue,
            label=payload.label.name,
            author=payload.sender.login,
            author_is_bot=payload.sender.is_bot,
            at=at,
            installation_id=payload.installation_id,
        )

    return read


def _issue_closed(raw: Raw) -> IssueClosed:
    payload = p.IssuePayload.model_validate(raw)
    at = payload.issue.closed_at or payload.issue.updated_at
    sender = payload.sender
    return IssueClosed(payload.repo, payload.issue.core(), sender.login, sender.is_bot, at, payload.installation_id)


def _issue_reopened(raw: Raw) -> IssueReopened:
    payload = p.IssuePayload.model_validate(raw)
    issue, sender = payload.issue, payload.sender
    at = issue.updated_at
    return IssueReopened(payload.repo, issue.core(), sender.login, sender.is_bot, at, payload.installation_id)


def _issue_edited(raw: Raw) -> IssueEdited | None:
    """None if neither title nor text changed."""
    payload = p.IssueEditPayload.model_validate(raw)
    title, body = payload.changes.title, payload.changes.body
    if title is None and body is None:
        return None
    return IssueEdited(
        repo=payload.repo,
        issue=payload.issue.core(),
        previous_title=title.before if title else None,
        previous_body=body.before if body else None,
        author=payload.sender.login,
        author_is_bot=payload.sender.is_bot,
        at=payload.issue.updated_at,
        installation_id=payload.installation_id,
    )


_READERS: Mapping[str, Mapping[str, Callable[[Raw], Event | None]]] = {
    "issue_comment": {"created": _comment_created, "edited": _comment_edited},
    "issues": {
        "labeled": _labeling(IssueLabeled, p.IssuePayload),
        "unlabeled": _labeling(IssueUnlabeled, p.IssuePayload),
        "closed": _issue_closed,
        "reopened": _issue_reopened,
        "edited": _issue_edited,
    },
    "pull_request": {
        "opened": pulls.read_pull_opened,
        "reopened": pulls.read_pull_opened,
        "synchronize": pulls.read_pull_updated,
        "closed": pulls.read_pull_closed,
        "labeled": _labeling(IssueLabeled, p.PullPayload),
        "unlabeled": _labeling(IssueUnlabeled, p.PullPayload),
    },
    "pull_request_review": {"submitted": pulls.read_review},
    "pull_request_review_comment": {
        "created": pulls.read_review_comment,
        "edited": pulls.read_review_comment_edit,
    },
    "check_suite": {"completed": pulls.read_check_suite},
    "check_run": {"completed": pulls.read_check_run},
    "status": {"": pulls.read_status},
}
HANDLED_EVENTS: tuple[str, ...] = tuple(sorted(_READERS))
"""The names in `X-GitHub-Event` that mean something to us."""
