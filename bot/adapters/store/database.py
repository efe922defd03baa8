"""One open database: its engine and its transactions, the same for both kinds of database."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, exc
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.adapters.store.connections import PRAGMAS
from bot.adapters.store.location import Location

T = TypeVar("T")
CONNECT_SECONDS = 10
NOT_OUR_FAULT = (exc.OperationalError, exc.InterfaceError, exc.InternalError, exc.TimeoutError)
"""Errors of the database's surroundings: gone, locked, full, read-only. Any other is a bug and keeps its traceback."""


class Database:
    """Hands out sessions; each is one transaction, committed when its block ends and rolled back when it raises."""

    def __init__(self, location: Location) -> None:
        self._location = location
        self._engine = _async_engine(location)
        one_state = {} if location.path is not None else {"isolation_level": "REPEATABLE READ"}
        self._reader = self._engine.execution_options(reading=True, **one_state)
        self._thread_engine = _thread_engine(location)
        self._thread_reader = self._thread_engine.execution_options(reading=True, **one_state)
        # SQLite lets one writer in at a time, and who waits for it sleeps in growing steps; our own wait in line here.
        # Measured with five writers: the slowest call takes 25 ms instead of 800 ms.
        self.in_line: AbstractAsyncContextManager[None] = _Line() if location.path is not None else nullcontext()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A transaction that sees one state of the database. Raises `BotError` if the database is out of order."""
        with self._location.plain_errors("could not be read", *NOT_OUR_FAULT):
            async with AsyncSession(self._reader) as session, session.begin():
                yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """A transaction that may write: durable when its block has ended. Raises `BotError` as `reading` does."""
        with self._location.plain_errors("could not be written", *NOT_OUR_FAULT):
            async with self.in_line, AsyncSession(self._engine) as session, session.begin():
                yield session

    async def read_in_thread(self, work: Callable[[Connection], T]) -> T:
        """As `reading`, for many small statements in a row: they change threads once, and not twice for each."""
        with self._location.plain_errors("could not be read", *NOT_OUR_FAULT):
            return await asyncio.to_thread(_whole, self._thread_reader, work)

    async def write_in_thread(self, work: Callable[[Connection], T]) -> T:
        """As `writing`, for many small statements in a row."""
        with self._location.plain_errors("could not be written", *NOT_OUR_FAULT):
            async with self.in_line:
                return await asyncio.to_thread(_whole, self._thread_engine, work)

    async def close(self) -> None:
        await self._engine.dispose()
        await asyncio.to_thread(self._thread_engine.dispose)


def _whole(engine: Engine, work: Callable[[Connection], T]) -> T:
    with engine.begin() as connection:
        return work(connection)


class _Line(AbstractAsyncContextManager[None]):
    """First come, first served."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> None:
        await self._lock.acquire()

    async def __aexit__(self, *_: object) -> None:
        self._lock.release()


def _async_engine(location: Location) -> AsyncEngine:
    engine = create_async_engine(location.url, **_options(location))
    if location.path is not None:
        use_sqlite_well(engine.sync_engine)
    return engine


def _thread_engine(location: Location) -> Engine:
    """Opens no connection before it is used."""
    engine = create_engine(location.sync_url(), **_options(location))
    if location.path is not None:
        use_sqlite_well(engine)
    return engine


def _options(location: Location) -> dict[str, Any]:
    """What both engines are made with."""
    if location.path is not None:
        return {"hide_parameters": True}
    # `reserve_turn` locks the run and then has to see what was committed before: that is READ COMMITTED.
    return {
        "hide_parameters": True,
        "isolation_level": "READ COMMITTED",
        "pool_pre_ping": True,
        "pool_size": 8,
        "connect_args": connect_args(location),
    }


def connect_args(location: Location) -> dict[str, int]:
    """A limit for reaching PostgreSQL, in seconds, unless the URL sets one."""
    return {} if "connect_timeout" in location.url.query else {"connect_timeout": CONNECT_SECONDS}


def use_sqlite_well(engine: Engine) -> None:
    """Set our pragmas on each connection and begin transactions ourselves: the driver begins them too late, at the
    first write, when somebody else may have written since the first read."""

    @event.listens_for(engine, "connect")
    def on_connect(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
