"""GitHub, asked about ourselves: the App, its webhook, the token, what a repository lets us do. Only reads."""

from contextlib import suppress

import httpx
from pydantic import SecretStr

from bot.adapters.github import wire, wire_inspection
from bot.adapters.github.access import Access, AppAccess, TokenAccess
from bot.adapters.github.asks import Ask
from bot.adapters.github.calls import Calls, Request
from bot.adapters.github.connection import Connector
from bot.adapters.github.contents import Contents
from bot.adapters.github.credentials import AppKey
from bot.adapters.github.limits import Limits
from bot.adapters.github.paths import names
from bot.adapters.github.sessions import AppSession, Session, TokenSession
from bot.core.repository import FoundFile, Repo
from bot.ports import Clock, GitHubError
from bot.ports_doctor import (
    ActionsSeen,
    AppSeen,
    DeliverySeen,
    HookSeen,
    IdentitySeen,
    InstallationSeen,
    RepositorySeen,
)

_PATIENCE_SECONDS = 1.0
"""Whoever waits for an examination does not wait for a rate limit."""
_NEWEST = 100


class GitHubInspection:
    """`bot.ports_doctor.Inspection` for one token or one App. A request is sent once; no answer is an answer, too."""

    def __init__(self, access: Access, ours: Session, calls: Calls, connector: Connector) -> None:
        self._access = access
        self._ours = ours
        self._calls = calls
        self._connector = connector
        self._contents = Contents(access, calls, "")

    @classmethod
    def for_token(cls, token: str, *, api_url: str, clock: Clock) -> "GitHubInspection":
        """Raises `GitHubError` if it cannot be a token."""
        connector, calls = Connector(api_url), _calls(clock)
        access, ours = TokenAccess(token, connector, calls), TokenSession(connector.connect, SecretStr(token.strip()))
        return cls(access, ours, calls, connector)

    @classmethod
    def for_app(cls, app_id: str, private_key_pem: str, *, api_url: str, clock: Clock) -> "GitHubInspection":
        """Raises `GitHubError` if the key cannot sign."""
        connector, calls = Connector(api_url), _calls(clock)
        app = AppSession(connector.connect, AppKey(app_id, private_key_pem, clock))
        return cls(AppAccess(app_id, private_key_pem, connector, calls, clock), app, calls, connector)

    async def app(self) -> AppSeen:
        ask = Ask("read the App's own data", "Metadata: read")
        answer = await self._ask(ask, lambda gh: gh.rest.apps.async_get_authenticated())
        app = wire.parse(wire_inspection.App, answer, ask)
        organisation = app.owner.login if app.owner and app.owner.type == "Organization" else ""
        return AppSeen(app.slug, app.html_url, organisation, app.permissions, app.events)

    async def hook(self) -> HookSeen:
        ask = Ask("read the App's webhook", "Metadata: read")
        answer = await self._ask(ask, lambda gh: gh.rest.apps.async_get_webhook_config_for_app())
        hook = wire.parse(wire_inspection.Hook, answer, ask)
        return HookSeen(hook.url, hook.content_type, str(hook.insecure_ssl) == "0", bool(hook.secret))

    async def deliveries(self) -> list[DeliverySeen]:
        ask = Ask("read the App's deliveries", "Metadata: read")
        answer = await self._ask(ask, lambda gh: gh.rest.apps.async_list_webhook_deliveries(per_page=_NEWEST))
        rows = wire.parse(wire_inspection.Deliveries, answer, ask).root
        return [DeliverySeen(row.guid, row.delivered_at, row.status_code, row.status) for row in rows]

    async def installation(self, repo: Repo) -> InstallationSeen | None:
        owner, name = names(repo)
        ask = Ask(f"find the App's installation for {repo}", "Metadata: read", repo=repo)
        try:
            answer = await self._ask(ask, lambda gh: gh.rest.apps.async_get_repo_installation(owner, name))
        except GitHubError as error:
            if error.status == 404:
                return None
            raise
        seen = wire.parse(wire_inspection.Installation, answer, ask)
        return InstallationSeen(seen.html_url, seen.permissions, seen.suspended_at is not None)

    async def identity(self) -> IdentitySeen:
        """A workflow's token may not ask who it is: its login is guessed from GraphQL, and no scopes are told."""
        ask = Ask("find out whose token this is", "Metadata: read")
        with suppress(GitHubError):
            answer = await self._ask(ask, lambda gh: gh.rest.users.async_get_authenticated())
            scopes = answer.headers.get("x-oauth-scopes")
            listed = None if scopes is None else [part.strip() for part in scopes.split(",") if part.strip()]
            return IdentitySeen(wire.parse(wire.User, answer, ask).login, listed)
        return IdentitySeen(await self._access.me(), None)

    async def repository(self, repo: Repo) -> RepositorySeen | None:
        owner, name = names(repo)
        ask = Ask(f"read the repository {repo}", "Metadata: read", repo=repo)
        try:
            answer = await self._in(repo, ask, lambda gh: gh.rest.repos.async_get(owner, name))
        except GitHubError as error:
            if error.status == 404:
                return None
            raise
        seen = wire.parse(wire_inspection.Repository, answer, ask)
        push = None if seen.permissions is None else seen.permissions.push
        return RepositorySeen(seen.private, seen.archived, seen.has_issues, push)

    async def actions(self, repo: Repo) -> ActionsSeen:
        owner, name = names(repo)
        ask = Ask(f"read whether {repo} runs workflows", "Administration: read", repo=repo)
        answer = await self._in(
            repo, ask, lambda gh: gh.rest.actions.async_get_github_actions_permissions_repository(owner, name)
        )
        if not wire.parse(wire_inspection.Actions, answer, ask).enabled:
            return ActionsSeen(enabled=False, may_open_pulls=False)
        answer = await self._in(
            repo,
            ask,
            lambda gh: gh.rest.actions.async_get_github_actions_default_workflow_permissions_repository(owner, name),
        )
        return ActionsSeen(enabled=True, may_open_pulls=wire.parse(wire_inspection.Workflows, answer, ask).may_approve)

    async def file(self, repo: Repo, path: str, *, most: int) -> FoundFile | None:
        return await self._contents.file(repo, path, most=most)

    async def aclose(self) -> None:
        await self._connector.aclose()

    async def _ask(self, ask: Ask, request: Request) -> httpx.Response:
        """As the App itself, or with the token."""
        return await self._calls.send(ask, self._ours, request)

    async def _in(self, repo: Repo, ask: Ask, request: Request) -> httpx.Response:
        """As the App's installation there, or with the token."""
        return await self._calls.send(ask, await self._access.session(repo), request)


def _calls(clock: Clock) -> Calls:
    limits = Limits(clock, max_wait_seconds=_PATIENCE_SECONDS, write_interval_seconds=0.0)
    return Calls(limits, clock, tries=1)
