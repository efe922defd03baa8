"""The Messages API over HTTP on loopback: server-sent events or JSON, in a thread of its own."""

import asyncio
import json
import logging
import socket
import threading
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import uvicorn

from bot.core.conversation import Json
from bot.offline.claude.faults import Fault, RefusedError
from bot.offline.claude.replies import events_of

Receive = Callable[[], Awaitable[Json]]
Send = Callable[[Json], Awaitable[None]]
MODELS = ("claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5")
REVOKED_KEY = "sk-ant-revoked"
"""The one key that is not taken."""
_START_SECONDS = 30.0
_JSON = (b"content-type", b"application/json")
_EVENTS = (b"content-type", b"text/event-stream; charset=utf-8")


class Answering(Protocol):
    """What decides on the answers; `ScriptedClaude` does. It counts the calls under way, and the most at once."""

    busy: int
    most_busy: int

    def answer(self, body: Json) -> tuple[Json, Fault | None, float]:
        """(message, fault that happens to it, seconds to wait before it). Raises `RefusedError`."""

    def count(self, body: Json) -> Json: ...


class CutError(Exception):
    """Makes uvicorn drop the connection in the middle of a response."""


class Serving(uvicorn.Server):
    """One server and its thread; `port` is known before it listens."""

    def __init__(self, claude: Answering, port: int) -> None:
        self._claude = claude
        self._socket = socket.create_server(("127.0.0.1", port))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, name="scripted-claude", daemon=True)
        self._ready = threading.Event()
        self._logs = [logging.getLogger(f"uvicorn.{name}") for name in ("error", "access", "asgi")]
        super().__init__(
            uvicorn.Config(
                self._app,
                log_config=None,
                interface="asgi3",
                proxy_headers=False,
                lifespan="off",
                ws="none",
                http="h11",
                timeout_graceful_shutdown=5,
            )
        )

    def begin(self) -> None:
        """Return when requests are answered."""
        for log in self._logs:
            log.addFilter(self._is_news)
        self._thread.start()
        if not self._ready.wait(_START_SECONDS):
            raise RuntimeError("the scripted Claude did not start")

    def end(self) -> None:
        """Return when the thread has ended and the port is free."""
        self._loop.call_soon_threadsafe(self._stopping.set)
        self.should_exit = True
        self._thread.join()
        for log in self._logs:
            log.removeFilter(self._is_news)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As in uvicorn, and tell who waits for it."""
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        await super().startup(sockets)
        self._ready.set()

    async def main_loop(self) -> None:
        """Wait for `end`; uvicorn would look ten times a second."""
        await self._stopping.wait()

    def _run(self) -> None:
        with self._socket:
            self.run(sockets=[self._socket])

    def _is_news(self, record: logging.LogRecord) -> bool:
        """Keep this server's greetings and requests, and what was cut on purpose, out of the program's log.

        A filter, because uvicorn's own switches (`log_level`, `access_log`) silence every other server of the process.
        """
        on_purpose = record.exc_info is not None and isinstance(record.exc_info[1], CutError)
        return record.thread != self._thread.ident or (record.levelno >= logging.ERROR and not on_purpose)

    async def _app(self, scope: Json, receive: Receive, send: Send) -> None:
        try:
            await self._route(scope, receive, send)
        except RefusedError as refused:
            await _send_json(send, refused.body, refused.status, refused.headers)

    async def _route(self, scope: Json, receive: Receive, send: Send) -> None:
        _demand_key(scope)
        match (scope["method"], scope["path"]):
            case ("POST", "/v1/messages"):
                self._claude.busy += 1
                self._claude.most_busy = max(self._claude.busy, self._claude.most_busy)
                try:
                    body = await _json(receive)
                    _demand_beta(scope, body)
                    await self._reply(body, receive, send)
                finally:
                    self._claude.busy -= 1
            case ("POST", "/v1/messages/count_tokens"):
                await _send_json(send, self._claude.count(await _json(receive)))
            case ("GET", "/v1/models"):
                await _send_json(send, {"data": [_model(name) for name in MODELS], "has_more": False})
            case ("GET", path) if path.removeprefix("/v1/models/") in MODELS:
                await _send_json(send, _model(path.removeprefix("/v1/models/")))
            case (method, path):
                raise RefusedError(404, "not_found_error", f"{method} {path} is not served")

    async def _reply(self, body: Json, receive: Receive, send: Send) -> None:
        message, fault, seconds = self._claude.answer(body)
        if seconds:
            await self._pause(receive, seconds)
        if body.get("stream"):
            header, chunks = _EVENTS, [_event(event) for event in events_of(message)]
        else:
            text = json.dumps(message).encode()
            header, chunks = _JSON, [text[: len(text) // 2], text[len(text) // 2 :]]
        await send(
            {"type": "http.response.start", "status": 200, "headers": [header, (b"request-id", b"req_scripted")]}
        )
        half = len(chunks) // 2
        if fault is None or fault.kind == "refuse":
            half = len(chunks)
        for chunk in chunks[:half]:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        if half < len(chunks) and fault is not None:
            await self._fail(fault, receive, send)
        await send({"type": "http.response.body", "body": b""})

    async def _fail(self, fault: Fault, receive: Receive, send: Send) -> None:
        """What happens in the middle of a reply."""
        match fault.kind:
            case "break":
                raise CutError
            case "hang":
                await self._pause(receive, None)
                raise CutError
            case "event":
                error = {"type": "error", "error": {"type": fault.error, "message": fault.message}}
                await send({"type": "http.response.body", "body": _event(error), "more_body": True})

    async def _pause(self, receive: Receive, seconds: float | None) -> None:
        """Wait so long (None: for ever), or until the caller goes away or the server stops."""
        waits = [asyncio.ensure_future(receive()), asyncio.ensure_future(self._stopping.wait())]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


def _demand_beta(scope: Json, body: Json) -> None:
    betas = [value for name, value in scope["headers"] if name == b"anthropic-beta"]
    if "context_management" in body and not any(b"context-management-" in value for value in betas):
        raise RefusedError(400, "invalid_request_error", "context_management: Extra inputs are not permitted")


def _demand_key(scope: Json) -> None:
    headers = dict(scope["headers"])
    key = headers.get(b"x-api-key") or headers.get(b"authorization", b"").removeprefix(b"Bearer ")
    if not key:
        raise RefusedError(401, "authentication_error", "x-api-key header is required")
    if key == REVOKED_KEY.encode():
        raise RefusedError(401, "authentication_error", "invalid x-api-key")


async def _json(receive: Receive) -> Json:
    text = b""
    while True:
        part = await receive()
        text += part.get("body", b"")
        if not part.get("more_body"):
            break
    try:
        body: Any = json.loads(text)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise RefusedError(400, "invalid_request_error", "The request body is not a JSON object")
    return body


def _event(event: Json) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


async def _send_json(send: Send, body: Json, status: int = 200, headers: dict[str, str] | None = None) -> None:
    extra = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    await send({"type": "http.response.start", "status": status, "headers": [_JSON, *extra]})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})


def _model(name: str) -> Json:
    line, *version = name.removeprefix("claude-").split("-")
    return {
        "type": "model",
        "id": name,
        "display_name": f"Claude {line.title()} {'.'.join(version)}",
        "created_at": "2026-10-01T00:00:00Z",
        "line": line,
    }
