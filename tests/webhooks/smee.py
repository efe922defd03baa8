"""A webhook relay on loopback that speaks as smee.io does: POST to a channel comes out of its event stream."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from webhooks.app import listen

PATIENCE = 30.0
"""Seconds after which what never comes fails the test."""


@dataclass
class Smee:
    """`raw` puts bytes of any kind on the stream; `mute` takes posts and forwards nothing; `cut` ends all streams."""

    url: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    mute: bool = False
    connections: int = 0
    listeners: list["asyncio.Queue[bytes | None]"] = field(default_factory=list)

    @property
    def channel(self) -> str:
        return f"{self.url}/a-channel"

    def raw(self, data: bytes) -> None:
        for listener in self.listeners:
            listener.put_nowait(data)

    def event(self, event: object) -> None:
        """An event as smee.io writes it, with JavaScript's idea of JSON."""
        text = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
        self.raw(f"id: 1\ndata: {text}\n\n".encode())

    def ping(self) -> None:
        self.raw(b"id: 2\nevent: ping\ndata: {}\n\n")

    def cut(self) -> None:
        for listener in self.listeners:
            listener.put_nowait(None)

    async def connected(self, times: int = 1) -> None:
        """Return when so many connections were made, the last of which is open."""
        while self.connections < times or not self.listeners:
            await asyncio.sleep(0.005)

    async def new(self, request: Request) -> Response:
        return RedirectResponse(f"{self.url}/fresh-channel", 307)

    async def post(self, request: Request) -> Response:
        body = await request.json()
        if not self.mute:
            query = dict(request.query_params)
            self.event({**request.headers, "body": body, "query": query, "timestamp": int(time.time() * 1000)})
        return Response()

    async def stream(self, request: Request) -> Response:
        self.connections += 1
        if self.status != 200:
            return Response("no", self.status)
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.listeners.append(queue)

        async def pieces() -> AsyncIterator[bytes]:
            try:
                yield b"id: 0\nevent: ready\ndata: {}\n\n"
                while (piece := await queue.get()) is not None:
                    yield piece
            finally:
                self.listeners.remove(queue)

        return StreamingResponse(pieces(), headers={"content-type": "text/event-stream", **self.headers})


@contextlib.asynccontextmanager
async def smee(patience: float = PATIENCE) -> AsyncIterator[Smee]:
    """A relay that is up for as long as this lasts, at most so many seconds."""
    relay = Smee()
    app = Starlette(
        routes=[
            Route("/new", relay.new),
            Route("/{channel}", relay.stream, methods=["GET"]),
            Route("/{channel}", relay.post, methods=["POST"]),
        ]
    )
    with listen("127.0.0.1", 0) as listener:
        relay.url = "http://{}:{}".format(*listener.getsockname())
        running = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=1))
        serving = asyncio.create_task(running.serve(sockets=[listener]))
        try:
            async with asyncio.timeout(patience):
                yield relay
        finally:
            relay.cut()
            running.should_exit = True
            await serving
