"""Sessions: random tokens that stand for a user until they expire."""

import secrets
import time
from collections.abc import Callable


class Sessions:
    """Open sessions; `lifetime` is in seconds, `clock` returns seconds."""

    def __init__(self, lifetime: float = 3600.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._lifetime = lifetime
        self._clock = clock
        self._open: dict[str, tuple[str, float]] = {}

    def start(self, user: str) -> str:
        """Open a session and return its token."""
        token = secrets.token_urlsafe(24)
        self._open[token] = (user, self._clock() + self._lifetime)
        return token

    def user(self, token: str) -> str | None:
        """The session's user, None if it has expired or never was."""
        user, expires = self._open.get(token, ("", 0.0))
        if not user:
            return None
        if self._clock() >= expires:
            del self._open[token]
            return None
        return user

    def end(self, token: str) -> None:
        """Close a session; closing twice is fine."""
        self._open.pop(token, None)
