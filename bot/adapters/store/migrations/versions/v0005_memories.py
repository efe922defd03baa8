"""Memories, the index over their terms, and their uses."""

from typing import TypeVar

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0005"
down_revision = "0004"

ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
T = TypeVar("T")
MOMENT = sa.DateTime(timezone=True)


def upgrade(op: Operations) -> None:
    _scopes(op)
    _memories(op)
    _index(op)
    _uses(op)


def _scopes(op: Operations) -> None:
    op.create_table(
        "devflow_memory_scopes",
        sa.Column("number", ROW_NUMBER, primary_key=True),
        *_filled(sa.Text(), "owner", "repo"),
        *_filled(sa.BigInteger(), "memories", "length"),
    )
    op.create_index("ix_devflow_memory_scopes_key", "devflow_memory_scopes", ["owner", "repo"], unique=True)


def _memories(op: Operations) -> None:
    op.create_table(
        "devflow_memories",
        sa.Column("seq", ROW_NUMBER, primary_key=True),
        sa.Column("scope", sa.BigInteger(), sa.ForeignKey("devflow_memory_scopes.number"), nullable=False),
        *_filled(sa.Text(), "id", "owner", "repo", "kind", "state"),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        *_filled(sa.Text(), "subject"),
        *_filled(sa.Double(), "trust"),
        *_filled(sa.Integer(), "uses", "helped", "misled"),
        sa.Column("used_at", MOMENT),
        *_filled(sa.Text(), "replaced_by", "source_kind", "source_ref", "source_by"),
        sa.Column("sketch", sa.LargeBinary(), nullable=False),
        *_filled(sa.Text(), "title"),
        *_filled(sa.JSON(), "files", "symbols"),
        *_filled(sa.Text(), "text"),
    )
    op.create_index("ix_devflow_memories_key", "devflow_memories", ["scope", "id"], unique=True)
    op.create_index("ix_devflow_memories_id", "devflow_memories", ["id"])
    op.create_index("ix_devflow_memories_state", "devflow_memories", ["scope", "state", "at"])
    where = sa.text("subject <> ''")
    op.create_index(
        "ix_devflow_memories_subject",
        "devflow_memories",
        ["scope", "subject"],
        sqlite_where=where,
        postgresql_where=where,
    )
    op.create_table(
        "devflow_memory_marks",
        sa.Column("mark", sa.BigInteger(), primary_key=True),
        sa.Column("memory", sa.BigInteger(), primary_key=True),
        sqlite_with_rowid=False,
    )


def _index(op: Operations) -> None:
    op.create_table(
        "devflow_memory_postings",
        sa.Column("memory", ROW_NUMBER, primary_key=True, autoincrement=False),
        sa.Column("postings", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "devflow_memory_terms",
        sa.Column("term", ROW_NUMBER, primary_key=True, autoincrement=False),
        sa.Column("memories", sa.BigInteger(), nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE devflow_memory_index USING fts5("
            "terms, content = '', columnsize = 0, detail = none, tokenize = 'ascii')"
        )
        op.execute("CREATE VIRTUAL TABLE devflow_memory_index_terms USING fts5vocab(devflow_memory_index, instance)")
    else:
        op.execute("CREATE TABLE devflow_memory_index (rowid BIGINT PRIMARY KEY, terms TSVECTOR NOT NULL)")
        # Without a list of pending entries: each of a search's hundred look-ups would read through it.
        op.execute(
            "CREATE INDEX ix_devflow_memory_index_terms ON devflow_memory_index"
            " USING gin (terms) WITH (fastupdate = off)"
        )


def _uses(op: Operations) -> None:
    op.create_table(
        "devflow_memory_uses",
        sa.Column("seq", ROW_NUMBER, primary_key=True),
        *_filled(sa.Text(), "run", "unit", "memory"),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        *_filled(sa.Text(), "verdict"),
    )
    op.create_index("ix_devflow_memory_uses_key", "devflow_memory_uses", ["run", "unit", "memory"], unique=True)


def _filled(kind: "sa.types.TypeEngine[T]", *names: str) -> list["sa.Column[T]"]:
    return [sa.Column(name, kind, nullable=False) for name in names]
