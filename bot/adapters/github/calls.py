"""One call of GitHub from first try to answer or error: pacing, retries, renewal of tokens, log lines."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import structlog
from githubkit import Response
from githubkit.exception import RequestError, RequestFailed
from pydantic import SecretStr, ValidationError

from bot.adapters.github.asks import Ask, refusal, silence
from bot.adapters.github.connection import Connection
from bot.adapters.github.failures import (
    Failure,
    failure_of_answer,
    failure_of_graphql,
    failure_of_transport,
    first_request,
)
from bot.adapters.github.limits import Limits
from bot.adapters.github.sessions import Session
from bot.ports import Clock, GitHubError

TRIES = 4

Request = Callable[[Connection], Awaitable[Response[Any, Any]]]
"""Sends one request over a connection; called again for each try."""

log = structlog.get_logger("github")


@dataclass
class _Progress:
    """How far a call has come."""

    deadline: float
    tries: int = 0
    renewed: bool = False
    ticket: int = 0
    secret: SecretStr | None = None


class Calls:
    """Sends requests for one adapter; `jitter` gives numbers from 0 to 1, `tries` is how often one is sent at most."""

    def __init__(
        self, limits: Limits, clock: Clock, jitter: Callable[[], float] = random.random, tries: int = TRIES
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._jitter = jitter
        self._tries = tries

    async def send(self, ask: Ask, session: Session, request: Request) -> httpx.Response:
        """The answer (below 400). Raises `GitHubError` for every other end.

        What is repeatable is tried four times on 5xx and broken connections; the rest only if GitHub cannot have
        acted on it: no connection, a rate limit, a token that was refused.
        """
        progress = _Progress(self._limits.deadline())
        while True:
            await session.ensure()
            outcome = await self._try(ask, session, request, progress)
            if isinstance(outcome, httpx.Response):
                return outcome
            await self._recover(ask, session, outcome, progress)

    async def pause(self, seconds: float) -> None:
        """Wait on the clock that all waiting here goes by."""
        await self._clock.sleep(seconds)

    async def _try(self, ask: Ask, session: Session, request: Request, progress: _Progress) -> httpx.Response | Failure:
        async with self._limits.slot(ask, progress.deadline) as ticket:
            progress.ticket, progress.secret = ticket, session.secret
            progress.tries += 1
            started = self._clock.monotonic()
            outcome = await self._outcome(ask, session, request)
        seconds = self._clock.monotonic() - started
        if isinstance(outcome, Failure):
            _log(ask, outcome.request, outcome.status, seconds)
            if outcome.status and not outcome.limited:
                self._limits.gate.passed(ticket)
            return outcome
        _log(ask, first_request(outcome), outcome.status_code, seconds)
        self._limits.gate.passed(ticket)
        return _not_turned_into_get(ask, outcome)

    async def _outcome(self, ask: Ask, session: Session, request: Request) -> httpx.Response | Failure:
        try:
            answer = (await request(session.connection)).raw_response
            failure = failure_of_graphql(answer, self._clock.now()) if ask.graphql else None
            return failure or answer
        except RequestFailed as error:
            return failure_of_answer(error.response.raw_response, self._clock.now())
        except RequestError as error:
            return failure_of_transport(error.exc)
        except ValidationError as error:
            raise GitHubError(f"Could not {ask.what}: {_places(error)} is not what GitHub takes.") from None

    async def _recover(self, ask: Ask, session: Session, failure: Failure, progress: _Progress) -> None:
        """Return when the call may be tried again, else raise its error."""
        if failure.limited:
            self._limits.gate.shut(progress.ticket, failure.wait)
            return
        if failure.status == 401 and not progress.renewed and await session.renew(progress.secret):
            progress.renewed = True
            return
        again = failure.transient and (ask.repeatable or failure.unsent) and progress.tries < self._tries
        # Exponential with "equal jitter": half fixed, half random.
        delay = max(failure.wait or 0.0, 2.0 ** (progress.tries - 1) * (0.5 + self._jitter() / 2))
        if not again or self._clock.monotonic() + delay > progress.deadline:
            raise self._error(ask, session, failure)
        await self._clock.sleep(delay)

    def _error(self, ask: Ask, session: Session, failure: Failure) -> GitHubError:
        message = session.redact(failure.message)
        if failure.status:
            return refusal(ask, session.actor, failure.status, message)
        return silence(ask, message, sent=not failure.unsent)


def _log(ask: Ask, sent: httpx.Request | None, status: int, seconds: float) -> None:
    """Method, path, status (0: no answer) and milliseconds; never a query, a header or a body."""
    write = log.debug if 200 <= status < 400 or status == 404 else log.warning
    where = {"method": sent.method, "path": sent.url.path} if sent else {}
    write("github request", what=ask.what, status=status, ms=round(seconds * 1000), **where)


def _not_turned_into_get(ask: Ask, response: httpx.Response) -> httpx.Response:
    """Refuse the answer to a write that a redirect made a read: nothing was written."""
    if first_request(response).method != response.request.method:
        raise GitHubError(
            f"Could not {ask.what}: GitHub redirects to {response.url.path}.", response.history[0].status_code
        )
    return response


def _places(error: ValidationError) -> str:
    """Where a value is wrong, without the value."""
    return ", ".join(sorted({".".join(map(str, e["loc"])) for e in error.errors(include_input=False)})) or "it"
