"""Payloads as GitHub publishes them become our events; everything else is nothing, or an error that names the field."""

import copy
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.events import (
    CommentPosted,
    EventError,
    IssueClosed,
    IssueLabeled,
    IssueUnlabeled,
    PullClosed,
    event_from_payload,
)
from bot.core.repository import Issue, Repo

Payload = dict[str, Any]
REPO = Repo("octo-org", "hello.world")
ISSUE = Issue(
    7, "Dark mode", "Please.", "reporter", "open", "https://github.com/octo-org/hello.world/issues/7", False, ("ui",)
)


def user(login: str, kind: str = "User") -> Payload:
    return {"login": login, "id": 1, "node_id": "U_1", "type": kind, "site_admin": False}


def about(action: str, **parts: object) -> Payload:
    """What all payloads about a repository share."""
    repository = {"id": 5, "name": REPO.name, "full_name": str(REPO), "owner": user(REPO.owner), "private": False}
    common = {"repository": repository, "sender": user("maintainer"), "installation": {"id": 99, "node_id": "I_99"}}
    return {"action": action, **common, **copy.deepcopy(parts)}


def issue(**changes: object) -> Payload:
    return {
        "id": 70,
        "number": 7,
        "title": "Dark mode",
        "body": "Please.",
        "user": user("reporter"),
        "state": "open",
        "html_url": ISSUE.html_url,
        "labels": [{"id": 1, "name": "ui", "color": "ededed"}],
        "created_at": "2026-01-30T08:00:00Z",
        "updated_at": "2026-01-31T12:00:05Z",
        "closed_at": None,
    } | changes


def comment(text: str, **changes: object) -> Payload:
    return {
        "id": 4242,
        "body": text,
        "user": user("maintainer"),
        "html_url": f"{ISSUE.html_url}#issuecomment-4242",
        "created_at": "2026-01-31T12:00:00Z",
        "updated_at": "2026-01-31T12:30:00Z",
        "author_association": "MEMBER",
        "performed_via_github_app": None,
    } | changes


def posted(text: str = "/ping", **changes: object) -> Payload:
    return about("created", issue=issue(), comment=comment(text, **changes))


def edited(text: str, before: str, by: Payload) -> Payload:
    payload = about("edited", issue=issue(), comment=comment(text), changes={"body": {"from": before}})
    return payload | {"sender": by}


def read_comment(payload: Mapping[str, object]) -> CommentPosted:
    event = event_from_payload("issue_comment", payload)
    assert isinstance(event, CommentPosted)
    return event


def test_a_new_comment_carries_all_that_a_run_needs() -> None:
    """Repository, issue as it stood, author, words, time and installation."""
    assert read_comment(posted("/dev-workflow")) == CommentPosted(
        repo=REPO,
        issue=ISSUE,
        comment_id=4242,
        comment_url=f"{ISSUE.html_url}#issuecomment-4242",
        author="maintainer",
        author_is_bot=False,
        text="/dev-workflow",
        previous_text=None,
        at=datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC),
        installation_id=99,
        writer="maintainer",
    )


def test_an_edit_is_told_with_the_text_before_and_by_its_editor() -> None:
    """Words that somebody put into another's comment are the editor's, with the editor's permission, at their time."""
    event = read_comment(edited("/ping", "Hello", by=user("stranger")))
    assert (event.text, event.previous_text, event.author) == ("/ping", "Hello", "stranger")
    assert event.at == datetime(2026, 1, 31, 12, 30, 0, tzinfo=UTC)


def test_an_edit_that_left_the_words_alone_is_nothing() -> None:
    """GitHub then names no earlier text."""
    assert event_from_payload("issue_comment", about("edited", issue=issue(), comment=comment("x"), changes={})) is None


def test_a_webhook_of_the_repository_itself_has_no_installation() -> None:
    """Only Apps have one."""
    payload = posted()
    del payload["installation"]
    assert read_comment(payload).installation_id is None


@pytest.mark.parametrize(
    ("payload", "is_bot"),
    [
        (posted(), False),
        (posted(user=user("renovate[bot]", "Bot")), True),
        (posted(user=user("o", "Organization")), False),
        (posted(performed_via_github_app={"id": 3, "slug": "some-app"}), True),
        (edited("/ping", "", by=user("a-bot[bot]", "Bot")), True),
        (posted() | {"sender": user("a-bot[bot]", "Bot")}, True),
    ],
)
def test_bots_are_known_by_their_type_or_their_app(payload: Payload, is_bot: bool) -> None:
    """Whatever a bot had a hand in counts as a bot's."""
    assert read_comment(payload).author_is_bot is is_bot


def test_a_bots_comment_stays_a_bots_after_a_person_edited_it() -> None:
    """The words in it are not that person's."""
    payload = about(
        "edited", issue=issue(), comment=comment("/ping", user=user("x[bot]", "Bot")), changes={"body": {"from": ""}}
    )
    assert read_comment(payload).author_is_bot


def test_an_account_that_was_deleted_is_a_ghost() -> None:
    """GitHub shows it so, and has null for it; an issue without words has null, too."""
    payload = about("created", issue=issue(user=None, body=None), comment=comment("/ping", user=None))
    event = read_comment(payload)
    assert (event.issue.author, event.issue.body, event.author) == ("ghost", "", "maintainer")


def test_a_pull_requests_conversation_is_told_apart() -> None:
    """Its issue has a `pull_request` in it."""
    assert read_comment(
        about("created", issue=issue(pull_request={"url": "x"}), comment=comment("/ping"))
    ).issue.is_pull


def test_characters_no_database_takes_are_left_out() -> None:
    """NUL goes, half a surrogate pair becomes a question mark; all else stays."""
    event = read_comment(posted("/ping\0 \ud800 é\U0001f600\r\n"))
    assert event.text == "/ping ? é\U0001f600\r\n"


def test_labels_and_closing_are_events_of_their_sender() -> None:
    """Who set the label counts, not who wrote the issue."""
    labeled = event_from_payload("issues", about("labeled", issue=issue(), label={"name": "devflow:dev-workflow"}))
    at = datetime(2026, 1, 31, 12, 0, 5, tzinfo=UTC)
    assert labeled == IssueLabeled(REPO, ISSUE, "devflow:dev-workflow", "maintainer", False, at, 99)
    unlabeled = event_from_payload("issues", about("unlabeled", issue=issue(), label={"name": "ui"}))
    assert unlabeled == IssueUnlabeled(REPO, ISSUE, "ui", "maintainer", False, at, 99)
    closed = event_from_payload(
        "issues", about("closed", issue=issue(state="closed", closed_at="2026-02-01T00:00:00Z"))
    )
    assert isinstance(closed, IssueClosed)
    assert (closed.issue.state, closed.at) == ("closed", datetime(2026, 2, 1, tzinfo=UTC))


def test_a_label_that_was_deleted_everywhere_is_nothing() -> None:
    """GitHub then sends `unlabeled` without a label."""
    assert event_from_payload("issues", about("unlabeled", issue=issue())) is None


@pytest.mark.parametrize(
    ("head_repo", "expected"), [({"full_name": "fork-er/hello.world"}, Repo("fork-er", "hello.world")), (None, None)]
)
def test_a_closed_pull_request_says_whether_it_was_merged(head_repo: Payload | None, expected: Repo | None) -> None:
    """Also when the fork it came from is gone."""
    pull = {
        "number": 8,
        "merged": True,
        "closed_at": "2026-02-02T00:00:00Z",
        "head": {"ref": "devflow/7", "sha": "a" * 40, "repo": head_repo},
        "base": {"ref": "main", "sha": "b" * 40},
    }
    at = datetime(2026, 2, 2, tzinfo=UTC)
    assert event_from_payload("pull_request", about("closed", pull_request=pull)) == PullClosed(
        REPO, 8, True, "devflow/7", "a" * 40, expected, "main", "maintainer", False, at, 99
    )


@pytest.mark.parametrize(
    ("body", "merged", "reverts"),
    [
        ("Reverts octo-org/hello.world#8", True, 8),
        ("Broken.\r\n\r\nreverts #8\r\n", True, 8),
        ("Reverts octo-org/hello.world#8", False, 0),
        ("Reverts octo-org/hello-world#8", True, 0),
        ("This reverts #8 in part", True, 0),
        (None, True, 0),
    ],
)
def test_a_merge_that_takes_another_one_back(body: str | None, merged: bool, reverts: int) -> None:
    """As GitHub's own button says it, and only of this repository."""
    side = {"ref": "main", "sha": "b" * 40}
    pull = {"number": 9, "merged": merged, "closed_at": "2026-02-02T00:00:00Z", "head": side, "base": side}
    found = event_from_payload("pull_request", about("closed", pull_request={**pull, "body": body}))
    assert isinstance(found, PullClosed)
    assert found.reverts == reverts


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("issue_comment", posted() | {"action": "deleted"}),
        ("issue_comment", posted() | {"action": "pinned"}),
        ("issues", about("opened", issue=issue())),
        ("issues", about("edited", issue=issue(), changes={})),
        ("pull_request", about("edited")),
        ("pull_request_review", about("dismissed")),
        ("pull_request_review_comment", about("deleted")),
        ("check_run", about("created")),
        ("ping", {"zen": "Keep it logically awesome."}),
        ("push", {}),
        ("", {}),
    ],
)
def test_other_events_are_nothing(name: str, payload: Payload) -> None:
    """A deleted comment, too: what it started goes on."""
    assert event_from_payload(name, payload) is None


def without(*path: str) -> Payload:
    payload = posted()
    part = payload
    for key in path[:-1]:
        part = part[key]
    del part[path[-1]]
    return payload


def having(value: object, *path: str) -> Payload:
    payload = posted()
    part = payload
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return payload


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (without("action"), "action"),
        (having(["created"], "action"), "action"),
        (without("sender"), "sender"),
        (without("issue", "number"), "issue.number"),
        (having("7", "issue", "number"), "issue.number"),
        (having(True, "issue", "number"), "issue.number"),
        (having(-7, "issue", "number"), "issue.number"),
        (having("locked", "issue", "state"), "issue.state"),
        (having(None, "comment", "body"), "comment.body"),
        (having("yesterday", "comment", "created_at"), "comment.created_at"),
        (having("2026-01-31T12:00:00", "comment", "created_at"), "comment.created_at"),
        (having("", "comment", "user", "login"), "comment.user.login"),
        (having("no-slash", "repository", "full_name"), "repository.full_name"),
        (having("a/..", "repository", "full_name"), "repository.full_name"),
        (having("../b", "repository", "full_name"), "repository.full_name"),
        (having("a/b\n", "repository", "full_name"), "repository.full_name"),
        (having("a/b?c=d", "repository", "full_name"), "repository.full_name"),
    ],
)
def test_a_malformed_payload_names_the_field(payload: Payload, field: str) -> None:
    """So that a changed API is seen in one line of the log, which repeats none of the payload's words."""
    with pytest.raises(EventError, match=rf"^{field}: ") as caught:
        event_from_payload("issue_comment", payload)
    assert "Dark mode" not in str(caught.value)


def test_a_body_that_is_no_object_is_an_error() -> None:
    """JSON may be a list."""
    with pytest.raises(EventError, match="not a JSON object"):
        event_from_payload("issue_comment", [])  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [".github", "a", "dots.and-dashes_", "x" * 100])
def test_every_repository_name_of_github_is_taken(name: str) -> None:
    """Also those that start with a dot."""
    assert read_comment(having(f"octo-org/{name}", "repository", "full_name")).repo == Repo("octo-org", name)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)
PATHS = [
    ("action",),
    ("issue",),
    ("issue", "labels"),
    ("issue", "user"),
    ("comment", "id"),
    ("comment",),
    ("sender", "login"),
]
NAMES = [
    *("issue_comment", "issues", "pull_request", "pull_request_review", "pull_request_review_comment"),
    *("check_suite", "check_run", "status"),
]


@settings(deadline=None)
@given(path=st.sampled_from(PATHS), value=JSON, name=st.sampled_from(NAMES))
def test_no_payload_breaks_the_reader(path: tuple[str, ...], value: object, name: str) -> None:
    """An event, nothing, or an `EventError`; never another exception."""
    try:
        event = event_from_payload(name, having(value, *path))
    except EventError as error:
        assert str(error)
    else:
        assert event is None or event.repo == REPO
