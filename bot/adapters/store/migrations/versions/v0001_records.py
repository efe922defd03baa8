"""Deliveries, counters, runs, phases, turns, effects."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0001"
down_revision = None

ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade(op: Operations) -> None:
    _deliveries(op)
    _runs(op)
    _phases(op)
    _turns(op)
    _effects(op)


def _text(name: str, *, nullable: bool = False, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable, primary_key=primary_key)


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _tokens() -> list[sa.Column[int]]:
    names = ("input_tokens", "output_tokens", "cache_write_tokens", "cache_read_tokens")
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _usd(name: str, *, nullable: bool = False) -> sa.Column[float]:
    return sa.Column(name, sa.Double(), nullable=nullable)


def _deliveries(op: Operations) -> None:
    op.create_table(
        "devflow_deliveries",
        _text("id", primary_key=True),
        _text("event"),
        _moment("received_at", nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        _moment("processed_at"),
        _text("outcome", nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    waiting = sa.text("processed_at IS NULL")
    op.create_index(
        "ix_devflow_deliveries_waiting",
        "devflow_deliveries",
        ["received_at", "position"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_table(
        "devflow_counters",
        _text("kind", primary_key=True),
        _text("name", primary_key=True),
        sa.Column("value", sa.BigInteger(), nullable=False),
    )


def _runs(op: Operations) -> None:
    op.create_table(
        "devflow_runs",
        sa.Column("seq", ROW_NUMBER, primary_key=True),
        _text("id"),
        _text("owner"),
        _text("repo"),
        sa.Column("issue", sa.Integer(), nullable=False),
        _text("state"),
        _text("reason"),
        _moment("created_at"),
        _moment("ended_at"),
        sa.Column("pull_number", sa.Integer(), nullable=True),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
    )
    op.create_index("ix_devflow_runs_id", "devflow_runs", ["id"], unique=True)
    op.create_index("ix_devflow_runs_state", "devflow_runs", ["state"])
    op.create_index("ix_devflow_runs_issue", "devflow_runs", ["owner", "repo", "issue", "seq"])


def _phases(op: Operations) -> None:
    op.create_table(
        "devflow_phases",
        sa.Column("seq", ROW_NUMBER, primary_key=True),
        _text("run"),
        _text("name"),
        _text("agent"),
        _text("state"),
        _text("summary"),
        _text("output"),
        _text("data"),
        _moment("started_at"),
        _moment("ended_at"),
        *_tokens(),
        _usd("usd"),
        sa.ForeignKeyConstraint(["run"], ["devflow_runs.id"]),
    )
    op.create_index("ix_devflow_phases_key", "devflow_phases", ["run", "name"], unique=True)


def _turns(op: Operations) -> None:
    op.create_table(
        "devflow_turns",
        sa.Column("seq", ROW_NUMBER, primary_key=True),
        _text("run"),
        _text("unit"),
        sa.Column("number", sa.Integer(), nullable=False),
        _text("agent"),
        _text("model"),
        _usd("reserved_usd"),
        _usd("lost_usd"),
        _usd("usd", nullable=True),
        *_tokens(),
        sa.Column("seconds", sa.Double(), nullable=False),
        _text("tree", nullable=True),
        _text("reply", nullable=True),
        _text("results", nullable=True),
        sa.ForeignKeyConstraint(["run"], ["devflow_runs.id"]),
    )
    op.create_index("ix_devflow_turns_key", "devflow_turns", ["run", "unit", "number"], unique=True)


def _effects(op: Operations) -> None:
    op.create_table(
        "devflow_effects",
        sa.Column("seq", ROW_NUMBER, primary_key=True),
        _text("run"),
        _text("key"),
        _text("kind"),
        _text("owner"),
        _text("repo"),
        _text("target"),
        _text("state"),
        _text("remote"),
        _text("body"),
    )
    op.create_index("ix_devflow_effects_key", "devflow_effects", ["run", "key"], unique=True)
