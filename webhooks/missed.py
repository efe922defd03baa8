"""Fetches back from GitHub's own log what a relay lost, garbled or slept through."""

import asyncio
from datetime import datetime, timedelta

import structlog

from bot.core.repository import Delivery
from bot.ports import Clock, GitHubError, Store
from bot.ports_deliveries import DeliveryLog
from webhooks.inbox import Inbox, NotTakenError
from webhooks.receive import KNOWN_EVENTS
from webhooks.worker import to_the_end

LONGEST = timedelta(days=3)
"""GitHub's log goes back no further."""
OVERLAP = timedelta(minutes=5)
PAUSE = 20.0
"""Seconds between two looks into the log, whatever a relay sends us."""
LOOKS = 3
"""How often the log is looked into for one cause: a delivery is in it only some seconds after it was made."""

log = structlog.get_logger()


class MissedDeliveries:
    """What it fetches comes from GitHub itself, over an authenticated connection, so it needs no signature."""

    def __init__(self, delivery_log: DeliveryLog, store: Store, inbox: Inbox, clock: Clock) -> None:
        self._log = delivery_log
        self._store = store
        self._inbox = inbox
        self._clock = clock
        self._since = clock.now()
        self._looks = 0
        self._wake = asyncio.Event()

    def look(self, since: datetime | None = None) -> None:
        """Say that deliveries may be missing, those just made or all since a moment."""
        self._since = min(self._since, (since or self._clock.now()) - OVERLAP)
        self._looks = LOOKS
        self._wake.set()

    async def run(self) -> None:
        """Look whenever there is cause, until cancelled."""
        first = True
        while True:
            try:
                if first and (last := await to_the_end(self._store.last_delivery())):
                    self.look(last)
                first = False
                await self._wake.wait()
                await self._look()
            except Exception:
                log.exception("missed deliveries cannot be fetched now")
            await self._clock.sleep(PAUSE)

    async def _look(self) -> None:
        now = self._clock.now()
        try:
            fetched = await self._fetch(max(self._since, now - LONGEST))
        except (GitHubError, NotTakenError) as error:
            log.warning("missed deliveries cannot be fetched now", cause=str(error))
            return
        self._looks -= 1
        if fetched:
            log.info("missed deliveries fetched from GitHub's log", count=fetched)
        if self._looks <= 0:
            self._since = now
            self._wake.clear()

    async def _fetch(self, since: datetime) -> int:
        """How many were new to us."""
        new = 0
        for entry in await self._log.recent(since):
            outcome = await to_the_end(self._store.delivery_outcome(entry.guid))
            if outcome is not None or entry.event not in KNOWN_EVENTS:
                continue
            body = await self._log.payload(entry)
            new += await self._inbox.accept(Delivery(entry.guid, entry.event, body))
        return new
