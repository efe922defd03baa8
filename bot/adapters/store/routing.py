"""Results of work and choices, in the database: each method of `bot.ports_routing.Routing` as one transaction."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict

from pydantic import TypeAdapter
from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.adapters.store.columns import insert_into
from bot.adapters.store.database import Database
from bot.adapters.store.records import checked
from bot.adapters.store.routing_tables import ChoiceRow, EvidenceRow
from bot.adapters.store.runs import require
from bot.adapters.store.tables import RunRow
from bot.adapters.store.whole import whole_calls
from bot.core.repository import Repo
from bot.core.routing.choice import Choice
from bot.core.routing.results import Chosen, Subject, WorkResult
from bot.core.runs import RunId

RESULT, CHOSEN = TypeAdapter(WorkResult), TypeAdapter(Chosen)


@whole_calls
class SqlRouting(ABC):
    """The part of the store that keeps results of work and choices."""

    @property
    @abstractmethod
    def _open(self) -> Database: ...

    async def note_results(self, results: Sequence[WorkResult]) -> None:
        async with self._open.writing() as session:
            for one in results:
                values = {k: v for k, v in asdict(one).items() if k not in {"outcome", "revised"}}
                statement = insert_into(session, EvidenceRow).values(values)
                key = ["run", "unit", "agent", "model"]
                await session.exec(statement.on_conflict_do_update(index_elements=key, set_=values))

    async def results(self, repo: Repo, *, limit: int = 2000) -> list[WorkResult]:
        async with self._open.reading() as session:
            return await _results(session, repo, limit)

    async def keep_choice(self, run: RunId, unit: str, subject: Subject, choice: Choice) -> Choice:
        async with self._open.writing() as session:
            await require(session, run)
            values = {"run": run, "unit": unit, "subject": subject, **asdict(choice)}
            statement = insert_into(session, ChoiceRow).values(values)
            await session.exec(statement.on_conflict_do_nothing(index_elements=["run", "unit", "subject"]))
            stored = {(one.unit, one.subject): one.choice for one in await _choices(session, run)}
            return stored[unit, subject]

    async def choices(self, run: RunId) -> list[Chosen]:
        async with self._open.reading() as session:
            return await _choices(session, run)


async def _results(session: AsyncSession, repo: Repo, limit: int) -> list[WorkResult]:
    place = (RunRow.owner == repo.owner, RunRow.repo == repo.name)
    revisions = (
        select(RunRow.pull_number, func.count())
        .where(*place, RunRow.plan["purpose"].as_string() == "revise")  # type: ignore[attr-defined]
        .group_by(col(RunRow.pull_number))
    )
    revised = dict((await session.exec(revisions)).all())
    statement = (
        select(EvidenceRow, RunRow.outcome, RunRow.pull_number)
        .join(RunRow, col(RunRow.id) == col(EvidenceRow.run))
        .where(*place)
        .order_by(col(EvidenceRow.at).desc(), col(EvidenceRow.seq).desc())
        .limit(limit)
    )
    found = []
    for row, outcome, pull in (await session.exec(statement)).all():
        fields = row.model_dump(exclude={"seq"}) | {"outcome": outcome, "revised": revised.get(pull, 0)}
        found.append(checked(RESULT, fields, f"result of {row.unit} in run {row.run}"))
    return found[::-1]


async def _choices(session: AsyncSession, run: RunId) -> list[Chosen]:
    rows = await session.exec(select(ChoiceRow).where(ChoiceRow.run == run).order_by(col(ChoiceRow.seq)))
    return [_chosen(row) for row in rows]


def _chosen(row: ChoiceRow) -> Chosen:
    choice = row.model_dump(include={"name", "reason", "why"})
    fields: dict[str, object] = {"unit": row.unit, "subject": row.subject, "choice": choice}
    return checked(CHOSEN, fields, f"choice of the {row.subject} of {row.unit} in run {row.run}")
