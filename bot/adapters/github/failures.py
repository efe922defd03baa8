"""What went wrong with a request, read from the answer or from the lack of one."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
from pydantic import BaseModel, ValidationError

from bot.adapters.github.asks import one_line

_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


_STATUSES = {"NOT_FOUND": 404, "FORBIDDEN": 403, "RATE_LIMIT": 403, "RATE_LIMITED": 403, "INSUFFICIENT_SCOPES": 403}
"""The types of GraphQL errors that have a status in REST."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that did not succeed; `status` is 0 if there was no answer."""

    status: int
    message: str
    limited: bool = False
    """GitHub did nothing because there were too many requests."""
    wait: float | None = None
    """Seconds GitHub asked to wait."""
    unsent: bool = False
    """The request cannot have reached GitHub."""
    transient: bool = False
    """It may well go right the next time."""
    request: httpx.Request | None = field(default=None, repr=False)
    """The request, if httpx came as far as to make one."""


def failure_of_answer(response: httpx.Response, now: datetime) -> Failure:
    """Read an answer of 400 or more.

    A limit shows as 429, or as 403 with `retry-after`, without quota, or with the words; see "Exceeding the rate
    limit" on docs.github.com.
    """
    message = _message(response)
    limited = response.status_code == 429 or (
        response.status_code == 403
        and ("retry-after" in response.headers or _spent(response) or "rate limit" in message.lower())
    )
    wait = _wait(response, now) if limited or response.status_code >= 500 else None
    transient = response.status_code >= 500
    return Failure(response.status_code, message, limited, wait, transient=transient, request=first_request(response))


def failure_of_graphql(response: httpx.Response, now: datetime) -> Failure | None:
    """Read an answer of GraphQL with status 200; None if nothing went wrong."""
    try:
        errors = _GraphqlBody.model_validate_json(response.content).errors
    except ValidationError:
        return Failure(200, "an answer that is not GraphQL's", request=first_request(response))
    if not errors:
        return None
    kinds = {error.type for error in errors}
    limited = bool(kinds & {"RATE_LIMIT", "RATE_LIMITED"})
    status = next((_STATUSES[error.type] for error in errors if error.type in _STATUSES), 422)
    message = one_line("; ".join(error.message for error in errors if error.message)) or "no message"
    wait = _wait(response, now) if limited else None
    return Failure(status, message, limited, wait, request=first_request(response))


def failure_of_transport(error: Exception) -> Failure:
    """Read what httpx raised instead of an answer."""
    if isinstance(error, httpx.TimeoutException):
        message = f"GitHub did not answer in time ({type(error).__name__})"
    elif isinstance(error, httpx.TransportError):
        message = f"GitHub could not be reached ({type(error).__name__}: {one_line(str(error), 200)})"
    else:
        message = f"the request could not be sent ({type(error).__name__})"
    unsent = isinstance(error, _UNSENT) or not isinstance(error, httpx.RequestError)
    transient = isinstance(error, httpx.TransportError)
    return Failure(0, message, unsent=unsent, transient=transient, request=_request_of(error))


def first_request(response: httpx.Response) -> httpx.Request:
    """What we sent, before any redirect."""
    return (response.history or [response])[0].request


def _request_of(error: Exception) -> httpx.Request | None:
    try:
        return error.request if isinstance(error, httpx.RequestError) else None
    except RuntimeError:
        return None


class _Problem(BaseModel):
    message: str = ""
    code: str = ""
    field: str = ""


class _GraphqlError(BaseModel):
    message: str = ""
    type: str = ""


class _GraphqlBody(BaseModel):
    errors: list[_GraphqlError] = []


class _Body(BaseModel):
    message: str = ""
    errors: list[_Problem | str] | str = []


def _message(response: httpx.Response) -> str:
    """GitHub's message and the details it adds to it, on one line."""
    try:
        body = _Body.model_validate_json(response.content)
    except ValidationError:
        return one_line(response.text, 200) or response.reason_phrase or "no message"
    errors = [body.errors] if isinstance(body.errors, str) else body.errors
    details = [e if isinstance(e, str) else e.message or f"{e.field} {e.code}".strip() for e in errors]
    return (
        one_line(": ".join(part for part in (body.message, "; ".join(filter(None, details))) if part)) or "no message"
    )


def _spent(response: httpx.Response) -> bool:
    return bool(response.headers.get("x-ratelimit-remaining") == "0")


def _wait(response: httpx.Response, now: datetime) -> float | None:
    """Seconds by `retry-after`, else by `x-ratelimit-reset` if the quota is spent, else None."""
    after = response.headers.get("retry-after", "")
    if after.isdecimal():
        return max(1.0, float(after))
    reset = response.headers.get("x-ratelimit-reset", "")
    # A reset beside a quota that is left belongs to the other limit: waiting for it would be an hour lost.
    if reset.isdecimal() and response.headers.get("x-ratelimit-remaining", "0") == "0" and response.status_code < 500:
        return max(1.0, (datetime.fromtimestamp(int(reset), UTC) - now).total_seconds() + 1.0)
    return None
