"""Jobs that carry their state in git refs, each in a folder of its own; run as a program it is one that learns."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from bot.adapters.store import SqliteRecords, SqlStore
from bot.adapters.workspace import GitRefs
from bot.carried import CarriedState
from bot.clock import SystemClock
from bot.core.memory.memories import Memory, Source, memory_id
from bot.core.runs import Run
from tests.adapters.store.rig import NOON, WIDGET, a_run


def refs(folder: Path, remote: Path) -> GitRefs:
    return GitRefs(folder / "refs.git", str(remote), "", allow_file=True)


class Impatient(SystemClock):
    """The date may be moved; waits are short."""

    def __init__(self, shift: float = 0.0) -> None:
        self.shift = shift

    def now(self) -> datetime:
        return datetime.fromtimestamp(super().now().timestamp() + self.shift, super().now().tzinfo)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 100)


@asynccontextmanager
async def job(
    folder: Path, remote: Path, home: int = 7, *, name: str = "", shift: float = 0.0
) -> AsyncIterator[tuple[CarriedState, SqlStore]]:
    """The state as a job has it, with its store open; who wants something kept saves it."""
    state = CarriedState(refs(folder, remote), SqliteRecords(folder), Impatient(shift), name or folder.name)
    await state.load()
    await state.restore(home)
    store = SqlStore(f"sqlite:///{folder / 'devflow.db'}")
    await store.open()
    try:
        yield state, store
    finally:
        await store.close()


def a_memory(text: str, **changes: object) -> Memory:
    source = Source("person", "", "ada")
    made = Memory(memory_id(WIDGET, "note", "", text), WIDGET, "note", text, text, source, NOON)
    return replace(made, **changes)  # type: ignore[arg-type]


def an_ended_run(id_: str, issue: int) -> Run:
    return replace(a_run(id_, issue=issue), state="succeeded", ended_at=NOON, pull_number=issue + 1)


async def learn(folder: Path, remote: Path, home: int, texts: list[str]) -> None:
    """Each in a save of its own, so that others come in between."""
    async with job(folder, remote, home) as (state, store):
        for text in texts:
            await store.remember(a_memory(text))
            await state.save()
        await state.save(last=True)


if __name__ == "__main__":
    asyncio.run(learn(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]))
