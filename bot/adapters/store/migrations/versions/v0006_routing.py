"""Results of work, and the choices of agents and models made before it."""

from typing import TypeVar

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0006"
down_revision = "0005"

ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
T = TypeVar("T")


def upgrade(op: Operations) -> None:
    op.create_table(
        "devflow_evidence",
        sa.Column("seq", ROW_NUMBER, primary_key=True),
        _run(),
        *_filled(sa.Text(), "unit", "agent", "model", "kind"),
        *_filled(sa.Boolean(), "ok"),
        *_filled(sa.Integer(), "rounds"),
        *_filled(sa.Double(), "usd", "seconds"),
        *_filled(sa.DateTime(timezone=True), "at"),
    )
    key = ["run", "unit", "agent", "model"]
    op.create_index("ix_devflow_evidence_key", "devflow_evidence", key, unique=True)
    op.create_table(
        "devflow_choices",
        sa.Column("seq", ROW_NUMBER, primary_key=True),
        _run(),
        *_filled(sa.Text(), "unit", "subject", "name", "reason", "why"),
    )
    op.create_index("ix_devflow_choices_key", "devflow_choices", ["run", "unit", "subject"], unique=True)


def _run() -> "sa.Column[str]":
    return sa.Column("run", sa.Text(), sa.ForeignKey("devflow_runs.id"), nullable=False)


def _filled(kind: "sa.types.TypeEngine[T]", *names: str) -> list["sa.Column[T]"]:
    return [sa.Column(name, kind, nullable=False) for name in names]
