"""The servers that `ingress` measures, each in a process of its own."""

import asyncio
import hashlib
import hmac
import json
import sqlite3
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from fastapi import FastAPI, HTTPException, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.adapters.store import SqlStore
from bot.core.repository import Delivery
from webhooks.app import create_app, listen, server

SECRET = "benchmark"


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass
class BenchBot:
    """A bot whose work is either nothing at all or never done."""

    store: SqlStore
    works: bool
    clock: SystemClock
    webhook_secrets: tuple[str, ...] = (SECRET,)
    pages_token: str = ""
    github_url: str = "https://github.com"

    async def handle_delivery(self, delivery: Delivery) -> str:
        if not self.works:
            await asyncio.Event().wait()
        return "done"

    async def start(self) -> None:
        await self.store.open()

    async def stop(self) -> None:
        await self.store.close()

    def available(self) -> str | None:
        return None

    def uncounted(self) -> int:
        return 0


def ours(folder: Path, *, works: bool) -> uvicorn.Server:
    """What `devflow serve` runs: HMAC, JSON check, group commit with `synchronous = FULL`."""
    return server(create_app(BenchBot(SqlStore(f"sqlite:///{folder}/devflow.db"), works, SystemClock())))


def bare(_: Path) -> uvicorn.Server:
    """The least an ASGI application can do: read the body, say 202, keep nothing."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 202, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"{}"})

    return _uvicorn(app)


def a_commit_each(folder: Path) -> uvicorn.Server:
    """What everybody writes first: a FastAPI route, HMAC, `json.loads`, one SQLite commit (WAL, FULL) a request."""
    connection = sqlite3.connect(folder / "plain.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE delivery (id TEXT PRIMARY KEY, event TEXT, body BLOB)")
    app = FastAPI()

    @app.post("/webhooks/github", status_code=202)
    async def receive(request: Request) -> dict[str, str]:
        body = await request.body()
        wanted = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(wanted, request.headers["X-Hub-Signature-256"]):
            raise HTTPException(401)
        json.loads(body)
        row = (request.headers["X-GitHub-Delivery"], request.headers["X-GitHub-Event"], body)
        connection.execute("INSERT INTO delivery VALUES (?, ?, ?) ON CONFLICT DO NOTHING", row)
        return {"state": "taken"}

    return _uvicorn(app)


def _uvicorn(app: ASGIApp) -> uvicorn.Server:
    return uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="warning", ws="none", lifespan="off"))


VARIANTS: dict[str, Callable[[Path], uvicorn.Server]] = {
    "bare": bare,
    "commit each": a_commit_each,
    "ours": lambda folder: ours(folder, works=False),
    "ours, worked on": lambda folder: ours(folder, works=True),
}


def main(variant: str, folder: Path) -> None:
    """Print the port, then serve until SIGTERM."""
    with listen("127.0.0.1", 0) as listener:
        running = VARIANTS[variant](folder)
        print(listener.getsockname()[1], flush=True)
        running.run(sockets=[listener])


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
