"""A served bot for tests: the real server on a real socket, a clock that is moved by hand, a store with faults."""

import asyncio
import contextlib
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import orjson
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.adapters.store import SqlStore
from bot.core.repository import Delivery, Repo, Sha
from bot.core.runs import Phase, Request, Run, RunId, RunPlan
from bot.ports_deliveries import DeliveryLog
from webhooks.app import Site, create_app, listen, server

SECRET = "correct horse battery staple"
URL = "/webhooks/github"


class HandClock:
    """Time stands still until it is advanced; sleepers can be waited for."""

    def __init__(self) -> None:
        self._start = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
        self._seconds = 0.0
        self._sleepers: dict[asyncio.Future[None], tuple[float, float]] = {}
        self._news = asyncio.Event()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._seconds)

    def monotonic(self) -> float:
        return self._seconds

    async def sleep(self, seconds: float) -> None:
        sleeper = asyncio.get_running_loop().create_future()
        self._sleepers[sleeper] = (self._seconds + seconds, seconds)
        self._news.set()
        try:
            await sleeper
        finally:
            self._sleepers.pop(sleeper, None)

    async def until_sleeping(self, seconds: float) -> None:
        """Return when somebody sleeps for exactly that long."""
        while not any(asked == seconds and not s.done() for s, (_, asked) in self._sleepers.items()):
            self._news.clear()
            await self._news.wait()

    def advance(self, seconds: float) -> None:
        """Let time pass and wake who has slept enough."""
        self._seconds += seconds
        for sleeper, (due, _) in list(self._sleepers.items()):
            if due <= self._seconds and not sleeper.done():
                sleeper.set_result(None)


class FaultyStore(SqlStore):
    """The real store on SQLite; `door` holds commits up, `broken` makes calls fail, writes are counted."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"sqlite:///{folder}/devflow.db")
        self.batches: list[int] = []
        self.rejection_writes = 0
        self.door = asyncio.Event()
        self.door.set()
        self.broken = False

    def _check(self) -> None:
        if self.broken:
            raise OSError("postgresql://devflow:hunter2@db/devflow: the disk is full")

    async def count(self) -> int:
        """How many deliveries are stored."""
        return (await self.statistics()).deliveries_received

    async def accept(self, deliveries: Sequence[Delivery], at: datetime) -> list[bool]:
        await self.door.wait()
        self._check()
        self.batches.append(len(deliveries))
        return await super().accept(deliveries, at)

    async def unprocessed(self, limit: int = 100) -> list[Delivery]:
        self._check()
        return await super().unprocessed(limit)

    async def processed(self, delivery_id: str, outcome: str, at: datetime) -> None:
        await self.door.wait()
        self._check()
        await super().processed(delivery_id, outcome, at)

    async def count_rejection(self, reason: str, count: int = 1) -> None:
        self._check()
        self.rejection_writes += 1
        await super().count_rejection(reason, count)

    async def rejections(self) -> dict[str, int]:
        self._check()
        return await super().rejections()


@contextlib.asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[FaultyStore]:
    """The store in that folder, as a process would open it."""
    store = FaultyStore(folder)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


@dataclass
class ExampleBot:
    """What `bootstrap` makes, reduced to what the server asks of it; `handle` says what a delivery does."""

    store: FaultyStore
    clock: HandClock = field(default_factory=HandClock)
    webhook_secrets: Sequence[str] = (SECRET,)
    pages_token: str = ""
    github_url: str = "https://github.example"
    install_url: str = ""
    webhook_relay: str = ""
    missing: str | None = None
    handle: Callable[[Delivery], Awaitable[str]] | None = None
    deliveries: DeliveryLog | None = None
    handled: list[Delivery] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    async def handle_delivery(self, delivery: Delivery) -> str:
        if self.handle is not None:
            return await self.handle(delivery)
        self.handled.append(delivery)
        return "done"

    def delivery_log(self) -> DeliveryLog | None:
        return self.deliveries

    async def start(self) -> None:
        self.log.append("start")

    async def stop(self) -> None:
        self.log.append("stop")

    def available(self) -> str | None:
        return self.missing

    def uncounted(self) -> int:
        return 0

    @property
    def handled_ids(self) -> list[str]:
        return [delivery.id for delivery in self.handled]


@contextlib.asynccontextmanager
async def listening(app: ASGIApp, *, site: Site | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application behind uvicorn on a free loopback port; with `site` its lifespan is run as well."""
    with listen("127.0.0.1", 0) as listener:
        running = server(site) if site else uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        running.config.app = app
        address = "http://{}:{}".format(*listener.getsockname())
        async with httpx.AsyncClient(base_url=address, timeout=30) as client:
            task = asyncio.create_task(running.serve(sockets=[listener]))
            try:
                await _answering(client, task)
                yield client
            finally:
                running.should_exit = True
                await task


async def _answering(client: httpx.AsyncClient, task: "asyncio.Task[None]") -> None:
    first = asyncio.create_task(client.get("/healthz"))
    done, _ = await asyncio.wait({first, task}, return_when=asyncio.FIRST_COMPLETED)
    assert first in done, "the server did not start"


@contextlib.asynccontextmanager
async def serving(bot: ExampleBot, *, address: str = "127.0.0.1") -> AsyncIterator[tuple[Site, httpx.AsyncClient]]:
    """The whole server of a bot; `address` is where requests seem to come from."""
    site = create_app(bot)

    async def from_elsewhere(scope: Scope, receive: Receive, send: Send) -> None:
        seen = {**scope, "client": (address, 4711)} if scope["type"] == "http" else scope
        await site(seen, receive, send)

    async with listening(from_elsewhere, site=site) as client:
        yield site, client


async def until(condition: Callable[[], object]) -> None:
    """Let everybody else go on until the condition holds."""
    while not condition():
        await asyncio.sleep(0)


def sign(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def headers(body: bytes, delivery: str = "d-1", event: str = "issue_comment", secret: str = SECRET) -> dict[str, str]:
    """As GitHub sends them."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/044aadd",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": delivery,
        "X-Hub-Signature-256": sign(body, secret),
    }


def comment(issue: int = 7, repo: str = "acme/widget", text: str = "/dev-workflow") -> bytes:
    """The body of an `issue_comment` delivery, as far as we look at it."""
    payload = {
        "action": "created",
        "issue": {"number": issue, "title": "Dark mode"},
        "comment": {"id": 1, "body": text},
        "repository": {"full_name": repo},
    }
    return orjson.dumps(payload)


def delivery(id_: str, issue: int = 7, repo: str = "acme/widget", event: str = "issue_comment") -> Delivery:
    return Delivery(id_, event, comment(issue, repo))


async def post(client: httpx.AsyncClient, body: bytes, **fields: str) -> httpx.Response:
    """One delivery, signed; `fields` are as for `headers`."""
    return await client.post(URL, content=body, headers=headers(body, **fields))


def a_run(id_: str = "260301-093000-abc", *, title: str = "Dark mode", issue: int = 7) -> Run:
    """A run that waits to begin, planned with two phases."""
    request = Request("", issue, title, "Please.", "maintainer", 11, "main", Sha("a" * 40))
    phases = (Phase("requirements", "business-analyst"), Phase("design", "architect", ("requirements",)))
    created = datetime(2026, 3, 1, 9, 29, tzinfo=UTC)
    return Run(RunId(id_), Repo("acme", "widget"), request, RunPlan(phases, 5.0), created_at=created)
