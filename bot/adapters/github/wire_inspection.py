"""The parts of GitHub's answers about ourselves that we read."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import Field, RootModel

from bot.adapters.github.wire import User, Wire


class App(Wire):
    slug: str
    html_url: str
    owner: User | None = None
    permissions: Mapping[str, str] = {}
    events: tuple[str, ...] = ()


class Hook(Wire):
    url: str = ""
    content_type: str = "form"
    insecure_ssl: str | float = "0"
    secret: str | None = None
    """Stars, where there is one."""


class Delivery(Wire):
    guid: str
    delivered_at: datetime
    status: str
    status_code: int


class Deliveries(RootModel[list[Delivery]]):
    """Newest first."""


class Installation(Wire):
    html_url: str
    permissions: Mapping[str, str] = {}
    suspended_at: datetime | None = None


class Permissions(Wire):
    push: bool = False


class Repository(Wire):
    private: bool
    archived: bool = False
    has_issues: bool = True
    permissions: Permissions | None = None


class Actions(Wire):
    enabled: bool


class Workflows(Wire):
    may_approve: bool = Field(alias="can_approve_pull_request_reviews")
    """Of old for approving only; now it is for opening them, too."""
