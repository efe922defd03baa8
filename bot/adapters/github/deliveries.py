"""GitHub's log of the App's deliveries: `bot.ports_deliveries.DeliveryLog`."""

import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx
import orjson
from githubkit import Response
from pydantic import RootModel

from bot.adapters.github import wire
from bot.adapters.github.asks import Ask
from bot.adapters.github.calls import Calls
from bot.adapters.github.connection import Connection, Connector
from bot.adapters.github.credentials import AppKey
from bot.adapters.github.limits import Limits
from bot.adapters.github.sessions import AppSession, Session
from bot.ports import Clock
from bot.ports_deliveries import LoggedDelivery

PAGES, PAGE = 10, 100
_NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')


class _Row(wire.Wire):
    id: int
    guid: str
    event: str
    delivered_at: datetime


class _Rows(RootModel[list[_Row]]):
    """A page of the log, newest first."""


class _Request(wire.Wire):
    payload: dict[str, object] | None = None


class _Whole(wire.Wire):
    request: _Request


class AppDeliveries:
    """Speaks as the App itself, over a connection of its own."""

    def __init__(self, session: Session, calls: Calls, connector: Connector) -> None:
        self._session = session
        self._calls = calls
        self._connector = connector

    @classmethod
    def for_app(cls, app_id: str, private_key_pem: str, api_url: str, clock: Clock) -> Self:
        """Raises `GitHubError` if the key cannot sign."""
        connector = Connector(api_url)
        session = AppSession(connector.connect, AppKey(app_id, private_key_pem, clock))
        return cls(session, Calls(Limits(clock, max_wait_seconds=60.0, write_interval_seconds=0.0), clock), connector)

    async def recent(self, since: datetime) -> list[LoggedDelivery]:
        """At most a thousand."""
        ask = Ask("read the log of the App's deliveries", "Metadata: read")
        found: list[LoggedDelivery] = []
        cursor = ""
        for _ in range(PAGES):
            answer = await self._send(ask, _listing(cursor))
            rows = wire.parse(_Rows, answer, ask).root
            found += [LoggedDelivery(r.id, r.guid, r.event, r.delivered_at) for r in rows if r.delivered_at >= since]
            cursor = _next_cursor(answer.headers.get("link", ""))
            if not cursor or not rows or rows[-1].delivered_at < since:
                break
        return found[::-1]

    async def payload(self, delivery: LoggedDelivery) -> bytes:
        """Put together again from what GitHub shows of it."""
        ask = Ask(f"read delivery {delivery.guid} again", "Metadata: read")
        answer = await self._send(ask, lambda gh: gh.rest.apps.async_get_webhook_delivery(delivery.id))
        return orjson.dumps(wire.parse(_Whole, answer, ask).request.payload or {})

    async def aclose(self) -> None:
        await self._connector.aclose()

    async def _send(self, ask: Ask, request: Callable[[Connection], Awaitable[Response[Any, Any]]]) -> httpx.Response:
        return await self._calls.send(ask, self._session, request)


def _listing(cursor: str) -> Callable[[Connection], Awaitable[Response[Any, Any]]]:
    if cursor:
        return lambda gh: gh.rest.apps.async_list_webhook_deliveries(per_page=PAGE, cursor=cursor)
    return lambda gh: gh.rest.apps.async_list_webhook_deliveries(per_page=PAGE)


def _next_cursor(links: str) -> str:
    found = _NEXT.search(links)
    return parse_qs(urlsplit(found[1]).query).get("cursor", [""])[0] if found else ""
