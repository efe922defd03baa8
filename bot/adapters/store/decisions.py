"""What people decide: each method of `bot.ports_people.Decisions` as one transaction."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime

from bot.adapters.store import people
from bot.adapters.store.database import Database
from bot.adapters.store.whole import whole_calls
from bot.core.people import Delegation, Gate, GateState, Halt, Note
from bot.core.repository import Repo
from bot.core.runs import RunId


@whole_calls
class SqlDecisions(ABC):
    """The part of the store that keeps decisions."""

    @property
    @abstractmethod
    def _open(self) -> Database: ...

    async def open_gate(self, gate: Gate) -> Gate:
        async with self._open.writing() as session:
            return await people.open_gate(session, gate)

    async def decide_gate(
        self,
        gate: Gate,
        state: GateState,
        *,
        by: str,
        words: str,
        at: datetime,
        before: Sequence[GateState] = ("open",),
    ) -> bool:
        async with self._open.writing() as session:
            return await people.decide(session, gate, state, by, words, at, before)

    async def gates(self, run_id: RunId) -> list[Gate]:
        async with self._open.reading() as session:
            return await people.gates(session, run_id)

    async def add_note(self, note: Note) -> bool:
        async with self._open.writing() as session:
            return await people.add_note(session, note)

    async def notes(self, run_id: RunId) -> list[Note]:
        async with self._open.reading() as session:
            return await people.notes(session, run_id)

    async def delegate(self, delegation: Delegation) -> bool:
        async with self._open.writing() as session:
            return await people.delegate(session, delegation)

    async def delegations(self, repo: Repo, issue: int) -> list[Delegation]:
        async with self._open.reading() as session:
            return await people.delegations(session, repo, issue)

    async def halt(self, halt: Halt) -> bool:
        async with self._open.writing() as session:
            return await people.halt(session, halt)

    async def unhalt(self, repo: Repo) -> Halt | None:
        async with self._open.writing() as session:
            return await people.unhalt(session, repo)

    async def halted(self, repo: Repo) -> Halt | None:
        async with self._open.reading() as session:
            return await people.halted(session, repo)
