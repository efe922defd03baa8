"""Looks at the database of records without making or changing anything."""

import os
import sqlite3
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from bot.adapters.store.location import Location, locate
from bot.adapters.store.migrate import current, scripts
from bot.ports_doctor import DatabaseSeen

_CONNECT_SECONDS = 5


class StoreInspection:
    """`bot.ports_doctor.Databases` for a SQLAlchemy URL."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url

    def look(self) -> DatabaseSeen:
        """See `bot.ports_doctor.Databases`."""
        location = locate(self._url)
        with location.plain_errors("cannot be used", SQLAlchemyError, sqlite3.Error, OSError):
            if location.path is None:
                return _look_at_server(location)
            return _look_at_file(location, location.path)


def _look_at_file(location: Location, path: Path) -> DatabaseSeen:
    if not path.exists():
        return DatabaseSeen(location.name, "none yet", os.access(nearest(path.parent), os.W_OK | os.X_OK))
    may_write = os.access(path, os.W_OK) and os.access(path.parent, os.W_OK | os.X_OK)
    # Opened in the usual way, a file whose writer has gone would get its log folded in and new files beside it.
    quiet = "" if Path(f"{path}-wal").exists() else "&immutable=1"
    url = f"{path.absolute().as_uri()}?mode=ro{quiet}"
    engine = create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(url, uri=True, timeout=2), poolclass=NullPool, hide_parameters=True
    )
    with engine.connect() as connection:
        return DatabaseSeen(location.name, _tables(connection), may_write)


def _look_at_server(location: Location) -> DatabaseSeen:
    given = {} if "connect_timeout" in location.url.query else {"connect_timeout": _CONNECT_SECONDS}
    engine = create_engine(location.url, poolclass=NullPool, hide_parameters=True, connect_args=given)
    with engine.connect() as connection:
        connection.execute(text("SET TRANSACTION READ ONLY"))
        asked = "SELECT has_schema_privilege(current_schema(), 'CREATE') AND NOT pg_is_in_recovery()"
        return DatabaseSeen(location.name, _tables(connection), bool(connection.scalar(text(asked))))


def _tables(connection: Connection) -> Literal["none yet", "older", "current", "newer"]:
    found = current(connection)
    known = {script.revision for script in scripts().walk_revisions()}
    if not found:
        return "none yet"
    if found - known:
        return "newer"
    return "current" if found == set(scripts().get_heads()) else "older"


def nearest(folder: Path) -> Path:
    """The folder, or the first above it that is there."""
    return next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
