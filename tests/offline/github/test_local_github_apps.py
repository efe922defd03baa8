"""Apps from manifests, and an Enterprise Server's addresses."""

import json
import re
from html import unescape
from pathlib import Path

import httpx
import pytest

from bot.adapters.github import new_app
from bot.clock import SystemClock
from bot.core.app_manifest import AppWish, app_manifest
from bot.core.errors import BotError
from bot.offline.github import LocalGitHub
from tests.offline.github.conftest import WIDGET
from tests.offline.openapi import OpenApiChecker
from tests.scenarios.parts import FastClock

BACK = "http://127.0.0.1:1/setup/done"
HOOK = "http://127.0.0.1:1/webhooks/github"


def confirm(github: LocalGitHub, name: str = "My Devflow", path: str = "/settings/apps/new") -> httpx.Response:
    """A person posts our manifest, sees the page, and confirms."""
    manifest = json.dumps(app_manifest(AppWish(HOOK, name=name), BACK))
    with httpx.Client(base_url=github.url, trust_env=False) as browser:
        page = browser.post(f"{path}?state=s%26t", data={"manifest": manifest})
        assert page.status_code == 200, page.text
        shown = unescape(re.findall(r'name="manifest" value="([^"]+)"', page.text)[0])
        return browser.post(f"{path}?state=s%26t", data={"manifest": shown, "name": name, "confirmed": "yes"})


def code_of(answer: httpx.Response) -> str:
    return httpx.URL(answer.headers["location"]).params["code"]


async def test_a_manifest_becomes_an_app_with_keys(watched: LocalGitHub) -> None:
    """The browser comes back with code and state; the code gives the keys as GitHub publishes them; they work."""
    answer = confirm(watched, path="/organizations/acme/settings/apps/new")
    back = httpx.URL(answer.headers["location"])
    assert (answer.status_code, str(back.copy_with(query=None)), back.params["state"]) == (302, BACK, "s&t")
    app = await new_app(watched.api_url, code_of(answer), SystemClock())
    assert (app.slug, app.html_url) == ("my-devflow", f"{watched.url}/apps/my-devflow")
    assert app.pem.startswith("-----BEGIN RSA PRIVATE KEY-----")
    assert app.webhook_secret
    assert watched.deliveries[0].event == "ping"


def test_the_wanted_permissions_and_events_are_github_s(checker: OpenApiChecker) -> None:
    """By the published description: a wrong name would make the manifest fail."""
    manifest = app_manifest(AppWish(HOOK), BACK)
    permissions = checker._spec["components"]["schemas"]["app-permissions"]["properties"]
    for name, level in dict(manifest["default_permissions"]).items():  # type: ignore[call-overload]
        assert level in permissions[name]["enum"], name
    events = {
        item["post"]["x-github"]["subcategory"].replace("-", "_") for item in checker._spec["x-webhooks"].values()
    }
    assert set(manifest["default_events"]) <= events | {"issue_comment"}  # type: ignore[call-overload]


async def test_a_code_works_once(github: LocalGitHub) -> None:
    """Also one that nobody was given; what could be a path is not sent."""
    code = code_of(confirm(github))
    await new_app(github.api_url, code, FastClock())
    for wrong in (code, "nobodys"):
        with pytest.raises(BotError, match="it was used before, or is older than an hour"):
            await new_app(github.api_url, wrong, FastClock())
    for odd in ("", "a/b", "../..", "a?b", "x" * 300):
        with pytest.raises(BotError, match="malformed"):
            await new_app(github.api_url, odd, FastClock())


@pytest.mark.parametrize("status", [0, 500, 502])
async def test_a_failure_of_github_is_waited_out(github: LocalGitHub, status: int) -> None:
    """The person has done his part; a broken connection or a bad moment must not cost him the App."""
    code = code_of(confirm(github))
    github.fails("POST", "/app-manifests/", status=status, times=2)
    assert (await new_app(github.api_url, code, FastClock())).slug == "my-devflow"


async def test_a_lost_answer_is_told_as_such(github: LocalGitHub) -> None:
    """The code is burnt then; the way out is in the hint."""
    code = code_of(confirm(github))
    github.fails("POST", "/app-manifests/", status=0, after_effect=True)
    with pytest.raises(BotError, match="its answer was lost") as caught:
        await new_app(github.api_url, code, FastClock())
    assert "Delete the App" in caught.value.hint


@pytest.mark.parametrize(
    ("status", "body"), [(422, {"message": "Validation failed"}), (403, None), (201, {"id": 1}), (200, [])]
)
async def test_a_refusal_and_an_odd_answer_end_it(github: LocalGitHub, status: int, body: object) -> None:
    """In a sentence, without what GitHub wrote, which may hold half the keys."""
    code = code_of(confirm(github))
    github.fails("POST", "/app-manifests/", status=status, body=body)
    with pytest.raises(BotError) as caught:
        await new_app(github.api_url, code, FastClock())
    assert code not in str(caught.value)


async def test_a_github_that_is_not_there_is_named() -> None:
    """By its address."""
    with pytest.raises(BotError, match="did not hand out the App"):
        await new_app("http://127.0.0.1:9", "c0de", FastClock())


def test_a_name_is_taken_once(github: LocalGitHub) -> None:
    """As on GitHub; an odd manifest is refused, and shown as text."""
    confirm(github)
    manifest = json.dumps(app_manifest(AppWish(HOOK, name="my devflow"), BACK))
    with httpx.Client(base_url=github.url, trust_env=False) as browser:
        taken = browser.post("/settings/apps/new", data={"manifest": manifest})
        assert (taken.status_code, "is taken" in taken.text) == (422, True)
        for odd in ("", "{", "[]", '{"name": "x"}'):
            assert browser.post("/settings/apps/new", data={"manifest": odd}).status_code == 422
        shown = browser.post(
            "/settings/apps/new",
            data={"manifest": manifest.replace("my devflow", "<b>")},
        ).text
        assert "<b>" not in shown


def test_an_app_is_installed_from_its_page(github: LocalGitHub) -> None:
    """The link at the end of set-up leads there."""
    confirm(github)
    with httpx.Client(base_url=github.url, trust_env=False) as browser:
        page = "/apps/my-devflow/installations/new"
        assert f"Install on {WIDGET}" in browser.get(page).text
        assert f"{WIDGET}: installed" in browser.post(page, data={"repository": WIDGET}).text
        assert browser.get("/apps/unknown/installations/new").status_code == 404
    assert [d.event for d in github.deliveries] == ["ping", "installation"]


def test_an_enterprise_server_has_its_interfaces_below_api(tmp_path: Path) -> None:
    """REST under /api/v3 with addresses that say so, the oldest version only, nothing at the root; pages as ever."""
    with LocalGitHub(tmp_path, enterprise=True) as github, httpx.Client(trust_env=False) as client:
        github.add_repository(WIDGET)
        assert github.api_url == f"{github.url}/api/v3"
        found = client.get(f"{github.api_url}/repos/{WIDGET}").json()
        assert found["url"] == f"{github.api_url}/repos/{WIDGET}"
        assert found["html_url"] == f"{github.url}/{WIDGET}"
        assert client.get(f"{github.url}/{WIDGET}").status_code == 200
        assert client.get(f"{github.url}/repos/{WIDGET}").status_code == 404
        assert client.post(f"{github.url}/graphql", json={}).status_code == 404
        assert client.post(f"{github.api_url}/graphql", json={}).status_code == 404
        assert client.post(f"{github.url}/api/graphql", json={}).status_code == 401
        newest = {"X-GitHub-Api-Version": "2026-03-10"}
        assert client.get(f"{github.api_url}/repos/{WIDGET}", headers=newest).status_code == 400
        assert len(github.unserved) == 3
