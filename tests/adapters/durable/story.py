"""Words the tests of the engine share: plain work, work that waits, workflows without segments."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.adapters.durable import StepFailed
from bot.core.conversation import Json
from bot.core.runs import RunId
from bot.ports import Steps

Work = Callable[[], Awaitable[Json]]


def gives(**result: object) -> Work:
    """Work that ends at once with this result."""

    async def work() -> Json:
        return dict(result)

    return work


def returns(result: Any) -> Work:
    """Work that returns this, whatever it is."""

    async def work() -> Json:
        return result  # type: ignore[no-any-return]

    return work


async def failure(call: Awaitable[object]) -> str:
    """The text with which the call fails, as a workflow sees it."""
    try:
        await call
    except (StepFailed, ValueError) as error:
        return str(error)
    raise AssertionError("it did not fail")


def raises(error: BaseException) -> Work:
    async def work() -> Json:
        raise error

    return work


async def no_segment(run: RunId, name: str, steps: Steps) -> Json:
    raise AssertionError(f"{run} has no segment {name}")


async def one_segment(run: RunId, steps: Steps) -> Json:
    """The coordinator of tests that are about segments."""
    return await steps.segment("build")


@dataclass
class Hold:
    """Work that begins, tells so, and ends when it is let go; it notes what happened to it."""

    begun: asyncio.Event = field(default_factory=asyncio.Event)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)
    cleaned: asyncio.Event = field(default_factory=asyncio.Event)
    times: int = 0

    async def __call__(self) -> Json:
        self.times += 1
        self.begun.set()
        try:
            await self.let_go.wait()
        except asyncio.CancelledError:
            self.cleaned.set()
            raise
        return {"held": True}


@dataclass
class Tally:
    """Counts how often each piece of work really ran."""

    ran: list[str] = field(default_factory=list)

    def work(self, name: str) -> Work:
        async def work() -> Json:
            self.ran.append(name)
            return {"did": name}

        return work

    async def node(self, name: str, given: Mapping[str, Json]) -> Json:
        self.ran.append(name)
        return {"did": name, "after": sorted(given)}
