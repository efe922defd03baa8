"""Writing to GitHub: comments, reactions, branches, pull requests, and what GitHub says against them."""

import json

import httpx
import pytest
import respx
from githubkit_schemas.latest import models
from pydantic import BaseModel

from bot.adapters.github import GitHubAdapter
from bot.core.repository import PullDraft, Sha
from bot.ports import GitHubError
from tests.adapters.github.github_rig import OTHER, REPO, SHA, FakeClock, comment_json, pull_json, refusal

BASE = "/repos/acme/widget"
DRAFT = PullDraft("Add limits", "Closes #7", "devflow/1", "main")


def body_of(route: respx.Route) -> dict[str, object]:
    sent: dict[str, object] = json.loads(route.calls.last.request.content)
    return sent


async def test_a_comment_is_posted(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """The body goes out as it is, and the comment comes back with its id."""
    route = api.post(f"{BASE}/issues/7/comments").respond(201, json=comment_json(1, body="Hé **there**"))
    comment = await github.create_comment(REPO, 7, "Hé **there**")
    assert (comment.id, comment.body) == (1, "Hé **there**")
    assert body_of(route) == {"body": "Hé **there**"}


async def test_a_comment_is_edited(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """By its id, with PATCH."""
    route = api.patch(f"{BASE}/issues/comments/1").respond(200, json=comment_json(1))
    await github.edit_comment(REPO, 1, "new")
    assert body_of(route) == {"body": "new"}


async def test_the_longest_body_is_sent_and_a_longer_one_is_not(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """65,000 characters go through; one more raises before anything is sent, in comments, edits and pull requests."""
    route = api.post(f"{BASE}/issues/7/comments").respond(201, json=comment_json(1))
    await github.create_comment(REPO, 7, "ü" * 65_000)
    assert route.call_count == 1
    long = "x" * 65_001
    with pytest.raises(GitHubError, match="65,001 characters") as caught:
        await github.create_comment(REPO, 7, long)
    assert caught.value.status == 0
    with pytest.raises(GitHubError, match="edit comment 1"):
        await github.edit_comment(REPO, 1, long)
    with pytest.raises(GitHubError, match="open a pull request"):
        await github.open_pull(REPO, PullDraft("t", long, "devflow/1", "main"))
    assert len(api.calls) == 1


@pytest.mark.parametrize("status", [200, 201])
async def test_reacting_twice_is_as_good_as_once(github: GitHubAdapter, api: respx.MockRouter, status: int) -> None:
    """GitHub answers 201 the first time and 200 after that."""
    route = api.post(f"{BASE}/issues/comments/1/reactions").respond(status, json={"id": 5, "content": "eyes"})
    await github.react(REPO, 1, "eyes")
    assert body_of(route) == {"content": "eyes"}


async def test_only_our_own_reaction_is_taken_back(
    github: GitHubAdapter, api: respx.MockRouter, user: respx.Route
) -> None:
    """Found among other people's, over pages, and deleted by its id."""
    others = [{"id": i, "content": "eyes", "user": {"login": f"user{i}"}} for i in range(98)]
    first = [*others, {"id": 98, "content": "eyes", "user": None}, {"id": 99, "content": "+1", "user": {"login": "x"}}]
    second = [
        {"id": 200, "content": "eyes", "user": {"login": "devflow-user"}},
        {"id": 201, "content": "rocket", "user": {"login": "devflow-user"}},
    ]
    listing = api.get(f"{BASE}/issues/comments/1/reactions")
    listing.side_effect = [httpx.Response(200, json=first), httpx.Response(200, json=second)]
    deleted = api.delete(f"{BASE}/issues/comments/1/reactions/200").respond(204)
    await github.unreact(REPO, 1, "eyes")
    assert deleted.call_count == 1
    assert listing.calls.last.request.url.params["content"] == "eyes"


async def test_a_reaction_that_is_gone_is_as_good_as_taken_back(
    github: GitHubAdapter, api: respx.MockRouter, user: respx.Route
) -> None:
    """No reaction, one deleted in between, or no comment: nothing is raised."""
    listing = api.get(f"{BASE}/issues/comments/1/reactions")
    deletion = api.delete(f"{BASE}/issues/comments/1/reactions/200").mock(return_value=refusal(404, "Not Found"))
    listing.respond(200, json=[])
    await github.unreact(REPO, 1, "eyes")
    assert deletion.call_count == 0
    listing.respond(200, json=[{"id": 200, "content": "eyes", "user": {"login": "devflow-user"}}])
    await github.unreact(REPO, 1, "eyes")
    assert deletion.call_count == 1
    listing.mock(return_value=refusal(404, "Not Found"))
    await github.unreact(REPO, 1, "eyes")


async def test_a_reaction_we_may_not_take_back_is_an_error(
    github: GitHubAdapter, api: respx.MockRouter, user: respx.Route
) -> None:
    """Only absence is ignored."""
    api.get(f"{BASE}/issues/comments/1/reactions").mock(return_value=refusal(403, "Resource not accessible"))
    with pytest.raises(GitHubError, match="`Issues: read`"):
        await github.unreact(REPO, 1, "eyes")


async def test_a_branch_is_made(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """As a full ref at the commit."""
    route = api.post(f"{BASE}/git/refs").respond(201, json={"object": {"sha": SHA}})
    await github.create_branch(REPO, "devflow/1", Sha(SHA))
    assert body_of(route) == {"ref": "refs/heads/devflow/1", "sha": SHA}


async def test_making_a_branch_again_is_fine_where_it_already_is(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """A crash after the write leads here: the same branch at the same commit."""
    api.post(f"{BASE}/git/refs").mock(return_value=refusal(422, "Reference already exists"))
    api.get(f"{BASE}/git/ref/heads/devflow/1").respond(200, json={"object": {"sha": SHA}})
    await github.create_branch(REPO, "devflow/1", Sha(SHA))


async def test_a_branch_that_is_elsewhere_is_an_error(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """The text says where it is."""
    api.post(f"{BASE}/git/refs").mock(return_value=refusal(422, "Reference already exists"))
    api.get(f"{BASE}/git/ref/heads/devflow/1").respond(200, json={"object": {"sha": OTHER}})
    with pytest.raises(GitHubError, match="already exists and points at bbbbbbbbbbbb, not at aaaaaaaaaaaa") as caught:
        await github.create_branch(REPO, "devflow/1", Sha(SHA))
    assert caught.value.status == 422


async def test_a_branch_that_vanishes_while_we_look_is_an_error(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """GitHub said it exists and then did not have it: we do not guess."""
    api.post(f"{BASE}/git/refs").mock(return_value=refusal(422, "Reference already exists"))
    api.get(f"{BASE}/git/ref/heads/devflow/1").mock(return_value=refusal(404, "Not Found"))
    with pytest.raises(GitHubError, match="already exists but could not be read"):
        await github.create_branch(REPO, "devflow/1", Sha(SHA))


async def test_other_refusals_of_a_branch_are_passed_on(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """422 for a commit GitHub does not have; 403 names the permission, workflows and all."""
    api.post(f"{BASE}/git/refs").mock(return_value=refusal(422, "Object does not exist"))
    with pytest.raises(GitHubError, match="Object does not exist"):
        await github.create_branch(REPO, "devflow/1", Sha(SHA))
    api.post(f"{BASE}/git/refs").mock(return_value=refusal(403, "Resource not accessible by integration"))
    with pytest.raises(
        GitHubError, match=r"`Contents: write and, for changes under .github/workflows, Workflows: write`"
    ):
        await github.create_branch(REPO, "devflow/1", Sha(SHA))


async def test_a_branch_name_git_does_not_take_is_not_sent(github: GitHubAdapter) -> None:
    """The error shows the name."""
    with pytest.raises(GitHubError, match=r"git does not take 'a\.\.b' as a name"):
        await github.create_branch(REPO, "a..b", Sha(SHA))


async def test_a_pull_request_is_opened(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """With everything the draft says."""
    route = api.post(f"{BASE}/pulls").respond(201, json=pull_json(9, draft=True))
    pull = await github.open_pull(REPO, PullDraft("Add limits", "Closes #7", "devflow/1", "main", draft=True))
    assert (pull.number, pull.head, pull.head_sha, pull.draft) == (9, "devflow/1", SHA, True)
    assert body_of(route) == {
        "title": "Add limits",
        "body": "Closes #7",
        "head": "devflow/1",
        "base": "main",
        "draft": True,
    }


@pytest.mark.parametrize(
    ("status", "message", "errors", "sentence"),
    [
        (
            422,
            "Validation Failed",
            [{"resource": "PullRequest", "code": "custom", "message": "No commits between main and devflow/1"}],
            "Nothing to propose: devflow/1 has no commits that main does not have.",
        ),
        (
            422,
            "Validation Failed",
            [{"code": "custom", "message": "A pull request already exists for acme:devflow/1."}],
            "A pull request from devflow/1 to main is already open in acme/widget.",
        ),
        (
            403,
            "GitHub Actions is not permitted to create or approve pull requests.",
            [],
            "GitHub Actions may not open pull requests in acme/widget. Turn on 'Allow GitHub Actions to create and "
            "approve pull requests' under Settings > Actions > General > Workflow permissions; an organisation can "
            "forbid it.",
        ),
        (
            422,
            "Validation Failed",
            [{"resource": "PullRequest", "field": "head", "code": "invalid"}],
            "Could not open a pull request: acme/widget has no branch devflow/1.",
        ),
        (
            422,
            "Validation Failed",
            [{"resource": "PullRequest", "field": "base", "code": "invalid"}],
            "Could not open a pull request: acme/widget has no branch main.",
        ),
        (
            422,
            "Draft pull requests are not supported in this repository.",
            [],
            "acme/widget cannot have draft pull requests (its plan has none): open this one as a normal pull request.",
        ),
        (
            422,
            "Validation Failed",
            ["title is too long"],
            "Could not open a pull request from devflow/1 in acme/widget: GitHub answered 422 (Validation Failed: "
            "title is too long).",
        ),
    ],
)
async def test_refusals_of_a_pull_request_say_what_to_do(
    github: GitHubAdapter, api: respx.MockRouter, status: int, message: str, errors: list[object], sentence: str
) -> None:
    """GitHub's phrases become sentences; what we do not know is quoted."""
    api.post(f"{BASE}/pulls").mock(return_value=refusal(status, message, errors=errors))
    with pytest.raises(GitHubError) as caught:
        await github.open_pull(REPO, DRAFT)
    assert str(caught.value) == sentence
    assert caught.value.status == status


async def test_every_body_we_send_is_one_githubs_published_types_take(
    github: GitHubAdapter, api: respx.MockRouter, clock: FakeClock
) -> None:
    """Each is read back by the strict form of githubkit's model, which knows no other fields."""
    expected: list[tuple[respx.Route, type[BaseModel]]] = [
        (
            api.post(f"{BASE}/issues/7/comments").respond(201, json=comment_json(1)),
            models.ReposOwnerRepoIssuesIssueNumberCommentsPostBody,
        ),
        (
            api.patch(f"{BASE}/issues/comments/1").respond(200, json=comment_json(1)),
            models.ReposOwnerRepoIssuesCommentsCommentIdPatchBody,
        ),
        (
            api.post(f"{BASE}/issues/comments/1/reactions").respond(201, json={"id": 1}),
            models.ReposOwnerRepoIssuesCommentsCommentIdReactionsPostBody,
        ),
        (api.post(f"{BASE}/git/refs").respond(201, json={}), models.ReposOwnerRepoGitRefsPostBody),
        (api.post(f"{BASE}/pulls").respond(201, json=pull_json(9)), models.ReposOwnerRepoPullsPostBody),
    ]
    await github.create_comment(REPO, 7, "hi")
    await github.edit_comment(REPO, 1, "hi")
    await github.react(REPO, 1, "rocket")
    await github.create_branch(REPO, "devflow/1", Sha(SHA))
    await github.open_pull(REPO, DRAFT)
    for route, model in expected:
        sent = body_of(route)
        assert set(sent) <= set(model.model_fields), route
        model.model_validate(sent)


async def test_a_body_githubs_types_do_not_take_is_not_sent(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """Validation before sending stays on; the error names the place and not the value."""
    with pytest.raises(GitHubError, match="content is not what GitHub takes") as caught:
        await github.react(REPO, 1, "banana")  # type: ignore[arg-type]
    assert "banana" not in str(caught.value)
    assert not api.calls
