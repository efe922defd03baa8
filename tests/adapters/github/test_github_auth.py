"""Who we are to GitHub: tokens, App keys, installations, and how tokens are renewed."""

import asyncio
import json
import logging
from datetime import timedelta

import httpx
import jwt
import pytest
import respx
import structlog
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from githubkit_schemas.latest import models

from bot.adapters.github import GitHubAdapter
from bot.core.repository import Repo
from bot.ports import GitHub, GitHubError
from tests.adapters.github.github_rig import API, REPO, SERVER, TOKEN, FakeClock, Installed, comment_json, refusal

BASE = "/repos/acme/widget"
ISSUE = {"number": 7, "title": "t", "body": "b", "user": None, "state": "open", "html_url": "https://x"}


async def test_an_adapter_is_a_github(github: GitHubAdapter, app: GitHubAdapter) -> None:
    """Both ways in serve the same port."""
    ports: list[GitHub] = [github, app]
    assert len(ports) == 2


async def test_a_token_goes_with_each_request(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """In the header, with our name and the API version beside it."""
    route = api.get(f"{BASE}/issues/7").respond(200, json=ISSUE)
    await github.issue(REPO, 7)
    headers = route.calls.last.request.headers
    assert headers["authorization"] == f"token {TOKEN}"
    assert headers["user-agent"] == "devflow-bot"
    assert headers["x-github-api-version"] == "2026-03-10"


async def test_every_request_has_a_timeout(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """20 seconds for an answer, 5 for a connection."""
    route = api.get(f"{BASE}/issues/7").respond(200, json=ISSUE)
    await github.issue(REPO, 7)
    assert route.calls.last.request.extensions["timeout"] == {"connect": 5.0, "read": 20.0, "write": 20.0, "pool": 20.0}


async def test_a_line_break_at_the_end_of_a_token_is_dropped(clock: FakeClock, api: respx.MockRouter) -> None:
    """Files and pipes add one."""
    route = api.get("/user").respond(200, json={"login": "devflow-user"})
    async with GitHubAdapter.for_token(f"{TOKEN}\n", api_url=API, server_url=SERVER, clock=clock) as github:
        await github.me()
    assert route.calls.last.request.headers["authorization"] == f"token {TOKEN}"


@pytest.mark.parametrize("token", ["", " ", "ghp_a b", "ghp_a\nb", "ghp_ü"])
def test_what_cannot_be_a_token_is_refused_without_being_shown(clock: FakeClock, token: str) -> None:
    """httpx would put the whole header value in its error."""
    with pytest.raises(GitHubError, match="characters that no token has") as caught:
        GitHubAdapter.for_token(token, api_url=API, server_url=SERVER, clock=clock)
    assert "ghp_" not in str(caught.value)


@pytest.mark.parametrize("url", ["", "api.github.com", "ftp://github.com"])
def test_an_api_url_that_is_none_is_refused(clock: FakeClock, url: str) -> None:
    """Before the first request."""
    with pytest.raises(GitHubError, match="is not a URL such as"):
        GitHubAdapter.for_token(TOKEN, api_url=url, server_url=SERVER, clock=clock)


async def test_a_workflows_token_is_the_actions_bot(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """GitHub has no user for it and says 403; GraphQL knows its App, and where that fails it is a workflow's."""
    api.get("/user").mock(return_value=refusal(403, "Resource not accessible by integration"))
    api.post("/graphql").mock(return_value=refusal(403, "Resource not accessible by integration"))
    assert await github.me() == "github-actions[bot]"


async def test_an_apps_token_is_the_apps_bot(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """A workflow may be given one instead of its own: comments are found by that name."""
    api.get("/user").mock(return_value=refusal(403, "Resource not accessible by integration"))
    api.post("/graphql").respond(200, json={"data": {"viewer": {"login": "my-bot[bot]"}}})
    assert await github.me() == "my-bot[bot]"


async def test_another_403_is_not_taken_for_a_workflow(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """A suspended account must not look for somebody else's comments."""
    api.get("/user").mock(return_value=refusal(403, "Sorry. Your account was suspended"))
    with pytest.raises(GitHubError, match="suspended"):
        await github.me()


async def test_an_app_is_its_slug_and_bot(app: GitHubAdapter, installed: Installed) -> None:
    """As its comments show it."""
    assert await app.me() == "devflow[bot]"


async def test_an_app_signs_with_its_key(
    app: GitHubAdapter, installed: Installed, api: respx.MockRouter, pem: str, clock: FakeClock
) -> None:
    """The installation is looked up and its token minted with an RS256 token of less than ten minutes."""
    api.get(f"{BASE}/issues/7").respond(200, json=ISSUE)
    await app.issue(REPO, 7)
    bearer = installed.mint.calls.last.request.headers["authorization"].removeprefix("Bearer ")
    public = load_pem_private_key(pem.encode(), None).public_key()
    claims = jwt.decode(bearer, public, algorithms=["RS256"], options={"verify_exp": False})  # type: ignore[arg-type]
    now = clock.now().timestamp()
    assert claims == {"iss": "4242", "iat": now - 60, "exp": now + 540}


async def test_twenty_first_calls_mint_one_token(
    app: GitHubAdapter, installed: Installed, api: respx.MockRouter
) -> None:
    """One looks the installation up and mints; the others wait for it. Upper case is the same repository."""
    issue = api.get(url__regex=r".*/repos/(?i:acme/widget)/issues/7").respond(200, json=ISSUE)
    repos = [REPO, Repo("Acme", "Widget")] * 10
    api.get("/repos/Acme/Widget/installation").respond(200, json={"id": 7})
    await asyncio.gather(*(app.issue(repo, 7) for repo in repos))
    assert installed.minted == ["ghs_secret1"]
    assert len([c for c in api.calls if c.request.url.path.endswith("/installation")]) == 1
    assert {call.request.headers["authorization"] for call in issue.calls} == {"token ghs_secret1"}


async def test_a_token_is_renewed_minutes_before_it_ends(
    app: GitHubAdapter, installed: Installed, api: respx.MockRouter, clock: FakeClock
) -> None:
    """Five minutes early, so that no request goes out with one that ends on the way."""
    issue = api.get(f"{BASE}/issues/7").respond(200, json=ISSUE)
    await app.issue(REPO, 7)
    clock.advance(54 * 60)
    await app.issue(REPO, 7)
    assert len(installed.minted) == 1
    clock.advance(61)
    await asyncio.gather(*(app.issue(REPO, 7) for _ in range(5)))
    assert len(installed.minted) == 2
    assert issue.calls.last.request.headers["authorization"] == "token ghs_secret2"


async def test_a_refused_token_is_minted_again_once(
    app: GitHubAdapter, installed: Installed, api: respx.MockRouter
) -> None:
    """Twenty requests refused with the same token mint one new token, and all go through; writes too."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.headers["authorization"] == "token ghs_secret1":
            return refusal(401, "Bad credentials")
        return httpx.Response(201, json=comment_json(1))

    api.post(f"{BASE}/issues/7/comments").mock(side_effect=answer)
    api.patch(url__regex=r".*/issues/comments/\d+").mock(side_effect=answer)
    edits = [app.edit_comment(REPO, i, "x") for i in range(19)]
    await asyncio.gather(app.create_comment(REPO, 7, "x"), *edits)
    assert installed.minted == ["ghs_secret1", "ghs_secret2"]


async def test_a_token_refused_twice_is_an_error(
    app: GitHubAdapter, installed: Installed, api: respx.MockRouter
) -> None:
    """No endless minting."""
    route = api.get(f"{BASE}/issues/7").mock(return_value=refusal(401, "Bad credentials"))
    with pytest.raises(GitHubError, match="Check the App") as caught:
        await app.issue(REPO, 7)
    assert caught.value.status == 401
    assert (route.call_count, len(installed.minted)) == (2, 2)


async def test_a_users_token_that_is_refused_is_an_error_at_once(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """There is no other to try."""
    route = api.get(f"{BASE}/issues/7").mock(return_value=refusal(401, "Bad credentials"))
    with pytest.raises(GitHubError, match="Check the token: it is wrong, expired or revoked"):
        await github.issue(REPO, 7)
    assert route.call_count == 1


async def test_a_key_that_is_not_the_apps_says_what_to_check(
    app: GitHubAdapter, api: respx.MockRouter, installed: Installed
) -> None:
    """GitHub answers 401 to a wrong signature and to a clock that is off."""
    installed.lookup.mock(return_value=refusal(401, "A JSON web token could not be decoded"))
    with pytest.raises(GitHubError, match="Check the App's ID, its private key and this machine's clock"):
        await app.issue(REPO, 7)


async def test_an_app_that_is_not_installed_is_an_error_everywhere(
    app: GitHubAdapter, api: respx.MockRouter, installed: Installed
) -> None:
    """Also where a 404 of the thing itself means that there is none: no branch is not the same as no access."""
    installed.lookup.mock(return_value=refusal(404, "Not Found"))
    for call in (app.issue(REPO, 7), app.comment(REPO, 1), app.branch_head(REPO, "x"), app.permission(REPO, "mona")):
        with pytest.raises(GitHubError, match="The App is not installed on acme/widget: install it there first"):
            await call


async def test_an_app_that_was_reinstalled_is_found_again(
    app: GitHubAdapter, api: respx.MockRouter, installed: Installed, clock: FakeClock
) -> None:
    """An installation that GitHub no longer knows is looked up anew by the next call."""
    api.get(f"{BASE}/issues/7").respond(200, json=ISSUE)
    await app.issue(REPO, 7)
    clock.advance(3600)
    installed.mint.mock(return_value=refusal(404, "Not Found"))
    installed.lookup.respond(200, json={"id": 8})
    expires = (clock.now() + timedelta(hours=1)).isoformat()
    api.post("/app/installations/8/access_tokens").respond(201, json={"token": "ghs_new", "expires_at": expires})
    with pytest.raises(GitHubError, match="token for installation 7"):
        await app.issue(REPO, 7)
    assert (await app.issue(REPO, 7)).number == 7


async def test_one_failed_mint_does_not_spoil_the_next(
    app: GitHubAdapter, api: respx.MockRouter, installed: Installed
) -> None:
    """A suspended installation is an error that goes away when it is unsuspended."""
    api.get(f"{BASE}/issues/7").respond(200, json=ISSUE)
    real = installed.mint.side_effect
    installed.mint.side_effect = None
    installed.mint.mock(return_value=refusal(403, "This installation has been suspended"))
    with pytest.raises(GitHubError, match="This installation has been suspended"):
        await app.issue(REPO, 7)
    installed.mint.mock(side_effect=real)
    assert (await app.issue(REPO, 7)).number == 7


async def test_git_gets_a_token_that_can_only_read_this_repository(
    app: GitHubAdapter, api: respx.MockRouter, installed: Installed
) -> None:
    """It is handed to a child process, so it must not be the one that writes."""
    api.get(f"{BASE}/issues/7").respond(200, json=ISSUE)
    await app.issue(REPO, 7)
    url, token = await app.git_credentials(REPO)
    assert url == "https://github.com/acme/widget.git"
    assert token == "ghs_secret2"
    sent = json.loads(installed.mint.calls.last.request.content)
    assert sent == {"repositories": ["widget"], "permissions": {"contents": "read"}}
    models.AppInstallationsInstallationIdAccessTokensPostBody.model_validate(sent)
    assert await app.git_credentials(REPO) == (url, token)
    assert len(installed.minted) == 2


async def test_git_gets_the_token_there_is(github: GitHubAdapter) -> None:
    """A user's token cannot be narrowed."""
    assert await github.git_credentials(REPO) == ("https://github.com/acme/widget.git", TOKEN)


@pytest.mark.parametrize(
    "key", ["", "nonsense", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----"]
)
def test_a_key_that_cannot_sign_is_refused_at_the_start(clock: FakeClock, key: str) -> None:
    """And not in the middle of the first run; the text shows nothing of it."""
    with pytest.raises(GitHubError, match="the whole PEM file of an RSA key") as caught:
        GitHubAdapter.for_app("4242", key, api_url=API, server_url=SERVER, clock=clock)
    assert "AAAA" not in str(caught.value)


def test_a_key_from_one_line_of_an_env_file_is_fine(clock: FakeClock, pem: str) -> None:
    r"""There its line breaks are written as `\n`."""
    GitHubAdapter.for_app("4242", pem.replace("\n", "\\n"), api_url=API, server_url=SERVER, clock=clock)


async def test_an_enterprise_server_is_spoken_to_in_the_version_it_knows(clock: FakeClock, pem: str) -> None:
    """Under /api/v3, for the App's own requests too; git clones from the server itself."""
    with respx.mock(base_url="https://ghe.example/api/v3") as api:
        lookup = api.get(f"{BASE}/installation").respond(200, json={"id": 7})
        mint = api.post("/app/installations/7/access_tokens")
        mint.respond(201, json={"token": "ghs_x", "expires_at": clock.stamp(3600)})
        issue = api.get(f"{BASE}/issues/7").respond(200, json=ISSUE)
        async with GitHubAdapter.for_app(
            "4242", pem, api_url="https://ghe.example/api/v3", server_url="https://ghe.example/", clock=clock
        ) as github:
            await github.issue(REPO, 7)
            assert (await github.git_credentials(REPO))[0] == "https://ghe.example/acme/widget.git"
    for route in (lookup, mint, issue):
        assert route.calls.last.request.headers["x-github-api-version"] == "2022-11-28"


async def test_two_adapters_share_no_tokens(clock: FakeClock, pem: str, api: respx.MockRouter) -> None:
    """Each has its own cache: the same App, closed and made again, starts anew."""
    installed = Installed(api, clock)
    api.get(f"{BASE}/issues/7").respond(200, json=ISSUE)
    for _ in range(2):
        async with GitHubAdapter.for_app("4242", pem, api_url=API, server_url=SERVER, clock=clock) as github:
            await github.issue(REPO, 7)
    assert len(installed.minted) == 2


async def test_a_closed_adapter_says_so(clock: FakeClock, api: respx.MockRouter) -> None:
    """After `aclose` a request is an error, not a new connection."""
    api.get(f"{BASE}/issues/7").respond(200, json=ISSUE)
    github = GitHubAdapter.for_token(TOKEN, api_url=API, server_url=SERVER, clock=clock)
    await github.issue(REPO, 7)
    await github.aclose()
    with pytest.raises(GitHubError, match="the request could not be sent"):
        await github.issue(REPO, 7)


async def test_no_secret_is_in_errors_logs_or_reprs(
    clock: FakeClock, pem: str, api: respx.MockRouter, caplog: pytest.LogCaptureFixture
) -> None:
    """Even when GitHub's answer repeats our token to us."""
    caplog.set_level(logging.DEBUG)
    installed = Installed(api, clock)
    api.get(f"{BASE}/issues/7").mock(side_effect=lambda r: refusal(403, f"no: {r.headers['authorization']}"))
    api.get(f"{BASE}/issues/8").respond(200, json=ISSUE)
    api.post(f"{BASE}/issues/7/comments").respond(201, json=comment_json(1, body="a private matter"))
    said: list[str] = []
    with structlog.testing.capture_logs() as logs:
        for github in (
            GitHubAdapter.for_token(TOKEN, api_url=API, server_url=SERVER, clock=clock),
            GitHubAdapter.for_app("4242", pem, api_url=API, server_url=SERVER, clock=clock),
        ):
            with pytest.raises(GitHubError, match=r"\*\*\*") as caught:
                await github.issue(REPO, 7)
            await github.issue(REPO, 8)
            await github.create_comment(REPO, 7, "a private matter")
            said += [str(caught.value), repr(caught.value), repr(github), str(github), repr(vars(github))]
            said += [repr(vars(part)) for part in vars(github).values() if hasattr(part, "__dict__")]
            await github.aclose()
    text = "\n".join([*said, repr(logs), caplog.text])
    assert installed.minted
    for secret in (TOKEN, *installed.minted, pem.splitlines()[5], "a private matter"):
        assert secret not in text


async def test_each_request_is_logged_by_method_path_status_and_time(
    github: GitHubAdapter, api: respx.MockRouter
) -> None:
    """Failures as warnings; a 404 is an answer like others."""
    structlog.reset_defaults()
    api.get(f"{BASE}/issues/comments/1").mock(return_value=refusal(404, "Not Found"))
    api.get(f"{BASE}/issues/7").mock(return_value=refusal(403, "No"))
    with structlog.testing.capture_logs() as logs:
        await github.comment(REPO, 1)
        with pytest.raises(GitHubError):
            await github.issue(REPO, 7)
    assert [(e["log_level"], e["method"], e["path"], e["status"]) for e in logs] == [
        ("debug", "GET", f"{BASE}/issues/comments/1", 404),
        ("warning", "GET", f"{BASE}/issues/7", 403),
    ]
    assert all(isinstance(e["ms"], int) for e in logs)
