"""A server that is not set up yet: it serves `/setup`, and is the whole server once the App's keys are stored."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus

import orjson
import structlog
from fastapi import FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from bot.core.app_manifest import AppWish
from bot.core.errors import BotError
from bot.stored_app import StoredApp
from webhooks.app import STATIC, Site
from webhooks.guard import SecureHeaders
from webhooks.receive import PATH
from webhooks.setup_pages import Offer, SetupPages

NOT_YET = "This server is not set up yet: open /setup."
BROKEN = "The App's keys are stored, but the server cannot start: its log says why."

log = structlog.get_logger()

Keep = Callable[[str, AppWish], Awaitable[StoredApp]]
"""Fetches the keys for GitHub's code and stores them. Raises `BotError`."""


class SetupSite(FastAPI):
    """Deliveries are refused meanwhile, so that GitHub's log keeps them. `token` opens the pages of set-up; `start`
    makes the whole server afterwards, None where there is to be none."""

    def __init__(
        self, token: str, github_url: str, offer: Offer, keep: Keep, start: Callable[[], Site] | None = None
    ) -> None:
        self.stored: StoredApp | None = None
        self.set_up = asyncio.Event()
        self.start_error: BotError | None = None
        self._keep = keep
        self._start = start
        self._site: Site | None = None
        self._problem = NOT_YET
        self._stopping = asyncio.Event()
        super().__init__(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lambda _: self._life())
        self.add_middleware(SecureHeaders)
        self.include_router(SetupPages(token, github_url, offer, self._register).router())
        self.add_api_route("/healthz", self.alive, methods=["GET", "HEAD"])
        self.add_api_route("/readyz", self.ready, methods=["GET", "HEAD"])
        self.add_api_route(PATH, self.refuse, methods=["POST"])
        self.mount("/static", StaticFiles(directory=STATIC))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as the whole server if it runs."""
        if scope["type"] == "http" and self._site is not None:
            await self._site(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def end_streams(self) -> None:
        """Let the server stop."""
        if self._site is not None:
            self._site.end_streams()

    async def alive(self) -> dict[str, str]:
        return {"status": "alive"}

    async def ready(self) -> Response:
        """503 until the whole server answers."""
        body = orjson.dumps({"ready": False, "missing": [self._problem]})
        return Response(body, HTTPStatus.SERVICE_UNAVAILABLE, media_type="application/json")

    async def refuse(self) -> Response:
        """A delivery came too early; GitHub's delivery log has it, and can deliver it again."""
        body, retry = orjson.dumps({"error": self._problem}), {"retry-after": "60"}
        return Response(body, HTTPStatus.SERVICE_UNAVAILABLE, retry, "application/json")

    async def _register(self, code: str, wish: AppWish) -> str:
        if self.stored:
            raise BotError("This server was set up a moment ago.", "Look at /setup.")
        self.stored = app = await self._keep(code, wish)
        self.set_up.set()
        return app.install_url

    @contextlib.asynccontextmanager
    async def _life(self) -> AsyncIterator[None]:
        going_on = asyncio.create_task(self._go_on())
        try:
            yield
        finally:
            self._stopping.set()
            await going_on

    async def _go_on(self) -> None:
        """From the moment that the keys are stored: be the whole server, until it is stopped."""
        waits = {asyncio.create_task(event.wait()) for event in (self._stopping, self.set_up)}
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        if self._start is None or self._stopping.is_set():
            return
        try:
            site = self._start()
            async with site.life():
                self._site = site
                log.info("set up; deliveries are taken from now on")
                await self._stopping.wait()
                self._site = None
        except Exception as error:
            self._problem = BROKEN
            if isinstance(error, BotError):
                log.error("the server cannot start", cause=error.message, remedy=error.hint)  # noqa: TRY400
            else:
                log.exception("the server cannot start")
            await self._stopping.wait()
