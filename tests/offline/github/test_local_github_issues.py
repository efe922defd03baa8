"""Issues, comments, labels and reactions over REST."""

import httpx
import pytest

from bot.offline.github import LocalGitHub
from tests.offline.github.conftest import WIDGET, TurnableClock

ISSUES = f"/repos/{WIDGET}/issues"


@pytest.fixture(autouse=True)
def issue(github: LocalGitHub) -> int:
    return github.open_issue(WIDGET, title="Dark mode", body="Please.", by="rita")


def test_an_issue_is_opened_read_and_changed(github: LocalGitHub, maria: httpx.Client) -> None:
    """What is posted can be read back; what is patched is changed and nothing else."""
    made = maria.post(ISSUES, json={"title": "Second", "body": "More.", "labels": ["bug", {"name": "ui"}]})
    assert made.status_code == 201
    path = f"{ISSUES}/{made.json()['number']}"
    assert maria.get(path).json()["body"] == "More."
    changed = maria.patch(path, json={"title": "Renamed", "labels": ["ui"], "state": "closed"}).json()
    assert (changed["title"], changed["body"], changed["state"]) == ("Renamed", "More.", "closed")
    assert [label["name"] for label in changed["labels"]] == ["ui"]
    assert changed["state_reason"] == "completed"
    assert changed["closed_at"] is not None
    assert maria.patch(path, json={"state": "open"}).json()["closed_at"] is None
    assert github.issue(WIDGET, 2).state == "open"


def test_issues_are_listed_newest_first_and_by_state_and_label(github: LocalGitHub, maria: httpx.Client) -> None:
    """Open ones unless asked otherwise."""
    github.open_issue(WIDGET, title="Second", by="rita", labels=("bug",))
    github.close_issue(WIDGET, 1, by="rita")

    def listed(query: str) -> list[int]:
        return [row["number"] for row in maria.get(f"{ISSUES}?{query}").json()]

    assert listed("") == [2]
    assert listed("state=all") == [2, 1]
    assert listed("state=all&direction=asc") == [1, 2]
    assert listed("state=closed") == [1]
    assert listed("labels=bug") == [2]
    assert listed("labels=bug,other") == []


def test_a_comment_lives_and_dies(github: LocalGitHub, maria: httpx.Client, clock: TurnableClock) -> None:
    """Made, read, edited (with its time) and deleted."""
    made = maria.post(f"{ISSUES}/1/comments", json={"body": "first"})
    assert made.status_code == 201
    path = f"{ISSUES}/comments/{made.json()['id']}"
    assert maria.get(path).json()["body"] == "first"
    assert made.json()["author_association"] == "COLLABORATOR"
    clock.turn(minutes=1)
    edited = maria.patch(path, json={"body": "second"}).json()
    assert edited["body"] == "second"
    assert edited["updated_at"] > edited["created_at"]
    assert [c.body for c in github.comments_on(WIDGET, 1)] == ["second"]
    assert maria.delete(path).status_code == 204
    assert maria.get(path).status_code == 404
    assert maria.get(f"{ISSUES}/1").json()["comments"] == 0


def test_ids_only_grow_across_repositories(github: LocalGitHub) -> None:
    """As on GitHub, a later comment has a larger id, wherever it stands."""
    github.add_repository("acme/other")
    github.open_issue("acme/other", title="t", by="rita")
    ids = [github.comment(repo, 1, "x", by="rita") for repo in (WIDGET, "acme/other", WIDGET)]
    assert ids == sorted(set(ids))
    assert ids[0] > 2**31


def test_long_lists_come_in_pages(github: LocalGitHub, maria: httpx.Client) -> None:
    """The Link header leads through all pages, and back."""
    for number in range(7):
        github.comment(WIDGET, 1, f"c{number}", by="rita")
    first = maria.get(f"{ISSUES}/1/comments?per_page=3")
    assert [c["body"] for c in first.json()] == ["c0", "c1", "c2"]
    assert set(first.links) == {"next", "last"}
    second = maria.get(first.links["next"]["url"])
    assert [c["body"] for c in second.json()] == ["c3", "c4", "c5"]
    assert set(second.links) == {"first", "prev", "next", "last"}
    last = maria.get(second.links["last"]["url"])
    assert [c["body"] for c in last.json()] == ["c6"]
    assert set(last.links) == {"first", "prev"}
    assert "link" not in maria.get(f"{ISSUES}/1/comments").headers
    assert maria.get(f"{ISSUES}/1/comments?page=9").json() == []


def test_a_page_holds_thirty_rows_and_at_most_a_hundred(github: LocalGitHub, maria: httpx.Client) -> None:
    """The limits of GitHub's pages hold here."""
    for number in range(101):
        github.comment(WIDGET, 1, f"c{number}", by="rita")
    assert len(maria.get(f"{ISSUES}/1/comments").json()) == 30
    assert len(maria.get(f"{ISSUES}/1/comments?per_page=500").json()) == 100


@pytest.mark.parametrize("length", [65_536, 65_537])
def test_a_comment_has_at_most_65536_characters(length: int, maria: httpx.Client) -> None:
    """One more is refused with GitHub's words, for a new comment and for an edit."""
    text = "é" * length
    small = maria.post(f"{ISSUES}/1/comments", json={"body": "x"}).json()["id"]
    made = maria.post(f"{ISSUES}/1/comments", json={"body": text})
    edited = maria.patch(f"{ISSUES}/comments/{small}", json={"body": text})
    if length <= 65_536:
        assert (made.status_code, edited.status_code) == (201, 200)
    else:
        assert (made.status_code, edited.status_code) == (422, 422)
        assert "body is too long" in made.json()["errors"][0]["message"]


@pytest.mark.parametrize("body", [{}, {"body": None}, {"body": 7}, {"body": "  "}, [1]])
def test_a_comment_without_text_is_refused(body: object, maria: httpx.Client, github: LocalGitHub) -> None:
    """422, and nothing is written."""
    assert maria.post(f"{ISSUES}/1/comments", json=body).status_code == 422
    assert github.comments_on(WIDGET, 1) == []


def test_broken_json_is_400(maria: httpx.Client) -> None:
    """A body that is no JSON is told apart from a wrong one."""
    answer = maria.post(f"{ISSUES}/1/comments", content=b'{"body": ')
    assert (answer.status_code, answer.json()["message"]) == (400, "Problems parsing JSON")


def test_what_is_not_there_is_404_in_githubs_shape(maria: httpx.Client, github: LocalGitHub) -> None:
    """Missing things are not unserved paths: the route is known."""
    for path in (f"{ISSUES}/99", f"{ISSUES}/comments/1", "/repos/acme/none", f"{ISSUES}/99/comments"):
        answer = maria.get(path)
        assert answer.status_code == 404
        assert answer.json() == {
            "message": "Not Found",
            "documentation_url": "https://docs.github.com/rest",
            "status": "404",
        }
    assert github.unserved == []


def test_labels_are_set_listed_and_removed(github: LocalGitHub, maria: httpx.Client) -> None:
    """A label that the repository does not have is made; setting one twice changes nothing."""
    path = f"{ISSUES}/1/labels"
    assert maria.post(path, json={"labels": ["devflow:dev-workflow"]}).status_code == 200
    assert [label["name"] for label in maria.post(path, json=["bug", "BUG"]).json()] == ["devflow:dev-workflow", "bug"]
    assert [label["name"] for label in maria.get(path).json()] == ["devflow:dev-workflow", "bug"]
    assert len(maria.get(f"/repos/{WIDGET}/labels").json()) == 2
    assert maria.delete(f"{path}/devflow:dev-workflow").status_code == 200
    assert maria.delete(f"{path}/devflow:dev-workflow").status_code == 404
    assert github.issue(WIDGET, 1).labels == ("bug",)
    assert [label["name"] for label in maria.put(path, json={"labels": ["ui"]}).json()] == ["ui"]


def test_a_reaction_is_made_once_and_taken_back(github: LocalGitHub, maria: httpx.Client, bot: httpx.Client) -> None:
    """201 for a new one, 200 for the same again; each user has their own."""
    comment = github.comment(WIDGET, 1, "/dev-workflow", by="rita")
    path = f"{ISSUES}/comments/{comment}/reactions"
    first = bot.post(path, json={"content": "eyes"})
    again = bot.post(path, json={"content": "eyes"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert maria.post(path, json={"content": "eyes"}).status_code == 201
    assert maria.post(path, json={"content": "thumbs"}).status_code == 422
    assert github.reactions_on(WIDGET, comment) == [("devflow[bot]", "eyes"), ("maria", "eyes")]
    assert len(bot.get(f"{path}?content=eyes").json()) == 2
    assert bot.get(f"{path}?content=rocket").json() == []
    assert bot.delete(f"{path}/{first.json()['id']}").status_code == 204
    assert github.reactions_on(WIDGET, comment) == [("maria", "eyes")]
    assert maria.get(f"{ISSUES}/comments/{comment}").json()["reactions"]["eyes"] == 1


def test_issues_can_be_reacted_to_as_well(maria: httpx.Client) -> None:
    """The same rules hold on the issue itself."""
    path = f"{ISSUES}/1/reactions"
    made = maria.post(path, json={"content": "rocket"})
    assert made.status_code == 201
    assert [r["content"] for r in maria.get(path).json()] == ["rocket"]
    assert maria.delete(f"{path}/{made.json()['id']}").status_code == 204


def test_an_unserved_path_is_404_and_remembered(github: LocalGitHub, maria: httpx.Client) -> None:
    """Whatever this GitHub lacks, a test can see at its end."""
    assert maria.get(f"/repos/{WIDGET}/milestones").status_code == 404
    assert maria.delete(f"/repos/{WIDGET}").status_code == 404
    assert maria.post("/graphql", json={"query": "{rateLimit{cost}}"}).json()["errors"]
    assert github.unserved == [
        ("GET", f"/repos/{WIDGET}/milestones"),
        ("DELETE", f"/repos/{WIDGET}"),
        ("POST", "/graphql"),
    ]


def test_every_request_is_recorded_with_its_caller(github: LocalGitHub, maria: httpx.Client, bot: httpx.Client) -> None:
    """Tests count writes by this."""
    maria.get(f"{ISSUES}/1")
    bot.post(f"{ISSUES}/1/comments", json={"body": "hi"})
    seen = [(r.method, r.status, r.kind, r.login, r.is_write) for r in github.requests]
    assert seen == [
        ("GET", 200, "user", "maria", False),
        ("POST", 201, "installation", "devflow[bot]", True),
    ]


def test_an_unknown_api_version_is_refused(maria: httpx.Client) -> None:
    """GitHub answers 400 to a version it does not have."""
    ok = maria.get(f"{ISSUES}/1", headers={"X-GitHub-Api-Version": "2026-03-10"})
    assert (ok.status_code, ok.headers["x-github-api-version-selected"]) == (200, "2026-03-10")
    assert maria.get(f"{ISSUES}/1", headers={"X-GitHub-Api-Version": "1999-01-01"}).status_code == 400


def test_the_root_and_meta_answer_for_reachability_checks(maria: httpx.Client) -> None:
    """Harmless answers prove that somebody is there."""
    assert [maria.get(path).status_code for path in ("/", "/meta", "/rate_limit")] == [200, 200, 200]
    assert maria.head("/meta").content == b""
