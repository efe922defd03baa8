"""The server as a whole: starting, stopping, health and numbers."""

import asyncio
import socket
from dataclasses import dataclass

import pytest

from bot.core.errors import BotError
from bot.core.repository import Delivery
from tests.webhooks.served import ExampleBot, comment, delivery, post, serving
from webhooks.app import create_app, serve


async def test_the_bot_is_started_first_and_stopped_last(bot: ExampleBot) -> None:
    """What a crash left is worked on once the bot runs; the bot goes on until nothing needs it."""

    async def handle(delivery: Delivery) -> str:
        bot.log.append(delivery.id)
        return "done"

    bot.handle = handle
    await bot.store.accept([delivery("left-over")], bot.clock.now())
    async with serving(bot) as (site, client):
        await site.inbox.drain()
        await post(client, comment(), delivery="fresh")
        await site.inbox.drain()
    assert bot.log == ["start", "left-over", "fresh", "stop"]


async def test_rejections_are_written_when_the_server_stops(bot: ExampleBot) -> None:
    """A short life counts too."""
    async with serving(bot) as (_, client):
        await post(client, comment(), secret="guess")
        assert await bot.store.rejections() == {}
    assert await bot.store.rejections() == {"bad_signature": 1}


async def test_alive_and_ready(bot: ExampleBot) -> None:
    """Both answer GET and HEAD with 200 when all is well."""
    async with serving(bot) as (_, client):
        for path in ("/healthz", "/readyz"):
            assert (await client.get(path)).status_code == 200
            assert (await client.head(path)).status_code == 200
        assert (await client.get("/readyz")).json() == {"ready": True, "missing": []}


async def test_what_is_not_ready_is_said(bot: ExampleBot) -> None:
    """503 with a sentence for each thing that is missing, and no password of the database's; alive all the same."""
    bot.missing = "No model key is set: set ANTHROPIC_API_KEY."
    async with serving(bot) as (_, client):
        bot.store.broken = True
        ready = await client.get("/readyz")
        alive = await client.get("/healthz")
        bot.store.broken = False

    assert ready.status_code == 503
    assert ready.json() == {"ready": False, "missing": ["The database cannot be reached.", bot.missing]}
    assert alive.status_code == 200


async def test_a_worker_that_died_is_not_ready(bot: ExampleBot) -> None:
    """A server whose deliveries only pile up says so to whoever watches it."""
    async with serving(bot) as (site, client):
        site.inbox.running = False
        ready = await client.get("/readyz")
    assert ready.json() == {"ready": False, "missing": ["Deliveries are not being worked on."]}


async def test_numbers_for_prometheus(bot: ExampleBot) -> None:
    """Deliveries, rejections by reason, and the process's memory."""
    async with serving(bot) as (site, client):
        await post(client, comment())
        await post(client, comment(), secret="guess")
        await site.inbox.drain()
        await site.inbox.flush()
        answer = await client.get("/metrics")

    assert answer.headers["content-type"].startswith("text/plain")
    lines = answer.text.splitlines()
    assert "devflow_deliveries_total 1.0" in lines
    assert "devflow_deliveries_processed_total 1.0" in lines
    assert 'devflow_deliveries_rejected_total{reason="bad_signature"} 1.0' in lines
    assert 'devflow_tokens_total{kind="cache_read"} 0.0' in lines
    assert "devflow_usd_total 0.0" in lines
    assert "devflow_inbox_waiting 0.0" in lines


async def test_fastapi_adds_no_pages_of_its_own(bot: ExampleBot) -> None:
    """Its documentation pages load scripts from elsewhere and describe what nobody needs to know."""
    async with serving(bot) as (_, client):
        for path in ("/docs", "/redoc", "/openapi.json"):
            assert (await client.get(path)).status_code == 404


async def test_more_than_one_process_is_refused(bot: ExampleBot) -> None:
    """Two processes on one state would execute the same runs."""
    with pytest.raises(BotError, match="one process, not 2"):
        serve(create_app(bot), "127.0.0.1", 0, workers=2)


async def test_a_taken_port_is_named(bot: ExampleBot) -> None:
    """The person who starts a second server reads which port and which settings."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BotError, match=f"port {port}") as caught:
            serve(create_app(bot), "127.0.0.1", port)
    assert "DEVFLOW_PORT" in caught.value.hint
    assert bot.log == []


@dataclass
class LockedBot(ExampleBot):
    async def start(self) -> None:
        raise BotError("The database is newer than this program.", "Update Devflow.")


async def test_a_bot_that_cannot_start_says_why(bot: ExampleBot) -> None:
    """The bot's own reason reaches whoever started the server, not a remark about the server."""
    site = create_app(LockedBot(bot.store))
    with pytest.raises(BotError, match="newer than this program"):
        await asyncio.to_thread(serve, site, "127.0.0.1", 0)
