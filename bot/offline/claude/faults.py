"""What can go wrong with the model, by name."""

from dataclasses import dataclass, field
from typing import Literal

from bot.offline.claude.heading import Heading

FaultKind = Literal["status", "refuse", "break", "end", "event", "hang"]


class RefusedError(Exception):
    """The request gets an HTTP error in the API's form."""

    def __init__(self, status: int, error: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.body = {"type": "error", "error": {"type": error, "message": message}}


@dataclass(slots=True)
class Fault:
    """Something that happens to the next `times` calls, of one phase, task or attempt or of any."""

    name: str
    kind: FaultKind
    times: int
    phase: str | None = None
    status: int = 200
    error: str = ""
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    task: str | None = None
    attempt: int | None = None

    def fits(self, heading: Heading | None) -> bool:
        found = (heading.phase, heading.task, heading.attempt) if heading else (None, None, None)
        wanted = zip((self.phase, self.task, self.attempt), found, strict=True)
        return self.times > 0 and all(want is None or want == has for want, has in wanted)


class Faults:
    """The faults that are due, oldest first. Each method adds one; `phase` confines it to the calls of one phase."""

    def __init__(self) -> None:
        self._due: list[Fault] = []

    def overloaded(self, times: int = 1, *, phase: str | None = None) -> None:
        """HTTP 529."""
        self.fails(529, "overloaded_error", "Overloaded", times=times, phase=phase)

    def rate_limited(self, times: int = 1, retry_after: float = 1.0, *, phase: str | None = None) -> None:
        """HTTP 429 that asks for a pause of `retry_after` seconds."""
        message = "This request would exceed your rate limit"
        headers = {"retry-after": f"{retry_after:g}"}
        self.fails(429, "rate_limit_error", message, times=times, phase=phase, headers=headers)

    def fails(
        self,
        status: int,
        error: str,
        message: str,
        *,
        times: int = 1,
        phase: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Any other HTTP error; `error` is its type in the API, like `authentication_error`."""
        self._due.append(Fault(error, "status", times, phase, status, error, message, headers or {}))

    def breaks_mid_stream(self, times: int = 1, *, phase: str | None = None) -> None:
        """The connection is cut when half of the reply is out."""
        self._due.append(Fault("breaks_mid_stream", "break", times, phase))

    def ends_early(self, times: int = 1, *, phase: str | None = None) -> None:
        """The stream ends cleanly when half of the reply is out, without the events that close it."""
        self._due.append(Fault("ends_early", "end", times, phase))

    def stream_error(self, times: int = 1, error: str = "overloaded_error", *, phase: str | None = None) -> None:
        """An `error` event comes when half of the reply is out."""
        self._due.append(Fault("stream_error", "event", times, phase, 200, error, "scripted"))

    def hangs(
        self, times: int = 1, *, phase: str | None = None, task: str | None = None, attempt: int | None = None
    ) -> None:
        """Half of the reply, then silence until the caller goes away."""
        self._due.append(Fault("hangs", "hang", times, phase, task=task, attempt=attempt))

    def refuses(self, times: int = 1, *, phase: str | None = None) -> None:
        """The model declines: `stop_reason` is `refusal` and there is no content."""
        self._due.append(Fault("refuses", "refuse", times, phase))

    def _take(self, heading: Heading | None) -> Fault | None:
        for fault in self._due:
            if fault.fits(heading):
                fault.times -= 1
                return fault
        return None
