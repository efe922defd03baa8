"""What a GitHub App for Devflow needs: its permissions and events, for set-up, `devflow doctor` and the README."""

from typing import Literal

from bot.core.events import HANDLED_EVENTS

Level = Literal["read", "write"]

PERMISSIONS: dict[str, Level] = {
    "contents": "write",
    "issues": "write",
    "pull_requests": "write",
    "checks": "read",
    "statuses": "read",
    "members": "read",
}
"""By the names of GitHub's API. *Metadata: read* is not here: GitHub gives it to every App."""
OPTIONAL_PERMISSIONS = frozenset({"members"})
"""Needed only where a repository's settings name teams."""
EVENTS: tuple[str, ...] = HANDLED_EVENTS
"""By the names of GitHub's API."""
_TITLES = {"statuses": "Commit statuses"}


def title(name: str) -> str:
    """A permission or event by the words of GitHub's pages: `pull_requests` is `Pull requests`."""
    return _TITLES.get(name, name.replace("_", " ").capitalize())
