"""What went over the wire, kept for tests to look at."""

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


@dataclass(frozen=True, slots=True)
class Exchange:
    """A REST request and its answer, whole, as an observer sees them; bodies are parsed JSON, None if there is none."""

    method: str
    path: str
    query: str
    request: Any
    status: int
    response: Any
