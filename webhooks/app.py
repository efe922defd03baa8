"""The server: deliveries in, pages and numbers out; everything it serves is wired here."""

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Protocol

import structlog
import uvicorn
from fastapi import FastAPI
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from bot.core.errors import BotError
from bot.core.repository import Delivery
from bot.ports import Clock, Store
from bot.ports_deliveries import DeliveryLog
from webhooks.dashboard import Dashboard
from webhooks.feed import RunFeed
from webhooks.guard import PagesGuard
from webhooks.health import Health
from webhooks.inbox import Inbox
from webhooks.metrics import Numbers
from webhooks.receive import PATH, Receiver
from webhooks.relayed import Relayed
from webhooks.setup_pages import DonePages

STATIC = Path(__file__).parent / "static"
STOP_SECONDS = 10
MOST_CONNECTIONS = 1000
KEPT_SECONDS = 75
"""Longer than proxies keep a silent connection (mostly 60 s): else we might close one that is being written to."""

log = structlog.get_logger()


class ServedBot(Protocol):
    """What the server needs of a bot; `bootstrap` makes it."""

    @property
    def store(self) -> Store: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def webhook_secrets(self) -> Sequence[str]:
        """The secrets that deliveries may be signed with: one, or two while they are being changed."""

    @property
    def pages_token(self) -> str:
        """Opens the pages to other machines; empty means that only this machine is served."""

    @property
    def github_url(self) -> str:
        """Where people look at issues, `https://github.com` for one."""

    @property
    def install_url(self) -> str:
        """Where our App is put on repositories; empty where set-up did not register it."""

    @property
    def webhook_relay(self) -> str:
        """The channel of a relay that brings deliveries here, too; mostly empty."""

    def delivery_log(self) -> DeliveryLog | None:
        """GitHub's own log of deliveries, opened; None where there is none."""

    async def handle_delivery(self, delivery: Delivery) -> str:
        """Do what a delivery asks for; in a few words, what came of it. May be called again for the same delivery."""

    async def start(self) -> None:
        """Open the store and launch the engine."""

    async def stop(self) -> None:
        """The reverse of `start`; unfinished runs go on at the next one."""

    def available(self) -> str | None:
        """None if runs can be executed now, else one line: what is missing."""

    def uncounted(self) -> int:
        """Prompts whose tokens the model's provider did not count when it was asked."""


class Site(FastAPI):
    """FastAPI with a short way for deliveries: they skip its middleware and routing, which cost more than the work."""

    def __init__(self, bot: ServedBot) -> None:
        self.inbox = Inbox(bot.store, bot.clock, bot.handle_delivery)
        self.feed = RunFeed(bot.store, bot.clock)
        self.start_error: BotError | None = None
        self._bot = bot
        self._receiver = Receiver(self.inbox, bot.webhook_secrets)
        self.relayed = self._relayed()
        super().__init__(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lambda _: self.life())
        self.add_middleware(PagesGuard, token=bot.pages_token)
        self.include_router(Health(bot.store, (bot.available, self._idle, self._cut_off)).router())
        self.include_router(Numbers(bot.store, self.inbox, bot.uncounted).router())
        self.include_router(DonePages(bot.install_url).router())
        self.include_router(Dashboard(bot.store, bot.clock, bot.github_url, self.feed).router())
        self.mount("/static", StaticFiles(directory=STATIC))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["path"] == PATH:
            await self._receiver(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def end_streams(self) -> None:
        """End what pages are listening to, so that the server can stop."""
        self.feed.close()

    @contextlib.asynccontextmanager
    async def life(self) -> AsyncIterator[None]:
        """The bot first, then what feeds it; the other way round at the end."""
        try:
            await self._bot.start()
        except BotError as error:
            self.start_error = error
            raise
        try:
            working = [asyncio.create_task(self.inbox.run())]
            if self.relayed:
                working.append(asyncio.create_task(self.relayed.run()))
            for task in working:
                task.add_done_callback(_report_death)
            try:
                yield
            finally:
                self.feed.close()
                await self.inbox.close()
                for task in working:
                    task.cancel()
                await asyncio.wait(working)
        finally:
            await self._bot.stop()

    def _relayed(self) -> Relayed | None:
        bot = self._bot
        if not bot.webhook_relay:
            return None
        return Relayed(bot.webhook_relay, self._receiver, bot.delivery_log(), bot.store, self.inbox, bot.clock)

    def _cut_off(self) -> str | None:
        return self.relayed.missing() if self.relayed else None

    def _idle(self) -> str | None:
        return None if self.inbox.running else "Deliveries are not being worked on."


def create_app(bot: ServedBot) -> Site:
    """The whole server around a bot that is not started yet. Raises `BotError` if there is no webhook secret."""
    return Site(bot)


class Served(Protocol):
    """An ASGI application with a life of its own."""

    @property
    def start_error(self) -> BotError | None:
        """Why its life did not begin, if a person can mend that."""

    def end_streams(self) -> None:
        """End answers that would not end by themselves."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...


class Server(uvicorn.Server):
    """Ends the pages' streams before it waits for open connections: they would not end by themselves."""

    def __init__(self, config: uvicorn.Config, site: Served) -> None:
        super().__init__(config)
        self._site = site

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, answer what is under way, stop the bot."""
        self._site.end_streams()
        await super().shutdown(sockets)


def server(site: Served) -> Server:
    """One process, no access log, no word about itself, peers as the sockets have them: whether a proxy stands before
    us is the guard's matter."""
    config = uvicorn.Config(
        site,
        workers=1,
        access_log=False,
        log_config=None,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=STOP_SECONDS,
        timeout_keep_alive=KEPT_SECONDS,
        http="httptools",
        loop="asyncio",
        ws="none",
        lifespan="on",
    )
    return Server(config, site)


def serve(site: Served, host: str, port: int, workers: int = 1) -> None:
    """Serve until SIGINT or SIGTERM. Raises `BotError` if the server cannot start, or is to have more processes."""
    if workers != 1:
        raise BotError(
            f"The server runs as one process, not {workers}: they would execute each other's runs.",
            "For more machines, start one server on each, all with the same PostgreSQL database.",
        )
    with listen(host, port) as listener:
        log.info("listening", host=host, port=listener.getsockname()[1])
        running = server(site)
        # uvicorn exits when the lifespan fails; the reason is told below. When all is stopped it raises the signal that
        # stopped it once more: SIGTERM is then to end us as Ctrl-C does, with 0, and not to kill us.
        with contextlib.suppress(KeyboardInterrupt, SystemExit):
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGTERM, signal.default_int_handler)
            running.run(sockets=[listener])
    if not running.started:
        raise site.start_error or BotError("The server could not start.", "The log above says why.")


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises `BotError` if the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048)
        # asyncio does not set it for sockets made this way; without it an answer in two parts waits 40 ms for an ACK.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        raise BotError(
            f"The server cannot listen on {host} port {port}: {error.strerror or error}.",
            "Set DEVFLOW_HOST and DEVFLOW_PORT to an address of this machine and a free port.",
        ) from error


def _report_death(working: asyncio.Task[None]) -> None:
    if not working.cancelled() and (error := working.exception()):
        log.error("deliveries are no longer worked on", exc_info=error)
