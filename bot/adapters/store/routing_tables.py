"""The tables of results and choices."""

from datetime import datetime

from sqlalchemy import Double, Index
from sqlmodel import Field

from bot.adapters.store.columns import ROW_NUMBER, CleanText
from bot.adapters.store.tables import Row


class EvidenceRow(Row, table=True):
    """What an agent made of a piece of work, on one model. What became of it since is read from its run."""

    __tablename__ = "devflow_evidence"
    __table_args__ = (Index("ix_devflow_evidence_key", "run", "unit", "agent", "model", unique=True),)

    seq: int | None = Field(default=None, primary_key=True, sa_type=ROW_NUMBER)
    run: str = Field(sa_type=CleanText, foreign_key="devflow_runs.id")
    unit: str = Field(sa_type=CleanText)
    agent: str = Field(sa_type=CleanText)
    model: str = Field(sa_type=CleanText)
    kind: str = Field(sa_type=CleanText)
    ok: bool
    rounds: int
    usd: float = Field(sa_type=Double)
    seconds: float = Field(sa_type=Double)
    at: datetime


class ChoiceRow(Row, table=True):
    """Who does a unit of work, or on which model, and why; written before the work begins."""

    __tablename__ = "devflow_choices"
    __table_args__ = (Index("ix_devflow_choices_key", "run", "unit", "subject", unique=True),)

    seq: int | None = Field(default=None, primary_key=True, sa_type=ROW_NUMBER)
    run: str = Field(sa_type=CleanText, foreign_key="devflow_runs.id")
    unit: str = Field(sa_type=CleanText)
    subject: str = Field(sa_type=CleanText)
    name: str = Field(sa_type=CleanText)
    reason: str = Field(sa_type=CleanText)
    why: str = Field(sa_type=CleanText)
