"""Where the engine keeps its state: a SQLite file or a PostgreSQL database, made and migrated when it is opened."""

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from dbos import DBOS, DBOSClient

from bot.adapters.durable.codec import JsonSerializer, refuse_pickle
from bot.adapters.durable.logs import quiet
from bot.adapters.durable.sqlite import sqlite_engine
from bot.core.errors import BotError

APPLICATION = "devflow"
IDLE_TRANSACTION_MILLISECONDS = 60_000
_USE = "Use sqlite:///path/to/file.db or postgresql://user@host/database."


@dataclass(frozen=True, slots=True)
class Database:
    """An open state database; `file` is None on PostgreSQL."""

    url: sa.URL
    file: Path | None
    engine: sa.Engine
    client: DBOSClient

    def close(self) -> None:
        self.client.destroy()
        self.engine.dispose()


def parse_url(database_url: str) -> sa.URL:
    """The URL with the driver that dbos uses. Raises `BotError` if it is not a SQLite file or a PostgreSQL database."""
    try:
        url = sa.make_url(database_url)
        backend = url.get_backend_name()
    except sa.exc.ArgumentError:
        raise BotError("The engine's database URL cannot be read.", _USE) from None
    if backend == "postgresql" and url.database:
        return url.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and url.database and not url.database.startswith((":memory:", "file:")):
        return sa.URL.create("sqlite", database=str(Path(url.database).absolute()))
    raise BotError(f"The engine cannot keep its state in {url.render_as_string()}.", _USE)


def postgres_engine(url: sa.URL, *, pool_size: int, answer_seconds: int = 10) -> sa.Engine:
    """An engine whose connections give up on a silent server after `answer_seconds`."""
    return sa.create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=30,
        pool_pre_ping=True,
        connect_args={
            "application_name": APPLICATION,
            "connect_timeout": max(2, answer_seconds),
            "tcp_user_timeout": answer_seconds * 1000,
            "options": f"-c idle_in_transaction_session_timeout={IDLE_TRANSACTION_MILLISECONDS}",
        },
    )


def open_database(url: sa.URL) -> Database:
    """Open and migrate; blocks for seconds on a fresh PostgreSQL. Raises `BotError` if it cannot be used."""
    quiet()
    refuse_pickle()
    file = Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
    engine = sqlite_engine(file) if file else postgres_engine(url, pool_size=10)
    try:
        DBOS.migrate(url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False))
        client = DBOSClient(
            system_database_engine=engine, serializer=JsonSerializer(), application_name=APPLICATION, lazy=True
        )
    except sa.exc.OperationalError as error:
        engine.dispose()
        raise BotError(
            f"The engine's database {url.render_as_string()} cannot be used: {str(error.orig).strip()}",
            "Check that the server runs, that the URL is right and that this user may create tables.",
        ) from error
    return Database(url, file, engine, client)
