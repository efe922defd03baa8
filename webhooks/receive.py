"""`POST /webhooks/github` as bare ASGI: proves that GitHub sent it, stores it, answers; no work is done before."""

import asyncio
import hmac
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from http import HTTPStatus

import orjson
from starlette.types import Message, Receive, Scope, Send

from bot.core.app_manifest import WEBHOOK_PATH
from bot.core.errors import BotError
from bot.core.events import HANDLED_EVENTS
from bot.core.repository import Delivery
from webhooks import refusals
from webhooks.inbox import Inbox, NotTakenError
from webhooks.refusals import Field, RefusedError
from webhooks.worker import lane_in

PATH = WEBHOOK_PATH
KNOWN_EVENTS = frozenset({*HANDLED_EVENTS, "installation", "installation_repositories", "ping", "push"})

_DELIVERY = re.compile(rb"[0-9A-Za-z-]{1,64}")
_EVENT = re.compile(rb"[a-z_]{1,64}")
_DIGITS = re.compile(rb"[0-9]{1,18}")

Headers = dict[bytes, bytes]


@dataclass(frozen=True, slots=True)
class ReceiveLimits:
    """Bounds on what strangers can make us hold. GitHub's own cap on a payload is 25 MB:
    https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap."""

    body_bytes: int = 25 * 1024 * 1024
    unproven_bytes: int = 256 * 1024 * 1024
    """Of all bodies that are being read in pieces; one that comes in a single piece is not among them."""
    seconds: float = 30.0
    """To read one body."""


class CutShortError(Exception):
    """The sender went away before the whole body was there; nobody is left to answer."""


class Receiver:
    """The ASGI application behind `PATH`. Raises `BotError` if there is no secret to check signatures with."""

    def __init__(
        self,
        inbox: Inbox,
        secrets: Sequence[str],
        *,
        events: Collection[str] = KNOWN_EVENTS,
        limits: ReceiveLimits | None = None,
    ) -> None:
        self._inbox = inbox
        self._keys = [secret.encode() for secret in secrets if secret.strip()]
        self._events = frozenset(events)
        self._limits = limits or ReceiveLimits()
        self.unproven_bytes = 0
        if not self._keys:
            raise BotError(
                "DEVFLOW_WEBHOOK_SECRET is not set, so deliveries cannot be told from forgeries.",
                "`devflow setup` makes an App with one, `devflow serve --setup` does on a server. By hand: make it "
                "with `openssl rand -hex 32`, set it here and in the webhook's settings on GitHub.",
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request; whatever is not a delivery of GitHub's is counted and leaves no other trace."""
        try:
            body = await self._take(scope, receive)
        except RefusedError as error:
            refusal = error.refusal
            self._inbox.reject(refusal.reason)
            await _answer(send, refusal.status, orjson.dumps({"error": refusal.sentence}), refusal.fields)
        except CutShortError:
            self._inbox.reject("cut_short")
        else:
            await _answer(send, HTTPStatus.ACCEPTED, body)

    async def _take(self, scope: Scope, receive: Receive) -> bytes:
        """Everything from the first check to the commit, cheapest first; the body of the answer."""
        if scope["method"] != "POST":
            raise RefusedError(refusals.METHOD)
        headers: Headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"0")
        if not _DIGITS.fullmatch(length) or int(length) > self._limits.body_bytes:
            raise RefusedError(refusals.TOO_LARGE)
        event, delivery_id, signature = _named(headers)
        body = await self._read(receive, signature)
        if event not in self._events:
            self._inbox.reject("unknown_event")
            return _state(delivery_id, "ignored")
        lane = lane_in(_parsed(headers, body))
        try:
            new = await self._inbox.accept(Delivery(delivery_id, event, body), lane)
        except NotTakenError as error:
            raise RefusedError(refusals.BUSY if error.reason == "busy" else refusals.NOT_STORED) from error
        return _state(delivery_id, "taken" if new else "repeated")

    async def _read(self, receive: Receive, signature: bytes) -> bytes:
        """The whole body, its signature proven."""
        try:
            async with asyncio.timeout(self._limits.seconds):
                message = await _piece(receive)
                if message.get("more_body"):
                    return await self._read_pieces(message, receive, signature)
        except TimeoutError as error:
            raise RefusedError(refusals.TOO_SLOW) from error
        body: bytes = message.get("body", b"")
        if len(body) > self._limits.body_bytes:
            raise RefusedError(refusals.TOO_LARGE)
        _check_signature([hmac.digest(key, body, "sha256").hex() for key in self._keys], signature)
        return body

    async def _read_pieces(self, message: Message, receive: Receive, signature: bytes) -> bytes:
        """The digest is computed along the way, so that a huge forgery never holds the loop for long."""
        digests = [hmac.new(key, digestmod="sha256") for key in self._keys]
        body = bytearray()
        try:
            while True:
                self._keep(piece := message.get("body", b""), body)
                for digest in digests:
                    digest.update(piece)
                if not message.get("more_body"):
                    break
                message = await _piece(receive)
            _check_signature([digest.hexdigest() for digest in digests], signature)
            return bytes(body)
        finally:
            self.unproven_bytes -= len(body)

    def _keep(self, piece: bytes, body: bytearray) -> None:
        if len(body) + len(piece) > self._limits.body_bytes:
            raise RefusedError(refusals.TOO_LARGE)
        if self.unproven_bytes + len(piece) > self._limits.unproven_bytes:
            raise RefusedError(refusals.BUSY)
        body += piece
        self.unproven_bytes += len(piece)


async def _piece(receive: Receive) -> Message:
    message = await receive()
    if message["type"] != "http.request":
        raise CutShortError
    return message


def _named(headers: Headers) -> tuple[str, str, bytes]:
    """(event, delivery id, signature) as the headers give them; the signature is not proven yet."""
    event = headers.get(b"x-github-event", b"")
    if not _EVENT.fullmatch(event):
        raise RefusedError(refusals.NO_EVENT)
    delivery_id = headers.get(b"x-github-delivery", b"")
    if not _DELIVERY.fullmatch(delivery_id):
        raise RefusedError(refusals.NO_DELIVERY)
    signature = headers.get(b"x-hub-signature-256", b"")
    if not signature:
        raise RefusedError(refusals.NO_SIGNATURE)
    return event.decode(), delivery_id.decode(), signature


def _check_signature(digests: Sequence[str], signature: bytes) -> None:
    """Compare in constant time with the digest under each secret: during a rotation either may be right."""
    matches = [hmac.compare_digest(b"sha256=" + digest.encode(), signature) for digest in digests]
    if not any(matches):
        raise RefusedError(refusals.BAD_SIGNATURE)


def _parsed(headers: Headers, body: bytes) -> object:
    if headers.get(b"content-type", b"").lower().startswith(b"application/x-www-form-urlencoded"):
        raise RefusedError(refusals.FORM)
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RefusedError(refusals.NOT_JSON) from error
    if not isinstance(payload, dict):
        raise RefusedError(refusals.NOT_JSON)
    return payload


def _state(delivery_id: str, state: str) -> bytes:
    return f'{{"delivery":"{delivery_id}","state":"{state}"}}'.encode()


async def _answer(send: Send, status: int, body: bytes, fields: Sequence[Field] = ()) -> None:
    length = str(len(body)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", length), *fields]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
