"""A relay, and beside it what brings back the deliveries that it loses."""

import asyncio
from datetime import datetime

import structlog
from starlette.types import ASGIApp

from bot.ports import Clock, Store
from bot.ports_deliveries import DeliveryLog
from webhooks.inbox import Inbox
from webhooks.missed import MissedDeliveries
from webhooks.relay import Relay

log = structlog.get_logger()


class Relayed:
    """Both, for as long as `run` lasts. Without a delivery log what a relay loses is lost."""

    def __init__(
        self, url: str, receive: ASGIApp, delivery_log: DeliveryLog | None, store: Store, inbox: Inbox, clock: Clock
    ) -> None:
        self._log = delivery_log
        self._missed = MissedDeliveries(delivery_log, store, inbox, clock) if delivery_log else None
        self._relay = Relay(url, receive, clock, self._lost)
        self.missing = self._relay.missing

    async def run(self) -> None:
        """Until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._relay.run())
                if self._missed:
                    tasks.create_task(self._missed.run())
        except ExceptionGroup:
            log.exception("the relay is no longer listened to")
        finally:
            if self._log:
                await self._log.aclose()

    def _lost(self, since: datetime | None) -> None:
        if self._missed:
            self._missed.look(since)
