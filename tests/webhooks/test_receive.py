"""What comes in at `POST /webhooks/github`: deliveries of GitHub's are stored, everything else leaves only a count."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from urllib.parse import quote, urlsplit

import httpx
import pytest

from bot.core.app_wanted import EVENTS
from bot.core.errors import BotError
from tests.webhooks.served import (
    SECRET,
    URL,
    ExampleBot,
    comment,
    delivery,
    headers,
    listening,
    post,
    serving,
    until,
)
from webhooks.app import create_app
from webhooks.inbox import FLUSH_SECONDS, Inbox
from webhooks.receive import ReceiveLimits, Receiver

BODY = comment()
MEGABYTE = bytes(1024 * 1024)


def without(name: str) -> dict[str, str]:
    return {key: value for key, value in headers(BODY).items() if key != name}


HOSTILE: dict[str, tuple[str, bytes, dict[str, str], int, str]] = {
    # name: (method, body, headers, status, reason)
    "a visitor's GET": ("GET", b"", {}, 405, "method"),
    "a PUT, well signed": ("PUT", BODY, headers(BODY), 405, "method"),
    "no event": ("POST", BODY, without("X-GitHub-Event"), 400, "event_header"),
    "an event that is a path": ("POST", BODY, headers(BODY, event="../issues"), 400, "event_header"),
    "an endless event": ("POST", BODY, headers(BODY, event="e" * 65), 400, "event_header"),
    "no delivery id": ("POST", BODY, without("X-GitHub-Delivery"), 400, "delivery_header"),
    "a delivery id with quotes": ("POST", BODY, headers(BODY, delivery='1","x":"'), 400, "delivery_header"),
    "a delivery id with markup": ("POST", BODY, headers(BODY, delivery="<b>1</b>"), 400, "delivery_header"),
    "an endless delivery id": ("POST", BODY, headers(BODY, delivery="1" * 65), 400, "delivery_header"),
    "no signature": ("POST", BODY, without("X-Hub-Signature-256"), 401, "no_signature"),
    "an empty signature": ("POST", BODY, headers(BODY) | {"X-Hub-Signature-256": ""}, 401, "no_signature"),
    "another secret": ("POST", BODY, headers(BODY, secret="guess"), 401, "bad_signature"),
    "the signature of another body": ("POST", comment(8), headers(BODY), 401, "bad_signature"),
    "half a signature": ("POST", BODY, headers(BODY) | {"X-Hub-Signature-256": "sha256="}, 401, "bad_signature"),
    "the old SHA-1 form": (
        "POST",
        BODY,
        headers(BODY) | {"X-Hub-Signature-256": "sha1=" + "0" * 40},
        401,
        "bad_signature",
    ),
    "a signature with an umlaut": ("POST", BODY, headers(BODY) | {"X-Hub-Signature-256": "ü"}, 401, "bad_signature"),
    "unsigned nonsense": ("POST", b"{", headers(BODY), 401, "bad_signature"),
    "nothing": ("POST", b"", headers(b""), 400, "not_json"),
    "a list": ("POST", b"[]", headers(b"[]"), 400, "not_json"),
    "half an object": ("POST", b'{"action":', headers(b'{"action":'), 400, "not_json"),
    "not UTF-8": ("POST", b'{"a":"\xff"}', headers(b'{"a":"\xff"}'), 400, "not_json"),
    "brackets without end": ("POST", b"[" * 100_000, headers(b"[" * 100_000), 400, "not_json"),
}


async def test_hostile_deliveries_leave_nothing_but_a_count(bot: ExampleBot) -> None:
    """Every forgery or accident gets its status and a sentence; none is stored, each is counted by reason."""
    answers = {}
    async with serving(bot) as (site, client):
        for name, (method, body, fields, _, _) in HOSTILE.items():
            raw = [(key.encode(), value.encode()) for key, value in fields.items()]
            answers[name] = await client.request(method, URL, content=body, headers=raw)
        await site.inbox.flush()

    assert {name: answer.status_code for name, answer in answers.items()} == {n: case[3] for n, case in HOSTILE.items()}
    assert all(answer.json()["error"].endswith(".") for answer in answers.values())
    assert answers["a visitor's GET"].headers["allow"] == "POST"
    reasons = [case[4] for case in HOSTILE.values()]
    assert await bot.store.rejections() == {reason: reasons.count(reason) for reason in reasons}
    assert await bot.store.count() == 0


async def test_a_delivery_is_stored_before_it_is_answered(bot: ExampleBot) -> None:
    """202 says that the raw body is durable and will be worked on."""
    bot.store.door.clear()
    async with serving(bot) as (site, client):
        answering = asyncio.create_task(post(client, BODY, delivery="72d3162e-cc78-11e3-81ab-4c9367dc0958"))
        await until(lambda: site.inbox.waiting + site.inbox.committing)
        assert not answering.done()
        bot.store.door.set()
        answer = await answering
        await site.inbox.drain()

    assert answer.status_code == 202
    assert answer.json() == {"delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958", "state": "taken"}
    assert [(d.event, d.body) for d in bot.handled] == [("issue_comment", BODY)]
    assert bot.handled_ids == ["72d3162e-cc78-11e3-81ab-4c9367dc0958"]


async def test_twenty_copies_at_once_are_one_delivery(bot: ExampleBot) -> None:
    """GitHub's redeliveries and a proxy's retries never become two runs."""
    async with serving(bot) as (site, client):
        answers = await asyncio.gather(*(post(client, BODY) for _ in range(20)))
        await site.inbox.drain()

    assert {answer.status_code for answer in answers} == {202}
    states = [answer.json()["state"] for answer in answers]
    assert (states.count("taken"), states.count("repeated")) == (1, 19)
    assert bot.handled_ids == ["d-1"]


async def test_a_repeat_of_what_was_done_does_nothing(bot: ExampleBot) -> None:
    """A redelivery of a processed delivery is answered and not handled again."""
    async with serving(bot) as (site, client):
        await post(client, BODY)
        await site.inbox.drain()
        again = await post(client, BODY)
        await site.inbox.drain()

    assert again.json()["state"] == "repeated"
    assert bot.handled_ids == ["d-1"]


@pytest.mark.parametrize("event", EVENTS)
async def test_what_is_acted_on_is_taken(bot: ExampleBot, event: str) -> None:
    """Every event that an App is told to subscribe to."""
    async with serving(bot) as (site, client):
        taken = await post(client, BODY, delivery="e-1", event=event)
        await site.inbox.drain()
    assert taken.json()["state"] == "taken"


async def test_ping_and_unknown_events_are_acknowledged(bot: ExampleBot) -> None:
    """A webhook that sends more than we need looks well on GitHub; what we cannot use is counted, not kept."""
    async with serving(bot) as (site, client):
        ping = await post(client, b'{"zen":"Keep it logically awesome."}', delivery="p-1", event="ping")
        unknown = await post(client, b'{"action":"started"}', delivery="w-1", event="watch")
        await site.inbox.drain()
        await site.inbox.flush()

    assert (ping.status_code, ping.json()["state"]) == (202, "taken")
    assert (unknown.status_code, unknown.json()["state"]) == (202, "ignored")
    assert await bot.store.count() == 1
    assert await bot.store.delivery_outcome("p-1") == "ping"
    assert bot.handled_ids == []
    assert await bot.store.rejections() == {"unknown_event": 1}


async def test_a_form_is_told_how_to_become_json(bot: ExampleBot) -> None:
    """GitHub's default content type is a form; the sentence in its delivery log says what to change."""
    body = b"payload=" + quote(BODY.decode()).encode()
    async with serving(bot) as (_, client):
        fields = headers(body) | {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await client.post(URL, content=body, headers=fields)

    assert answer.status_code == 400
    assert "application/json" in answer.json()["error"]
    assert await bot.store.count() == 0


async def test_while_the_secret_is_changed_both_are_good(bot: ExampleBot) -> None:
    """A rotation loses no delivery; a third secret is still wrong."""
    bot.webhook_secrets = ["old", "new"]
    async with serving(bot) as (_, client):
        answers = [await post(client, BODY, delivery=s, secret=s) for s in ("old", "new", "newer")]

    assert [answer.status_code for answer in answers] == [202, 202, 401]


@pytest.mark.parametrize("secrets", [[], [""], ["  "]])
async def test_no_secret_no_server(bot: ExampleBot, secrets: list[str]) -> None:
    """Without a secret anybody could start runs: the application is not made, and the error says how to set one."""
    with pytest.raises(BotError, match="DEVFLOW_WEBHOOK_SECRET is not set") as caught:
        create_app(replace(bot, webhook_secrets=secrets))
    assert "openssl rand -hex 32" in caught.value.hint


async def speak(client: httpx.AsyncClient, *pieces: bytes, end: bool = False) -> bytes:
    """Say bytes on a socket of our own and return the status line; with `end` hang up instead of listening."""
    address = urlsplit(str(client.base_url))
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        return b"" if end else await reader.readline()
    except ConnectionError:
        return await reader.readline()
    finally:
        writer.close()


def head(fields: dict[str, str]) -> bytes:
    lines = [f"POST {URL} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode()


async def test_a_huge_body_is_refused_before_it_is_sent(bot: ExampleBot) -> None:
    """A Content-Length over 25 MB is answered at once: not a byte of the body is waited for."""
    async with serving(bot) as (site, client):
        answer = await speak(client, head(headers(BODY) | {"Content-Length": str(25 * 1024 * 1024 + 1)}))
        await site.inbox.flush()

    assert answer.startswith(b"HTTP/1.1 413")
    assert await bot.store.rejections() == {"too_large": 1}


async def test_a_body_without_end_is_refused_as_soon_as_it_is_too_long(bot: ExampleBot) -> None:
    """Chunks are counted while they come; the sender is stopped at 25 MB though it announced no length."""
    chunk = b"100000\r\n" + MEGABYTE + b"\r\n"
    async with serving(bot) as (site, client):
        chunked = head(headers(BODY) | {"Transfer-Encoding": "chunked"})
        answer = await speak(client, chunked, *[chunk] * 26)
        await site.inbox.flush()

    assert answer.startswith(b"HTTP/1.1 413")
    assert await bot.store.rejections() == {"too_large": 1}
    assert await bot.store.count() == 0


async def test_a_large_delivery_in_pieces_is_taken(bot: ExampleBot) -> None:
    """A body of several megabytes in chunks is proven piece by piece and stored whole."""
    body = comment(text="x" * 3_000_000)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 100_000):
            yield body[start : start + 100_000]

    async with serving(bot) as (site, client):
        good = await client.post(URL, content=pieces(), headers=headers(body))
        bad = await client.post(URL, content=pieces(), headers=headers(body, delivery="d-2", secret="guess"))
        await site.inbox.drain()

    assert (good.status_code, bad.status_code) == (202, 401)
    assert [(d.id, d.body) for d in bot.handled] == [("d-1", body)]


async def test_a_body_cut_short_is_not_stored(bot: ExampleBot) -> None:
    """A sender that hangs up half-way leaves a count and nothing else."""
    async with serving(bot) as (site, client):
        await speak(client, head(headers(BODY) | {"Content-Length": str(len(BODY))}), BODY[:-1], end=True)
        await until(lambda: site.inbox.uncounted)
        await site.inbox.flush()

    assert await bot.store.rejections() == {"cut_short": 1}
    assert await bot.store.count() == 0


def bare(bot: ExampleBot, limits: ReceiveLimits) -> tuple[Inbox, Receiver]:
    inbox = Inbox(bot.store, bot.clock, bot.handle_delivery)
    return inbox, Receiver(inbox, [SECRET], limits=limits)


@pytest.mark.parametrize("sent", [b"", BODY[:5]], ids=["nothing", "a few bytes"])
async def test_a_sender_that_dawdles_is_dropped(bot: ExampleBot, sent: bytes) -> None:
    """A connection that was promised a body is not held for ever, whether some of the body came or none."""
    inbox, receiver = bare(bot, ReceiveLimits(seconds=0.01))
    async with listening(receiver) as client:
        answer = await speak(client, head(headers(BODY) | {"Content-Length": str(len(BODY))}), sent)

    assert answer.startswith(b"HTTP/1.1 408")
    assert inbox.uncounted["too_slow"] == 1


async def test_many_long_bodies_cannot_fill_the_memory(bot: ExampleBot) -> None:
    """Beyond the bytes that may be held unproven a long body gets 503; a common delivery still gets in."""
    inbox, receiver = bare(bot, ReceiveLimits(unproven_bytes=100_000))
    async with listening(receiver) as client:
        address = urlsplit(str(client.base_url))
        _, holding = await asyncio.open_connection(address.hostname, address.port)
        holding.write(head(headers(BODY) | {"Content-Length": "90001"}) + bytes(90_000))
        await until(lambda: receiver.unproven_bytes == 90_000)
        second = await speak(client, head(headers(BODY) | {"Content-Length": "90001"}), bytes(90_000))
        common = await post(client, BODY)
        holding.close()
        await until(lambda: not receiver.unproven_bytes)

    assert second.startswith(b"HTTP/1.1 503")
    assert common.status_code == 202
    assert inbox.uncounted["busy"] == 1


def under_way(inbox: Inbox, count: int) -> bool:
    return inbox.waiting + inbox.committing == count


async def test_when_too_many_wait_the_next_is_asked_to_come_back(bot: ExampleBot) -> None:
    """A store that stands still fills the queue up to its bound; then come 503 and Retry-After; nothing is lost."""
    bot.store.door.clear()
    inbox = Inbox(bot.store, bot.clock, bot.handle_delivery, waiting=3)
    async with listening(Receiver(inbox, [SECRET])) as client:
        # The first is with the store already, three more wait.
        answering = []
        for number in range(4):
            answering.append(asyncio.create_task(post(client, BODY, delivery=f"d-{number}")))
            await until(partial(under_way, inbox, number + 1))
        refused = await post(client, BODY, delivery="d-4")
        bot.store.door.set()
        taken = await asyncio.gather(*answering)
        later = await post(client, BODY, delivery="d-4")

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
    assert {answer.status_code for answer in [*taken, later]} == {202}
    assert bot.store.batches == [1, 3, 1]
    assert inbox.uncounted["busy"] == 1


async def test_when_the_database_fails_github_is_told_so(bot: ExampleBot) -> None:
    """What is not durable is never answered with 202; the reason given names no inside."""
    bot.store.broken = True
    async with listening(Receiver(Inbox(bot.store, bot.clock, bot.handle_delivery), [SECRET])) as client:
        answer = await post(client, BODY)
        bot.store.broken = False
        again = await post(client, BODY)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert "hunter2" not in answer.text
    assert again.json()["state"] == "taken"


async def test_a_flood_of_forgeries_costs_a_write_for_each_reason(bot: ExampleBot) -> None:
    """Rejections are added up in memory and written now and then; the database does not feel an attack."""
    clock, store = bot.clock, bot.store
    inbox = Inbox(store, clock, bot.handle_delivery)
    for _ in range(10_000):
        inbox.reject("bad_signature")
    inbox.reject("method")
    working = asyncio.create_task(inbox.run())
    await clock.until_sleeping(FLUSH_SECONDS)
    clock.advance(FLUSH_SECONDS)
    await clock.until_sleeping(FLUSH_SECONDS)
    assert await store.rejections() == {"bad_signature": 10_000, "method": 1}
    assert store.rejection_writes == 2

    store.broken = True
    inbox.reject("method")
    await inbox.flush()
    store.broken = False
    working.cancel()
    await inbox.close()
    assert await store.rejections() == {"bad_signature": 10_000, "method": 2}


async def test_an_accepted_delivery_survives_its_senders_hurry(bot: ExampleBot) -> None:
    """A caller that gives up while the commit runs spoils neither the commit nor the others in it."""
    bot.store.door.clear()
    inbox = Inbox(bot.store, bot.clock, bot.handle_delivery)
    hasty = asyncio.create_task(inbox.accept(delivery("d-1")))
    patient = asyncio.create_task(inbox.accept(delivery("d-2")))
    await until(lambda: inbox.committing)
    hasty.cancel()
    bot.store.door.set()
    assert await patient
    assert await bot.store.count() == 2
