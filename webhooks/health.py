"""Whether the process lives, and whether it can do its work."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus

import orjson
import structlog
from fastapi import APIRouter
from starlette.responses import Response

from bot.ports import Store

DATABASE_SECONDS = 5.0

log = structlog.get_logger()


class Health:
    """`checks` say in a sentence what is missing, or None."""

    def __init__(self, store: Store, checks: tuple[Callable[[], str | None], ...]) -> None:
        self._store = store
        self._checks = checks

    def router(self) -> APIRouter:
        """The two routes; both answer HEAD too, as monitors ask."""
        router = APIRouter()
        router.add_api_route("/healthz", self.alive, methods=["GET", "HEAD"])
        router.add_api_route("/readyz", self.ready, methods=["GET", "HEAD"])
        return router

    async def alive(self) -> dict[str, str]:
        """Nothing is looked at: whoever gets an answer knows."""
        return {"status": "alive"}

    async def ready(self) -> Response:
        """200, or 503 with a sentence for each thing that is missing."""
        sentences = [await self._database(), *(check() for check in self._checks)]
        missing = [sentence for sentence in sentences if sentence]
        status = HTTPStatus.SERVICE_UNAVAILABLE if missing else HTTPStatus.OK
        body = orjson.dumps({"ready": not missing, "missing": missing})
        return Response(body, status, media_type="application/json")

    async def _database(self) -> str | None:
        """Says no more than that: what a driver says may hold the database's address and password."""
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                await self._store.rejections()
        except Exception:
            log.exception("database cannot be reached")
            return "The database cannot be reached."
        return None
