"""What people do on the local GitHub arrives as our typed events."""

from bot.core.events import (
    CommentPosted,
    Event,
    IssueClosed,
    IssueEdited,
    IssueLabeled,
    IssueReopened,
    IssueUnlabeled,
    PullClosed,
    PullOpened,
    PullUpdated,
    event_from_payload,
)
from bot.offline.github import LocalGitHub
from tests.offline.github.conftest import WIDGET, Installed, Receiver


def heard(github: LocalGitHub, receiver: Receiver) -> list[Event]:
    """Everything told until now that is an event of ours; forgets it."""
    github.wait_idle()
    events = [event_from_payload(a.headers["x-github-event"], a.payload) for a in receiver.arrivals]
    receiver.arrivals.clear()
    return [event for event in events if event is not None]


def test_the_life_of_an_issue(github: LocalGitHub, receiver: Receiver, app: Installed) -> None:
    """Who did it, whether that is a bot, through which installation; what nobody has to act on is nothing."""
    github.hook(receiver.url, "secret")
    number = github.open_issue(WIDGET, title="One", body="Old", by="rita")
    github.label(WIDGET, number, "devflow:grooming", by="maria")
    github.unlabel(WIDGET, number, "devflow:grooming", by="devflow[bot]")
    github.edit_issue(WIDGET, number, body="New", by="rita")
    github.close_issue(WIDGET, number, by="maria")
    github.reopen_issue(WIDGET, number, by="maria")
    comment = github.comment(WIDGET, number, "/ping", by="maria")
    github.delete_comment(WIDGET, comment, by="maria")
    events = heard(github, receiver)
    kinds = [IssueLabeled, IssueUnlabeled, IssueEdited, IssueClosed, IssueReopened, CommentPosted]
    assert [type(event) for event in events] == kinds
    assert [event.author for event in events] == ["maria", "devflow[bot]", "rita", "maria", "maria", "maria"]
    assert [event.author_is_bot for event in events] == [False, True, False, False, False, False]
    edited = events[2]
    assert isinstance(edited, IssueEdited)
    assert (edited.previous_title, edited.previous_body, edited.issue.body) == (None, "Old", "New")
    assert {event.installation_id for event in events} == {app.id}


def test_the_life_of_a_pull_request(github: LocalGitHub, receiver: Receiver) -> None:
    """Opened, moved, labelled, closed, opened again, merged with the commit that git really has."""
    github.hook(receiver.url, "secret")
    first = github.push(WIDGET, "topic", {"n": "1"}, "One", by="maria")
    number = github.open_pull(WIDGET, title="One", head="topic", draft=True, by="maria")
    second = github.push(WIDGET, "topic", {"n": "2"}, "Two", by="maria")
    github.label(WIDGET, number, "devflow:review", by="maria")
    github.close_issue(WIDGET, number, by="maria")
    github.reopen_issue(WIDGET, number, by="maria")
    github.ready_for_review(WIDGET, number, by="maria")
    merge = github.merge(WIDGET, number, by="maria")
    opened, updated, labeled, closed, again, merged = heard(github, receiver)
    assert isinstance(opened, PullOpened)
    assert (opened.pull.number, opened.pull.head_sha, opened.pull.draft, opened.reopened) == (
        number,
        first,
        True,
        False,
    )
    assert isinstance(updated, PullUpdated)
    assert (updated.before, updated.pull.head_sha) == (first, second)
    assert isinstance(labeled, IssueLabeled)
    assert (labeled.issue.number, labeled.issue.is_pull) == (number, True)
    assert isinstance(closed, PullClosed)
    assert (closed.merged, closed.merge_sha) == (False, None)
    assert isinstance(again, PullOpened)
    assert again.reopened
    assert isinstance(merged, PullClosed)
    assert (merged.merged, merged.merge_sha, merged.head_sha) == (True, merge, second)
    assert github.file_at(WIDGET, "main", "n") == b"2"
    [seen] = github.pulls(WIDGET)
    assert (seen.merged, seen.merge_sha, seen.author) == (True, merge, "maria")
