"""Deliveries on SQLite: accepted and marked in group commits.

Statements are few because each one hands the interpreter from thread to thread: one SELECT and one INSERT for a batch.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path

from bot.adapters.store.columns import clean_text
from bot.adapters.store.connections import PAGE_BYTES
from bot.adapters.store.deliveries import which_are_new
from bot.adapters.store.group_commit import GroupCommit
from bot.core.repository import Delivery

KNOWN = "SELECT id FROM devflow_deliveries WHERE id IN ({})"
INSERT = "INSERT OR FAIL INTO devflow_deliveries (id, event, received_at, position, body) VALUES {}"
"""FAIL instead of the usual ABORT: the transaction is rolled back anyway, and SQLite need not keep a journal to undo
this one statement. https://sqlite.org/tempfiles.html, section 2.5."""
MARK = "UPDATE devflow_deliveries SET outcome = ?, processed_at = ? WHERE id = ? AND processed_at IS NULL"
LARGEST_INSERT = 100
"""Rows in a statement. SQLite takes 32,766 parameters, and the driver keeps 128 statements prepared."""
Row = tuple[str, str, str, int, bytes]


class SqliteInbox:
    """Stores deliveries and what came of them; each call is durable when it returns."""

    def __init__(self, path: Path, in_line: AbstractAsyncContextManager[None]) -> None:
        """`in_line` is held during each transaction. Raises `sqlite3.Error`."""
        self._group = GroupCommit(path, in_line)

    async def accept(self, deliveries: Sequence[Delivery], at: datetime) -> list[bool]:
        """True for each delivery that is new. Raises `sqlite3.Error`, and `ValueError` for a time without a zone."""
        when = _moment(at)
        rows: dict[str, Row] = {}
        for index, d in enumerate(deliveries):
            id_ = clean_text(d.id)
            rows.setdefault(id_, (id_, clean_text(d.event), when, index, d.body))
        pages = sum(len(d.body) // PAGE_BYTES + 2 for d in deliveries)
        stored = await self._group.write(lambda connection: _insert(connection, rows), pages)
        return which_are_new(deliveries, stored)

    async def processed(self, delivery_id: str, outcome: str, at: datetime) -> None:
        """The first outcome stays. Raises `sqlite3.Error`, and `ValueError` for a time without a zone."""
        values = (clean_text(outcome), _moment(at), clean_text(delivery_id))
        # SQLite writes the whole row again, with its body: five pages for one of the usual size.
        await self._group.write(lambda connection: _mark(connection, values), pages=5)

    async def close(self) -> None:
        """Wait for what is under way and close the connections."""
        await self._group.close()


def _moment(at: datetime) -> str:
    """As SQLAlchemy stores it: UTC, microseconds, no zone."""
    if at.utcoffset() is None:
        raise ValueError("the time needs timezone information")
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _insert(connection: sqlite3.Connection, rows: dict[str, Row]) -> set[str]:
    """The ids that were not stored before. Nobody else writes meanwhile: the transaction is an immediate one."""
    ids = list(rows)
    stored: set[str] = set()
    for start in range(0, len(ids), LARGEST_INSERT):
        some = ids[start : start + LARGEST_INSERT]
        query = KNOWN.format(",".join("?" * len(some)))
        known = {str(id_) for (id_,) in connection.execute(query, some)}
        new = [rows[id_] for id_ in some if id_ not in known]
        if new:
            values = ",".join(["(?,?,?,?,?)"] * len(new))
            connection.execute(INSERT.format(values), [value for row in new for value in row])
            stored.update(row[0] for row in new)
    return stored


def _mark(connection: sqlite3.Connection, values: tuple[str, str, str]) -> None:
    connection.execute(MARK, values)
