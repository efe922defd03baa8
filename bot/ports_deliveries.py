"""What is needed of GitHub's own log of deliveries, from which those that never came are fetched back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LoggedDelivery:
    """One attempt of GitHub's to deliver an event; attempts at the same event share `guid`."""

    id: int
    guid: str
    event: str
    at: datetime


class DeliveryLog(Protocol):
    """Reached with the App's key. All methods raise `GitHubError`."""

    async def recent(self, since: datetime) -> list[LoggedDelivery]:
        """Attempts since that moment, oldest first; of very many the newest."""

    async def payload(self, delivery: LoggedDelivery) -> bytes:
        """The body, as JSON."""

    async def aclose(self) -> None:
        """Close connections."""
