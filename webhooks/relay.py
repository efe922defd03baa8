"""Deliveries through a relay that speaks as smee.io does, for a machine that GitHub cannot reach."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any, cast

import httpx
import structlog
from httpx_sse import ServerSentEvent, SSEError, aconnect_sse
from starlette.types import ASGIApp, Message

from bot.core.app_manifest import check_address
from bot.core.errors import BotError
from bot.ports import Clock
from webhooks.receive import PATH

SILENCE_SECONDS = 90.0
"""smee.io pings every 30 seconds; after three missed pings the connection is only half there."""
MOST_BYTES = 32 * 1024 * 1024
"""Of one event: GitHub's 25 MB and what JSON adds to them."""
PAUSES = (1.0, 2.0, 5.0, 15.0, 60.0)
"""Seconds before connecting again; the last one repeats."""
QUIET_SECONDS = 10.0
HEADERS = ("x-github-event", "x-github-delivery", "x-hub-signature-256")
MOST_HEADER = 200

log = structlog.get_logger()


class Relay:
    """Listens on one channel and hands each delivery to `receive`, which checks it as if it came from the net.

    Nothing that the relay says is believed: it can drop deliveries or make noise, but not forge one. `lost` is told
    since when deliveries may have been dropped, or None for the one that did not fit its signature.
    """

    def __init__(
        self,
        url: str,
        receive: ASGIApp,
        clock: Clock,
        lost: Callable[[datetime | None], None],
        *,
        silence_seconds: float = SILENCE_SECONDS,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._url = url
        self._receive = receive
        self._clock = clock
        self._lost = lost
        self._most_bytes = most_bytes
        self._timeout = httpx.Timeout(silence_seconds, connect=10.0)
        self._failures = 0
        self._heard: datetime | None = None
        self._refused = 0
        self._told_at = float("-inf")
        self.connected = False

    def missing(self) -> str | None:
        """None while connected, else a sentence for the health page."""
        return None if self.connected else "The webhook relay is not connected."

    async def run(self) -> None:
        """Listen until cancelled, over one connection after the other."""
        while True:
            cause = "it closed the connection"
            try:
                await self._listen()
            except (httpx.HTTPError, SSEError, TooLargeError) as error:
                cause = str(error) or type(error).__name__
            except Exception as error:
                # Whatever a stranger's server can bring about, the next connection may be better.
                log.exception("the webhook relay")
                cause = type(error).__name__
            finally:
                self.connected = False
            pause = PAUSES[min(self._failures, len(PAUSES) - 1)]
            self._failures += 1
            log.warning("the webhook relay is gone", cause=cause[:200], again_in_seconds=pause)
            await self._clock.sleep(pause)

    async def _listen(self) -> None:
        # Compressed answers could grow without bound behind our counting.
        headers, hooks = {"Accept-Encoding": "identity"}, {"response": [_bounded(self._most_bytes)]}
        async with (
            httpx.AsyncClient(timeout=self._timeout, event_hooks=hooks) as client,
            aconnect_sse(client, "GET", self._url, headers=headers) as source,
        ):
            if source.response.status_code != HTTPStatus.OK:
                raise SSEError(f"it answers {source.response.status_code}")
            self._connect()
            async for event in source.aiter_sse():
                self._failures, self._heard = 0, self._clock.now()
                if event.event in ("", "message"):
                    await self._take(event)

    def _connect(self) -> None:
        """What came between the last sign of life and now went past us."""
        self.connected = True
        log.info("the webhook relay is connected")
        if self._heard:
            self._lost(self._heard)
        self._heard = self._heard or self._clock.now()

    async def _take(self, event: ServerSentEvent) -> None:
        try:
            headers, body = await asyncio.to_thread(_unpacked, event.data)
        except (ValueError, RecursionError):
            self._tell("This is no delivery.", "")
            return
        status = await self._hand_on(headers, body)
        if status == HTTPStatus.ACCEPTED:
            return
        self._tell(_CAUSES.get(status, f"It was answered with {status}."), headers.get("x-github-delivery", ""))
        if status in _CAUSES:
            self._lost(None)

    def _tell(self, cause: str, delivery: str) -> None:
        """At most one line in ten seconds: a relay gone bad must not fill the disk."""
        self._refused += 1
        now = self._clock.monotonic()
        if now - self._told_at >= QUIET_SECONDS:
            log.warning("refused from the webhook relay", cause=cause, delivery=delivery, count=self._refused)
            self._refused, self._told_at = 0, now

    async def _hand_on(self, headers: dict[str, str], body: bytes) -> int:
        """The status that GitHub would have got."""
        answers: list[Message] = []
        fields = {**headers, "content-type": "application/json", "content-length": str(len(body))}
        scope = {
            "type": "http",
            "method": "POST",
            "path": PATH,
            "headers": [(name.encode(), value.encode()) for name, value in fields.items()],
        }

        async def receive() -> Message:
            return {"type": "http.request", "body": body}

        async def send(message: Message) -> None:
            answers.append(message)

        await self._receive(scope, receive, send)
        return cast(int, answers[0]["status"])


_CAUSES = {
    401: "The signature does not fit: it is a forgery, the secret is another one, or the relay changed the text. "
    "If GitHub made it, it comes from GitHub's own log within a minute.",
    503: "Too many deliveries wait, or the database is away. It comes from GitHub's own log within a minute.",
}
"""What may be mended by asking GitHub, by the status of the answer."""


def _unpacked(data: str) -> tuple[dict[str, str], bytes]:
    """GitHub's headers, and its body as smee's clients put it together again. Raises `ValueError`, `RecursionError`."""
    event: Any = json.loads(data)
    if not isinstance(event, dict) or not isinstance(event.get("body"), dict):
        raise ValueError("no delivery")  # noqa: TRY004
    found = {name: event.get(name) for name in HEADERS}
    headers = {
        name: value
        for name, value in found.items()
        if isinstance(value, str) and value.isascii() and value.isprintable() and len(value) <= MOST_HEADER
    }
    return headers, json.dumps(event["body"], separators=(",", ":"), ensure_ascii=False).encode()


class TooLargeError(Exception):
    """One event of the relay has more bytes than a delivery can have."""


def _bounded(most_bytes: int) -> Callable[[httpx.Response], Awaitable[None]]:
    """A hook that breaks an answer off when one event gets too large: the reader of events keeps whole ones in memory.

    Not a transport of our own: httpx would go past the proxies of the environment then.
    """

    async def hook(answer: httpx.Response) -> None:
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise SSEError("it compresses, though asked not to")
        assert isinstance(answer.stream, httpx.AsyncByteStream)
        answer.stream = _Counted(answer.stream, most_bytes)

    return hook


_ENDS = (b"\n\n", b"\r\r", b"\r\n\r\n")
"""An empty line, which ends an event."""


class _Counted(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream, most: int) -> None:
        self._stream = stream
        self._most = most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The same pieces; the end of an event may be cut between two of them."""
        size, last = 0, b""
        async for piece in self._stream:
            seen = last + piece
            ends = [seen.rfind(mark) + len(mark) - len(last) for mark in _ENDS if mark in seen]
            size = len(piece) - max(ends) if ends and max(ends) > 0 else size + len(piece)
            if size > self._most:
                raise TooLargeError(f"one event has more than {self._most} bytes")
            last = seen[-3:]
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


async def new_channel(relay: str) -> str:
    """A channel of a relay: the one that is given, or a fresh one of the server that is given, such as `smee.io`.

    Raises `BotError`.
    """
    url = httpx.URL(check_address(relay if "://" in relay else f"https://{relay}"))
    if url.path not in ("", "/", "/new"):
        return str(url)
    try:
        async with httpx.AsyncClient(timeout=20.0) as client:
            answer = await client.get(url.copy_with(path="/new"))
    except httpx.HTTPError as error:
        raise BotError(f"The relay at {url.host} cannot be reached: {type(error).__name__}.", _OTHER) from error
    made = url.join(answer.headers.get("location", ""))
    if not answer.is_redirect or made.host != url.host or made.path in ("", "/", "/new"):
        raise BotError(f"{url.host} gives out no channel.", _OTHER)
    return str(made)


_OTHER = "Name another one that speaks as smee.io does, or a channel of it: --relay https://relay.example/CHANNEL"
