"""Copies SQLite's write-ahead log into the database beside the writer, so that commits need not wait for it.

https://sqlite.org/wal.html: a checkpoint that runs inside a commit is what makes the slowest commits slow.
"""

import sqlite3
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import structlog

from bot.adapters.store.connections import connect

EVERY_PAGES = 250
MOST_PAGES = 4000
"""32 MB of 8 KB pages: a log that long is checkpointed by the commit that finds it so. Only that lets it begin
anew, for a checkpoint beside a writer is always a little behind; but then little is left for the commit to copy."""
MOST_BEHIND = 2000
"""Pages written while one checkpoint is under way; then the writer waits for it. Only a slow disk comes to that."""

log = structlog.get_logger()


class Checkpointer:
    """A thread and a connection of its own; one checkpoint at a time, and a gap after each for the writer's own."""

    def __init__(self, path: Path) -> None:
        """Raises `sqlite3.Error`."""
        self._connection = connect(path)
        self._thread = ThreadPoolExecutor(1, "devflow-checkpoint")
        self._latest: Future[None] | None = None
        self._pages = 0

    @property
    def busy(self) -> bool:
        return self._latest is not None and not self._latest.done()

    def committed(self, pages: int, *, alone: bool) -> None:
        """Tell of a commit of about that many pages; `alone` if no checkpoint was under way when it began.

        The next checkpoint waits for one that was alone: while ours is under way, SQLite skips the writer's own, and
        without these gaps the log could grow for ever.
        """
        self._pages += pages
        if alone and self._pages >= EVERY_PAGES:
            self._pages = 0
            self._latest = self._thread.submit(self._checkpoint)

    def catch_up(self) -> None:
        """Return at once, or when the checkpoint under way has ended if too much was written meanwhile. Blocks; to be
        called by the writer's thread while nobody calls `committed`."""
        if self._latest is not None and self._pages >= MOST_BEHIND:
            self._latest.result()

    def close(self) -> None:
        """Wait for the checkpoint under way, end the thread, close the connection. Blocks."""
        self._thread.shutdown()
        self._connection.close()

    def _checkpoint(self) -> None:
        try:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except sqlite3.Error as error:
            log.warning("checkpoint failed", error=str(error))
