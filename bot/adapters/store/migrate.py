"""Brings a database to the tables that this version uses. Several processes may try at once; nothing is done twice."""

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from bot.adapters.store.connections import PAGE_BYTES, connect
from bot.adapters.store.database import connect_args, use_sqlite_well
from bot.adapters.store.location import Location
from bot.core.errors import BotError

VERSION_TABLE = "devflow_schema"
ADVISORY_LOCK = 0x646576666C6F77
"""`devflow` in ASCII; PostgreSQL names such locks by numbers."""
LOCK_SECONDS = 60


def prepare(location: Location) -> None:
    """Make the database if it is missing, and migrate it to the newest tables, in one transaction. Blocks.

    Raises `BotError` if it cannot be reached or written, or belongs to a newer version; then it is left as it was.
    """
    with location.plain_errors("could not be opened", SQLAlchemyError, sqlite3.Error, OSError):
        if location.path is None:
            _migrate(location)
            return
        _make_file(location.path)
        with _only_one(location.path):
            _migrate(location)


def scripts() -> ScriptDirectory:
    """The migrations of this version, from the installed package."""
    return ScriptDirectory(str(Path(__file__).parent / "migrations"))


def current(connection: Connection) -> set[str]:
    """The revisions that the database says it has; none before the first migration."""
    return set(_context(connection).get_current_heads())


def _migrate(location: Location) -> None:
    engine = create_engine(
        location.sync_url(),
        poolclass=NullPool,
        hide_parameters=True,
        connect_args=connect_args(location) if location.path is None else {},
    )
    if location.path is not None:
        use_sqlite_well(engine)
        with engine.execution_options(reading=True).begin() as connection:
            _refuse_newer(location, connection)
        _set_up_file(location.path)
    with engine.begin() as connection:
        if location.path is None:
            connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
            connection.execute(text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))
        _refuse_newer(location, connection)
        context = _context(connection)
        context.run_migrations(op=Operations(context))


def _context(connection: Connection) -> MigrationContext:
    """Alembic without its `env.py`: that one works on globals, which two databases in one process would share."""

    def to_head(revision: str | tuple[str, ...], _: MigrationContext) -> list[RevisionStep]:
        return scripts()._upgrade_revs("head", revision)  # type: ignore[arg-type]

    return MigrationContext.configure(connection, opts={"fn": to_head, "version_table": VERSION_TABLE})


def _refuse_newer(location: Location, connection: Connection) -> None:
    known = {script.revision for script in scripts().walk_revisions()}
    if unknown := sorted(current(connection) - known):
        raise BotError(
            f"The {location.name} was used by a newer version of Devflow (its tables are at `{unknown[0]}`).",
            "Nothing was changed. Update Devflow, or use another database.",
        )


def _make_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def _set_up_file(path: Path) -> None:
    """Settings that stay in the file; the size of a page is taken only while it is empty."""
    with closing(connect(path)) as connection:
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        connection.execute("PRAGMA journal_mode = WAL")


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Hold a lock file beside the database. The database's own locks do not cover the change to WAL, and closing a
    second descriptor of its file would drop them."""
    handle = os.open(f"{path}-migrate.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(handle, path)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, path: Path) -> None:
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise TimeoutError(f"another process has held `{path}-migrate.lock` for {LOCK_SECONDS} s") from None
            time.sleep(0.02)
