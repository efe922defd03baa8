"""What `devflow doctor` asks of the world. Every call reads, is made once, and may fail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from bot.core.repository import FoundFile, Repo


class UnreachableError(Exception):
    """A host gave no answer; the text is the cause on one line, without secrets."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Some answer of a host: its status, its clock if it told, and whether GitHub's API speaks."""

    status: int
    date: datetime | None
    from_github: bool


class Reach(Protocol):
    """Asks a host for anything at all."""

    async def __call__(self, url: str) -> Answered:
        """Raises `UnreachableError`."""


@dataclass(frozen=True, slots=True)
class AppSeen:
    """A GitHub App as it is registered; `organisation` is empty where a person owns it."""

    slug: str
    html_url: str
    organisation: str
    permissions: Mapping[str, str]
    events: Sequence[str]


@dataclass(frozen=True, slots=True)
class HookSeen:
    """The App's webhook: where deliveries go, `json` or `form`, whether certificates are checked, whether it signs."""

    url: str
    content_type: str
    verified: bool
    signed: bool


@dataclass(frozen=True, slots=True)
class DeliverySeen:
    """One attempt at a delivery; `answer` is an HTTP status, of GitHub's own making where there was none."""

    guid: str
    at: datetime
    answer: int
    status: str


@dataclass(frozen=True, slots=True)
class InstallationSeen:
    """An App on a repository, with what its owner granted."""

    html_url: str
    permissions: Mapping[str, str]
    suspended: bool


@dataclass(frozen=True, slots=True)
class IdentitySeen:
    """Whose token it is. `scopes` is None where GitHub does not tell them: all but classic tokens."""

    login: str
    scopes: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class RepositorySeen:
    """A repository as our token sees it; `may_push` is None where GitHub does not tell."""

    private: bool
    archived: bool
    has_issues: bool
    may_push: bool | None


@dataclass(frozen=True, slots=True)
class ActionsSeen:
    """What a repository lets its workflows do."""

    enabled: bool
    may_open_pulls: bool


class Inspection(Protocol):
    """GitHub, asked about ourselves. Every method raises `GitHubError`; its `status` is 0 where there was no answer."""

    async def app(self) -> AppSeen: ...

    async def hook(self) -> HookSeen: ...

    async def deliveries(self) -> list[DeliverySeen]:
        """The newest hundred attempts, newest first."""

    async def installation(self, repo: Repo) -> InstallationSeen | None:
        """None if the App is not installed there."""

    async def identity(self) -> IdentitySeen:
        """Of a token."""

    async def repository(self, repo: Repo) -> RepositorySeen | None:
        """None if it does not exist or may not be known to us."""

    async def actions(self, repo: Repo) -> ActionsSeen: ...

    async def file(self, repo: Repo, path: str, *, most: int) -> FoundFile | None:
        """A file of the default branch, None if there is none."""

    async def aclose(self) -> None: ...


Known = Literal["known", "unknown", "refused", "forbidden"]


class ModelCatalog(Protocol):
    """The model's provider, asked for names; nothing is paid for."""

    def missing(self) -> str | None:
        """One line: what a call needs and does not have. Nothing is sent."""

    async def knows(self, model: str) -> Known:
        """Raises `UnreachableError`, also where the provider cannot be asked this."""

    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True)
class DatabaseSeen:
    """The database of records: its name for people, and how its tables stand to what this version uses."""

    name: str
    tables: Literal["none yet", "older", "current", "newer"]
    may_create: bool
    """Whether tables can be made and rows be written."""


class Databases(Protocol):
    """The databases that the settings name."""

    def look(self) -> DatabaseSeen:
        """Blocks; changes nothing, and makes no file. Raises `BotError` for what cannot be used."""
