"""Vectors of memories, for searches by meaning."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0007"
down_revision = "0006"

ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade(op: Operations) -> None:
    op.create_table(
        "devflow_memory_vectors",
        sa.Column("memory", ROW_NUMBER, primary_key=True, autoincrement=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
    )
