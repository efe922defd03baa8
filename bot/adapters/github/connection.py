"""githubkit's client as a server needs it: one httpx client for life, timeouts, no cache, no retries of its own."""

import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
from githubkit import GitHub, Response
from githubkit.auth import BaseAuthStrategy
from githubkit.cache import BaseCacheStrategy, MemCacheStrategy

from bot.ports import GitHubError

TIMEOUT = httpx.Timeout(20.0, connect=5.0)
OLDEST_API = "2022-11-28"
"""The REST version that every GitHub Enterprise Server in support knows; github.com gets githubkit's own."""


class Connection(GitHub[BaseAuthStrategy]):
    """A githubkit client whose httpx client is shared by all tasks.

    githubkit keeps an entered client in a context variable, which other tasks do not see: they would pay for a new
    client, with a new TLS context, at each request.
    """

    _client: httpx.AsyncClient | None = None

    @asynccontextmanager
    async def get_async_client(self) -> AsyncGenerator[httpx.AsyncClient, None]:
        if self._client is None:
            self._client = await self._create_async_client()
        yield self._client

    def _check_rate_limit(self, response: Response) -> None:
        """Nothing: `failures` reads the headers, and githubkit's own reading crashes on a date in `retry-after`."""

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.aclose()


class Connector:
    """Makes the connections of one adapter; they share a TLS context, and no cache with any other adapter."""

    def __init__(self, api_url: str) -> None:
        self._base = _base_url(api_url)
        self._tls: ssl.SSLContext = httpx.create_ssl_context()
        self._cache: BaseCacheStrategy = MemCacheStrategy()
        self._made: list[Connection] = []

    def connect(self, auth: BaseAuthStrategy) -> Connection:
        """A new connection; it stays open until `aclose`."""
        connection = Connection(
            auth,
            base_url=self._base,
            user_agent="devflow-bot",
            timeout=TIMEOUT,
            ssl_verify=self._tls,
            cache_strategy=self._cache,
            http_cache=False,
            auto_retry=False,
            async_event_hooks={"request": [] if _is_github_com(self._base) else [_speak_old]},
        )
        self._made.append(connection)
        return connection

    async def aclose(self) -> None:
        for connection in self._made:
            await connection.aclose()


def _base_url(api_url: str) -> httpx.URL:
    try:
        url = httpx.URL(api_url)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in ("http", "https") or not url.host:
        raise GitHubError(f"The GitHub API URL {api_url!r} is not a URL such as https://api.github.com.")
    return url


def _is_github_com(url: httpx.URL) -> bool:
    return url.host == "api.github.com" or url.host.endswith(".ghe.com")


async def _speak_old(request: httpx.Request) -> None:
    request.headers["X-GitHub-Api-Version"] = OLDEST_API
