"""What is made for a command and undone after it, whatever moment the command is cancelled at."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

T = TypeVar("T")


@asynccontextmanager
async def held(make: Callable[[], T], undo: Callable[[T], None]) -> AsyncIterator[T]:
    """Both run in threads. A thread cannot be cancelled: what it makes after we were is undone as well."""
    making = asyncio.create_task(asyncio.to_thread(make))

    async def undone() -> None:
        await asyncio.to_thread(undo, await making)

    try:
        yield await asyncio.shield(making)
    finally:
        await asyncio.shield(undone())
