"""What people decide: gates, notes, delegations, halts, and what became of a pull request."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0003"
down_revision = "0002"

ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade(op: Operations) -> None:
    op.add_column("devflow_runs", sa.Column("outcome", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("devflow_phases", sa.Column("attempt", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("devflow_turns", sa.Column("heard", sa.Text(), nullable=False, server_default=sa.text("''")))
    _gates(op)
    _notes(op)
    _delegations(op)
    op.create_table(
        "devflow_halts",
        sa.Column("owner", sa.Text(), primary_key=True),
        sa.Column("repo", sa.Text(), primary_key=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
    )


def _gates(op: Operations) -> None:
    op.create_table(
        "devflow_gates",
        sa.Column("seq", ROW_NUMBER, primary_key=True),
        sa.Column("run", sa.Text(), sa.ForeignKey("devflow_runs.id"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("phases", sa.JSON(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("why", "hash", "unit", "state", "by", "words")),
        sa.Column("opened_at", MOMENT),
        sa.Column("decided_at", MOMENT),
    )
    op.create_index("ix_devflow_gates_key", "devflow_gates", ["run", "number"], unique=True)


def _notes(op: Operations) -> None:
    op.create_table(
        "devflow_notes",
        sa.Column("seq", ROW_NUMBER, primary_key=True),
        sa.Column("run", sa.Text(), sa.ForeignKey("devflow_runs.id"), nullable=False),
        sa.Column("comment", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
    )
    op.create_index("ix_devflow_notes_key", "devflow_notes", ["run", "comment"], unique=True)


def _delegations(op: Operations) -> None:
    key = ["owner", "repo", "issue", "login", "command"]
    op.create_table(
        "devflow_delegations",
        sa.Column("seq", ROW_NUMBER, primary_key=True),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("repo", sa.Text(), nullable=False),
        sa.Column("issue", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("login", "command", "by")),
        sa.Column("at", MOMENT, nullable=False),
    )
    op.create_index("ix_devflow_delegations_key", "devflow_delegations", key, unique=True)
