"""What is remembered: each method of `bot.ports_memories.Memories` as one transaction."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence

from bot.adapters.store import memory_vectors, recalling, remembering
from bot.adapters.store.database import Database
from bot.adapters.store.whole import whole_calls
from bot.core.memory.memories import Found, Memory, Query, Remembered, State, Use, Verdict
from bot.core.repository import Repo
from bot.core.runs import RunId
from bot.ports_memories import Embedder


@whole_calls
class SqlMemories(ABC):
    """The part of the store that keeps memories."""

    @property
    @abstractmethod
    def _open(self) -> Database: ...

    @property
    @abstractmethod
    def _embedder(self) -> Embedder | None: ...

    async def remember(self, memory: Memory) -> Remembered:
        return (await self.remember_all([memory]))[0]

    async def remember_all(self, memories: Sequence[Memory]) -> list[Remembered]:
        return await self._open.write_in_thread(lambda database: remembering.remember_all(database, memories))

    async def recall(self, query: Query) -> list[Found]:
        embedder = self._embedder
        if embedder is not None:
            await self._make_vectors(query.repo, embedder)
        return await self._open.read_in_thread(lambda database: recalling.recall(database, query, embedder=embedder))

    async def _make_vectors(self, repo: Repo, embedder: Embedder) -> None:
        """Outside a transaction: nobody waits for a model to write."""
        model = embedder.model
        found = await self._open.read_in_thread(lambda database: memory_vectors.missing(database, repo, model))
        if not found:
            return
        numbers, texts = zip(*found, strict=True)
        vectors = await asyncio.to_thread(embedder.vectors, texts)
        made = list(zip(numbers, vectors, strict=True))
        await self._open.write_in_thread(lambda database: memory_vectors.keep(database, model, made))

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
