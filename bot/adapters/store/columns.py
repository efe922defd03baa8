"""Column types and statements that work alike on SQLite and PostgreSQL."""

from typing import cast

from sqlalchemy import BigInteger, Connection, Dialect, Integer, Text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

ROW_NUMBER = BigInteger().with_variant(Integer(), "sqlite")
"""Counts up in the order of insertion. SQLite does so for the type INTEGER only."""


def clean_text(text: str) -> str:
    """The text with U+FFFD for what a database cannot hold: NUL (PostgreSQL) and lone surrogates (both)."""
    text = text.replace("\0", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


class CleanText(TypeDecorator[str]):
    """Text of any length, cleaned on its way in and in comparisons."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else clean_text(value)


def insert_into(session: AsyncSession | Connection, table: type[SQLModel]) -> sqlite.Insert:
    """An INSERT that may be given an ON CONFLICT clause; both dialects' classes have the same methods for it."""
    dialect = session.dialect if isinstance(session, Connection) else session.get_bind().dialect
    if dialect.name == "sqlite":
        return sqlite.insert(table)
    return cast("sqlite.Insert", postgresql.insert(table))
