"""Payloads about pull requests, reviews and checks become our events, with who did it and when."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.core.events import (
    ChecksFinished,
    EventError,
    IssueEdited,
    IssueLabeled,
    IssueReopened,
    PullClosed,
    PullOpened,
    PullUpdated,
    ReviewCommentPosted,
    ReviewSubmitted,
    event_from_payload,
)
from bot.core.repository import PullRequest, Repo, Sha
from tests.core.test_events import ISSUE, REPO, Payload, about, issue, user

HEAD, BASE, OLD = "a" * 40, "b" * 40, "c" * 40
AT = datetime(2026, 2, 2, 10, 0, tzinfo=UTC)
BOT = {"sender": user("a-bot[bot]", "Bot")}


def pull(**changes: object) -> Payload:
    return {
        "number": 8,
        "title": "Dark mode",
        "body": None,
        "state": "open",
        "draft": True,
        "html_url": "https://github.com/octo-org/hello.world/pull/8",
        "user": user("devflow[bot]", "Bot"),
        "labels": [{"name": "ui"}],
        "head": {"ref": "devflow/7", "sha": HEAD, "repo": {"full_name": str(REPO)}},
        "base": {"ref": "main", "sha": BASE, "repo": {"full_name": str(REPO)}},
        "merged": False,
        "merge_commit_sha": OLD,
        "updated_at": "2026-02-02T10:00:00Z",
        "closed_at": None,
        "node_id": "PR_8",
    } | changes


PULL = PullRequest(
    number=8,
    title="Dark mode",
    body="",
    head="devflow/7",
    head_sha=Sha(HEAD),
    base="main",
    state="open",
    draft=True,
    html_url="https://github.com/octo-org/hello.world/pull/8",
    author="devflow[bot]",
    head_repo=REPO,
    base_sha=Sha(BASE),
    node_id="PR_8",
)


def review(state: str = "changes_requested", **changes: object) -> Payload:
    return {
        "id": 90,
        "user": user("reviewer"),
        "body": "Not yet.",
        "commit_id": HEAD,
        "submitted_at": "2026-02-02T10:00:00Z",
        "state": state,
        "html_url": "https://github.com/octo-org/hello.world/pull/8#pullrequestreview-90",
    } | changes


def review_comment(**changes: object) -> Payload:
    return {
        "id": 91,
        "pull_request_review_id": 90,
        "path": "theme.css",
        "line": 3,
        "side": "RIGHT",
        "body": "Why?",
        "html_url": "https://github.com/octo-org/hello.world/pull/8#discussion_r91",
        "user": user("reviewer"),
        "created_at": "2026-02-02T10:00:00Z",
        "updated_at": "2026-02-02T10:05:00Z",
    } | changes


def test_a_pull_request_opens_and_opens_again() -> None:
    """With all that is known of it; GitHub's trial merge of an open one is not taken for its merge."""
    payload = about("opened", pull_request=pull())
    assert event_from_payload("pull_request", payload) == PullOpened(REPO, PULL, False, "maintainer", False, AT, 99)
    again = event_from_payload("pull_request", about("reopened", pull_request=pull()))
    assert isinstance(again, PullOpened)
    assert again.reopened


def test_new_commits_tell_where_the_branch_was() -> None:
    """Before and after, and whether a bot pushed."""
    payload = about("synchronize", pull_request=pull(), before=OLD, after=HEAD) | BOT
    expected = PullUpdated(REPO, PULL, Sha(OLD), "a-bot[bot]", True, AT, 99)
    assert event_from_payload("pull_request", payload) == expected


def test_only_a_merged_pull_request_has_a_merge_commit() -> None:
    """GitHub names a trial merge for the others, too."""
    merged = about("closed", pull_request=pull(merged=True, state="closed", closed_at="2026-02-02T10:00:00Z"))
    event = event_from_payload("pull_request", merged)
    assert isinstance(event, PullClosed)
    assert (event.merged, event.merge_sha, event.at) == (True, OLD, AT)
    closed = about("closed", pull_request=pull(state="closed", closed_at="2026-02-02T10:00:00Z"))
    event = event_from_payload("pull_request", closed)
    assert isinstance(event, PullClosed)
    assert (event.merged, event.merge_sha) == (False, None)


def test_a_label_on_a_pull_request_is_one_on_its_conversation() -> None:
    """As on an issue, told apart by `is_pull`."""
    event = event_from_payload("pull_request", about("labeled", pull_request=pull(), label={"name": "devflow:review"}))
    assert isinstance(event, IssueLabeled)
    assert (event.label, event.issue.number, event.issue.is_pull, event.issue.labels) == (
        "devflow:review",
        8,
        True,
        ("ui",),
    )
    assert event_from_payload("pull_request", about("unlabeled", pull_request=pull())) is None


def test_an_issue_reopens_and_is_edited() -> None:
    """An edit tells what stood there before, of what was changed."""
    at = datetime(2026, 1, 31, 12, 0, 5, tzinfo=UTC)
    reopened = event_from_payload("issues", about("reopened", issue=issue()))
    assert reopened == IssueReopened(REPO, ISSUE, "maintainer", False, at, 99)
    edited = event_from_payload("issues", about("edited", issue=issue(), changes={"title": {"from": "Dark"}}))
    assert edited == IssueEdited(REPO, ISSUE, "Dark", None, "maintainer", False, at, 99)


def test_a_review_says_what_it_wants_and_of_which_commit() -> None:
    """By its author, at the time it was sent."""
    payload = about("submitted", pull_request=pull(), review=review())
    assert event_from_payload("pull_request_review", payload) == ReviewSubmitted(
        repo=REPO,
        pull=PULL,
        review_id=90,
        state="changes_requested",
        body="Not yet.",
        commit=Sha(HEAD),
        url="https://github.com/octo-org/hello.world/pull/8#pullrequestreview-90",
        author="reviewer",
        author_is_bot=False,
        at=AT,
        installation_id=99,
    )


@pytest.mark.parametrize(
    ("payload", "is_bot"),
    [
        (about("submitted", pull_request=pull(), review=review(user=user("copilot[bot]", "Bot"))), True),
        (about("submitted", pull_request=pull(), review=review()) | BOT, True),
        (about("submitted", pull_request=pull(), review=review(body=None, state="commented")), False),
    ],
)
def test_a_bots_review_is_known_as_one(payload: Payload, is_bot: bool) -> None:
    """Whoever has a bot's account is one, as author or as sender; a review without words has an empty body."""
    event = event_from_payload("pull_request_review", payload)
    assert isinstance(event, ReviewSubmitted)
    assert event.author_is_bot is is_bot


def test_a_comment_on_a_line_knows_its_place_and_thread() -> None:
    """Path, line, side, and what it answers; an edit is its editor's."""
    payload = about("created", pull_request=pull(), comment=review_comment(in_reply_to_id=80))
    event = event_from_payload("pull_request_review_comment", payload)
    assert isinstance(event, ReviewCommentPosted)
    assert (event.comment_id, event.review_id, event.in_reply_to) == (91, 90, 80)
    assert (event.path, event.line, event.side, event.text) == ("theme.css", 3, "RIGHT", "Why?")
    assert (event.author, event.at, event.previous_text, event.pull) == ("reviewer", AT, None, PULL)
    changes = {"body": {"from": "What?"}}
    edited = about("edited", pull_request=pull(), comment=review_comment(line=None), changes=changes)
    event = event_from_payload("pull_request_review_comment", edited)
    assert isinstance(event, ReviewCommentPosted)
    assert (event.previous_text, event.author, event.line) == ("What?", "maintainer", None)
    untouched = about("edited", pull_request=pull(), comment=review_comment(), changes={})
    assert event_from_payload("pull_request_review_comment", untouched) is None


def suite(**changes: object) -> Payload:
    return {
        "head_sha": HEAD,
        "head_branch": "devflow/7",
        "conclusion": "failure",
        "updated_at": "2026-02-02T10:00:00Z",
        "app": {"slug": "github-actions", "name": "GitHub Actions"},
        "pull_requests": [{"number": 8}],
    } | changes


def run(**changes: object) -> Payload:
    own = {"name": "tests", "completed_at": "2026-02-02T10:00:00Z", "check_suite": {"head_branch": "devflow/7"}}
    return suite() | own | changes


def status(**changes: object) -> Payload:
    payload = about("") | {"sha": HEAD, "context": "ci/tests", "state": "error", "updated_at": "2026-02-02T10:00:00Z"}
    del payload["action"]
    return payload | {"branches": [{"name": "devflow/7"}]} | changes


def finished(**changes: Any) -> ChecksFinished:
    facts: dict[str, Any] = {
        "repo": REPO,
        "sha": Sha(HEAD),
        "branch": "devflow/7",
        "name": "tests",
        "conclusion": "failure",
        "source": "check_run",
        "pulls": (8,),
        "author": "maintainer",
        "author_is_bot": False,
        "at": AT,
        "installation_id": 99,
    }
    return ChecksFinished(**facts | changes)


@pytest.mark.parametrize(
    ("name", "payload", "expected"),
    [
        ("check_run", about("completed", check_run=run()), finished()),
        (
            "check_suite",
            about("completed", check_suite=suite(head_branch=None)) | BOT,
            finished(name="GitHub Actions", source="check_suite", branch=None, author="a-bot[bot]", author_is_bot=True),
        ),
        ("status", status(), finished(name="ci/tests", source="status", pulls=())),
        ("status", status(state="success"), finished(name="ci/tests", source="status", pulls=(), conclusion="success")),
        ("status", status(state="pending"), None),
        ("check_suite", about("completed", check_suite=suite(conclusion=None)), None),
    ],
)
def test_the_end_of_checks_is_one_kind_of_event(name: str, payload: Payload, expected: ChecksFinished | None) -> None:
    """Run, suite or status: which commit, which branch, how it ended; what has not ended is nothing."""
    assert event_from_payload(name, payload) == expected


@pytest.mark.parametrize(
    ("name", "payload", "field"),
    [
        ("check_run", about("completed", check_run=run(conclusion="sung")), "check_run.conclusion"),
        ("check_run", about("completed", check_run=run(conclusion=None)), "check_run.conclusion"),
        ("check_run", about("completed", check_run=run(head_sha="main")), "check_run.head_sha"),
        ("pull_request", about("synchronize", pull_request=pull()), "before"),
        ("pull_request", about("closed", pull_request=pull()), "pull_request.closed_at"),
        ("pull_request_review", about("submitted", pull_request=pull(), review=review("sung")), "review.state"),
        ("status", status(context=""), "context"),
    ],
)
def test_what_is_malformed_is_named(name: str, payload: Payload, field: str) -> None:
    """In the words of the payload, without its values."""
    with pytest.raises(EventError, match=rf"^{field}: "):
        event_from_payload(name, payload)


def test_a_pull_request_from_a_fork_that_is_gone() -> None:
    """Its head repository is unknown, not ours."""
    head = {"ref": "x", "sha": HEAD, "repo": None}
    event = event_from_payload("pull_request", about("opened", pull_request=pull(head=head)))
    assert isinstance(event, PullOpened)
    assert event.pull.head_repo is None
    forked = {**head, "repo": {"full_name": "fork-er/hello.world"}}
    event = event_from_payload("pull_request", about("opened", pull_request=pull(head=forked)))
    assert isinstance(event, PullOpened)
    assert event.pull.head_repo == Repo("fork-er", "hello.world")
