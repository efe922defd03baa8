"""Reviews on the local GitHub: what is refused, what is told, and what becomes of threads when the branch moves."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from bot.core.events import ReviewCommentPosted, ReviewSubmitted, event_from_payload
from bot.core.reviews import InlineComment
from bot.offline.github import LocalGitHub
from bot.offline.github.refusals import RefusalError
from tests.offline.github.conftest import APP_ID, WIDGET, Receiver
from tests.offline.openapi import OpenApiChecker

REPO = f"/repos/{WIDGET}"
LONG = "".join(f"line {n}\n" for n in range(1, 31))


@pytest.fixture
def pull(watched: LocalGitHub) -> int:
    """A pull request of maria's that changes lines 5 and 25 of a file of 30, and adds another."""
    watched.add_user("rita", token="token-of-rita")
    watched.grant(WIDGET, "rita", "read")
    watched.push(WIDGET, "main", {"long.txt": LONG}, "Long", by="maria")
    changed = LONG.replace("line 5\n", "LINE 5\n").replace("line 25\n", "LINE 25\nLINE 25b\n")
    watched.push(WIDGET, "topic", {"long.txt": changed, "new.txt": "a\nb\n"}, "Change", by="maria")
    return watched.open_pull(WIDGET, title="Change", head="topic", by="maria")


@pytest.fixture
def rita(watched: LocalGitHub) -> Iterator[httpx.Client]:
    """A reader's client."""
    with httpx.Client(base_url=watched.api_url, headers={"Authorization": "token token-of-rita"}) as client:
        yield client


def comments(client: httpx.Client, pull: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.get(f"{REPO}/pulls/{pull}/comments").json()
    return rows


def test_a_review_comes_with_all_its_comments(rita: httpx.Client, pull: int) -> None:
    """One request, one review; comments on one line, on several, on what was removed."""
    places = [
        {"path": "long.txt", "line": 5, "body": "Why?"},
        {"path": "long.txt", "line": 5, "side": "LEFT", "body": "It was good."},
        {"path": "long.txt", "start_line": 25, "start_side": "RIGHT", "line": 26, "side": "RIGHT", "body": "Both?"},
        {"path": "new.txt", "line": 2, "body": "What for?"},
    ]
    sent = {"body": "Not yet.", "event": "REQUEST_CHANGES", "comments": places}
    answer = rita.post(f"{REPO}/pulls/{pull}/reviews", json=sent)
    assert answer.status_code == 200
    assert (answer.json()["state"], answer.json()["user"]["login"]) == ("CHANGES_REQUESTED", "rita")
    rows = comments(rita, pull)
    assert [(row["path"], row["line"], row["start_line"], row["side"]) for row in rows] == [
        ("long.txt", 5, None, "RIGHT"),
        ("long.txt", 5, None, "LEFT"),
        ("long.txt", 26, 25, "RIGHT"),
        ("new.txt", 2, None, "RIGHT"),
    ]
    assert rows[2]["diff_hunk"].startswith("@@ -22,7 +22,8 @@")
    assert rows[2]["diff_hunk"].endswith("+LINE 25b")
    review = answer.json()["id"]
    assert len(rita.get(f"{REPO}/pulls/{pull}/reviews/{review}/comments").json()) == 4
    assert rita.get(f"{REPO}/pulls/{pull}").json()["review_comments"] == 4


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ({"path": "long.txt", "line": 12}, "Line could not be resolved"),
        ({"path": "long.txt", "line": 2, "side": "LEFT"}, "Line could not be resolved"),
        ({"path": "README.md", "line": 1}, "Path could not be resolved"),
        ({"path": "long.txt", "line": 25, "start_line": 5}, "Start line must precede the end line."),
        ({"path": "long.txt", "line": 25, "start_line": 12}, "Start line could not be resolved"),
        ({"path": "long.txt", "line": "5"}, "Line could not be resolved"),
    ],
)
def test_a_place_outside_the_diff_refuses_the_whole_review(
    rita: httpx.Client, pull: int, place: dict[str, Any], reason: str
) -> None:
    """With 422; nothing is posted."""
    good = {"path": "long.txt", "line": 5, "body": "x"}
    sent = {"body": "x", "event": "COMMENT", "comments": [good, {**place, "body": "x"}]}
    answer = rita.post(f"{REPO}/pulls/{pull}/reviews", json=sent)
    assert (answer.status_code, answer.json()["errors"]) == (422, [reason])
    assert comments(rita, pull) == rita.get(f"{REPO}/pulls/{pull}/reviews").json() == []


def test_nobody_judges_their_own_work(watched: LocalGitHub, pull: int) -> None:
    """A remark is fine, a verdict is not; and asking for changes takes words."""
    with pytest.raises(RefusalError) as caught:
        watched.review(WIDGET, pull, by="maria", verdict="approve")
    assert caught.value.errors == ["Can not approve your own pull request"]
    with pytest.raises(RefusalError):
        watched.review(WIDGET, pull, by="maria", verdict="request_changes", body="x")
    with pytest.raises(RefusalError):
        watched.review(WIDGET, pull, by="rita", verdict="request_changes")
    watched.review(WIDGET, pull, by="maria", body="A word on this.")
    watched.review(WIDGET, pull, by="rita", verdict="approve")


def test_answers_stand_in_their_thread(rita: httpx.Client, pull: int, watched: LocalGitHub) -> None:
    """Under its first comment, whichever of them was answered by hand; REST takes only the first."""
    watched.review(WIDGET, pull, by="rita", comments=[InlineComment("long.txt", 5, "Why?")])
    first = comments(rita, pull)[0]["id"]
    answer = rita.post(f"{REPO}/pulls/{pull}/comments/{first}/replies", json={"body": "Because."})
    assert (answer.status_code, answer.json()["in_reply_to_id"]) == (201, first)
    watched.reply(WIDGET, answer.json()["id"], "I see.", by="maria")
    assert [row.get("in_reply_to_id") for row in comments(rita, pull)] == [None, first, first]
    nested = rita.post(f"{REPO}/pulls/{pull}/comments/{answer.json()['id']}/replies", json={"body": "x"})
    assert nested.status_code == 404
    alone = rita.post(
        f"{REPO}/pulls/{pull}/comments",
        json={"path": "new.txt", "line": 1, "body": "And this?", "commit_id": watched.branches(WIDGET)["topic"]},
    )
    assert (alone.status_code, alone.json()["line"]) == (201, 1)
    url = f"{REPO}/pulls/comments/{alone.json()['id']}"
    assert rita.patch(url, json={"body": "And that?"}).json()["body"] == "And that?"
    assert rita.get(url).json()["body"] == "And that?"
    assert (
        rita.patch(
            f"{REPO}/pulls/comments/{watched.reply(WIDGET, first, 'x', by='maria')}", json={"body": "y"}
        ).status_code
        == 403
    )
    assert rita.delete(url).status_code == 204
    assert rita.get(url).status_code == 404


def test_threads_follow_the_branch(rita: httpx.Client, pull: int, watched: LocalGitHub) -> None:
    """Lines that moved are found again; those that changed have no line any more."""
    places = [
        InlineComment("long.txt", 5, "One"),
        InlineComment("long.txt", 25, "Two"),
        InlineComment("new.txt", 1, "3"),
    ]
    watched.review(WIDGET, pull, by="rita", comments=places)
    text = watched.file_at(WIDGET, "topic", "long.txt").decode()
    head = watched.push(
        WIDGET,
        "topic",
        {"long.txt": "zero\n" + text.replace("LINE 25\n", "L25\n"), "new.txt": None},
        "More",
        by="maria",
    )
    rows = comments(rita, pull)
    assert [(row["line"], row["original_line"], row["commit_id"] == head) for row in rows] == [
        (6, 5, True),
        (None, 25, True),
        (None, 1, True),
    ]


def test_reviews_are_told(
    watched: LocalGitHub, pull: int, receiver: Receiver, checker: OpenApiChecker, keys: tuple[str, str]
) -> None:
    """The review and each comment; a reply with a review of its own; threads resolved; each in GitHub's shape."""
    watched.install(watched.add_app(APP_ID, keys[1]), WIDGET)
    watched.wait_idle()
    watched.hook(receiver.url, "secret")
    watched.review(
        WIDGET, pull, by="rita", verdict="request_changes", body="No.", comments=[InlineComment("long.txt", 5, "Why?")]
    )
    watched.wait_idle()
    first = receiver.last("pull_request_review_comment.created")["comment"]["id"]
    reply = watched.reply(WIDGET, first, "Because.", by="devflow[bot]")
    watched.edit_review_comment(WIDGET, reply, "Because!", by="devflow[bot]")
    watched.resolve(WIDGET, first, by="maria")
    watched.resolve(WIDGET, first, by="maria")
    watched.unresolve(WIDGET, first, by="maria")
    watched.push(WIDGET, "topic", {"long.txt": "other\n"}, "Other", by="maria")
    watched.delete_review_comment(WIDGET, reply, by="maria")
    watched.wait_idle()
    told = [name for name in receiver.names if name.startswith("pull_request_review")]
    assert told == [
        *("pull_request_review.submitted", "pull_request_review_comment.created"),
        *("pull_request_review.submitted", "pull_request_review_comment.created"),
        *("pull_request_review_comment.edited", "pull_request_review_thread.resolved"),
        *("pull_request_review_thread.unresolved", "pull_request_review_comment.deleted"),
    ]
    problems, events = [], []
    for arrival in receiver.arrivals:
        name, payload = arrival.headers["x-github-event"], arrival.payload
        problems += checker.check_webhook(name, payload.get("action"), payload)
        events.append(event_from_payload(name, payload))
    assert problems == []
    reviews = [event for event in events if isinstance(event, ReviewSubmitted)]
    assert [(e.state, e.body, e.author, e.author_is_bot) for e in reviews] == [
        ("changes_requested", "No.", "rita", False),
        ("commented", "", "devflow[bot]", True),
    ]
    spoken = [event for event in events if isinstance(event, ReviewCommentPosted)]
    assert [(e.text, e.previous_text, e.line, e.in_reply_to) for e in spoken] == [
        ("Why?", None, 5, None),
        ("Because.", None, 5, first),
        ("Because!", "Because.", 5, first),
    ]
