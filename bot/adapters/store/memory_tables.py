"""The tables of memories. The index over their terms is of each database's own kind: see `memory_index`."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, Double, Index, text
from sqlmodel import Field

from bot.adapters.store.columns import ROW_NUMBER, CleanText
from bot.adapters.store.tables import Row

WITHOUT_ROWID = {"sqlite_with_rowid": False}


class ScopeRow(Row, table=True):
    """Whose memories are seen together: a repository's own, or (`repo` is empty) what its owner shares; in lower case.
    `memories` and `length` are those of the index. Whoever writes a memory locks its scope first."""

    __tablename__ = "devflow_memory_scopes"
    __table_args__ = (Index("ix_devflow_memory_scopes_key", "owner", "repo", unique=True),)

    number: int | None = Field(default=None, primary_key=True, sa_type=ROW_NUMBER)
    owner: str = Field(sa_type=CleanText)
    repo: str = Field(sa_type=CleanText)
    memories: int = Field(sa_type=BigInteger)
    length: int = Field(sa_type=BigInteger)


class MemoryRow(Row, table=True):
    """A memory. `sketch` outlives a forgotten one's words, so that it does not come back in nearly the same."""

    __tablename__ = "devflow_memories"
    __table_args__ = (
        Index("ix_devflow_memories_key", "scope", "id", unique=True),
        Index("ix_devflow_memories_id", "id"),
        Index("ix_devflow_memories_state", "scope", "state", "at"),
        Index(
            "ix_devflow_memories_subject",
            "scope",
            "subject",
            sqlite_where=text("subject <> ''"),
            postgresql_where=text("subject <> ''"),
        ),
    )

    seq: int | None = Field(default=None, primary_key=True, sa_type=ROW_NUMBER)
    scope: int = Field(sa_type=BigInteger, foreign_key="devflow_memory_scopes.number")
    id: str = Field(sa_type=CleanText)
    owner: str = Field(sa_type=CleanText)
    repo: str = Field(sa_type=CleanText)
    kind: str = Field(sa_type=CleanText)
    state: str = Field(sa_type=CleanText)
    shared: bool
    at: datetime
    subject: str = Field(sa_type=CleanText)
    trust: float = Field(sa_type=Double)
    uses: int
    helped: int
    misled: int
    used_at: datetime | None
    replaced_by: str = Field(sa_type=CleanText)
    source_kind: str = Field(sa_type=CleanText)
    source_ref: str = Field(sa_type=CleanText)
    source_by: str = Field(sa_type=CleanText)
    sketch: bytes
    title: str = Field(sa_type=CleanText)
    files: list[str] = Field(sa_type=JSON)
    symbols: list[str] = Field(sa_type=JSON)
    text: str = Field(sa_type=CleanText)


class MarkRow(Row, table=True):
    """One of the smallest numbers of a memory's sketch, by which those of nearly the same words are found."""

    __tablename__ = "devflow_memory_marks"
    __table_args__ = WITHOUT_ROWID

    mark: int = Field(primary_key=True, sa_type=BigInteger)
    memory: int = Field(primary_key=True, sa_type=BigInteger)


class PostingsRow(Row, table=True):
    """The terms of a memory in the index and their weights, packed."""

    __tablename__ = "devflow_memory_postings"

    memory: int = Field(primary_key=True, sa_type=ROW_NUMBER, sa_column_kwargs={"autoincrement": False})
    postings: bytes


class TermRow(Row, table=True):
    """In how many memories of its scope a term is; `term` has the scope in its upper bits."""

    __tablename__ = "devflow_memory_terms"

    term: int = Field(primary_key=True, sa_type=ROW_NUMBER, sa_column_kwargs={"autoincrement": False})
    memories: int = Field(sa_type=BigInteger)


class VectorRow(Row, table=True):
    """What a memory means, as a model has it: there if it was searched for with that model."""

    __tablename__ = "devflow_memory_vectors"

    memory: int = Field(primary_key=True, sa_type=ROW_NUMBER, sa_column_kwargs={"autoincrement": False})
    model: str = Field(sa_type=CleanText)
    vector: bytes


class UseRow(Row, table=True):
    """That a memory was shown in a unit of work of a run."""

    __tablename__ = "devflow_memory_uses"
    __table_args__ = (Index("ix_devflow_memory_uses_key", "run", "unit", "memory", unique=True),)

    seq: int | None = Field(default=None, primary_key=True, sa_type=ROW_NUMBER)
    run: str = Field(sa_type=CleanText)
    unit: str = Field(sa_type=CleanText)
    memory: str = Field(sa_type=CleanText)
    rank: int
    at: datetime
    verdict: str = Field(sa_type=CleanText)
