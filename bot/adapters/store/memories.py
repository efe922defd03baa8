"""What is remembered: each method of `bot.ports_memories.Memories` as one transaction."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime

from bot.adapters.store import memory_rows, recalling, remembering
from bot.adapters.store.database import Database
from bot.adapters.store.whole import whole_calls
from bot.core.memory.memories import Found, Memory, Query, Remembered, State, Use, Verdict
from bot.core.repository import Repo
from bot.core.runs import RunId


@whole_calls
class SqlMemories(ABC):
    """The part of the store that keeps memories."""

    @property
    @abstractmethod
    def _open(self) -> Database: ...

    async def remember(self, memory: Memory) -> Remembered:
        async with self._open.writing() as session:
            return await remembering.remember(session, memory)

    async def recall(self, query: Query) -> list[Found]:
        async with self._open.reading() as session:
            return await recalling.recall(session, query)

    async def memory(self, repo: Repo, memory_id: str) -> Memory | None:
        async with self._open.reading() as session:
            row = await memory_rows.find(session, await memory_rows.scopes(session, repo), memory_id)
            return memory_rows.memory_of(row) if row else None

    async def memories(self, repo: Repo, *, states: Sequence[State] = ("active",), limit: int = 50) -> list[Memory]:
        async with self._open.reading() as session:
            return await recalling.newest(session, repo, states, limit)

    async def set_memory_state(self, repo: Repo, memory_id: str, state: State) -> bool:
        async with self._open.writing() as session:
            return await remembering.set_state(session, repo, memory_id, state)

    async def note_uses(self, uses: Sequence[Use]) -> None:
        async with self._open.writing() as session:
            await recalling.note_uses(session, uses)

    async def uses(self, run_id: RunId) -> list[Use]:
        async with self._open.reading() as session:
            return await recalling.uses(session, run_id)

    async def judge_uses(self, run_id: RunId, verdict: Verdict, at: datetime) -> int:
        async with self._open.writing() as session:
            return await recalling.judge(session, run_id, verdict)
