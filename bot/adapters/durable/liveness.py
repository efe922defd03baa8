"""PostgreSQL only: each worker holds a lease; the runs of a worker without one are taken over by the others."""

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
from dbos import DBOS, DBOSClient

from bot.adapters.durable.database import postgres_engine
from bot.core.errors import BotError

SWEEP_LOCK = 0x6465_7666_6C6F_7701
"""The advisory lock of whoever looks for dead workers, one at a time."""
FORGET_AFTER = "1 day"
LOST_LEASE_EXIT = 70
_log = logging.getLogger(__name__)

_CREATE = (
    "CREATE SCHEMA IF NOT EXISTS devflow",
    "CREATE TABLE IF NOT EXISTS devflow.worker_lease (executor_id text PRIMARY KEY, expires_at timestamptz NOT NULL)",
)
_EXPIRY = "clock_timestamp() + make_interval(secs => :ttl)"
_REGISTER = sa.text(
    f"INSERT INTO devflow.worker_lease VALUES (:me, {_EXPIRY}) "  # noqa: S608 - constants
    "ON CONFLICT (executor_id) DO UPDATE SET expires_at = excluded.expires_at "
    "WHERE worker_lease.expires_at <= clock_timestamp()"
)
_BEAT = sa.text(
    f"UPDATE devflow.worker_lease SET expires_at = {_EXPIRY} "  # noqa: S608 - constants
    "WHERE executor_id = :me AND expires_at > clock_timestamp()"
)
_RELEASE = sa.text("DELETE FROM devflow.worker_lease WHERE executor_id = :me")
_LIVE = sa.text("SELECT executor_id FROM devflow.worker_lease WHERE expires_at > clock_timestamp()")
_FORGET = sa.text(
    f"DELETE FROM devflow.worker_lease WHERE expires_at < clock_timestamp() - interval '{FORGET_AFTER}'"  # noqa: S608
)


@dataclass(frozen=True, slots=True)
class Lease:
    """How long a worker may be silent before it counts as dead, and how often it speaks and looks after the others."""

    ttl_seconds: float = 30.0
    beat_seconds: float = 10.0


def new_executor_id() -> str:
    """A name no other process has, now or ever."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def exit_process() -> None:
    """End at once, without clean-up: the runs of this process may be executing elsewhere by now."""
    os._exit(LOST_LEASE_EXIT)


class Liveness:
    """One worker's lease and its watch over the others, in two threads of its own.

    Threads, because an event loop that is busy for a while must not cost the lease.
    """

    def __init__(
        self, url: sa.URL, client: DBOSClient, version: str, executor_id: str, lease: Lease, fence: Callable[[], None]
    ) -> None:
        # A pool of its own, so that a beat never queues behind the work of the engine.
        self._engine = postgres_engine(url, pool_size=2, answer_seconds=max(2, int(lease.ttl_seconds / 3)))
        self._client = client
        self._version = version
        self._me = executor_id
        self._lease = lease
        self._fence = fence
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def register(self) -> None:
        """Take the lease before anything is executed. Raises `BotError` if a live worker has this name."""
        with self._engine.begin() as connection:
            for statement in _CREATE:
                connection.exec_driver_sql(statement)
            taken = connection.execute(_REGISTER, {"me": self._me, "ttl": self._lease.ttl_seconds}).rowcount == 1
        if not taken:
            self._engine.dispose()
            raise BotError(
                f"Another worker is called {self._me!r}.",
                f"Leave executor_id out, or wait {self._lease.ttl_seconds:g} seconds if that worker has just died.",
            )
        self._start(self._beat_on)

    def watch_others(self) -> None:
        """Take over from dead workers until `release`, beginning now; to be called once this process executes."""
        self._start(self._sweep_on)

    def _start(self, loop: Callable[[], None]) -> None:
        thread = threading.Thread(target=loop, name=f"durable{loop.__name__}", daemon=True)
        thread.start()
        self._threads.append(thread)

    def _beat_on(self) -> None:
        kept = time.monotonic()
        while not self._stop.wait(self._lease.beat_seconds):
            asked = time.monotonic()
            held = self._beat()
            if held:
                kept = asked
            elif held is False or time.monotonic() - kept > self._lease.ttl_seconds:
                _log.critical("worker %s lost its lease; its runs go on elsewhere, so it ends here", self._me)
                self._fence()
                return

    def _beat(self) -> bool | None:
        """Whether the lease is held; None if the database did not say."""
        try:
            with self._engine.begin() as connection:
                beat = connection.execute(_BEAT, {"me": self._me, "ttl": self._lease.ttl_seconds})
                return beat.rowcount == 1
        except sa.exc.SQLAlchemyError:
            _log.warning("worker %s could not renew its lease; trying again", self._me, exc_info=True)
            return None

    def _sweep_on(self) -> None:
        while True:
            try:
                self.sweep()
            except Exception:  # noqa: BLE001 - a loop that ended would leave the dead unburied
                _log.warning("looking for dead workers failed; trying again", exc_info=True)
            if self._stop.wait(self._lease.beat_seconds):
                return

    def sweep(self) -> list[str]:
        """Put the runs of dead workers back into their queues; returns the names of those workers.

        Asked is "which running row has no live worker", never "which lease has run out": a worker of another version
        that forgot the lease would otherwise orphan the row.
        """
        with self._engine.begin() as connection:
            if not connection.execute(sa.text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": SWEEP_LOCK}).scalar():
                return []
            # The rows first: a worker has its lease before it has rows.
            rows = self._client.list_workflows(
                status="PENDING", app_version=self._version, load_input=False, load_output=False
            )
            live = set(connection.execute(_LIVE).scalars())
            dead = sorted({row.executor_id for row in rows if row.executor_id} - live)
            if dead:
                _log.info("taking over the runs of %s", ", ".join(dead))
                # The only function of dbos that keeps the count of restarts and cannot take a live worker's run.
                DBOS._recover_pending_workflows(dead)
            connection.execute(_FORGET)
            return dead

    def release(self) -> None:
        """Give the lease back, so that others take over at once."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=self._lease.ttl_seconds)
        try:
            with self._engine.begin() as connection:
                connection.execute(_RELEASE, {"me": self._me})
        except sa.exc.SQLAlchemyError:
            _log.warning("worker %s could not give its lease back; it runs out by itself", self._me)
        self._engine.dispose()
