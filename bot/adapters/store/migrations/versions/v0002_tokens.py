"""Tokens are reserved as dollars are."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0002"
down_revision = "0001"


def upgrade(op: Operations) -> None:
    for name in ("reserved_tokens", "lost_tokens"):
        op.add_column("devflow_turns", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
