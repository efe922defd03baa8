"""The durable engine on dbos: runs that go on after a kill, on one SQLite file or on PostgreSQL."""

from bot.adapters.durable.codec import StepFailed
from bot.adapters.durable.engine import DbosDurable
from bot.adapters.durable.liveness import Lease

__all__ = ["DbosDurable", "Lease", "StepFailed"]
