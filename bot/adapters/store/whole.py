"""A call of the store that has begun comes to its end, even if whoever waits for it is cancelled."""

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
C = TypeVar("C", bound=type)


def whole(call: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """The call in a task of its own, which a cancellation waits for and does not reach.

    A transaction that is cancelled between two of its statements keeps SQLite's lock until its connection is collected,
    and nobody else can write.
    """

    @functools.wraps(call)
    async def shielded(*args: P.args, **kwargs: P.kwargs) -> T:
        task = asyncio.ensure_future(call(*args, **kwargs))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await _ended(task)
            raise

    return shielded


async def _ended(task: "asyncio.Future[T]") -> None:
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            continue
    # Nobody will hear of an error any more. Looking at it keeps asyncio from complaining.
    if not task.cancelled():
        task.exception()


def whole_calls(kind: C) -> C:
    """A class whose public coroutines are all `whole`."""
    for name, call in list(vars(kind).items()):
        if not name.startswith("_") and inspect.iscoroutinefunction(call):
            setattr(kind, name, whole(call))
    return kind
