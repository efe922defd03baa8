"""Gates, notes, delegations and halts in the database."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, delete, func, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.adapters.store import records
from bot.adapters.store.columns import insert_into
from bot.adapters.store.runs import require
from bot.adapters.store.tables import DelegationRow, GateRow, HaltRow, NoteRow
from bot.core.people import Delegation, Gate, GateState, Halt, Note
from bot.core.repository import Repo
from bot.core.runs import RunId


async def open_gate(session: AsyncSession, gate: Gate) -> Gate:
    await require(session, gate.run)
    statement = insert_into(session, GateRow).values(records.gate_values(gate))
    await session.exec(statement.on_conflict_do_nothing(index_elements=["run", "number"]))
    key = (col(GateRow.run) == gate.run, col(GateRow.number) == gate.number)
    return records.gate_of((await session.exec(select(GateRow).where(*key))).one())


async def decide(
    session: AsyncSession, gate: Gate, state: GateState, by: str, words: str, at: datetime, before: Sequence[GateState]
) -> bool:
    key = (col(GateRow.run) == gate.run, col(GateRow.number) == gate.number, col(GateRow.state).in_(before))
    values = {"state": state, "by": by, "words": words, "decided_at": at}
    return (await session.exec(update(GateRow).where(*key).values(**values))).rowcount == 1


async def gates(session: AsyncSession, run_id: RunId) -> list[Gate]:
    statement = select(GateRow).where(GateRow.run == run_id).order_by(col(GateRow.number))
    return [records.gate_of(row) for row in await session.exec(statement)]


async def add_note(session: AsyncSession, note: Note) -> bool:
    await require(session, note.run)
    key = (col(NoteRow.run) == note.run, col(NoteRow.comment) == note.comment)
    if (await session.exec(update(NoteRow).where(*key).values(text=note.text))).rowcount:
        return False
    await session.exec(insert_into(session, NoteRow).values(records.note_values(note)))
    return True


async def notes(session: AsyncSession, run_id: RunId) -> list[Note]:
    statement = select(NoteRow).where(NoteRow.run == run_id).order_by(col(NoteRow.seq))
    return [records.note_of(row) for row in await session.exec(statement)]


async def delegate(session: AsyncSession, given: Delegation) -> bool:
    statement = insert_into(session, DelegationRow).values(records.delegation_values(given))
    unique = ["owner", "repo", "issue", "login", "command"]
    statement = statement.on_conflict_do_nothing(index_elements=unique)
    return (await session.exec(statement.returning(col(DelegationRow.seq)))).first() is not None


async def delegations(session: AsyncSession, repo: Repo, issue: int) -> list[Delegation]:
    place = (DelegationRow.owner == repo.owner, DelegationRow.repo == repo.name, DelegationRow.issue == issue)
    statement = select(DelegationRow).where(*place).order_by(col(DelegationRow.seq))
    return [records.delegation_of(row) for row in await session.exec(statement)]


async def halt(session: AsyncSession, halt: Halt) -> bool:
    statement = insert_into(session, HaltRow).values(records.halt_values(halt))
    statement = statement.on_conflict_do_nothing(index_elements=["owner", "repo"])
    return (await session.exec(statement.returning(func.length(HaltRow.owner)))).first() is not None


async def unhalt(session: AsyncSession, repo: Repo) -> Halt | None:
    found = await halted(session, repo)
    await session.exec(delete(HaltRow).where(col(HaltRow.owner) == repo.owner, col(HaltRow.repo) == repo.name))
    return found


async def halted(session: AsyncSession, repo: Repo) -> Halt | None:
    statement = select(HaltRow).where(HaltRow.owner == repo.owner, HaltRow.repo == repo.name)
    row = (await session.exec(statement)).one_or_none()
    return records.halt_of(row) if row else None
