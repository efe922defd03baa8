"""Who we are to GitHub: a token, or an App with one short-lived token for each installation."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import SecretStr

from bot.adapters.github.connection import Connection
from bot.adapters.github.credentials import AppKey, Credential
from bot.ports import Clock

RENEW_BEFORE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Minted:
    """An installation token and when it ends."""

    secret: SecretStr
    expires_at: datetime


class Session:
    """A connection that knows whose requests it sends, for error texts: `the App`, `the App's key`, `the token`."""

    secret: SecretStr | None = None

    def __init__(self, connection: Connection, actor: str) -> None:
        self.connection = connection
        self.actor = actor

    async def ensure(self) -> None:
        """Have a token that is good for some minutes."""

    async def renew(self, stale: SecretStr | None) -> bool:
        """Replace the token that was refused; False if there is no other."""
        return False

    def redact(self, text: str) -> str:
        """The text without our token, should it be in there."""
        return text.replace(self.secret.get_secret_value(), "***") if self.secret else text


class AppSession(Session):
    """Requests as the App itself, which only tell of it and mint tokens."""

    def __init__(self, connect: Callable[[AppKey], Connection], key: AppKey) -> None:
        super().__init__(connect(key), "the App's key")


class TokenSession(Session):
    """Requests with a token that somebody gave us."""

    def __init__(self, connect: Callable[[Credential], Connection], secret: SecretStr) -> None:
        super().__init__(connect(Credential(secret)), "the token")
        self.secret = secret


class InstallationSession(Session):
    """Requests as an App's installation; its token is minted by one task while the others wait for it."""

    def __init__(
        self, connect: Callable[[Credential], Connection], mint: Callable[[], Awaitable[Minted]], clock: Clock
    ) -> None:
        self._credential = Credential(SecretStr(""))
        super().__init__(connect(self._credential), "the App")
        self._mint = mint
        self._clock = clock
        self._lock = asyncio.Lock()
        self._expires_at: datetime | None = None

    async def ensure(self) -> None:
        if not self._fresh():
            async with self._lock:
                if not self._fresh():
                    await self._replace()

    async def renew(self, stale: SecretStr | None) -> bool:
        async with self._lock:
            if self.secret is stale:
                await self._replace()
        return True

    def _fresh(self) -> bool:
        return self._expires_at is not None and self._clock.now() < self._expires_at - RENEW_BEFORE

    async def _replace(self) -> None:
        minted = await self._mint()
        self.secret = self._credential.secret = minted.secret
        self._expires_at = minted.expires_at
