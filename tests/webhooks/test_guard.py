"""Who gets to see the pages."""

import httpx
import pytest

from tests.webhooks.served import ExampleBot, comment, post, serving

TOKEN = "let-me-in"
ELSEWHERE = "203.0.113.9"
OPEN = ("/healthz", "/readyz")
GUARDED = ("/", "/runs/x", "/api/runs", "/api/runs/x", "/metrics", "/events", "/static/live.js", "/nothing")


async def statuses(client: httpx.AsyncClient, *paths: str, **fields: str) -> set[int]:
    return {(await client.get(path, headers=fields)).status_code for path in paths}


async def test_without_a_token_other_machines_see_nothing(bot: ExampleBot) -> None:
    """A server that listens on every address shows strangers no page; deliveries and health checks get through."""
    async with serving(bot, address=ELSEWHERE) as (_, client):
        assert await statuses(client, *GUARDED) == {403}
        assert await statuses(client, *OPEN) == {200}
        assert (await post(client, comment())).status_code == 202
        assert "DEVFLOW_PAGES_TOKEN" in (await client.get("/")).text


async def test_without_a_token_this_machine_sees_all(bot: ExampleBot) -> None:
    """On a laptop there is nothing to set, by whatever name the machine calls itself."""
    async with serving(bot) as (_, client):
        assert await statuses(client, "/", "/api/runs", "/metrics") == {200}
        for host in ("localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000"):
            assert await statuses(client, "/", Host=host) == {200}, host


@pytest.mark.parametrize(
    "fields",
    [
        {"Host": "devflow.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "["},
        {"X-Forwarded-For": "203.0.113.9"},
        {"X-Real-IP": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
    ],
    ids=lambda fields: ": ".join(*fields.items()),
)
async def test_a_proxy_or_a_rebound_name_is_not_this_machine(bot: ExampleBot, fields: dict[str, str]) -> None:
    """A tunnel on this machine, or a web page whose name was pointed at it, speaks for somebody else."""
    async with serving(bot) as (_, client):
        assert await statuses(client, "/", "/api/runs", **fields) == {403}


async def test_with_a_token_everybody_needs_it(bot: ExampleBot) -> None:
    """Bearer with the right token opens the pages from anywhere; nothing else does, not even being this machine."""
    bot.pages_token = TOKEN
    for address in (ELSEWHERE, "127.0.0.1"):
        async with serving(bot, address=address) as (_, client):
            assert await statuses(client, *GUARDED) == {401}
            assert await statuses(client, *OPEN) == {200}
            assert (await post(client, comment())).status_code == 202
            assert await statuses(client, "/", "/api/runs", "/metrics", Authorization=f"Bearer {TOKEN}") == {200}
            for wrong in ("Bearer", f"Basic {TOKEN}", f"Bearer {TOKEN}x", TOKEN, "Bearer \u00fc"):
                answer = await client.get("/", headers=[(b"authorization", wrong.encode())])
                assert answer.status_code == 401, wrong
                assert TOKEN not in answer.text
            assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_link_with_the_token_is_exchanged_for_a_cookie(bot: ExampleBot) -> None:
    """The browser keeps a cookie that no script can read and that is not the token; the address is cleaned."""
    bot.pages_token = TOKEN
    async with serving(bot, address=ELSEWHERE) as (_, client):
        exchanged = await client.get("/api/runs", params={"issue": "7", "token": TOKEN})
        cookie = exchanged.headers["set-cookie"]
        assert (exchanged.status_code, exchanged.headers["location"]) == (303, "/api/runs?issue=7")
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Secure" not in cookie
        assert TOKEN not in cookie
        assert await statuses(client, "/", "/api/runs") == {200}
        client.cookies.clear()
        secure = await client.get("/", params={"token": TOKEN}, headers={"X-Forwarded-Proto": "https"})
        assert "Secure" in secure.headers["set-cookie"]


async def test_wrong_tokens_and_cookies_open_nothing(bot: ExampleBot) -> None:
    """A guess gets no cookie, a made-up cookie no page."""
    bot.pages_token = TOKEN
    async with serving(bot, address=ELSEWHERE) as (_, client):
        guess = await client.get("/", params={"token": "guess"})
        assert guess.status_code == 401
        assert "set-cookie" not in guess.headers
        for cookie in (f"devflow_pages={TOKEN}", "devflow_pages=", "devflow_pages=00", ";;;=", "\u00fc=1"):
            answer = await client.get("/", headers=[(b"cookie", cookie.encode())])
            assert answer.status_code == 401, cookie


async def test_the_exchange_leads_nowhere_else(bot: ExampleBot) -> None:
    """An address like `//evil.example` is not followed to another host."""
    bot.pages_token = TOKEN
    async with serving(bot, address=ELSEWHERE) as (_, client):
        for path in ("//evil.example/", "/\\evil.example", "///evil.example"):
            target = client.base_url.copy_with(raw_path=f"{path}?token={TOKEN}".encode())
            client.cookies.clear()
            answer = await client.get(target)
            assert answer.status_code == 303
            assert answer.headers["location"] in {"/evil.example/", "/%5Cevil.example", "/evil.example"}


async def test_a_token_is_not_exchanged_for_anything_but_a_get(bot: ExampleBot) -> None:
    """Only a link that a person opens is exchanged."""
    bot.pages_token = TOKEN
    async with serving(bot, address=ELSEWHERE) as (_, client):
        assert (await client.post("/", params={"token": TOKEN})).status_code == 401


async def test_pages_are_read_only(bot: ExampleBot) -> None:
    """No page takes anything but GET."""
    async with serving(bot) as (_, client):
        for path in ("/", "/runs/x", "/api/runs", "/events", "/metrics"):
            for method in ("POST", "PUT", "DELETE"):
                assert (await client.request(method, path)).status_code == 405, (method, path)
