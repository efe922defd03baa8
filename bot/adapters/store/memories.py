"""What is remembered: each method of `bot.ports_memories.Memories` as one transaction."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from bot.adapters.store import recalling, remembering
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
        return (await self.remember_all([memory]))[0]

    async def remember_all(self, memories: Sequence[Memory]) -> list[Remembered]:
        return await self._open.write_in_thread(lambda database: remembering.remember_all(database, memories))

    async def recall(self, query: Query) -> list[Found]:
        return await self._open.read_in_thread(lambda database: recalling.recall(database, query))

    async def memory(self, repo: Repo, memory_id: str) -> Memory | None:
        return await self._open.read_in_thread(lambda database: recalling.one(database, repo, memory_id))

    async def memories(self, repo: Repo, *, states: Sequence[State] = ("active",), limit: int = 50) -> list[Memory]:
        return await self._open.read_in_thread(lambda database: recalling.newest(database, repo, states, limit))

    async def set_memory_state(self, repo: Repo, memory_id: str, state: State) -> bool:
        return await self._open.write_in_thread(
            lambda database: remembering.set_state(database, repo, memory_id, state)
        )

    async def note_uses(self, repo: Repo, uses: Sequence[Use]) -> None:
        await self._open.write_in_thread(lambda database: recalling.note_uses(database, repo, uses))

    async def uses(self, run_id: RunId) -> list[Use]:
        return await self._open.read_in_thread(lambda database: recalling.uses(database, run_id))

    async def judge_uses(self, repo: Repo, run_id: RunId, verdict: Verdict) -> int:
        return await self._open.write_in_thread(lambda database: recalling.judge(database, repo, run_id, verdict))
