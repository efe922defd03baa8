"""`/setup` on a server that is not set up yet: one button, and nothing for anybody else who finds the page."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

import httpx
import pytest
import structlog

from bot.core.app_manifest import AppWish
from bot.core.app_wanted import EVENTS, PERMISSIONS
from bot.core.errors import BotError
from bot.stored_app import StoredApp
from tests.webhooks.served import ExampleBot, comment, listening, post, serving, until
from webhooks.app import Site, create_app
from webhooks.setup_pages import MOST_STATES, Offer
from webhooks.setup_site import SetupSite

TOKEN, PEM = "t0ken-of-the-terminal", "-----BEGIN RSA PRIVATE KEY-----"
GITHUB = "https://github.example"
APP = StoredApp(
    id=7,
    slug="devflow-acme",
    html_url=f"{GITHUB}/apps/devflow-acme",
    pem=PEM,
    webhook_secret="hush",
    webhook="https://devflow.example/webhooks/github",
    api_url=GITHUB,
    server_url=GITHUB,
)


@dataclass
class Keeper:
    """What fetches and stores the keys; `error` is what it raises."""

    error: Exception | None = None
    asked: list[tuple[str, AppWish]] = field(default_factory=list)

    async def __call__(self, code: str, wish: AppWish) -> StoredApp:
        self.asked.append((code, wish))
        if self.error:
            raise self.error
        return APP


@dataclass
class Setup:
    """A server in set-up, and a browser that follows no redirect by itself."""

    site: SetupSite
    client: httpx.AsyncClient
    keeper: Keeper

    async def enter(self) -> None:
        """As the operator, by the address from the terminal."""
        assert (await self.client.get("/setup", params={"token": TOKEN})).status_code == 303

    async def form(self, query: str = "") -> tuple[str, dict[str, object]]:
        """(state, manifest) of the form as it is shown."""
        page = (await self.client.get(f"/setup{query}")).text
        action = unescape(re.findall(r'<form method="post" action="([^"]+)"', page)[0])
        manifest = json.loads(unescape(re.findall(r'name="manifest" value="([^"]+)"', page)[0]))
        self.action = action
        return httpx.URL(action).params["state"], manifest

    async def back(self, state: str, code: str = "c0de") -> httpx.Response:
        """GitHub sends the browser back."""
        return await self.client.get("/setup/done", params={"code": code, "state": state})


@contextlib.asynccontextmanager
async def setting_up(start: Callable[[], Site] | None = None, offer: Offer | None = None) -> AsyncIterator[Setup]:
    keeper = Keeper()
    site = SetupSite(TOKEN, GITHUB, offer or Offer(), keeper, start)
    async with listening(site, site=site) as client, asyncio.timeout(30):
        yield Setup(site, client, keeper)


@pytest.fixture
async def setup() -> AsyncIterator[Setup]:
    async with setting_up() as made:
        yield made


async def test_the_form_asks_github_for_what_devflow_needs(setup: Setup) -> None:
    """Permissions and events from the one list, the webhook and the way back under the name the browser has for us."""
    await setup.enter()
    state, manifest = await setup.form()
    own = str(setup.client.base_url).rstrip("/")
    assert setup.action == f"{GITHUB}/settings/apps/new?state={state}"
    assert manifest["default_permissions"] == {"metadata": "read", **PERMISSIONS}
    assert manifest["default_events"] == list(EVENTS)
    assert manifest["hook_attributes"] == {"url": f"{own}/webhooks/github", "active": True}
    assert (manifest["redirect_url"], manifest["public"]) == (f"{own}/setup/done", False)


async def test_name_owner_and_address_can_be_chosen(setup: Setup) -> None:
    """The manifest follows them; what GitHub would refuse is named, and there is no button then."""
    await setup.enter()
    _, manifest = await setup.form("?org=acme&name=Acme+bot&webhook=https://x.example/hook")
    assert setup.action.startswith(f"{GITHUB}/organizations/acme/settings/apps/new?state=")
    assert (manifest["name"], manifest["hook_attributes"]) == (
        "Acme bot",
        {"url": "https://x.example/hook", "active": True},
    )
    for query in (
        "org=a/../b",
        "name=" + "x" * 35,
        "name=",
        "webhook=javascript:alert(1)",
        "webhook=//x",
        "org=%22%3E",
    ):
        answer = await setup.client.get(f"/setup?{query}")
        assert (answer.status_code, "Create the App" in answer.text) == (400, False), query
        assert 'role="alert"' in answer.text


async def test_what_is_typed_is_text(setup: Setup) -> None:
    """Also between the quotes of a form field."""
    await setup.enter()
    page = (await setup.client.get("/setup", params={"name": '"><script>alert(1)</script>'})).text
    assert "<script" not in page


async def test_the_keys_are_stored_and_the_app_can_be_installed(setup: Setup) -> None:
    """The last page has the link, and neither code nor secret."""
    await setup.enter()
    state, _ = await setup.form("?org=acme&webhook=https://x.example/hook")
    answer = await setup.back(state)
    assert answer.status_code == 200
    assert f'href="{GITHUB}/apps/devflow-acme/installations/new"' in answer.text
    assert [(code, wish.org, wish.webhook) for code, wish in setup.keeper.asked] == [
        ("c0de", "acme", "https://x.example/hook")
    ]
    assert setup.site.stored is APP
    for secret in (PEM, "hush", "c0de", TOKEN, state):
        assert secret not in answer.text


@pytest.mark.parametrize(
    "query", ["", "?token=", "?token=wrong", f"?token={TOKEN}x", f"?token={TOKEN.upper()}", "?token=%C3%A4"]
)
async def test_without_the_token_there_is_no_form(setup: Setup, query: str) -> None:
    """Who finds the page first cannot make the server his own."""
    answer = await setup.client.get(f"/setup{query}")
    assert answer.status_code == 403
    assert "<form" not in answer.text
    assert "set-cookie" not in answer.headers


async def test_a_forged_cookie_opens_nothing(setup: Setup) -> None:
    """Nor does the token itself as a cookie."""
    for cookie in ("", "x", TOKEN, "ä"):
        fields = {"cookie": f"devflow_setup={cookie}".encode()}
        assert (await setup.client.get("/setup", headers=fields)).status_code == 403


async def test_the_token_leaves_the_address_bar(setup: Setup) -> None:
    """For a cookie that scripts cannot read, that goes to /setup alone, and is not the token."""
    answer = await setup.client.get(f"/setup?token={TOKEN}&next=https://evil.example")
    assert (answer.status_code, answer.headers["location"]) == (303, "/setup")
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "Path=/setup", "SameSite=lax"} <= set(cookie.split("; "))
    assert TOKEN not in cookie
    secure = await setup.client.get(f"/setup?token={TOKEN}", headers={"x-forwarded-proto": "https"})
    assert "; Secure" in secure.headers["set-cookie"]


async def test_an_answer_counts_once_and_only_for_a_form_of_ours(setup: Setup) -> None:
    """Without the cookie, with a state of nobody's, a second time: GitHub is not even asked."""
    await setup.enter()
    state, _ = await setup.form()
    async with httpx.AsyncClient(base_url=setup.client.base_url) as stranger:
        assert (await stranger.get(f"/setup/done?code=c&state={state}")).status_code == 403
    for wrong in ("", "x", state[:-1], state + "x", "ä"):
        assert (await setup.back(wrong)).status_code == 403
    assert setup.keeper.asked == []
    setup.keeper.error = BotError("GitHub takes this code no more.", "Start again.")
    assert (await setup.back(state)).status_code == 502
    assert (await setup.back(state)).status_code == 403
    assert len(setup.keeper.asked) == 1


async def test_forms_are_not_kept_without_end(setup: Setup) -> None:
    """The oldest one stops working."""
    await setup.enter()
    first, _ = await setup.form()
    for _ in range(MOST_STATES):
        last, _ = await setup.form()
    assert (await setup.back(first)).status_code == 403
    assert (await setup.back(last)).status_code == 200


async def test_two_answers_at_once_make_one_app(setup: Setup) -> None:
    """A second button press that was under way finds the server set up."""
    await setup.enter()
    first, _ = await setup.form()
    second, _ = await setup.form()
    assert (await setup.back(first)).status_code == 200
    assert (await setup.back(second)).status_code == 502
    assert len(setup.keeper.asked) == 1


async def test_what_failed_is_told_and_can_be_repeated(setup: Setup) -> None:
    """Cause and next step, as text; then the form again."""
    await setup.enter()
    state, _ = await setup.form()
    setup.keeper.error = BotError("GitHub takes <this> code no more.", "Start again.")
    answer = await setup.back(state)
    assert "GitHub takes &lt;this&gt; code no more." in answer.text
    assert "Start again." in answer.text
    setup.keeper.error = None
    state, _ = await setup.form()
    assert (await setup.back(state)).status_code == 200


async def test_browsers_are_told_to_be_strict(setup: Setup) -> None:
    """No frame, no script, forms to us and GitHub only, no referrer with the state in it, no cache."""
    await setup.enter()
    for path in ("/setup", "/setup/done", "/setup?token=x", "/static/devflow.css", "/nothing"):
        fields = (await setup.client.get(path)).headers
        assert (fields["x-frame-options"], fields["referrer-policy"]) == ("DENY", "no-referrer"), path
        assert "frame-ancestors 'none'" in fields["content-security-policy"]
        assert fields["cache-control"] == "no-store"
    policy = (await setup.client.get("/setup")).headers["content-security-policy"]
    assert f"form-action 'self' {GITHUB}" in policy
    assert "script" not in policy


@pytest.mark.parametrize("host", ["evil.example/x", "a b", "x@y", "<x>", ""])
async def test_an_odd_host_gets_into_no_address(setup: Setup, host: str) -> None:
    """The way back must be ours."""
    await setup.enter()
    cookies = {"cookie": "; ".join(f"{c.name}={c.value}" for c in setup.client.cookies.jar)}
    page = await setup.client.get("/setup", headers={"host": host, **cookies})
    assert page.status_code == 400 or "http://localhost/setup/done" in unescape(page.text)


async def test_deliveries_wait_in_githubs_log(setup: Setup) -> None:
    """503, so that they can be delivered again; alive, but not ready."""
    answer = await post(setup.client, comment())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert (await setup.client.get("/healthz")).json() == {"status": "alive"}
    ready = await setup.client.get("/readyz")
    assert (ready.status_code, ready.json()["missing"]) == (503, ["This server is not set up yet: open /setup."])
    assert [(await setup.client.get(path)).status_code for path in ("/", "/metrics", "/api/runs")] == [404] * 3


async def test_the_server_goes_on_as_the_whole_one(bot: ExampleBot) -> None:
    """In the same process, without a restart: deliveries are taken, /setup has the link for everybody."""
    bot.install_url = APP.install_url
    async with setting_up(lambda: create_app(bot)) as setup:
        await setup.enter()
        state, _ = await setup.form()
        await setup.back(state)
        await until(lambda: setup.site._site)
        assert (await post(setup.client, comment())).status_code == 202
        assert (await setup.client.get("/readyz")).json() == {"ready": True, "missing": []}
        setup.client.cookies.clear()
        done = await setup.client.get("/setup", headers={"x-forwarded-for": "203.0.113.9"})
        assert (done.status_code, APP.install_url in done.text) == (200, True)
        again = await setup.client.get("/setup/done?code=x&state=y")
        assert (again.status_code, again.headers["location"]) == (303, "/setup")
        assert (await setup.client.get(f"/setup?token={TOKEN}")).headers.get("set-cookie") is None
        await until(lambda: bot.handled)
    assert bot.log == ["start", "stop"]


@pytest.mark.parametrize("error", [BotError("No database.", "Make one."), RuntimeError("hush")])
async def test_a_server_that_cannot_start_says_so(bot: ExampleBot, error: Exception) -> None:
    """The keys are safe; the log has the cause, the pages only that there is one."""

    def broken() -> Site:
        raise error

    with structlog.testing.capture_logs() as logs:
        async with setting_up(broken) as setup:
            await setup.enter()
            state, _ = await setup.form()
            assert (await setup.back(state)).status_code == 200
            await until(lambda: logs)
            ready = (await setup.client.get("/readyz")).json()
    assert ready["missing"] == ["The App's keys are stored, but the server cannot start: its log says why."]
    assert logs[0]["log_level"] == "error"


async def test_a_server_that_was_set_up_by_hand_says_so_too(bot: ExampleBot) -> None:
    """There is no link then, and nothing to press."""
    async with serving(bot, address="203.0.113.9") as (_, client):
        page = await client.get("/setup")
        assert page.status_code == 200
        assert "Devflow is set up" in page.text
        assert "<form" not in page.text
        assert (await client.get("/static/devflow.css")).status_code == 200


async def test_nothing_secret_is_logged(tmp_path: Path) -> None:
    """Neither token nor code, state or keys."""
    with structlog.testing.capture_logs() as logs:
        async with setting_up() as setup:
            await setup.client.get("/setup?token=wrong")
            await setup.enter()
            state, _ = await setup.form()
            await setup.back(state)
    assert not any(secret in str(logs) for secret in (TOKEN, "c0de", state, PEM, "hush"))
