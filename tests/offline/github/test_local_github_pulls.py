"""Pull requests over REST: opened, found, followed, merged."""

import httpx
import pytest

from bot.offline.github import LocalGitHub
from tests.offline.github.conftest import WIDGET, TurnableClock

PULLS = f"/repos/{WIDGET}/pulls"


@pytest.fixture(autouse=True)
def a_branch(github: LocalGitHub) -> str:
    github.open_issue(WIDGET, title="Bigger", body="Make it bigger.", by="rita")
    return github.push(WIDGET, "devflow/1", {"src/widget.py": "SIZE = 2\n"}, "Grow", by="maria")


def opened(client: httpx.Client, **extra: object) -> httpx.Response:
    return client.post(PULLS, json={"title": "Grow", "body": "Closes #1", "head": "devflow/1", "base": "main", **extra})


def test_a_pull_request_is_opened_with_its_size(github: LocalGitHub, bot: httpx.Client, a_branch: str) -> None:
    """It takes the next number of the issues, and knows its commits and files."""
    answer = opened(bot, draft=True)
    assert answer.status_code == 201
    body = answer.json()
    assert (body["number"], body["state"], body["draft"], body["user"]["login"]) == (2, "open", True, "devflow[bot]")
    assert (body["head"]["ref"], body["head"]["sha"], body["base"]["ref"]) == ("devflow/1", a_branch, "main")
    assert [body[k] for k in ("commits", "changed_files", "additions", "deletions")] == [1, 1, 1, 1]
    assert (body["mergeable"], body["merged"]) == (True, False)
    assert bot.get(f"/repos/{WIDGET}/issues/2").json()["pull_request"]["html_url"] == body["html_url"]
    assert github.issue(WIDGET, 2).is_pull
    assert [(p.number, p.head_sha, p.draft) for p in github.pulls(WIDGET)] == [(2, a_branch, True)]


def test_the_head_may_be_named_with_its_owner(bot: httpx.Client) -> None:
    """`acme:devflow/1` is `devflow/1`; another owner's branch is not here."""
    assert opened(bot, head="someone:devflow/1").status_code == 422
    assert opened(bot, head="acme:devflow/1").status_code == 201


def test_what_cannot_be_opened_says_why(github: LocalGitHub, bot: httpx.Client) -> None:
    """Nothing to merge, a second one, a missing branch: 422 with GitHub's words."""
    sha = github.branches(WIDGET)["main"]
    bot.post(f"/repos/{WIDGET}/git/refs", json={"ref": "refs/heads/same", "sha": sha})
    assert opened(bot).status_code == 201

    def problem(**fields: object) -> dict[str, str]:
        answer = opened(bot, **fields)
        assert (answer.status_code, answer.json()["message"]) == (422, "Validation Failed")
        error: dict[str, str] = answer.json()["errors"][0]
        return error

    assert problem(head="same")["message"] == "No commits between main and same"
    assert problem()["message"] == "A pull request already exists for acme:devflow/1."
    assert (problem(head="none")["field"], problem(base="none")["field"]) == ("head", "base")
    assert problem(title="x" * 257, head="devflow/1", base="same")["field"] == "title"
    assert len(github.pulls(WIDGET)) == 1


def test_pull_requests_are_found_by_branch(
    github: LocalGitHub, bot: httpx.Client, maria: httpx.Client, clock: TurnableClock
) -> None:
    """By `owner:branch`, state and base; a branch without its owner filters nothing, as on GitHub."""
    first = opened(bot).json()["number"]
    bot.patch(f"{PULLS}/{first}", json={"state": "closed"})
    clock.turn(minutes=1)
    second = opened(bot).json()["number"]
    github.push(WIDGET, "other", {"o": "1"}, "Other", by="maria")
    clock.turn(minutes=1)
    third = github.open_pull(WIDGET, title="Other", head="other", by="maria")

    def found(query: str) -> list[int]:
        return [row["number"] for row in maria.get(f"{PULLS}?{query}").json()]

    assert found("") == [third, second]
    assert found("head=acme:devflow/1&state=all") == [second, first]
    assert found("head=acme:devflow/1&state=all&sort=created&direction=asc") == [first, second]
    assert found("head=acme:devflow/1&state=closed") == [first]
    assert found("head=devflow/1") == [third, second]
    assert found("head=someone:devflow/1") == []
    assert found("base=other") == []
    assert maria.get(f"{PULLS}?state=all&per_page=1").links["last"]["url"].endswith("page=3")


def test_its_files_and_commits_are_listed(bot: httpx.Client, a_branch: str) -> None:
    """What it changes since it left the base."""
    number = opened(bot).json()["number"]
    [file] = bot.get(f"{PULLS}/{number}/files").json()
    assert (file["filename"], file["status"]) == ("src/widget.py", "modified")
    assert file["patch"] == "@@ -1 +1 @@\n-SIZE = 1\n+SIZE = 2"
    assert [c["sha"] for c in bot.get(f"{PULLS}/{number}/commits").json()] == [a_branch]
    diff = bot.get(f"{PULLS}/{number}", headers={"Accept": "application/vnd.github.diff"}).text
    assert diff.startswith("diff --git a/src/widget.py b/src/widget.py")
    assert bot.get(f"{PULLS}/1").status_code == 404


def test_it_follows_its_branch(github: LocalGitHub, bot: httpx.Client) -> None:
    """A push moves its head; deleting the branch closes it."""
    number = opened(bot).json()["number"]
    sha = github.push(WIDGET, "devflow/1", {"more": "1"}, "More", by="maria")
    assert bot.get(f"{PULLS}/{number}").json()["head"]["sha"] == sha
    assert github.refs(WIDGET)[f"refs/pull/{number}/head"] == sha
    github.delete_branch(WIDGET, "devflow/1", by="maria")
    assert bot.get(f"{PULLS}/{number}").json()["state"] == "closed"
    assert bot.patch(f"{PULLS}/{number}", json={"state": "open"}).status_code == 422


def test_title_body_and_state_can_be_changed(github: LocalGitHub, bot: httpx.Client) -> None:
    """Each by itself."""
    number = opened(bot).json()["number"]
    assert bot.patch(f"{PULLS}/{number}", json={"body": "New"}).json()["title"] == "Grow"
    closed = bot.patch(f"{PULLS}/{number}", json={"title": "Renamed", "state": "closed"}).json()
    assert (closed["title"], closed["body"], closed["state"]) == ("Renamed", "New", "closed")
    assert bot.patch(f"{PULLS}/{number}", json={"state": "open"}).json()["state"] == "open"
    assert bot.patch(f"{PULLS}/{number}", json={"state": "gone"}).status_code == 422


def test_merging_makes_a_real_commit_and_closes_what_it_names(github: LocalGitHub, bot: httpx.Client) -> None:
    """Two parents, both changes, the issue closed, once only."""
    number = opened(bot, body="Fixes #1 and closes #99").json()["number"]
    main = github.push(WIDGET, "main", {"README.md": "# Changed\n"}, "Meanwhile", by="maria")
    head = github.branches(WIDGET)["devflow/1"]
    merged = bot.put(f"{PULLS}/{number}/merge", json={"sha": head})
    assert (merged.status_code, merged.json()["merged"]) == (200, True)
    commit = github.commit(WIDGET, "main")
    assert (commit.sha, commit.parents) == (merged.json()["sha"], (main, head))
    assert commit.message == "Merge pull request #2 from acme/devflow/1\n\nGrow"
    assert github.file_at(WIDGET, "main", "src/widget.py") == b"SIZE = 2\n"
    assert github.file_at(WIDGET, "main", "README.md") == b"# Changed\n"
    assert github.issue(WIDGET, 1).state == "closed"
    assert github.is_merged(WIDGET, number)
    body = bot.get(f"{PULLS}/{number}").json()
    assert (body["merged"], body["merged_by"]["login"], body["changed_files"]) == (True, "devflow[bot]", 1)
    assert bot.get(f"{PULLS}/{number}/merge").status_code == 204
    assert bot.put(f"{PULLS}/{number}/merge").status_code == 405
    assert bot.patch(f"/repos/{WIDGET}/issues/{number}", json={"state": "open"}).status_code == 422


def test_a_squash_has_one_parent_and_its_own_words(github: LocalGitHub, bot: httpx.Client) -> None:
    """The message asked for is the message; a rebase is not allowed here."""
    number = opened(bot).json()["number"]
    assert bot.put(f"{PULLS}/{number}/merge", json={"merge_method": "rebase"}).status_code == 405
    asked = {"merge_method": "squash", "commit_title": "One", "commit_message": "Two"}
    assert bot.put(f"{PULLS}/{number}/merge", json=asked).status_code == 200
    commit = github.commit(WIDGET, "main")
    assert (commit.message, len(commit.parents)) == ("One\n\nTwo", 1)


def test_conflicts_and_moved_heads_are_not_merged(github: LocalGitHub, bot: httpx.Client) -> None:
    """405 for a conflict, 409 for a head that moved; main stays."""
    number = opened(bot).json()["number"]
    main = github.push(WIDGET, "main", {"src/widget.py": "SIZE = 3\n"}, "Collide", by="maria")
    body = bot.get(f"{PULLS}/{number}").json()
    assert (body["mergeable"], body["mergeable_state"]) == (False, "dirty")
    assert bot.put(f"{PULLS}/{number}/merge").status_code == 405
    assert bot.put(f"{PULLS}/{number}/merge", json={"sha": main}).status_code == 409
    assert github.branches(WIDGET)["main"] == main
    assert not github.is_merged(WIDGET, number)
    assert bot.get(f"{PULLS}/{number}/merge").status_code == 404


def test_only_merging_into_the_default_branch_closes_issues(github: LocalGitHub, bot: httpx.Client) -> None:
    """`Closes #1` means nothing on the way into another branch."""
    sha = github.branches(WIDGET)["main"]
    bot.post(f"/repos/{WIDGET}/git/refs", json={"ref": "refs/heads/next", "sha": sha})
    number = opened(bot, base="next").json()["number"]
    github.merge(WIDGET, number, by="maria")
    assert github.issue(WIDGET, 1).state == "open"
    assert github.branches(WIDGET)["main"] == sha


def test_a_pull_request_from_a_fork(github: LocalGitHub, bot: httpx.Client) -> None:
    """Its head is in the fork, its commit is also in the base, under the ref of the pull request alone."""
    fork = github.fork(WIDGET, "sam")
    sha = github.push(fork, "bigger", {"src/widget.py": "SIZE = 3\n"}, "Grow", by="sam")
    body = opened(bot, head="sam:bigger").json()
    assert (body["head"]["repo"]["full_name"], body["head"]["sha"]) == ("sam/widget", sha)
    assert (body["base"]["repo"]["full_name"], body["changed_files"]) == (WIDGET, 1)
    assert github.refs(WIDGET)[f"refs/pull/{body['number']}/head"] == sha
    assert "bigger" not in github.branches(WIDGET)
