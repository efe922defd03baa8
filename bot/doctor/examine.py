"""Makes all checks at the same time, each within its own time; whatever one of them does becomes a finding."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from bot.core.errors import BotError
from bot.core.findings import Finding, Verdict, Verdicts, not_looked_at, wrong
from bot.doctor.case import Case, Need, NotLookedAtError
from bot.ports import GitHubError
from bot.ports_doctor import UnreachableError

P = ParamSpec("P")
T = TypeVar("T")
SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at. It is not looked at where one of its needs is missing."""

    name: str
    look: Callable[[Case], Awaitable[Verdicts]]
    needs: tuple[Need, ...] = ()
    seconds: float = SECONDS


async def examine(case: Case, checks: Sequence[Check]) -> AsyncIterator[Finding]:
    """The findings in the order of the checks, each as soon as it and those before it are there."""
    abandon_threads()
    tasks = [asyncio.create_task(_verdicts(case, check)) for check in checks]
    try:
        for check, task in zip(checks, tasks, strict=True):
            for verdict in await task:
                yield _finding(case, check, verdict)
    finally:
        for task in tasks:
            task.cancel()


def abandon_threads() -> None:
    """From here on the running loop does not wait at its end for a look at a dead disk or name server."""
    asyncio.get_running_loop().set_default_executor(_Abandoning())


async def _verdicts(case: Case, check: Check) -> Verdicts:
    if lacking := case.lacks(check.needs):
        return not_looked_at(lacking)
    try:
        async with asyncio.timeout(check.seconds):
            return await check.look(case)
    except NotLookedAtError as error:
        return not_looked_at(str(error))
    except TimeoutError:
        return wrong(f"there was no answer in {check.seconds:g} s", "Look at the network, and try again.")
    except UnreachableError as error:
        return not_looked_at(f"{error}", "See the checks whose names end in `reachable`.")
    except GitHubError as error:
        return wrong(str(error), "The sentence names what is missing; `GitHub identity` tells who asked.")
    except BotError as error:
        return wrong(error.message, error.hint)
    except Exception as error:  # noqa: BLE001 - a bug in one check must not hide what the others found
        cause = f"{type(error).__name__}: {error}"
        return wrong(f"this check itself failed ({cause})", "Please report it; the other checks hold.")


def _finding(case: Case, check: Check, verdict: Verdict) -> Finding:
    found = " ".join(case.clean(verdict.found).split()).rstrip(".")
    return Finding(check.name, verdict.state, found, " ".join(case.clean(verdict.fix).split()))


class _Abandoning(ThreadPoolExecutor):
    """Threads that nobody waits for."""

    def submit(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        threading.Thread(target=_work, args=(future, lambda: work(*args, **kwargs)), daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Nothing is waited for."""


def _work(future: Future[T], work: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 - whoever waits gets it
        future.set_exception(error)
