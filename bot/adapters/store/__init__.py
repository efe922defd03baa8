"""Records that outlive the process, in SQLite or PostgreSQL; implements `bot.ports.Store`."""

from bot.adapters.store.carrying import SqliteRecords
from bot.adapters.store.store import SqlStore

__all__ = ["SqlStore", "SqliteRecords"]
