"""What is examined, and with what; facts that several checks need are asked for once."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot.core.errors import BotError
from bot.core.repository import Repo
from bot.core.text import redact_secrets
from bot.doctor.variables import Given
from bot.ports import Clock, GitHubError, Sandbox
from bot.ports_doctor import Answered, AppSeen, Databases, Inspection, InstallationSeen, ModelCatalog, Reach

T = TypeVar("T")
Need = Literal["network", "app", "github", "repo"]


class NotLookedAtError(Exception):
    """A check cannot be made; the text is why."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What checks look with; instead of GitHub the reason why the settings are no way in."""

    reach: Reach
    github: Inspection | BotError
    models: ModelCatalog
    databases: Databases
    sandbox: Callable[[], Sandbox]
    clock: Clock


@dataclass(frozen=True, slots=True)
class Asked:
    """What the person wants examined."""

    repo: Repo | None = None
    offline: bool = False


class Case:
    """One examination. `env` is the environment that Devflow would run in."""

    def __init__(self, given: Given, parts: Parts, asked: Asked, env: Mapping[str, str]) -> None:
        self.given = given
        self.settings = settings = given.settings
        self.parts = parts
        self.asked = asked
        self.env = env
        self.app_itself = Once(self._ask_app)
        """As `app`, but raises GitHub's own `GitHubError`."""
        self._installation = Once(self._ask_installation)
        self._greeting = Once(lambda: parts.reach(f"{settings.github_api_url.rstrip('/')}/"))

    @property
    def server(self) -> str:
        """GitHub's address for people, as links begin."""
        return self.settings.github_server_url.rstrip("/")

    @property
    def in_a_job(self) -> bool:
        """Whether this is a job of GitHub Actions, which gets no deliveries."""
        return self.env.get("GITHUB_ACTIONS") == "true"

    @property
    def repo(self) -> Repo:
        """Of a check that needs one."""
        if self.asked.repo is None:
            raise NotLookedAtError(_NEEDS["repo"])
        return self.asked.repo

    @property
    def github(self) -> Inspection:
        """Of a check that needs it."""
        if isinstance(self.parts.github, BotError):
            raise NotLookedAtError(_NEEDS["github"])
        return self.parts.github

    def lacks(self, needs: Collection[Need]) -> str:
        """Why a check with these needs cannot be made, empty if it can."""
        there = {
            "network": not self.asked.offline,
            "github": not isinstance(self.parts.github, BotError),
            "app": bool(self.settings.app_id),
            "repo": self.asked.repo is not None,
        }
        return next((_NEEDS[need] for need in _NEEDS if need in needs and not there[need]), "")

    async def greeting(self) -> Answered:
        """What GitHub's API says to anybody. Raises `UnreachableError`."""
        return await self._greeting()

    async def app(self) -> AppSeen:
        """Raises `NotLookedAtError` where GitHub did not tell."""
        try:
            return await self.app_itself()
        except GitHubError:
            raise NotLookedAtError("GitHub refused the App; see `GitHub identity` above") from None

    async def installation(self) -> InstallationSeen | None:
        """Of the App on the repository; None if it is not there. Raises `NotLookedAtError` where GitHub refused."""
        await self.app()
        return await self._installation()

    async def app_page(self, page: str = "") -> str:
        """The link to a page of the App's settings: `permissions`, `advanced`, or none for the first."""
        app = await self.app()
        owned = f"organizations/{app.organisation}/" if app.organisation else ""
        return f"{self.server}/{owned}settings/apps/{app.slug}/{page}".rstrip("/")

    async def aclose(self) -> None:
        """Close the connections."""
        await self.parts.models.aclose()
        if not isinstance(self.parts.github, BotError):
            await self.parts.github.aclose()

    def clean(self, text: str) -> str:
        """The text without any secret of the settings."""
        for secret in self._secrets():
            text = text.replace(secret, "***")
        return redact_secrets(text)

    def _secrets(self) -> list[str]:
        values = [value.get_secret_value() for _, value in self.settings if isinstance(value, SecretStr)]
        found = [part for value in values if not _is_file(value) for part in value.split("\n") if len(part) > 3]
        return sorted([*found, *filter(None, [_password(self.settings.database_url)])], key=len, reverse=True)

    async def _ask_app(self) -> AppSeen:
        return await self.github.app()

    async def _ask_installation(self) -> InstallationSeen | None:
        return await self.github.installation(self.repo)


class Once(Generic[T]):
    """Asks at the first call; every call gets that answer, or that error. Whoever gives up does not stop the others."""

    def __init__(self, ask: Callable[[], Awaitable[T]]) -> None:
        self._ask = ask
        self._asked: asyncio.Future[T] | None = None

    async def __call__(self) -> T:
        if self._asked is None:
            self._asked = asyncio.ensure_future(self._ask())
        return await asyncio.shield(self._asked)


_NEEDS: Mapping[str, str] = {
    "repo": "needs a repository: name it with --repo OWNER/NAME",
    "app": "is for a GitHub App, and DEVFLOW_APP_ID is not set",
    "network": "needs the network, and --offline was given",
    "github": "needs a way in to GitHub; see `GitHub identity`",
}
"""Why a check is not made; of several reasons the first is told."""


def _is_file(value: str) -> bool:
    """The App's key may be given as a path, which is no secret."""
    try:
        return Path(value).is_file()
    except (OSError, ValueError):
        return False


def _password(database_url: str) -> str:
    try:
        return urlsplit(database_url).password or ""
    except ValueError:
        return ""
