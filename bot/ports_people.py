"""What the store keeps of people's decisions; a part of `ports.Store`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.core.people import Delegation, Gate, GateState, Halt, Note
from bot.core.repository import Repo
from bot.core.runs import RunId


class Decisions(Protocol):
    """Gates, notes, delegations and halts. Each call is one transaction."""

    async def open_gate(self, gate: Gate) -> Gate:
        """Store a gate that a run comes to; returns what is stored under its number, decided or not."""

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
        """False (and no change) if the gate is in none of the states `before`."""

    async def gates(self, run_id: RunId) -> list[Gate]:
        """By their number."""

    async def add_note(self, note: Note) -> bool:
        """False if the comment is a note of the run already; its text is then replaced."""

    async def notes(self, run_id: RunId) -> list[Note]:
        """Oldest first."""

    async def delegate(self, delegation: Delegation) -> bool:
        """False if that was given before."""

    async def delegations(self, repo: Repo, issue: int) -> list[Delegation]: ...

    async def halt(self, halt: Halt) -> bool:
        """Stop the line; False if it was stopped before: the first halt stays."""

    async def unhalt(self, repo: Repo) -> Halt | None:
        """Let the line go on; returns the halt that ended, None if there was none."""

    async def halted(self, repo: Repo) -> Halt | None: ...
