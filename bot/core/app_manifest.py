"""The manifest from which GitHub registers an App for Devflow, and the pages of GitHub that people are sent to."""

import re
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from bot.core.app_wanted import EVENTS, PERMISSIONS
from bot.core.errors import BotError

WEBHOOK_PATH = "/webhooks/github"
MOST_NAME = 34
"""Characters in an App's name: https://docs.github.com/en/apps/creating-github-apps/registering-a-github-app"""
_LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class AppWish:
    """What the person who sets up decides. Raises `BotError` for what GitHub would not take."""

    webhook: str
    """The whole address that GitHub delivers to."""
    org: str = ""
    """Whose App it becomes; empty means the person's own account."""
    name: str = "devflow"

    def __post_init__(self) -> None:
        check_address(self.webhook)
        if self.org and not _LOGIN.fullmatch(self.org):
            raise BotError("The organisation's name is none that GitHub has.", "Give it as in github.com/NAME.")
        if not 0 < len(self.name.strip()) <= MOST_NAME or not self.name.isprintable():
            raise BotError(f"The App's name has to have 1 to {MOST_NAME} characters.", "GitHub takes no longer ones.")


@dataclass(frozen=True, slots=True)
class NewApp:
    """What GitHub answers once, for the code of a registration."""

    id: int
    slug: str
    html_url: str
    pem: str = field(repr=False)
    webhook_secret: str = field(repr=False)


def check_address(url: str) -> str:
    """The address as it was given. Raises `BotError` unless it is one of the web, without a password in it."""
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
        fine = fine and (parts.port or 1) > 0 and url.isprintable() and " " not in url
    except ValueError:
        fine = False
    if not fine:
        raise BotError(f"{url[:200]!r} is not an address such as https://devflow.example.com.", "Give the whole URL.")
    return url


def is_of_this_machine(url: str) -> bool:
    """Whether an address names the machine of whoever uses it, so that GitHub cannot deliver there."""
    host = urlsplit(url).hostname or ""
    return host == "localhost" or host.endswith(".localhost") or host == "::1" or host.startswith("127.")


def webhook_at(url: str) -> str:
    """Where deliveries go on the server that the net knows by that address."""
    return check_address(url).rstrip("/").removesuffix(WEBHOOK_PATH) + WEBHOOK_PATH


def app_manifest(wish: AppWish, redirect: str) -> dict[str, object]:
    """As JSON it is the form field `manifest`.

    https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
    """
    host = urlsplit(wish.webhook)
    return {
        "name": wish.name.strip(),
        "url": f"{host.scheme}://{host.netloc}",
        "description": "Turns an issue comment into a tested, reviewed pull request.",
        "hook_attributes": {"url": wish.webhook, "active": True},
        "redirect_url": redirect,
        "public": False,
        "default_permissions": {"metadata": "read", **PERMISSIONS},
        "default_events": list(EVENTS),
    }


def new_app_page(server_url: str, wish: AppWish, state: str) -> str:
    """Where the browser posts the manifest to."""
    owner = f"/organizations/{wish.org}" if wish.org else ""
    return f"{server_url.rstrip('/')}{owner}/settings/apps/new?state={quote(state, safe='')}"


def install_page(html_url: str) -> str:
    """Where an App is put on repositories; `html_url` is the App's page, of github.com or an Enterprise Server."""
    return f"{html_url.rstrip('/')}/installations/new"
