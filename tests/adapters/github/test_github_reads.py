"""Reading from GitHub: what we make of its answers, and of what it does not have."""

from datetime import UTC, datetime

import httpx
import pytest
import respx

from bot.adapters.github import GitHubAdapter
from bot.core.effects import mark
from bot.core.repository import Comment, Issue, PullRequest, RemoteCommit, Repo, RepositoryInfo, Sha
from bot.ports import GitHubError
from tests.adapters.github.github_rig import OTHER, REPO, SHA, comment_json, commit_json, pull_json, refusal

BASE = "/repos/acme/widget"


async def test_a_repository_is_read_under_its_present_name(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """A renamed repository answers with its new name, and that name is the one returned."""
    api.get(BASE).respond(
        200,
        json={
            "full_name": "acme/gadget",
            "default_branch": "trunk",
            "private": True,
            "clone_url": "https://github.com/acme/gadget.git",
            "html_url": "https://github.com/acme/gadget",
        },
    )
    assert await github.repository(REPO) == RepositoryInfo(
        Repo("acme", "gadget"),
        "trunk",
        private=True,
        clone_url="https://github.com/acme/gadget.git",
        html_url="https://github.com/acme/gadget",
    )


async def test_an_issue_is_read_with_its_labels(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """Labels come as objects or as plain names; a missing body is empty text."""
    api.get(f"{BASE}/issues/7").respond(
        200,
        json={
            "number": 7,
            "title": "Dark mode",
            "body": None,
            "user": {"login": "mona"},
            "state": "open",
            "html_url": "https://github.com/acme/widget/issues/7",
            "labels": ["plain", {"name": "devflow:dev-workflow", "color": "fff"}, {"name": None}],
        },
    )
    assert await github.issue(REPO, 7) == Issue(
        7,
        "Dark mode",
        "",
        "mona",
        "open",
        "https://github.com/acme/widget/issues/7",
        labels=("plain", "devflow:dev-workflow"),
    )


async def test_a_pull_request_is_an_issue_that_says_so(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """`is_pull` follows the `pull_request` key; an author whose account is gone is `ghost`."""
    api.get(f"{BASE}/issues/8").respond(
        200,
        json={
            "number": 8,
            "title": "t",
            "body": "b",
            "user": None,
            "state": "closed",
            "html_url": "https://x",
            "pull_request": {"url": "https://x"},
        },
    )
    issue = await github.issue(REPO, 8)
    assert (issue.is_pull, issue.author, issue.state) == (True, "ghost", "closed")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"permission": "write", "role_name": "maintain"}, "maintain"),
        ({"permission": "read", "role_name": "triage"}, "triage"),
        ({"permission": "admin", "role_name": "admin"}, "admin"),
        ({"permission": "write", "role_name": "release-captain"}, "write"),
        ({"permission": "read"}, "read"),
        ({"permission": "none", "role_name": "none"}, "none"),
        ({"permission": "superuser", "role_name": "superuser"}, "none"),
    ],
)
async def test_a_permission_is_the_role_or_what_a_custom_role_is_made_from(
    github: GitHubAdapter, api: respx.MockRouter, answer: dict[str, str], expected: str
) -> None:
    """Standard roles as they are, custom ones by `permission`, words nobody knows are no permission."""
    api.get(f"{BASE}/collaborators/mona/permission").respond(200, json={**answer, "user": None})
    assert await github.permission(REPO, "mona") == expected


async def test_a_stranger_has_no_permission(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """404 means that GitHub knows of nothing this person may do."""
    api.get(f"{BASE}/collaborators/stranger/permission").mock(return_value=refusal(404, "Not Found"))
    assert await github.permission(REPO, "stranger") == "none"


async def test_an_app_is_asked_about_with_its_brackets_quoted(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """`name[bot]` keeps its place in the path."""
    route = api.get(path=f"{BASE}/collaborators/dependabot[bot]/permission").respond(
        200, json={"permission": "none", "role_name": "none"}
    )
    assert await github.permission(REPO, "dependabot[bot]") == "none"
    assert b"dependabot%5Bbot%5D" in route.calls.last.request.url.raw_path


async def test_a_refused_look_at_permissions_is_an_error_not_a_no(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """403 says something of us, not of the person."""
    api.get(f"{BASE}/collaborators/mona/permission").mock(return_value=refusal(403, "Must have push access"))
    with pytest.raises(GitHubError, match=r"The token needs `Metadata: read`") as caught:
        await github.permission(REPO, "mona")
    assert caught.value.status == 403


async def test_a_comment_is_read_or_is_not_there(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """A deleted comment is None."""
    api.get(f"{BASE}/issues/comments/1").respond(200, json=comment_json(1, "devflow[bot]", None, "Bot"))
    api.get(f"{BASE}/issues/comments/2").mock(return_value=refusal(404, "Not Found"))
    url = "https://github.com/acme/widget/issues/7#issuecomment-1"
    created = datetime(2026, 5, 4, 11, 0, tzinfo=UTC)
    assert await github.comment(REPO, 1) == Comment(1, "devflow[bot]", "", url, created, author_is_bot=True)
    assert await github.comment(REPO, 2) is None


async def test_our_comment_is_found_on_the_last_page(
    github: GitHubAdapter, api: respx.MockRouter, user: respx.Route
) -> None:
    """All pages are read; other people's copies of the mark do not count, nor do marks that only begin alike."""
    ours = mark("run1", "status")
    others = [comment_json(i, "mona", f"look: {ours}") for i in range(99)]
    others.append(comment_json(99, "devflow-user", mark("run1", "status-2")))
    second = [comment_json(100 + i, "devflow[bot]", ours) for i in range(100)]
    third = [comment_json(300, "devflow-user", f"Working\n{ours}"), comment_json(301, "devflow-user", ours)]
    route = api.get(f"{BASE}/issues/7/comments")
    route.side_effect = [httpx.Response(200, json=page) for page in (others, second, third)]

    found = await github.find_comment(REPO, 7, ours)

    assert found is not None
    assert found.id == 300
    assert [call.request.url.params["page"] for call in route.calls] == ["1", "2", "3"]
    assert {call.request.url.params["per_page"] for call in route.calls} == {"100"}


async def test_no_page_is_read_after_the_comment_is_found(
    github: GitHubAdapter, api: respx.MockRouter, user: respx.Route
) -> None:
    """A full first page that holds it is enough."""
    ours = mark("run1", "status")
    route = api.get(f"{BASE}/issues/7/comments").respond(200, json=[comment_json(i, body=ours) for i in range(100)])
    found = await github.find_comment(REPO, 7, ours)
    assert found is not None
    assert found.id == 0
    assert route.call_count == 1


async def test_a_comment_of_ours_that_is_not_there(
    github: GitHubAdapter, api: respx.MockRouter, user: respx.Route
) -> None:
    """None after the last page, which a full page before it does not hide."""
    route = api.get(f"{BASE}/issues/7/comments")
    route.side_effect = [httpx.Response(200, json=[comment_json(i) for i in range(100)]), httpx.Response(200, json=[])]
    assert await github.find_comment(REPO, 7, mark("run1", "status")) is None
    assert route.call_count == 2


async def test_who_we_are_is_asked_once(github: GitHubAdapter, api: respx.MockRouter, user: respx.Route) -> None:
    """The login is kept."""
    assert [await github.me(), await github.me()] == ["devflow-user", "devflow-user"]
    assert user.call_count == 1


async def test_a_branch_is_read_or_is_not_there(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """Its commit; None for no such branch and in a repository without commits."""
    api.get(f"{BASE}/git/ref/heads/devflow/1").respond(200, json={"ref": "x", "object": {"sha": SHA, "type": "commit"}})
    api.get(f"{BASE}/git/ref/heads/gone").mock(return_value=refusal(404, "Not Found"))
    api.get(f"{BASE}/git/ref/heads/main").mock(return_value=refusal(409, "Git Repository is empty."))
    assert await github.branch_head(REPO, "devflow/1") == SHA
    assert await github.branch_head(REPO, "gone") is None
    assert await github.branch_head(REPO, "main") is None


@pytest.mark.parametrize(("branch", "path"), [("a#b", b"a%23b"), ("50%", b"50%25"), ("für", b"f%C3%BCr")])
async def test_odd_but_lawful_branch_names_are_quoted(
    github: GitHubAdapter, api: respx.MockRouter, branch: str, path: bytes
) -> None:
    """`#`, `%` and letters beyond ASCII stay part of the name."""
    route = api.get(path__startswith=f"{BASE}/git/ref/heads/").respond(200, json={"object": {"sha": SHA}})
    assert await github.branch_head(REPO, branch) == SHA
    assert route.calls.last.request.url.raw_path == f"{BASE}/git/ref/heads/".encode() + path


@pytest.mark.parametrize(
    "branch", ["../../../user", "a/../b", "", "a b", "a?x=1", "-x", "a.lock", "a//b", "/a", "a/", "@"]
)
async def test_a_name_that_git_does_not_take_is_no_branch(github: GitHubAdapter, branch: str) -> None:
    """Nothing is sent, so that no name can leave its place in the path."""
    assert await github.branch_head(REPO, branch) is None


@pytest.mark.parametrize("repo", [Repo("..", "x"), Repo("acme", ".."), Repo("acme", "a b"), Repo("acme?", "x")])
async def test_names_that_are_no_repository_are_refused(github: GitHubAdapter, repo: Repo) -> None:
    """Nothing is sent for them."""
    with pytest.raises(GitHubError, match="is not the name of a repository"):
        await github.issue(repo, 1)


async def test_logins_and_shas_that_are_none_are_refused(github: GitHubAdapter) -> None:
    """A path is not a login, a branch is not a SHA."""
    with pytest.raises(GitHubError, match="is not a login"):
        await github.permission(REPO, "../mona")
    with pytest.raises(GitHubError, match="is not the SHA of a commit"):
        await github.commit(REPO, Sha("main"))


async def test_a_commit_is_read_with_its_signature(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """`verified` is GitHub's word for it, false if it says nothing."""
    bare = {k: v for k, v in commit_json(OTHER, SHA).items() if k != "verification"}
    api.get(f"{BASE}/git/commits/{SHA}").respond(200, json=commit_json(SHA, OTHER, (OTHER,), verified=True))
    api.get(f"{BASE}/git/commits/{OTHER}").respond(200, json=bare)
    assert await github.commit(REPO, Sha(SHA)) == RemoteCommit(
        Sha(SHA), Sha(OTHER), (Sha(OTHER),), "Add limits", verified=True
    )
    assert not (await github.commit(REPO, Sha(OTHER))).verified


async def test_the_newest_pull_request_from_our_branch_is_found(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """Open or closed; one from a fork, a deleted fork or another branch is passed over."""
    route = api.get(f"{BASE}/pulls").respond(
        200,
        json=[
            pull_json(14, repo="acme/widget-fork"),
            pull_json(13, repo=None),
            pull_json(12, branch="other"),
            pull_json(11, repo="Acme/Widget", state="closed", draft=True),
            pull_json(10),
        ],
    )
    assert await github.find_pull(REPO, "devflow/1") == PullRequest(
        number=11,
        title="Add limits",
        body="",
        head="devflow/1",
        head_sha=Sha(SHA),
        base="main",
        state="closed",
        draft=True,
        html_url="https://github.com/acme/widget/pull/11",
        head_repo=Repo("Acme", "Widget"),
        base_sha=Sha(OTHER),
    )
    asked = dict(route.calls.last.request.url.params)
    assert asked == {
        "state": "all",
        "head": "acme:devflow/1",
        "sort": "created",
        "direction": "desc",
        "per_page": "100",
    }


async def test_no_pull_request_from_our_branch(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """None."""
    api.get(f"{BASE}/pulls").respond(200, json=[pull_json(12, branch="other")])
    assert await github.find_pull(REPO, "devflow/1") is None


@pytest.mark.parametrize("body", [b"<html>proxy</html>", b'{"number": 7}', b"[]", b""])
async def test_an_answer_that_is_not_githubs_is_an_error(
    github: GitHubAdapter, api: respx.MockRouter, body: bytes
) -> None:
    """A proxy's page or half an answer becomes a sentence, not a traceback."""
    api.get(f"{BASE}/issues/7").respond(200, content=body)
    with pytest.raises(GitHubError, match=r"Could not read acme/widget#7: GitHub's answer is not as expected at"):
        await github.issue(REPO, 7)
