"""The adapter itself: how it is made, entered and closed."""

from types import TracebackType
from typing import Self

from bot.adapters.github.access import Access, AppAccess, TokenAccess
from bot.adapters.github.calls import Calls
from bot.adapters.github.checks import Checks
from bot.adapters.github.commits import Commits
from bot.adapters.github.connection import Connector
from bot.adapters.github.contents import Contents
from bot.adapters.github.limits import Limits
from bot.adapters.github.pulls import Pulls
from bot.adapters.github.reviews import ReviewsOfPulls
from bot.adapters.github.triage import Triage
from bot.ports import Clock


class GitHubAdapter(Pulls, ReviewsOfPulls, Triage, Checks, Commits, Contents):
    """`bot.ports.GitHub` for one token or one App. Use it in one event loop, and close it.

    `api_url` is `https://api.github.com`, or `https://HOST/api/v3` of a GitHub Enterprise Server; `server_url` is where
    git clones from. `max_wait_seconds` caps the waiting of one call; `write_interval_seconds` lies between two writes
    that people are notified of.
    """

    def __init__(self, access: Access, calls: Calls, server_url: str, connector: Connector) -> None:
        super().__init__(access, calls, server_url)
        self._connector = connector

    @classmethod
    def for_token(
        cls,
        token: str,
        *,
        api_url: str,
        server_url: str,
        clock: Clock,
        max_wait_seconds: float = 900.0,
        write_interval_seconds: float = 1.0,
    ) -> Self:
        """Speak with a user's token or a workflow's GITHUB_TOKEN. Raises `GitHubError` if it cannot be one."""
        connector, calls = _parts(api_url, clock, max_wait_seconds, write_interval_seconds)
        return cls(TokenAccess(token, connector, calls), calls, server_url, connector)

    @classmethod
    def for_app(
        cls,
        app_id: str,
        private_key_pem: str,
        *,
        api_url: str,
        server_url: str,
        clock: Clock,
        max_wait_seconds: float = 900.0,
        write_interval_seconds: float = 1.0,
    ) -> Self:
        """Speak as an App's installations. Raises `GitHubError` if the key cannot sign."""
        connector, calls = _parts(api_url, clock, max_wait_seconds, write_interval_seconds)
        return cls(AppAccess(app_id, private_key_pem, connector, calls, clock), calls, server_url, connector)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections; requests after this raise `GitHubError`."""
        await self._connector.aclose()


def _parts(
    api_url: str, clock: Clock, max_wait_seconds: float, write_interval_seconds: float
) -> tuple[Connector, Calls]:
    limits = Limits(clock, max_wait_seconds=max_wait_seconds, write_interval_seconds=write_interval_seconds)
    return Connector(api_url), Calls(limits, clock)
