"""Deliveries through a relay that nobody trusts: real HTTP, real streams, a signature on everything."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime

import httpx
import orjson
import pytest
import structlog

from bot.core.errors import BotError
from bot.ports import GitHubError
from bot.ports_deliveries import LoggedDelivery
from tests.webhooks.served import SECRET, ExampleBot, HandClock, comment, headers, serving, sign, until
from tests.webhooks.smee import Smee, smee
from webhooks.app import Site
from webhooks.missed import LOOKS, PAUSE
from webhooks.relay import PAUSES, Relay, new_channel

pytestmark = pytest.mark.slow


@dataclass
class Log:
    """GitHub's log of deliveries, as the adapter tells it; `clock` dates what is added."""

    clock: HandClock
    entries: list[tuple[LoggedDelivery, bytes]] = field(default_factory=list)
    looks: int = 0
    broken: bool = False
    closed: bool = False

    def add(self, guid: str, body: bytes, event: str = "issue_comment") -> None:
        self.entries.append((LoggedDelivery(len(self.entries) + 1, guid, event, self.clock.now()), body))

    async def recent(self, since: datetime) -> list[LoggedDelivery]:
        self.looks += 1
        if self.broken:
            raise GitHubError("GitHub is away.", 502)
        return [entry for entry, _ in self.entries if entry.at >= since]

    async def payload(self, delivery: LoggedDelivery) -> bytes:
        return self.entries[delivery.id - 1][1]

    async def aclose(self) -> None:
        self.closed = True


@contextlib.asynccontextmanager
async def relayed(bot: ExampleBot, log: Log | None = None) -> AsyncIterator[tuple[Smee, Log, Site]]:
    """A server that listens on a relay, with GitHub's log at hand."""
    async with smee() as relay:
        log = log or Log(bot.clock)
        bot.webhook_relay, bot.deliveries = relay.channel, log
        async with serving(bot) as (site, _):
            await until(lambda: site.relayed and site.relayed.missing() is None)
            yield relay, log, site


async def post(relay: Smee, body: bytes, delivery: str = "d-1", secret: str = SECRET) -> None:
    """GitHub delivers to the channel."""
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(relay.channel, content=body, headers=headers(body, delivery, secret=secret))
    assert answer.status_code == 200


async def heard(relay: Smee, site: Site) -> None:
    """Return when everything before was taken off the stream."""
    body = comment(text="the end")
    await post(relay, body, "last")
    while await site.inbox._store.delivery_outcome("last") is None:
        await asyncio.sleep(0.005)


async def test_a_delivery_comes_through_the_relay(bot: ExampleBot) -> None:
    """Headers, signature and text survive, also in other alphabets and with what JSON escapes."""
    async with relayed(bot) as (relay, _, site):
        body = comment(text='/dev-workflow ünïcode 🚀 "quoted" \\ \n\t\x01 </script> \u2028')
        await post(relay, body)
        await heard(relay, site)
    assert [d.body for d in bot.handled if d.id == "d-1"] == [body]
    assert bot.handled[0].event == "issue_comment"


async def test_a_delivery_counts_once_however_it_comes(bot: ExampleBot) -> None:
    """Twice through the relay and once from the log is one."""
    async with relayed(bot) as (relay, log, site):
        body = comment()
        log.add("d-1", body)
        await post(relay, body)
        await post(relay, body)
        await post(relay, body, "forged", secret="wrong")
        await heard(relay, site)
        await until(lambda: log.looks)
    assert bot.handled_ids.count("d-1") == 1
    assert "forged" not in bot.handled_ids


async def test_what_the_relay_changed_is_fetched_from_github(bot: ExampleBot) -> None:
    """The signature does not fit any more; the log says so, and the text comes from GitHub's own log."""
    body = comment()
    with structlog.testing.capture_logs() as logs:
        async with relayed(bot) as (relay, log, _):
            log.add("d-1", body)
            changed = orjson.loads(body) | {"extra": "by the relay"}
            relay.event({**{name.lower(): value for name, value in headers(body).items()}, "body": changed})
            await until(lambda: "d-1" in bot.handled_ids)
    assert [d.body for d in bot.handled] == [body]
    said = next(entry for entry in logs if entry.get("delivery") == "d-1")
    assert said["log_level"] == "warning"
    assert "the relay changed the text" in said["cause"]
    assert SECRET not in str(logs)


async def test_forgeries_cost_github_one_question_in_a_while(bot: ExampleBot) -> None:
    """A relay gone bad cannot spend our allowance there, and what it forges is not there either."""
    async with relayed(bot) as (relay, log, site):
        for number in range(50):
            await post(relay, comment(), f"forged-{number}", secret="wrong")
        await heard(relay, site)
        await bot.clock.until_sleeping(PAUSE)
        assert log.looks == 1
        for _ in range(LOOKS + 3):
            bot.clock.advance(PAUSE)
            await asyncio.sleep(0.02)
        assert log.looks == 1 + LOOKS
    assert [d for d in bot.handled_ids if d.startswith("forged")] == []


GARBAGE = (
    b"data: not json\n\n",
    b"data: []\n\n",
    b"data: {}\n\n",
    b'data: {"body": "text"}\n\n',
    b'data: {"body": {}}\n\n',
    b'data: {"body": {"a": "\\ud800"}, "x-github-event": "issues"}\n\n',
    b'data: {"body": {}, "x-github-event": 7, "x-github-delivery": ["a"], "x-hub-signature-256": null}\n\n',
    b'data: {"body": {}, "x-github-event": "issues\\r\\nx: y", "x-github-delivery": "a"}\n\n',
    b"data: " + b"[" * 100_000 + b"\n\n",
    b"data: " + b'{"body":' * 50_000 + b"\n\n",
    b"data: " + b"9" * 10_000 + b"\n\n",
    b"event: surprise\ndata: x\n\n",
    b"\xff\xfe\x00 no field\n\n",
    b"retry: -1\nid: \x00\n\n",
)


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
async def test_garbage_does_no_harm(bot: ExampleBot, garbage: bytes) -> None:
    """The stream goes on, and the next good delivery is taken."""
    async with relayed(bot) as (relay, _, site):
        relay.raw(garbage)
        await heard(relay, site)
        assert relay.connections == 1
    assert bot.handled_ids == ["last"]


def listen(relay: Relay) -> "asyncio.Task[None]":
    return asyncio.create_task(relay.run())


async def nowhere(*_: object) -> None:
    raise AssertionError("nothing may come through")


@pytest.mark.parametrize("end", [b"", b"\n", b"\ndata: more"])
async def test_an_event_of_any_size_is_not_kept(end: bytes) -> None:
    """At the limit the connection ends, whatever lines the event is cut into; then there is a new one."""
    clock = HandClock()
    async with smee() as server:
        running = listen(Relay(server.channel, nowhere, clock, lambda _: None, most_bytes=100_000))
        await server.connected()
        server.raw(b"data: " + b"x" * 60_000)
        server.raw(end + b"x" * 60_000)
        await clock.until_sleeping(PAUSES[0])
        clock.advance(PAUSES[0])
        await server.connected(2)
        running.cancel()


async def test_many_events_together_may_be_larger_than_one_may_be() -> None:
    """The limit is for each: a busy day is no attack, also where the end of an event is cut in two."""
    clock = HandClock()
    async with smee() as server:
        running = listen(Relay(server.channel, nowhere, clock, lambda _: None, most_bytes=100_000))
        await server.connected()
        for _ in range(10):
            server.raw(b"event: ping\r\ndata: " + b"x" * 60_000 + b"\r\n")
            server.raw(b"\r\n")
        server.cut()
        with structlog.testing.capture_logs() as logs:
            await clock.until_sleeping(PAUSES[0])
        running.cancel()
    assert [entry["cause"] for entry in logs] == ["it closed the connection"]


async def test_a_compressed_stream_is_refused() -> None:
    """It could be small on the wire and endless in memory."""
    clock = HandClock()
    async with smee() as server:
        server.headers = {"content-encoding": "gzip"}
        with structlog.testing.capture_logs() as logs:
            running = listen(Relay(server.channel, nowhere, clock, lambda _: None))
            await clock.until_sleeping(PAUSES[0])
        running.cancel()
    assert "it compresses" in logs[-1]["cause"]


@pytest.mark.parametrize("status", [302, 403, 404, 500])
async def test_a_relay_that_refuses_is_asked_ever_less_often(status: int) -> None:
    """And the health page says so."""
    clock = HandClock()
    async with smee() as server:
        server.status = status
        relay = Relay(server.channel, nowhere, clock, lambda _: None)
        running = listen(relay)
        for number, pause in enumerate((*PAUSES, PAUSES[-1]), 1):
            await clock.until_sleeping(pause)
            assert server.connections == number
            assert relay.missing() == "The webhook relay is not connected."
            clock.advance(pause)
        running.cancel()


async def test_a_connection_that_went_silent_is_made_again() -> None:
    """Half-open connections never end by themselves: without a ping in time it counts as dead."""
    clock, lost = HandClock(), list[datetime | None]()
    async with smee() as server:
        relay = Relay(server.channel, nowhere, clock, lost.append, silence_seconds=0.3)
        running = listen(relay)
        await server.connected()
        await clock.until_sleeping(PAUSES[0])
        began = clock.now()
        clock.advance(3600)
        await server.connected(2)
        await until(lambda: relay.missing() is None)
        running.cancel()
    assert lost == [began]


async def test_what_came_while_the_relay_was_gone_is_fetched(bot: ExampleBot) -> None:
    """A laptop slept: what GitHub told the relay meanwhile is in GitHub's log; other Apps' events stay there."""
    async with relayed(bot) as (relay, log, _):
        body = comment()
        relay.cut()
        await bot.clock.until_sleeping(PAUSES[0])
        log.add("while-away", body)
        log.add("unknown", body, event="gollum")
        bot.clock.advance(8 * 3600)
        await until(lambda: "while-away" in bot.handled_ids)
    assert bot.handled_ids == ["while-away"]
    assert log.closed


async def test_a_restart_fetches_what_came_since_the_last_delivery(bot: ExampleBot) -> None:
    """Nothing from before it: where no delivery was ever taken, the database is another one."""
    log = Log(bot.clock)
    log.add("of-another-life", comment())
    bot.clock.advance(3600)
    async with relayed(bot, log) as (relay, _, site):
        await heard(relay, site)
    bot.clock.advance(3600)
    log.add("while-stopped", comment())
    async with relayed(bot, log):
        await until(lambda: "while-stopped" in bot.handled_ids)
    assert bot.handled_ids == ["last", "while-stopped"]


async def test_a_log_that_cannot_be_read_is_asked_again(bot: ExampleBot) -> None:
    """GitHub may be away at the same time."""
    async with relayed(bot) as (relay, log, _):
        log.broken = True
        log.add("d-1", comment())
        await post(relay, comment(), "d-1", secret="wrong")
        for _ in range(LOOKS + 1):
            await bot.clock.until_sleeping(PAUSE)
            bot.clock.advance(PAUSE)
            await asyncio.sleep(0.02)
        log.broken = False
        bot.clock.advance(PAUSE)
        await until(lambda: "d-1" in bot.handled_ids)


async def test_a_channel_is_made_or_taken() -> None:
    """A server gives one, a channel is one."""
    async with smee() as server:
        assert await new_channel(server.url) == f"{server.url}/fresh-channel"
        assert await new_channel(f"{server.url}/new") == f"{server.url}/fresh-channel"
        assert await new_channel(f"{server.url}/mine") == f"{server.url}/mine"


@pytest.mark.parametrize("relay", ["ftp://x", "https://user:secret@host/x", "http://127.0.0.1:9", "https://a b"])
async def test_a_relay_that_is_none_is_named(relay: str) -> None:
    """Before an App is made that would deliver into the void."""
    with pytest.raises(BotError) as caught:
        await new_channel(relay)
    assert caught.value.hint


def test_github_signs_what_a_relay_can_put_together_again() -> None:
    """JSON without spaces and with plain letters: what the test server signs, and smee's clients make."""
    body = comment(text="ü 🚀")
    again = json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False).encode()
    assert sign(again) == sign(body)


async def test_a_database_that_is_away_costs_no_delivery(bot: ExampleBot) -> None:
    """The relay delivers once only; GitHub's log has it still."""
    async with relayed(bot) as (relay, log, _):
        bot.store.broken = True
        log.add("d-1", comment())
        await post(relay, comment(), "d-1")
        await bot.clock.until_sleeping(PAUSE)
        bot.store.broken = False
        for _ in range(LOOKS):
            await bot.clock.until_sleeping(PAUSE)
            bot.clock.advance(PAUSE)
        await until(lambda: bot.handled)
    assert set(bot.handled_ids) == {"d-1"}


async def test_what_goes_wrong_here_ends_no_relay() -> None:
    """An error of ours costs one delivery, and the log has it."""
    clock = HandClock()
    async with smee() as server:
        relay = Relay(server.channel, nowhere, clock, lambda _: None)
        running = listen(relay)
        await server.connected()
        await post(server, comment())
        await clock.until_sleeping(PAUSES[0])
        clock.advance(PAUSES[0])
        await server.connected(2)
        running.cancel()
