"""The tables. Their rows never leave this package; `migrations/` makes them, and a test compares the two."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, Double, Index, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from bot.adapters.store.columns import ROW_NUMBER, CleanText


class Row(SQLModel, registry=registry()):
    """What all our tables share: one metadata, apart from anybody else's SQLModel classes."""


class DeliveryRow(Row, table=True):
    """A webhook delivery. `position` is its place in the batch it came with; `body` stands last because SQLite
    has to read through a long value to reach the columns after it."""

    __tablename__ = "devflow_deliveries"
    __table_args__ = (
        Index(
            "ix_devflow_deliveries_waiting",
            "received_at",
            "position",
            sqlite_where=text("processed_at IS NULL"),
            postgresql_where=text("processed_at IS NULL"),
        ),
    )

    id: str = Field(sa_type=CleanText, primary_key=True)
    event: str = Field(sa_type=CleanText)
    received_at: datetime
    position: int
    processed_at: datetime | None = None
    outcome: str | None = Field(default=None, sa_type=CleanText)
    body: bytes


class CounterRow(Row, table=True):
    """A number that only goes up, such as the deliveries turned away for one reason."""

    __tablename__ = "devflow_counters"

    kind: str = Field(sa_type=CleanText, primary_key=True)
    name: str = Field(sa_type=CleanText, primary_key=True)
    value: int = Field(sa_type=BigInteger)


class RunRow(Row, table=True):
    """A run."""

    __tablename__ = "devflow_runs"
    __table_args__ = (Index("ix_devflow_runs_issue", "owner", "repo", "issue", "seq"),)

    seq: int | None = Field(default=None, primary_key=True, sa_type=ROW_NUMBER)
    id: str = Field(sa_type=CleanText, unique=True, index=True)
    owner: str = Field(sa_type=CleanText)
    repo: str = Field(sa_type=CleanText)
    issue: int
    state: str = Field(sa_type=CleanText, index=True)
    reason: str = Field(sa_type=CleanText)
    created_at: datetime | None
    ended_at: datetime | None
    pull_number: int | None
    request: dict[str, object] = Field(sa_type=JSON)
    plan: dict[str, object] = Field(sa_type=JSON)
    outcome: str = Field(default="", sa_type=CleanText, sa_column_kwargs={"server_default": text("''")})


class PhaseRow(Row, table=True):
    """A phase of a run."""

    __tablename__ = "devflow_phases"
    __table_args__ = (Index("ix_devflow_phases_key", "run", "name", unique=True),)

    seq: int | None = Field(default=None, primary_key=True, sa_type=ROW_NUMBER)
    run: str = Field(sa_type=CleanText, foreign_key="devflow_runs.id")
    name: str = Field(sa_type=CleanText)
    agent: str = Field(sa_type=CleanText)
    state: str = Field(sa_type=CleanText)
    summary: str = Field(sa_type=CleanText)
    output: str = Field(sa_type=CleanText)
    data: str = Field(sa_type=CleanText)
    started_at: datetime | None
    ended_at: datetime | None
    input_tokens: int = Field(sa_type=BigInteger)
    output_tokens: int = Field(sa_type=BigInteger)
    cache_write_tokens: int = Field(sa_type=BigInteger)
    cache_read_tokens: int = Field(sa_type=BigInteger)
    usd: float = Field(sa_type=Double)
    attempt: int = Field(default=1, sa_column_kwargs={"server_default": "1"})


class TurnRow(Row, table=True):
    """A call of the model. `usd` is null until it came back; `lost_usd` and `lost_tokens` add up the reservations of
    earlier attempts at the same turn, whose process died before it could say what they cost."""

    __tablename__ = "devflow_turns"
    __table_args__ = (Index("ix_devflow_turns_key", "run", "unit", "number", unique=True),)

    seq: int | None = Field(default=None, primary_key=True, sa_type=ROW_NUMBER)
    run: str = Field(sa_type=CleanText, foreign_key="devflow_runs.id")
    unit: str = Field(sa_type=CleanText)
    number: int
    agent: str = Field(sa_type=CleanText)
    model: str = Field(sa_type=CleanText)
    reserved_usd: float = Field(sa_type=Double)
    lost_usd: float = Field(default=0.0, sa_type=Double)
    reserved_tokens: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
    lost_tokens: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
    usd: float | None = Field(default=None, sa_type=Double)
    input_tokens: int = Field(default=0, sa_type=BigInteger)
    output_tokens: int = Field(default=0, sa_type=BigInteger)
    cache_write_tokens: int = Field(default=0, sa_type=BigInteger)
    cache_read_tokens: int = Field(default=0, sa_type=BigInteger)
    seconds: float = Field(default=0.0, sa_type=Double)
    tree: str | None = Field(default=None, sa_type=CleanText)
    reply: str | None = Field(default=None, sa_type=CleanText)
    results: str | None = Field(default=None, sa_type=CleanText)
    heard: str = Field(default="", sa_type=CleanText, sa_column_kwargs={"server_default": text("''")})


class EffectRow(Row, table=True):
    """A write to GitHub. It has no foreign key: an answer to a command that starts no run is an effect too."""

    __tablename__ = "devflow_effects"
    __table_args__ = (Index("ix_devflow_effects_key", "run", "key", unique=True),)

    seq: int | None = Field(default=None, primary_key=True, sa_type=ROW_NUMBER)
    run: str = Field(sa_type=CleanText)
    key: str = Field(sa_type=CleanText)
    kind: str = Field(sa_type=CleanText)
    owner: str = Field(sa_type=CleanText)
    repo: str = Field(sa_type=CleanText)
    target: str = Field(sa_type=CleanText)
    state: str = Field(sa_type=CleanText)
    remote: str = Field(sa_type=CleanText)
    body: str = Field(sa_type=CleanText)


class GateRow(Row, table=True):
    """A place where a run waits for people."""

    __tablename__ = "devflow_gates"
    __table_args__ = (Index("ix_devflow_gates_key", "run", "number", unique=True),)

    seq: int | None = Field(default=None, primary_key=True, sa_type=ROW_NUMBER)
    run: str = Field(sa_type=CleanText, foreign_key="devflow_runs.id")
    number: int
    kind: str = Field(sa_type=CleanText)
    phases: list[str] = Field(sa_type=JSON)
    why: str = Field(sa_type=CleanText)
    hash: str = Field(sa_type=CleanText)
    unit: str = Field(sa_type=CleanText)
    state: str = Field(sa_type=CleanText)
    by: str = Field(sa_type=CleanText)
    words: str = Field(sa_type=CleanText)
    opened_at: datetime | None
    decided_at: datetime | None


class NoteRow(Row, table=True):
    """A comment for the agents of a run."""

    __tablename__ = "devflow_notes"
    __table_args__ = (Index("ix_devflow_notes_key", "run", "comment", unique=True),)

    seq: int | None = Field(default=None, primary_key=True, sa_type=ROW_NUMBER)
    run: str = Field(sa_type=CleanText, foreign_key="devflow_runs.id")
    comment: int = Field(sa_type=BigInteger)
    author: str = Field(sa_type=CleanText)
    text: str = Field(sa_type=CleanText)
    at: datetime


class DelegationRow(Row, table=True):
    """Somebody who may give commands on one issue."""

    __tablename__ = "devflow_delegations"
    __table_args__ = (Index("ix_devflow_delegations_key", "owner", "repo", "issue", "login", "command", unique=True),)

    seq: int | None = Field(default=None, primary_key=True, sa_type=ROW_NUMBER)
    owner: str = Field(sa_type=CleanText)
    repo: str = Field(sa_type=CleanText)
    issue: int
    login: str = Field(sa_type=CleanText)
    command: str = Field(sa_type=CleanText)
    by: str = Field(sa_type=CleanText)
    at: datetime


class HaltRow(Row, table=True):
    """A repository whose line is stopped."""

    __tablename__ = "devflow_halts"

    owner: str = Field(sa_type=CleanText, primary_key=True)
    repo: str = Field(sa_type=CleanText, primary_key=True)
    by: str = Field(sa_type=CleanText)
    reason: str = Field(sa_type=CleanText)
    at: datetime


class PulseRow(Row, table=True):
    """Who is at work on a run."""

    __tablename__ = "devflow_pulses"

    run: str = Field(sa_type=CleanText, primary_key=True, foreign_key="devflow_runs.id")
    at: datetime
    working: bool
    stalled_since: datetime | None = None
    resumed_at: datetime | None = None
