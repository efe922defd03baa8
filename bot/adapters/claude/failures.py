"""What went wrong with a call of Claude: whether to try again, how long to wait, what to tell people."""

from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from anthropic import APIStatusError

Provider = Literal["anthropic", "bedrock", "vertex", "foundry"]
Kind = Literal["auth", "billing", "rate_limit", "overloaded", "invalid", "broken"]
Remedied = Literal["context_exceeded", "stale_thinking", "no_editing"]
MAX_WAIT_SECONDS = 300.0
"""A server that asks for a longer pause gets none: the call fails and names the pause."""

_STATUS_OF: dict[str, int] = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""Error types and their HTTP statuses (https://platform.claude.com/docs/en/api/errors); a stream has only the type."""
_RETRIED = frozenset({408, 409, 429})
_CONTEXT = ("prompt is too long", "exceed context limit", "exceeds the context window")
_BILLING = ("credit balance", "usage limits", "spend limit")
_KEYS: dict[Provider, str] = {
    "anthropic": "ANTHROPIC_API_KEY",
    "bedrock": "the AWS credentials",
    "vertex": "the Google Cloud credentials",
    "foundry": "ANTHROPIC_FOUNDRY_API_KEY",
}


class IncompleteStreamError(Exception):
    """The stream ended cleanly, but before the reply did."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed attempt. Three kinds are no errors to the caller, since they have a remedy."""

    kind: Kind | Remedied
    cause: str
    retry: bool = False
    wait: float | None = None
    """Seconds that the server asked for, None if it said nothing."""

    @property
    def for_people(self) -> Kind:
        """The kind when there is no remedy left."""
        match self.kind:
            case "context_exceeded" | "stale_thinking" | "no_editing":
                return "invalid"
            case kind:
                return kind


def failure_of(error: Exception, now: datetime) -> Failure:
    """Judge what an attempt raised; `now` is for a `retry-after` that is a date."""
    import anthropic

    if isinstance(error, anthropic.APIStatusError):
        return _status_failure(error, now)
    if isinstance(error, IncompleteStreamError):
        return Failure("broken", str(error), retry=True)
    chain = [error, *([error.__cause__] if error.__cause__ else [])]
    return Failure("broken", _one_line("; ".join(f"{type(one).__name__}: {one}" for one in chain)), retry=True)


def _status_failure(error: "APIStatusError", now: datetime) -> Failure:
    in_stream = error.status_code < 400
    status = _STATUS_OF.get(str(error.type), 500) if in_stream else error.status_code
    cause = _one_line(f"{status} {error.type or ''}: {error.api_message or error.message}")
    kind = _kind(status, cause.lower())
    retry = kind in {"rate_limit", "overloaded", "broken"} and (status in _RETRIED or status >= 500)
    match error.response.headers.get("x-should-retry"):
        case "true" if not in_stream:
            retry = True
        case "false" if not in_stream:
            retry = False
    wait = retry_after(error.response.headers.get("retry-after-ms"), error.response.headers.get("retry-after"), now)
    return Failure(kind, cause, retry and (wait or 0.0) <= MAX_WAIT_SECONDS, wait)


def _kind(status: int, cause: str) -> Kind | Remedied:
    if status == 400 and ("context_management" in cause or "anthropic-beta" in cause):
        return "no_editing"
    if status == 400 and any(words in cause for words in _CONTEXT):
        return "context_exceeded"
    if status == 400 and "thinking" in cause and "signature" in cause:
        return "stale_thinking"
    if status == 402 or (status in {400, 403} and any(words in cause for words in _BILLING)):
        return "billing"
    if status in {401, 403}:
        return "auth"
    if status == 429:
        return "rate_limit"
    if status == 529:
        return "overloaded"
    return "broken" if status in _RETRIED or status >= 500 else "invalid"


def retry_after(milliseconds: str | None, seconds_or_date: str | None, now: datetime) -> float | None:
    """Seconds to wait by the `retry-after-ms` and `retry-after` headers, None without a usable one."""
    for text, unit in ((milliseconds, 0.001), (seconds_or_date, 1.0)):
        try:
            return max(0.0, float(text or "") * unit)
        except ValueError:
            continue
    try:
        return max(0.0, (parsedate_to_datetime(seconds_or_date or "") - now).total_seconds())
    except (ValueError, TypeError):
        return None


def backoff_seconds(attempt: int, chance: float) -> float:
    """How long to wait after that many failed attempts: 1, 2, 4 ... up to 60 seconds, cut by up to half by `chance`.

    `chance` is in [0, 1): calls that failed together must not come back together.
    """
    return float(min(60, 2 ** (attempt - 1))) * (1 - chance / 2)


def sentence(failure: Failure, attempts: int, provider: Provider) -> str:
    """The cause and the next step, for the person who has to mend it."""
    times = "1 attempt" if attempts == 1 else f"{attempts} attempts"
    match failure.kind:
        case "auth":
            return f"Claude refused the key ({failure.cause}). Check {_KEYS[provider]} and what it may use."
        case "billing":
            return f"The Claude account cannot pay for this call ({failure.cause}). Add credits or raise its limit."
        case "rate_limit":
            return (
                f"Claude's rate limit held for {times} ({failure.cause}{_pause(failure)}). Try again later, or make "
                "fewer calls at once with DEVFLOW_MODEL_CONCURRENCY."
            )
        case "overloaded":
            return f"Claude was overloaded for {times} ({failure.cause}). Try again later."
        case "broken":
            return (
                f"Claude gave no whole reply in {times} ({failure.cause}{_pause(failure)}). Check the network and "
                "ANTHROPIC_BASE_URL, then try again."
            )
        case _:
            return f"Claude refused the request ({failure.cause}). Check the model's name and the settings of the call."


def _pause(failure: Failure) -> str:
    return "" if failure.wait is None else f"; it asked for a pause of {failure.wait:.0f} s"


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 300 else line[:297] + "..."
