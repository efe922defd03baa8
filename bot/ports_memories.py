"""What the store keeps of memories; a part of `ports.Store`."""

from collections.abc import Sequence
from typing import Protocol

from bot.core.memory.memories import Found, Memory, Query, Remembered, State, Use, Verdict
from bot.core.repository import Repo
from bot.core.runs import RunId


class Embedder(Protocol):
    """Tells how near texts are in what they mean; memories are found by their words alone without one."""

    model: str
    """Names the vectors: those of different models cannot be compared."""

    def vectors(self, texts: Sequence[str]) -> list[bytes]:
        """One for each text, to be kept."""

    def nearness(self, text: str, vectors: Sequence[bytes]) -> list[float]:
        """For each vector how near the text is: 1 is the same, 0 or less has nothing to do with it."""


class Memories(Protocol):
    """Memories and their uses. Each call is one transaction; a repository sees its own and its owner's shared ones."""

    async def remember(self, memory: Memory) -> Remembered:
        """Store a memory once. One of nearly the same words is merged into the one that is there; an active one of the
        same subject takes the place of the older; what was forgotten stays forgotten."""

    async def remember_all(self, memories: Sequence[Memory]) -> list[Remembered]:
        """Store memories of one repository, all or none of them; each as `remember` does."""

    async def recall(self, query: Query) -> list[Found]:
        """The active memories that fit best, best first."""

    async def memory(self, repo: Repo, memory_id: str) -> Memory | None:
        """One that the repository sees, in whatever state."""

    async def memories(self, repo: Repo, *, states: Sequence[State] = ("active",), limit: int = 50) -> list[Memory]:
        """Newest first."""

    async def set_memory_state(self, repo: Repo, memory_id: str, state: State) -> bool:
        """Approve (`active`) or forget; False if there is no such memory or it has that state already. Of a forgotten
        memory title, text, files and symbols are erased in the same transaction."""

    async def note_uses(self, repo: Repo, uses: Sequence[Use]) -> None:
        """Record what an agent was shown; the same run, unit and memory again changes nothing. Only memories that the
        repository sees count a use."""

    async def uses(self, run_id: RunId) -> list[Use]:
        """In the order of their recording."""

    async def judge_uses(self, repo: Repo, run_id: RunId, verdict: Verdict) -> int:
        """Say what a run's memories were good for; returns how many verdicts changed. Another verdict later takes the
        place of the first, and the counts of the memories that the repository sees follow."""
