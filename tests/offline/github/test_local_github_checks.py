"""Checks, statuses, labels, sub-issues and teams on the local GitHub, in the published shapes."""

import httpx
import pytest

from bot.core.events import ChecksFinished, event_from_payload
from bot.core.reviews import Annotation, Check
from bot.offline.github import LocalGitHub
from tests.offline.github.conftest import APP_ID, WIDGET, Receiver
from tests.offline.openapi import OpenApiChecker

REPO = f"/repos/{WIDGET}"


@pytest.fixture
def sha(watched: LocalGitHub) -> str:
    return watched.push(WIDGET, "topic", {"new.txt": "a\n"}, "New", by="maria")


@pytest.fixture
def maria(watched: LocalGitHub) -> httpx.Client:
    return httpx.Client(base_url=watched.api_url, headers={"Authorization": "token token-of-maria"})


def test_checks_and_statuses_can_be_read(watched: LocalGitHub, maria: httpx.Client, sha: str) -> None:
    """The newest of each name, with its remarks; by branch, too."""
    note = Annotation("new.txt", 1, 1, "failure", "No such word", "spelling")
    watched.check(WIDGET, "topic", Check("tests", None))
    watched.check(WIDGET, "topic", Check("tests", "failure", title="1 failed", summary="a != b", annotations=(note,)))
    watched.check(WIDGET, sha, Check("lint", None))
    watched.commit_status(WIDGET, sha, "ci/old", "pending", by="maria")
    watched.commit_status(WIDGET, sha, "ci/old", "error", by="maria", description="It broke")
    answer = maria.get(f"{REPO}/commits/{sha}/check-runs").json()
    assert (answer["total_count"], [run["status"] for run in answer["check_runs"]]) == (2, ["completed", "in_progress"])
    run = answer["check_runs"][0]
    assert (run["conclusion"], run["output"]["title"], run["output"]["annotations_count"]) == ("failure", "1 failed", 1)
    assert maria.get(f"{REPO}/check-runs/{run['id']}").json()["name"] == "tests"
    notes = maria.get(f"{REPO}/check-runs/{run['id']}/annotations").json()
    assert [(n["path"], n["annotation_level"], n["message"]) for n in notes] == [("new.txt", "failure", "No such word")]
    assert maria.get(f"{REPO}/commits/topic/check-runs?check_name=lint").json()["total_count"] == 1
    combined = maria.get(f"{REPO}/commits/{sha}/status").json()
    assert (combined["state"], [row["description"] for row in combined["statuses"]]) == ("failure", ["It broke"])
    assert len(maria.get(f"{REPO}/commits/{sha}/statuses").json()) == 2
    made = maria.post(f"{REPO}/statuses/{sha}", json={"state": "success", "context": "ci/new"})
    assert (made.status_code, made.json()["creator"]["login"]) == (201, "maria")
    assert maria.post(f"{REPO}/statuses/{sha}", json={"state": "sung"}).status_code == 422
    assert maria.get(f"{REPO}/commits/{'0' * 40}/check-runs").status_code == 422


def test_the_end_of_checks_is_told(
    watched: LocalGitHub, receiver: Receiver, checker: OpenApiChecker, keys: tuple[str, str], sha: str
) -> None:
    """A run that starts, one that ends, and the whole when none runs any more; each in GitHub's shape, and in ours."""
    watched.install(watched.add_app(APP_ID, keys[1]), WIDGET)
    pull = watched.open_pull(WIDGET, title="New", head="topic", by="maria")
    watched.wait_idle()
    watched.hook(receiver.url, "secret")
    watched.check(WIDGET, sha, Check("lint", None), by="maria")
    watched.check(WIDGET, sha, Check("tests", "failure"), by="maria")
    watched.check(WIDGET, sha, Check("lint", "success"), by="maria")
    watched.commit_status(WIDGET, sha, "ci/old", "pending", by="maria")
    watched.commit_status(WIDGET, sha, "ci/old", "error", by="maria")
    watched.wait_idle()
    assert receiver.names == [
        *("check_run.created", "check_run.created", "check_run.completed"),
        *("check_run.completed", "check_suite.completed", "status", "status"),
    ]
    problems, ends = [], []
    for arrival in receiver.arrivals:
        name, payload = arrival.headers["x-github-event"], arrival.payload
        problems += checker.check_webhook(name, payload.get("action"), payload)
        event = event_from_payload(name, payload)
        if event:
            assert isinstance(event, ChecksFinished)
            assert (event.sha, event.branch, event.author, event.author_is_bot) == (sha, "topic", "maria", False)
            ends.append((event.source, event.name, event.conclusion, event.pulls))
    assert problems == []
    assert ends == [
        ("check_run", "tests", "failure", (pull,)),
        ("check_run", "lint", "success", (pull,)),
        ("check_suite", "github-actions", "failure", (pull,)),
        ("status", "ci/old", "failure", ()),
    ]


def test_whether_a_pull_request_can_be_merged(watched: LocalGitHub, maria: httpx.Client, sha: str) -> None:
    """Not known at once, then by its checks, its draft state and its conflicts."""
    number = watched.open_pull(WIDGET, title="New", head="topic", draft=True, by="maria")

    def state() -> tuple[bool | None, str]:
        body = maria.get(f"{REPO}/pulls/{number}").json()
        return body["mergeable"], body["mergeable_state"]

    watched.mergeability_lags(1)
    assert [state(), state()] == [(None, "unknown"), (True, "draft")]
    watched.ready_for_review(WIDGET, number, by="maria")
    assert state() == (True, "clean")
    watched.check(WIDGET, sha, Check("tests", "failure"))
    assert state() == (True, "unstable")
    watched.push(WIDGET, "main", {"new.txt": "b\n"}, "Other", by="maria")
    assert state() == (False, "dirty")


def test_labels_are_made_once(watched: LocalGitHub, maria: httpx.Client) -> None:
    """With a colour; a second of the name is refused, whatever its case."""
    body = {"name": "devflow:review", "color": "0e8a16", "description": "Review this"}
    made = maria.post(f"{REPO}/labels", json=body)
    assert (made.status_code, made.json()["color"], made.json()["description"]) == (201, "0e8a16", "Review this")
    again = maria.post(f"{REPO}/labels", json={"name": "Devflow:Review"})
    assert (again.status_code, again.json()["errors"][0]["code"]) == (422, "already_exists")
    assert maria.post(f"{REPO}/labels", json={"name": "x", "color": "#fff"}).status_code == 422
    watched.create_label(WIDGET, "bug", "d73a4a")
    assert watched.labels(WIDGET) == {"devflow:review": "0e8a16", "bug": "d73a4a"}


def test_an_issue_goes_under_one_other(watched: LocalGitHub, maria: httpx.Client) -> None:
    """By its id; once."""
    parent, child, other = (watched.open_issue(WIDGET, title=t, by="maria") for t in ("p", "c", "o"))
    identity = maria.get(f"{REPO}/issues/{child}").json()["id"]
    added = maria.post(f"{REPO}/issues/{parent}/sub_issues", json={"sub_issue_id": identity})
    assert (added.status_code, added.json()["number"]) == (201, parent)
    assert [i["number"] for i in maria.get(f"{REPO}/issues/{parent}/sub_issues").json()] == [child]
    for number in (parent, other):
        again = maria.post(f"{REPO}/issues/{number}/sub_issues", json={"sub_issue_id": identity})
        assert again.status_code == 422
    assert maria.post(f"{REPO}/issues/{parent}/sub_issues", json={"sub_issue_id": 1}).status_code == 404
    assert watched.sub_issues(WIDGET, parent) == [child]


def test_members_of_a_team(watched: LocalGitHub, maria: httpx.Client, keys: tuple[str, str]) -> None:
    """Whoever was invited is pending; an App has to be allowed to look."""
    watched.team("acme", "core", "maria")
    watched.team("acme", "core", "rita", "pending")
    path = "/orgs/acme/teams/core/memberships"
    assert maria.get(f"{path}/Maria").json()["state"] == "active"
    assert maria.get(f"{path}/rita").json()["state"] == "pending"
    assert maria.get(f"{path}/sam").status_code == 404
    assert maria.get("/orgs/acme/teams/none/memberships/maria").status_code == 404
    narrow = watched.token(watched.install(watched.add_app(APP_ID, keys[1]), WIDGET), {"contents": "read"})
    refused = httpx.get(f"{watched.api_url}{path}/maria", headers={"Authorization": f"token {narrow}"})
    assert refused.status_code == 403
