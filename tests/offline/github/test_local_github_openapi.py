"""The local GitHub against GitHub's own description: every answer and webhook of a tour has the published shape."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from githubkit import AppAuthStrategy, GitHub, TokenAuthStrategy
from githubkit.exception import RequestFailed, SecondaryRateLimitExceeded
from githubkit_schemas.latest.models import IssueComment
from githubkit_schemas.latest.webhooks import IssueCommentEvent, PushEvent
from pydantic import TypeAdapter

from bot.offline.github import LocalGitHub
from tests.offline import openapi, published
from tests.offline.github.conftest import APP_ID, WIDGET, Receiver
from tests.offline.openapi import OpenApiChecker

REPO = f"/repos/{WIDGET}"


async def test_a_bots_whole_day_through_githubkit(
    watched: LocalGitHub, keys: tuple[str, str], checker: OpenApiChecker
) -> None:
    """The client the bot uses signs, mints, reads, comments, commits, opens and merges; its models parse it all."""
    private, public = keys
    installation = watched.install(watched.add_app(APP_ID, public), WIDGET)
    number = watched.open_issue(WIDGET, title="Bigger", body="Please.", by="maria", labels=("bug",))
    asked = watched.comment(WIDGET, number, "/dev-workflow", by="maria")
    app = GitHub(AppAuthStrategy(str(APP_ID), private), base_url=watched.api_url, http_cache=False, auto_retry=False)
    async with app:
        me = (await app.rest.apps.async_get_authenticated()).parsed_data
        assert me is not None
        assert me.slug == "devflow"
        assert (await app.rest.apps.async_get_repo_installation("acme", "widget")).parsed_data.id == installation
        await app.rest.apps.async_list_installations()
        deliveries = (await app.rest.apps.async_list_webhook_deliveries()).parsed_data
        await app.rest.apps.async_get_webhook_delivery(deliveries[0].id)
        await app.rest.apps.async_redeliver_webhook_delivery(deliveries[0].id)
    async with app.with_auth(
        app.auth.as_installation(
            installation, permissions={"contents": "write", "issues": "write", "pull_requests": "write"}
        )
    ) as gh:
        await gh.rest.apps.async_list_repos_accessible_to_installation()
        repo = (await gh.rest.repos.async_get("acme", "widget")).parsed_data
        role = (await gh.rest.repos.async_get_collaborator_permission_level("acme", "widget", "maria")).parsed_data
        assert (repo.default_branch, role.role_name) == ("main", "write")
        issues = gh.rest.issues
        assert (await issues.async_get("acme", "widget", number)).parsed_data.title == "Bigger"
        await gh.rest.reactions.async_create_for_issue_comment("acme", "widget", asked, content="eyes")
        status = (await issues.async_create_comment("acme", "widget", number, body="Working…")).parsed_data
        await issues.async_update_comment("acme", "widget", status.id, body="Done.")
        assert [c.body for c in (await issues.async_list_comments("acme", "widget", number)).parsed_data][1] == "Done."
        head = (await gh.rest.git.async_get_ref("acme", "widget", "heads/main")).parsed_data.object_.sha
        base = (await gh.rest.git.async_get_commit("acme", "widget", head)).parsed_data.tree.sha
        blob = (await gh.rest.git.async_create_blob("acme", "widget", content="SIZE = 2\n")).parsed_data.sha
        tree = (
            await gh.rest.git.async_create_tree(
                "acme",
                "widget",
                base_tree=base,
                tree=[{"path": "src/widget.py", "mode": "100644", "type": "blob", "sha": blob}],
            )
        ).parsed_data.sha
        commit = (
            await gh.rest.git.async_create_commit("acme", "widget", message="Grow", tree=tree, parents=[head])
        ).parsed_data
        assert commit.verification.verified
        await gh.rest.git.async_create_ref("acme", "widget", ref="refs/heads/devflow/1", sha=commit.sha)
        with pytest.raises(RequestFailed) as again:
            await gh.rest.git.async_create_ref("acme", "widget", ref="refs/heads/devflow/1", sha=commit.sha)
        assert again.value.response.json()["message"] == "Reference already exists"
        pulls = gh.rest.pulls
        pull = (
            await pulls.async_create(
                "acme", "widget", title="Grow", head="devflow/1", base="main", body=f"Closes #{number}", draft=False
            )
        ).parsed_data
        assert [p.number for p in (await pulls.async_list("acme", "widget", head="acme:devflow/1")).parsed_data] == [
            pull.number
        ]
        assert (await pulls.async_list_files("acme", "widget", pull.number)).parsed_data[0].filename == "src/widget.py"
        assert (await pulls.async_get("acme", "widget", pull.number)).parsed_data.mergeable is True
        assert (await pulls.async_merge("acme", "widget", pull.number)).parsed_data.merged
        assert (await issues.async_get("acme", "widget", number)).parsed_data.state == "closed"


async def test_githubkit_sees_limits_and_pages(watched: LocalGitHub) -> None:
    """Its paginator walks our pages, its exception names our rate limit."""
    number = watched.open_issue(WIDGET, title="Talk", by="maria")
    for n in range(5):
        watched.comment(WIDGET, number, f"c{n}", by="maria")
    gh = GitHub(TokenAuthStrategy("token-of-maria"), base_url=watched.api_url, http_cache=False, auto_retry=False)
    async with gh:
        pages: AsyncIterator[IssueComment] = gh.rest.paginate(
            gh.rest.issues.async_list_comments, owner="acme", repo="widget", issue_number=number, per_page=2
        )
        assert [comment.body async for comment in pages] == [f"c{n}" for n in range(5)]
        watched.rate_limited(times=1, retry_after=9)
        with pytest.raises(SecondaryRateLimitExceeded) as limited:
            await gh.rest.issues.async_get("acme", "widget", number)
        assert limited.value.retry_after.total_seconds() == 9


def test_every_read_has_the_published_shape(watched: LocalGitHub, checker: OpenApiChecker) -> None:
    """All GET operations, for a commit, a file, a folder, a link, an open and a closed pull request."""
    number = watched.open_issue(WIDGET, title="One", by="maria", labels=("bug",))
    comment = watched.comment(WIDGET, number, "text", by="maria")
    sha = watched.push(WIDGET, "a/b", {"n.txt": "1", "bin": b"\0", "README.md": None}, "Two", by="maria")
    pull = watched.open_pull(WIDGET, title="Two", head="a/b", body=f"Closes #{number}", by="maria")
    reads = [
        *("/", "/meta", "/rate_limit", "/user", "/users/maria", REPO, f"{REPO}/collaborators/maria/permission"),
        *(f"{REPO}/issues?state=all", f"{REPO}/issues/{number}", f"{REPO}/issues/{pull}", f"{REPO}/labels"),
        *(f"{REPO}/issues/{number}/{part}" for part in ("comments", "labels", "reactions")),
        *(f"{REPO}/issues/comments/{comment}", f"{REPO}/issues/comments/{comment}/reactions"),
        *(f"{REPO}/git/ref/heads/a/b", f"{REPO}/git/matching-refs/heads/", f"{REPO}/git/commits/{sha}"),
        *(f"{REPO}/git/trees/{sha}", f"{REPO}/git/trees/a%2Fb?recursive=1", f"{REPO}/branches", f"{REPO}/branches/a/b"),
        *(f"{REPO}/commits", f"{REPO}/commits/a/b", f"{REPO}/compare/main...a/b", f"{REPO}/contents/src"),
        *(f"{REPO}/contents/src/widget.py", f"{REPO}/contents/n.txt?ref=a/b"),
        *(f"{REPO}/pulls", f"{REPO}/pulls/{pull}", f"{REPO}/pulls/{pull}/files", f"{REPO}/pulls/{pull}/commits"),
    ]
    with httpx.Client(base_url=watched.api_url, headers={"Authorization": "token token-of-maria"}) as maria:
        assert [path for path in reads if maria.get(path).status_code != 200] == []
        assert maria.put(f"{REPO}/pulls/{pull}/merge").status_code == 200
        assert maria.get(f"{REPO}/pulls/{pull}").json()["merged"] is True
        assert maria.get(f"{REPO}/issues/{number}").json()["state"] == "closed"


def test_every_write_and_refusal_has_the_published_shape(watched: LocalGitHub) -> None:
    """Made, changed, deleted, and refused in each way."""
    with httpx.Client(base_url=watched.api_url, headers={"Authorization": "token token-of-maria"}) as maria:
        number = maria.post(f"{REPO}/issues", json={"title": "One", "labels": ["bug"]}).json()["number"]
        issue = f"{REPO}/issues/{number}"
        comment = maria.post(f"{issue}/comments", json={"body": "x"}).json()["id"]
        statuses = [
            maria.patch(issue, json={"title": "Two", "state": "closed", "state_reason": "not_planned"}).status_code,
            maria.post(f"{issue}/labels", json={"labels": ["ui"]}).status_code,
            maria.put(f"{issue}/labels", json={"labels": ["ui"]}).status_code,
            maria.delete(f"{issue}/labels/ui").status_code,
            maria.post(f"{issue}/reactions", json={"content": "heart"}).status_code,
            maria.post(f"{REPO}/issues/comments/{comment}/reactions", json={"content": "eyes"}).status_code,
            maria.post(f"{REPO}/issues/comments/{comment}/reactions", json={"content": "eyes"}).status_code,
            maria.post(f"{issue}/comments", json={"body": "x" * 70_000}).status_code,
            maria.post(f"{issue}/comments", json={}).status_code,
            maria.get(f"{REPO}/issues/99").status_code,
            maria.post(f"{REPO}/pulls", json={"title": "t", "head": "none", "base": "main"}).status_code,
            maria.delete(f"{REPO}/issues/comments/{comment}").status_code,
            maria.get("/user", headers={"Authorization": "token wrong"}).status_code,
        ]
    assert statuses == [200, 200, 200, 200, 201, 201, 200, 422, 422, 404, 422, 204, 401]


def test_webhooks_have_the_published_shape(
    watched: LocalGitHub, checker: OpenApiChecker, receiver: Receiver, keys: tuple[str, str]
) -> None:
    """Every event and action, against the webhook schemas; comments and pushes against githubkit's models too."""
    watched.hook(receiver.url, "secret")
    watched.install(watched.add_app(APP_ID, keys[1]), WIDGET)
    watched.ping()
    number = watched.open_issue(WIDGET, title="One", body=None, by="maria")
    comment = watched.comment(WIDGET, number, "a", by="maria")
    watched.comment(WIDGET, number, "b", by="devflow[bot]")
    watched.edit_comment(WIDGET, comment, "c", by="maria")
    watched.delete_comment(WIDGET, comment, by="maria")
    watched.label(WIDGET, number, "bug", by="maria")
    watched.unlabel(WIDGET, number, "bug", by="maria")
    watched.edit_issue(WIDGET, number, title="Two", body="now", by="maria")
    watched.push(WIDGET, "x", {"n": "1"}, "One", by="maria")
    pull = watched.open_pull(WIDGET, title="P", head="x", body=f"Closes #{number}", by="devflow[bot]")
    watched.push(WIDGET, "x", {"n": "2"}, "Two", by="maria")
    watched.comment(WIDGET, pull, "/review", by="maria")
    watched.label(WIDGET, pull, "bug", by="maria")
    watched.unlabel(WIDGET, pull, "bug", by="maria")
    watched.edit_issue(WIDGET, pull, title="Q", by="maria")
    watched.close_issue(WIDGET, pull, by="maria")
    watched.reopen_issue(WIDGET, pull, by="maria")
    watched.merge(WIDGET, pull, by="maria")
    watched.reopen_issue(WIDGET, number, by="maria")
    watched.delete_branch(WIDGET, "x", by="maria")
    watched.wait_idle()
    problems = [
        problem
        for arrival in receiver.arrivals
        for problem in checker.check_webhook(
            arrival.headers["x-github-event"], arrival.payload.get("action"), arrival.payload
        )
    ]
    assert problems == []
    assert {name.partition(".")[0] for name in receiver.names} == {
        *("installation", "ping", "issues", "issue_comment", "push", "pull_request")
    }
    comments, pushes = TypeAdapter(IssueCommentEvent), TypeAdapter(PushEvent)
    for arrival in receiver.arrivals:
        if arrival.name.startswith("issue_comment"):
            assert comments.validate_python(arrival.payload).action == arrival.payload["action"]
        if arrival.name == "push":
            assert pushes.validate_python(arrival.payload).ref.startswith("refs/heads/")


def test_the_checker_finds_what_is_wrong(checker: OpenApiChecker) -> None:
    """A judge that never objects proves nothing."""
    comments = f"{REPO}/issues/1/comments"
    assert checker.check_request("POST", comments, {"body": "x"}) == []
    assert "required" in checker.check_request("POST", comments, {})[0]
    assert "no field" in checker.check_request("POST", comments, {"body": "x", "text": "y"})[0]
    assert "no query parameter" in checker.check_request("GET", comments, None, "per_pages=3")[0]
    assert "no such operation" in checker.check_request("POST", f"{REPO}/nothing", {})[0]
    assert "takes no body" in checker.check_request("GET", comments, {"a": 1})[0]
    assert checker.check_request("POST", f"{REPO}/issues/comments/1/reactions", {"content": "thumbs"}) != []
    assert checker.check_request("GET", f"{REPO}/git/ref/heads/a/b/c", None) == []
    assert checker.check_response("GET", comments, 200, [{"id": 1}]) != []
    assert checker.check_response("GET", comments, 200, []) == []
    assert "documents no such status" in checker.check_response("GET", comments, 299, [])[0]
    assert checker.check_response("DELETE", f"{REPO}/issues/comments/1", 204, {"x": 1}) != []
    assert checker.check_webhook("issue_comment", "created", {"action": "created"}) != []
    assert "no webhook" in checker.check_webhook("issue_comment", "sung", {})[0]


def test_without_npm_the_check_is_skipped_aloud_and_fails_in_ci(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A developer reads why; a build that cannot check does not pass."""
    monkeypatch.setattr(published, "CACHE", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="npm is not installed"):
        openapi.openapi_file()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="npm is not installed"):
        openapi.openapi_file()
