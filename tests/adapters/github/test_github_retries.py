"""Which failures are tried again, and which never."""

import httpx
import pytest
import respx

from bot.adapters.github import GitHubAdapter
from bot.core.repository import PullDraft, Sha
from bot.ports import GitHubError
from tests.adapters.github.github_rig import REPO, SHA, FakeClock, Installed, comment_json, refusal

BASE = "/repos/acme/widget"
ISSUE = {"number": 7, "title": "t", "body": "b", "user": None, "state": "open", "html_url": "https://x"}
BROKEN = [
    refusal(500, "Server Error"),
    refusal(502, "Bad Gateway"),
    httpx.ReadTimeout("slow"),
    httpx.ReadError("reset"),
    httpx.RemoteProtocolError("Server disconnected without sending a response."),
]
UNSENT = [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.PoolTimeout("full")]


@pytest.mark.parametrize("failure", [*BROKEN, *UNSENT], ids=repr)
async def test_a_read_is_tried_again_until_it_works(
    github: GitHubAdapter, api: respx.MockRouter, clock: FakeClock, failure: httpx.Response | Exception
) -> None:
    """Three failures and then an answer: four tries, each pause longer than the one before."""
    route = api.get(f"{BASE}/issues/7")
    route.side_effect = [failure, failure, failure, httpx.Response(200, json=ISSUE)]
    assert (await github.issue(REPO, 7)).number == 7
    assert route.call_count == 4
    assert len(clock.sleeps) == 3
    for pause, base in zip(clock.sleeps, (1, 2, 4), strict=True):
        assert base / 2 <= pause <= base


@pytest.mark.parametrize("failure", [*BROKEN, *UNSENT], ids=repr)
async def test_a_read_that_fails_four_times_is_an_error(
    github: GitHubAdapter, api: respx.MockRouter, failure: httpx.Response | Exception
) -> None:
    """With the last status, 0 if there was no answer."""
    route = api.get(f"{BASE}/issues/7")
    route.side_effect = [failure] * 9
    with pytest.raises(GitHubError, match="Could not read acme/widget#7: ") as caught:
        await github.issue(REPO, 7)
    assert route.call_count == 4
    assert caught.value.status == (failure.status_code if isinstance(failure, httpx.Response) else 0)
    assert "may have been done" not in str(caught.value)


@pytest.mark.parametrize("status", [400, 403, 404, 409, 410, 422])
async def test_a_read_that_is_refused_is_not_tried_again(
    github: GitHubAdapter, api: respx.MockRouter, status: int
) -> None:
    """The answer would be the same."""
    route = api.get(f"{BASE}/issues/7").mock(return_value=refusal(status, "No"))
    with pytest.raises(GitHubError) as caught:
        await github.issue(REPO, 7)
    assert (route.call_count, caught.value.status) == (1, status)


WRITES = ["create_comment", "edit_comment", "react", "create_branch", "open_pull"]


async def do(github: GitHubAdapter, write: str) -> None:
    match write:
        case "create_comment":
            await github.create_comment(REPO, 7, "hi")
        case "edit_comment":
            await github.edit_comment(REPO, 1, "hi")
        case "react":
            await github.react(REPO, 1, "eyes")
        case "create_branch":
            await github.create_branch(REPO, "devflow/1", Sha(SHA))
        case "open_pull":
            await github.open_pull(REPO, PullDraft("t", "b", "devflow/1", "main"))


@pytest.mark.parametrize("failure", BROKEN, ids=repr)
@pytest.mark.parametrize("write", WRITES)
async def test_a_write_that_may_have_been_done_is_not_tried_again(
    github: GitHubAdapter, api: respx.MockRouter, write: str, failure: httpx.Response | Exception
) -> None:
    """One try, and the error says that it may be there: the caller looks for its mark."""
    route = api.route(method__in=["POST", "PATCH"])
    route.side_effect = [failure] * 9
    with pytest.raises(GitHubError, match="It may have been done all the same"):
        await do(github, write)
    assert route.call_count == 1


@pytest.mark.parametrize("failure", [*UNSENT, refusal(429, "slow down", {"retry-after": "1"})], ids=repr)
async def test_a_write_that_github_cannot_have_done_is_tried_again(
    github: GitHubAdapter, api: respx.MockRouter, failure: httpx.Response | Exception
) -> None:
    """No connection, or a rate limit: then once more is still only once."""
    route = api.post(f"{BASE}/issues/7/comments")
    route.side_effect = [failure, httpx.Response(201, json=comment_json(1))]
    assert (await github.create_comment(REPO, 7, "hi")).id == 1
    assert route.call_count == 2


async def test_a_write_without_a_connection_is_given_up_after_four_tries(
    github: GitHubAdapter, api: respx.MockRouter
) -> None:
    """And it was surely not done."""
    route = api.post(f"{BASE}/issues/7/comments")
    route.side_effect = [httpx.ConnectError("refused")] * 9
    with pytest.raises(GitHubError, match=r"GitHub could not be reached \(ConnectError: refused\)") as caught:
        await github.create_comment(REPO, 7, "hi")
    assert "may have been done" not in str(caught.value)
    assert route.call_count == 4


async def test_githubs_own_pause_is_kept_on_503(github: GitHubAdapter, api: respx.MockRouter, clock: FakeClock) -> None:
    """`retry-after` beats our shorter pause."""
    route = api.get(f"{BASE}/issues/7")
    route.side_effect = [refusal(503, "Maintenance", {"retry-after": "30"}), httpx.Response(200, json=ISSUE)]
    await github.issue(REPO, 7)
    assert clock.sleeps == [30.0]


async def test_a_pause_beyond_the_cap_is_an_error_at_once(
    github: GitHubAdapter, api: respx.MockRouter, clock: FakeClock
) -> None:
    """Nobody waits an hour inside a call."""
    route = api.get(f"{BASE}/issues/7").mock(return_value=refusal(503, "Maintenance", {"retry-after": "3600"}))
    with pytest.raises(GitHubError, match="503 \\(Maintenance\\)"):
        await github.issue(REPO, 7)
    assert (route.call_count, clock.sleeps) == (1, [])


async def test_minting_a_token_is_tried_again(
    app: GitHubAdapter, installed: Installed, api: respx.MockRouter, clock: FakeClock
) -> None:
    """A token nobody uses does no harm."""
    api.get(f"{BASE}/issues/7").respond(200, json=ISSUE)
    token = {"token": "ghs_late", "expires_at": clock.stamp(3600)}
    installed.mint.side_effect = [refusal(502, "Bad Gateway"), httpx.Response(201, json=token)]
    assert (await app.issue(REPO, 7)).number == 7
    assert installed.mint.call_count == 2


async def test_a_moved_repository_is_followed(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """Reads go to the new address, and so does a write when GitHub keeps it a write (307)."""
    moved = {"location": "https://api.github.com/repositories/5/issues/7"}
    api.get(f"{BASE}/issues/7").respond(301, headers=moved)
    api.get("/repositories/5/issues/7").respond(200, json=ISSUE)
    assert (await github.issue(REPO, 7)).number == 7
    api.post(f"{BASE}/issues/7/comments").respond(307, headers={"location": "https://api.github.com/repositories/5/c"})
    api.post("/repositories/5/c").respond(201, json=comment_json(1))
    assert (await github.create_comment(REPO, 7, "hi")).id == 1


async def test_a_write_that_a_redirect_made_a_read_is_an_error(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """httpx follows 301 with GET: its answer is a comment, but not one that we wrote."""
    api.post(f"{BASE}/issues/7/comments").respond(301, headers={"location": "https://api.github.com/elsewhere"})
    api.get("/elsewhere").respond(200, json=comment_json(1))
    with pytest.raises(GitHubError, match="GitHub redirects to /elsewhere") as caught:
        await github.create_comment(REPO, 7, "hi")
    assert caught.value.status == 301


async def test_the_token_does_not_follow_to_another_host(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """A redirect off GitHub leaves the credentials behind."""
    api.get(f"{BASE}/issues/7").respond(302, headers={"location": "https://evil.example/x"})
    with respx.mock(base_url="https://evil.example") as evil:
        stolen = evil.get("/x").respond(200, json=ISSUE)
        await github.issue(REPO, 7)
    assert "authorization" not in stolen.calls.last.request.headers


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {"message": "Validation Failed", "errors": [{"field": "title", "code": "missing_field"}]},
            "title missing_field",
        ),
        ({"message": "Validation Failed", "errors": ["one", {"message": "two"}]}, "Validation Failed: one; two"),
        ({"message": "Bad", "errors": "just text"}, "Bad: just text"),
        ({"message": "two\nlines."}, r"\(two lines\)"),
        ("<html>nginx</html>", "<html>nginx</html>"),
        ("", "Unprocessable"),
    ],
)
async def test_githubs_words_are_quoted_on_one_line(
    github: GitHubAdapter, api: respx.MockRouter, body: object, message: str
) -> None:
    """In whatever form it sends them."""
    answer = httpx.Response(422, text=body) if isinstance(body, str) else httpx.Response(422, json=body)
    api.get(f"{BASE}/issues/7").mock(return_value=answer)
    with pytest.raises(GitHubError, match=message) as caught:
        await github.issue(REPO, 7)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (
            403,
            "Could not comment on acme/widget#7: GitHub answered 403 (Resource not accessible). The token needs "
            "`Issues: write` on acme/widget (in a workflow, `issues: write` under `permissions`).",
        ),
        (
            404,
            "Could not comment on acme/widget#7: GitHub answered 404 (Resource not accessible). It does not exist, or "
            "the token cannot see it: that needs `Issues: write` on acme/widget.",
        ),
    ],
)
async def test_a_missing_permission_is_named(
    github: GitHubAdapter, api: respx.MockRouter, status: int, sentence: str
) -> None:
    """What was asked, what GitHub said, what to grant."""
    api.post(f"{BASE}/issues/7/comments").mock(return_value=refusal(status, "Resource not accessible"))
    with pytest.raises(GitHubError) as caught:
        await github.create_comment(REPO, 7, "hi")
    assert str(caught.value) == sentence


async def test_a_missing_permission_of_an_app_is_named(
    app: GitHubAdapter, installed: Installed, api: respx.MockRouter
) -> None:
    """As an App's settings page calls it."""
    api.post(f"{BASE}/pulls").mock(return_value=refusal(403, "Resource not accessible by integration"))
    with pytest.raises(GitHubError, match=r"The App needs `Pull requests: write` on acme/widget\.$"):
        await do(app, "open_pull")
