"""The SQLite file of the engine: private, in WAL mode, with a clock finer than a second, one process at a time."""

import fcntl
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from bot.core.errors import BotError

BUSY_MILLISECONDS = 30_000


def private_file(path: Path) -> None:
    """Make the file if it is missing, readable by nobody else: its rows decide what the engine executes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)


def _epoch(_modifier: str) -> float:
    return time.time()


def _formatted(form: str, moment: str) -> float:
    if (form, moment) != ("%s", "now"):
        raise ValueError(f"strftime({form!r}, {moment!r}) is not served by the engine's clock")
    return time.time()


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    """dbos' own settings, and the clock.

    dbos asks SQLite for `unixepoch('subsec')` from Python 3.12 on, which SQLite before 3.42 answers with NULL, and for
    whole seconds before that, which loses the order of runs. Column defaults written by either call the same two names.
    """
    connection.isolation_level = "IMMEDIATE"
    connection.create_function("unixepoch", 1, _epoch)
    connection.create_function("strftime", 2, _formatted)
    connection.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
    connection.execute("PRAGMA foreign_keys=ON")


def sqlite_engine(path: Path) -> sa.Engine:
    """An engine on the file, which is made and switched to WAL if need be.

    The default journal is four times slower.
    """
    private_file(path)
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)), pool_size=10, max_overflow=0, pool_timeout=30
    )
    sa.event.listen(engine, "connect", _prepare)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    return engine


def lock_file(path: Path) -> Callable[[], None]:
    """Hold the file for this process; returns what lets go of it. The kernel lets go when the process dies.

    Two processes on one file would exceed the limits of the queues. Raises `BotError` if somebody else holds it.
    """
    private_file(lock := path.with_name(path.name + ".lock"))
    descriptor = os.open(lock, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = os.read(descriptor, 20).decode(errors="replace").strip() or "unknown"
        os.close(descriptor)
        raise BotError(
            f"Another Devflow process (process id {holder}) already works on {path}.",
            "Stop that process first, or set DEVFLOW_DATABASE_URL to a PostgreSQL database, which several can share.",
        ) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return lambda: os.close(descriptor)
