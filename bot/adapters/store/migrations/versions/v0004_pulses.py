"""Who is at work on a run, and when that was heard last."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0004"
down_revision = "0003"

MOMENT = sa.DateTime(timezone=True)


def upgrade(op: Operations) -> None:
    op.create_table(
        "devflow_pulses",
        sa.Column("run", sa.Text(), sa.ForeignKey("devflow_runs.id"), primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("stalled_since", MOMENT),
        sa.Column("resumed_at", MOMENT),
    )
