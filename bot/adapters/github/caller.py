"""What reads, writes and commits share: who we are and the way to send a request."""

import asyncio

import httpx

from bot.adapters.github.access import Access
from bot.adapters.github.asks import Ask
from bot.adapters.github.calls import Calls, Request
from bot.adapters.github.paths import names
from bot.core.repository import Repo


class Caller:
    """Sends requests about repositories."""

    def __init__(self, access: Access, calls: Calls, server_url: str) -> None:
        self._access = access
        self._calls = calls
        self._server_url = server_url.rstrip("/")
        self._login: str | None = None
        self._login_lock = asyncio.Lock()

    async def me(self) -> str:
        """Our own login, as comments show it; asked once."""
        async with self._login_lock:
            if self._login is None:
                self._login = await self._access.me()
            return self._login

    async def git_credentials(self, repo: Repo) -> tuple[str, str]:
        """The clone URL, and a token to read with: an App's is good for this repository's contents only."""
        owner, name = names(repo)
        return f"{self._server_url}/{owner}/{name}.git", await self._access.git_token(repo)

    async def _send(self, ask: Ask, request: Request) -> httpx.Response:
        if ask.repo is None:
            raise ValueError("only requests about a repository are sent here")
        return await self._calls.send(ask, await self._access.session(ask.repo), request)
