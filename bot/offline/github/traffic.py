"""What went over the wire, kept for tests to look at."""

import re
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

CallerKind = Literal["none", "user", "installation", "app"]


@dataclass(frozen=True, slots=True)
class Request:
    """One request that was answered; `status` is 0 if the answer was never sent whole."""

    method: str
    path: str
    status: int
    kind: CallerKind
    login: str | None
    at: datetime

    @property
    def is_write(self) -> bool:
        """Whether it could change a repository: not a read, not the minting of a token, not a clone."""
        harmless = self.path.endswith(("/access_tokens", "/git-upload-pack"))
        return self.method not in ("GET", "HEAD", "OPTIONS") and not harmless

    @property
    def is_content(self) -> bool:
        """Whether it makes or edits what people are notified of; edits count, too, since GitHub does not say."""
        return self.method in ("POST", "PATCH") and _CONTENT.search(self.path) is not None

    @property
    def points(self) -> int:
        """What GitHub counts for it: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api"""
        if not self.path.startswith(("/repos/", "/users/", "/orgs/", "/graphql", "/installation", "/app")):
            return 0
        return 1 if self.method in ("GET", "HEAD", "OPTIONS") else 5


_CONTENT = re.compile(
    r"/issues$|/issues/comments/\d+$|/issues/\d+/comments$|/pulls$|/pulls/\d+/(?:reviews|comments)|/pulls/comments/\d+"
)


def busiest(requests: Iterable[Request], seconds: float, weigh: Callable[[Request], int]) -> int:
    """The most that requests weigh together in any so many seconds."""
    most, total, window = 0, 0, deque[tuple[datetime, int]]()
    for request in sorted(requests, key=lambda one: one.at):
        window.append((request.at, weigh(request)))
        total += window[-1][1]
        while (request.at - window[0][0]).total_seconds() >= seconds:
            total -= window.popleft()[1]
        most = max(most, total)
    return most


@dataclass(frozen=True, slots=True)
class Exchange:
    """A REST request and its answer, whole, as an observer sees them; bodies are parsed JSON, None if there is none."""

    method: str
    path: str
    query: str
    request: Any
    status: int
    response: Any
