"""Payloads about pull requests, reviews and checks as our own events."""

import re
from collections.abc import Mapping
from datetime import datetime

from bot.core import payloads as p
from bot.core.event_types import (
    ChecksFinished,
    EventError,
    PullClosed,
    PullOpened,
    PullUpdated,
    ReviewCommentPosted,
    ReviewSubmitted,
)
from bot.core.repository import Conclusion, Sha

Raw = Mapping[str, object]


def read_pull_opened(raw: Raw) -> PullOpened:
    payload = p.PullPayload.model_validate(raw)
    pull, sender = payload.pull_request, payload.sender
    return PullOpened(
        repo=payload.repo,
        pull=pull.core(),
        reopened=raw.get("action") == "reopened",
        author=sender.login,
        author_is_bot=sender.is_bot,
        at=pull.updated_at,
        installation_id=payload.installation_id,
    )


def read_pull_updated(raw: Raw) -> PullUpdated:
    payload = p.PullMovePayload.model_validate(raw)
    pull, sender = payload.pull_request, payload.sender
    return PullUpdated(
        repo=payload.repo,
        pull=pull.core(),
        before=Sha(payload.before),
        author=sender.login,
        author_is_bot=sender.is_bot,
        at=pull.updated_at,
        installation_id=payload.installation_id,
    )


def read_pull_closed(raw: Raw) -> PullClosed:
    payload = p.ClosedPullPayload.model_validate(raw)
    pull, sender = payload.pull_request, payload.sender
    if pull.closed_at is None:
        raise EventError("pull_request.closed_at: missing in what was closed")
    return PullClosed(
        repo=payload.repo,
        number=pull.number,
        merged=pull.merged,
        head=pull.head.ref,
        head_sha=pull.head.sha,
        head_repo=pull.head_repo,
        base=pull.base.ref,
        author=sender.login,
        author_is_bot=sender.is_bot,
        at=pull.closed_at,
        installation_id=payload.installation_id,
        merge_sha=pull.merge_commit_sha if pull.merged else None,
        reverts=_reverts(pull.body or "", str(payload.repo)) if pull.merged else 0,
    )


def _reverts(body: str, repo: str) -> int:
    """GitHub's own button writes `Reverts owner/name#12`."""
    found = re.search(rf"^Reverts (?:{re.escape(repo)})?#(\d{{1,9}})\b", body, re.MULTILINE | re.IGNORECASE)
    return int(found[1]) if found else 0


def read_review(raw: Raw) -> ReviewSubmitted:
    payload = p.ReviewPayload.model_validate(raw)
    review = payload.review
    author = review.user or payload.sender
    return ReviewSubmitted(
        repo=payload.repo,
        pull=payload.pull_request.core(),
        review_id=review.id,
        state=review.state,
        body=review.body or "",
        commit=Sha(review.commit_id or ""),
        url=review.html_url,
        author=author.login,
        author_is_bot=author.is_bot or payload.sender.is_bot,
        at=review.submitted_at,
        installation_id=payload.installation_id,
    )


def read_review_comment(raw: Raw) -> ReviewCommentPosted:
    payload = p.ReviewCommentPayload.model_validate(raw)
    return _review_comment(payload, payload.comment.user or payload.sender, None, payload.comment.created_at)


def read_review_comment_edit(raw: Raw) -> ReviewCommentPosted | None:
    """None if the words stayed; else they are the editor's."""
    payload = p.ReviewCommentPayload.model_validate(raw)
    if payload.changes is None or payload.changes.body is None:
        return None
    return _review_comment(payload, payload.sender, payload.changes.body.before, payload.comment.updated_at)


def _review_comment(
    payload: p.ReviewCommentPayload, author: p.User, previous_text: str | None, at: datetime
) -> ReviewCommentPosted:
    comment = payload.comment
    users = [user for user in (author, payload.sender, comment.user) if user]
    return ReviewCommentPosted(
        repo=payload.repo,
        pull=payload.pull_request.core(),
        comment_id=comment.id,
        review_id=comment.pull_request_review_id,
        in_reply_to=comment.in_reply_to_id,
        path=comment.path,
        line=comment.line,
        side=comment.side,
        text=comment.body,
        previous_text=previous_text,
        url=comment.html_url,
        author=author.login,
        author_is_bot=any(user.is_bot for user in users),
        at=at,
        installation_id=payload.installation_id,
    )


def read_check_suite(raw: Raw) -> ChecksFinished | None:
    """All runs of one App on a commit; None for a suite without an end, which GitHub makes for idle Apps."""
    payload = p.CheckSuitePayload.model_validate(raw)
    suite, sender = payload.check_suite, payload.sender
    if suite.conclusion is None:
        return None
    return ChecksFinished(
        repo=payload.repo,
        sha=Sha(suite.head_sha),
        branch=suite.head_branch,
        name=(suite.app.name or suite.app.slug) if suite.app else "",
        conclusion=suite.conclusion,
        source="check_suite",
        pulls=tuple(pull.number for pull in suite.pull_requests),
        author=sender.login,
        author_is_bot=sender.is_bot,
        at=suite.updated_at,
        installation_id=payload.installation_id,
    )


def read_check_run(raw: Raw) -> ChecksFinished:
    payload = p.CheckRunPayload.model_validate(raw)
    run, sender = payload.check_run, payload.sender
    if run.conclusion is None or run.completed_at is None:
        raise EventError("check_run.conclusion: missing in what is completed")
    return ChecksFinished(
        repo=payload.repo,
        sha=Sha(run.head_sha),
        branch=run.check_suite.head_branch,
        name=run.name,
        conclusion=run.conclusion,
        source="check_run",
        pulls=tuple(pull.number for pull in run.pull_requests),
        author=sender.login,
        author_is_bot=sender.is_bot,
        at=run.completed_at,
        installation_id=payload.installation_id,
    )


def read_status(raw: Raw) -> ChecksFinished | None:
    """None while it is pending. A status names every branch whose head the commit is; we take the first."""
    payload = p.StatusPayload.model_validate(raw)
    conclusion: Conclusion = "success" if payload.state == "success" else "failure"
    if payload.state == "pending":
        return None
    return ChecksFinished(
        repo=payload.repo,
        sha=Sha(payload.sha),
        branch=payload.branches[0].name if payload.branches else None,
        name=payload.context,
        conclusion=conclusion,
        source="status",
        pulls=(),
        author=payload.sender.login,
        author_is_bot=payload.sender.is_bot,
        at=payload.updated_at,
        installation_id=payload.installation_id,
    )
