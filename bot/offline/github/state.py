"""What the local GitHub remembers, nested as GitHub nests it: repositories hold issues, issues hold comments."""

import itertools
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from bot.core.repository import Permission
from bot.offline.github.gitstore import Git
from bot.offline.github.hooks import Hooks
from bot.offline.github.state_checks import CheckSuite, CommitStatus
from bot.offline.github.state_reviews import Review, ReviewComment, Thread

if TYPE_CHECKING:
    from bot.offline.github.registering import Registration

Json = dict[str, Any]
"""A JSON object as GitHub publishes it."""
Level = Literal["read", "write", "admin"]

ALL_PERMISSIONS: dict[str, Level] = {
    "checks": "read",
    "contents": "write",
    "issues": "write",
    "members": "read",
    "metadata": "read",
    "pull_requests": "write",
    "statuses": "read",
}
"""What an App of ours asks for, and what its installations hold unless narrowed."""


ACTIONS, ACTIONS_APP = "github-actions", 15368
"""The App of GitHub's own that a workflow's `GITHUB_TOKEN` belongs to."""


class Clock(Protocol):
    """The only clock of the local GitHub, except for the dates inside App tokens that clients sign."""

    def now(self) -> datetime:
        """The present moment, in UTC."""


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(slots=True, eq=False)
class User:
    """A person, an organisation or an App's bot."""

    id: int
    login: str
    type: Literal["User", "Bot", "Organization"]
    created_at: datetime

    @property
    def email(self) -> str:
        """The address GitHub writes into commits made on a user's behalf."""
        return f"{self.id}+{self.login}@users.noreply.github.com"


@dataclass(slots=True, eq=False)
class Installation:
    """An App put on an owner's repositories."""

    id: int
    app: "App"
    account: User
    repositories: list["Repository"]
    permissions: dict[str, Level]
    created_at: datetime
    suspended_at: datetime | None = None


@dataclass(slots=True, eq=False)
class App:
    """A GitHub App; `public_key` is the PEM that its signed requests are checked with."""

    id: int
    slug: str
    public_key: str
    owner: User
    bot: User
    permissions: dict[str, Level]
    created_at: datetime
    installations: list[Installation] = field(default_factory=list)
    events: list[str] | None = None
    """None: all there are."""


@dataclass(slots=True, eq=False)
class Token:
    """A personal token, or one of an installation, then with narrowed permissions and repositories and an end."""

    value: str
    user: User
    installation: Installation | None = None
    permissions: dict[str, Level] = field(default_factory=dict)
    repositories: list["Repository"] = field(default_factory=list)
    expires_at: datetime | None = None
    scopes: tuple[str, ...] | None = None
    """Of a classic token; None for any other."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it, and through which App."""

    user: User
    app: App | None = None


@dataclass(slots=True, eq=False)
class Reaction:
    """An emoji that someone put on an issue or comment."""

    id: int
    user: User
    content: str
    created_at: datetime


@dataclass(slots=True, eq=False)
class Comment:
    """A comment in the conversation of an issue or pull request."""

    id: int
    by: Actor
    body: str
    created_at: datetime
    updated_at: datetime
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Label:
    """A label of a repository."""

    id: int
    name: str
    color: str = "ededed"
    description: str | None = None


@dataclass(slots=True, eq=False)
class Pull:
    """What a pull request has beyond an issue. `base_sha` is the base branch's head when it was last looked at."""

    id: int
    head: str
    base: str
    head_sha: str
    base_sha: str
    draft: bool = False
    merged_at: datetime | None = None
    merged_by: User | None = None
    merge_sha: str | None = None
    reviews: list[Review] = field(default_factory=list)
    threads: list[Thread] = field(default_factory=list)
    fork: "Repository | None" = None
    """Where its branch lives, if not in the repository itself."""


@dataclass(slots=True, eq=False)
class Issue:
    """An issue, or a pull request if it has a `pull`."""

    id: int
    number: int
    title: str
    body: str | None
    by: Actor
    created_at: datetime
    updated_at: datetime
    state: Literal["open", "closed"] = "open"
    state_reason: str | None = None
    closed_at: datetime | None = None
    labels: list[Label] = field(default_factory=list)
    comments: dict[int, Comment] = field(default_factory=dict)
    reactions: list[Reaction] = field(default_factory=list)
    pull: Pull | None = None
    sub_issues: list[int] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Repository:
    """A repository. `heads` are the branches as last announced; `verified` the commits whose signature GitHub made."""

    id: int
    owner: User
    name: str
    private: bool
    default_branch: str
    created_at: datetime
    git: Git
    pushed_at: datetime
    issues: dict[int, Issue] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    grants: dict[str, Permission] = field(default_factory=dict)
    heads: dict[str, str] = field(default_factory=dict)
    verified: set[str] = field(default_factory=set)
    suites: dict[str, CheckSuite] = field(default_factory=dict)
    statuses: dict[str, list[CommitStatus]] = field(default_factory=dict)
    actions_open_pulls: bool = True
    actions_run: bool = True
    archived: bool = False

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"

    def comment(self, comment_id: int) -> tuple[Issue, Comment] | None:
        """The comment with this id and the issue it stands on."""
        for issue in self.issues.values():
            if comment_id in issue.comments:
                return issue, issue.comments[comment_id]
        return None

    def review_comment(self, comment_id: int) -> tuple["Issue", Thread, ReviewComment] | None:
        """The comment on a line with this id, its thread, and the pull request it stands on."""
        for issue, pull in self.pulls():
            for thread in pull.threads:
                for comment in thread.comments:
                    if comment.id == comment_id:
                        return issue, thread, comment
        return None

    def pulls(self) -> Iterator[tuple[Issue, Pull]]:
        """Every pull request, oldest first."""
        return ((issue, issue.pull) for issue in self.issues.values() if issue.pull)

    def label(self, name: str) -> Label | None:
        return self.labels.get(name.lower())

    def role(self, user: User) -> Permission:
        """What a person may do here: their grant, everything for the owner, reading for all if it is public."""
        if user is self.owner:
            return "admin"
        return self.grants.get(user.login.lower(), "none" if self.private else "read")


class World:
    """All of the state behind one lock; every other module reads and changes it while holding that."""

    def __init__(self, root: Path, clock: Clock) -> None:
        self.root = root
        self.clock = clock
        self.lock = threading.RLock()
        self.url = "http://127.0.0.1:0"
        self.enterprise = False
        self.registrations: dict[str, Registration] = {}
        self.users: dict[str, User] = {}
        self.apps: dict[int, App] = {}
        self.tokens: dict[str, Token] = {}
        self.repositories: dict[str, Repository] = {}
        self.teams: dict[tuple[str, str], dict[str, Literal["active", "pending"]]] = {}
        self.ci: App | None = None
        self.lagging = 0
        self._ids = itertools.count(2_400_000_001)
        self.hooks = Hooks(self.now, self.new_id)

    @property
    def api(self) -> str:
        """The base of REST: of an Enterprise Server below its pages, else the same address."""
        return f"{self.url}/api/v3" if self.enterprise else self.url

    def new_id(self) -> int:
        """The next id; as on GitHub they only grow, and one order holds for all kinds of things."""
        return next(self._ids)

    def now(self) -> datetime:
        """The time in whole seconds, as GitHub tells it."""
        return self.clock.now().astimezone(UTC).replace(microsecond=0)

    def user(self, login: str, kind: Literal["User", "Bot", "Organization"] = "User") -> User:
        """The user of this login, made if there is none yet."""
        return self.users.setdefault(login.lower(), User(self.new_id(), login, kind, self.now()))

    def repository(self, full_name: str) -> Repository:
        """Raises `KeyError` with a readable text if there is none."""
        try:
            return self.repositories[full_name.lower()]
        except KeyError:
            raise KeyError(f"the local GitHub has no repository {full_name}") from None

    def installation_on(self, repository: Repository) -> Installation | None:
        """The first App's installation that covers the repository."""
        found = (i for app in self.apps.values() for i in app.installations if repository in i.repositories)
        return next(found, None)

    def actor(self, login: str) -> Actor:
        """Whoever has this login: a person, or an App's bot. Raises `KeyError` for a stranger."""
        for app in self.apps.values():
            if app.bot.login.lower() == login.lower():
                return Actor(app.bot, app)
        if login.lower() not in self.users:
            raise KeyError(f"the local GitHub has no user {login}: add_user({login!r}) first")
        return Actor(self.users[login.lower()])

    def mint(self, installation: Installation, permissions: dict[str, Level], on: list[Repository]) -> Token:
        """A new token of an installation; it lasts one hour.

        https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-an-installation-access-token-for-a-github-app
        """
        ends = self.now() + timedelta(hours=1)
        value = "ghs_" + secrets.token_hex(18)
        token = Token(value, installation.app.bot, installation, permissions, on, ends)
        self.tokens[value] = token
        return token
