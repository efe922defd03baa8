"""The two ways in: a token, or an App that finds its installation for each repository and mints tokens for it."""

import asyncio
from typing import Protocol

from githubkit import Response
from pydantic import SecretStr

from bot.adapters.github import wire
from bot.adapters.github.asks import Ask
from bot.adapters.github.calls import Calls
from bot.adapters.github.connection import Connection, Connector
from bot.adapters.github.credentials import AppKey
from bot.adapters.github.graphql_texts import VIEWER, endpoint
from bot.adapters.github.paths import names
from bot.adapters.github.sessions import AppSession, InstallationSession, Minted, Session, TokenSession
from bot.core.repository import Repo
from bot.ports import Clock, GitHubError

ACTIONS_LOGIN = "github-actions[bot]"


class Access(Protocol):
    """Who we are, and the session to speak to a repository with."""

    async def session(self, repo: Repo) -> Session: ...

    async def me(self) -> str: ...

    async def git_token(self, repo: Repo) -> str: ...


class TokenAccess:
    """One token for everything."""

    def __init__(self, token: str, connector: Connector, calls: Calls) -> None:
        self._session = TokenSession(connector.connect, SecretStr(_clean(token)))
        self._calls = calls

    async def session(self, repo: Repo) -> Session:
        return self._session

    async def me(self) -> str:
        """The user's login. An installation's token, such as a workflow's GITHUB_TOKEN, has no user: GitHub refuses it
        with 403."""
        ask = Ask("find out whose token this is", "Metadata: read")
        try:
            answer = await self._calls.send(ask, self._session, lambda gh: gh.rest.users.async_get_authenticated())
        except GitHubError as error:
            if error.status == 403 and "not accessible by integration" in str(error):
                return await self._bot()
            raise
        return wire.parse(wire.User, answer, ask).login

    async def _bot(self) -> str:
        """The login of the App behind the token: GraphQL tells it. Where it does not, it is taken for a workflow's."""
        ask = Ask("find out which App's token this is", "Metadata: read", graphql=True)

        async def viewer(gh: Connection) -> Response[object, object]:
            return await gh.arequest("POST", endpoint(gh), json={"query": VIEWER})

        try:
            answer = await self._calls.send(ask, self._session, viewer)
            login = wire.parse(wire.Viewer, answer, ask).data.viewer.login
        except GitHubError:
            return ACTIONS_LOGIN
        return login if login.endswith("[bot]") else f"{login}[bot]"

    async def git_token(self, repo: Repo) -> str:
        return self._session.secret.get_secret_value() if self._session.secret else ""


class AppAccess:
    """An App; everything is cached for each installation, and dropped when GitHub no longer knows the installation."""

    def __init__(self, app_id: str, private_key_pem: str, connector: Connector, calls: Calls, clock: Clock) -> None:
        self._connector = connector
        self._calls = calls
        self._clock = clock
        self._app = AppSession(connector.connect, AppKey(app_id, private_key_pem, clock))
        self._lookups: dict[Repo, asyncio.Lock] = {}
        self._installations: dict[Repo, int] = {}
        self._sessions: dict[tuple[int, Repo | None], InstallationSession] = {}

    async def session(self, repo: Repo) -> Session:
        return self._session(await self._installation(repo), None)

    async def me(self) -> str:
        ask = Ask("read the App's own data", "Metadata: read")
        answer = await self._calls.send(ask, self._app, lambda gh: gh.rest.apps.async_get_authenticated())
        return f"{wire.parse(wire.App, answer, ask).slug}[bot]"

    async def git_token(self, repo: Repo) -> str:
        """A token that can read the contents of this repository and do nothing else."""
        session = self._session(await self._installation(repo), repo)
        await session.ensure()
        return session.secret.get_secret_value() if session.secret else ""

    async def _installation(self, repo: Repo) -> int:
        repo = Repo(repo.owner.lower(), repo.name.lower())
        async with self._lookups.setdefault(repo, asyncio.Lock()):
            if repo not in self._installations:
                self._installations[repo] = await self._look_up(repo)
            return self._installations[repo]

    async def _look_up(self, repo: Repo) -> int:
        ask = Ask(f"find the App's installation for {repo}", "Metadata: read", repo=repo)
        owner, name = names(repo)
        try:
            answer = await self._calls.send(
                ask, self._app, lambda gh: gh.rest.apps.async_get_repo_installation(owner, name)
            )
        except GitHubError as error:
            if error.status == 404:
                raise GitHubError(f"The App is not installed on {repo}: install it there first.", 404) from None
            raise
        return wire.parse(wire.Installation, answer, ask).id

    def _session(self, installation: int, only: Repo | None) -> InstallationSession:
        key = (installation, only)
        if key not in self._sessions:
            self._sessions[key] = InstallationSession(
                self._connector.connect, lambda: self._mint(installation, only), self._clock
            )
        return self._sessions[key]

    async def _mint(self, installation: int, only: Repo | None) -> Minted:
        ask = Ask(f"get a token for installation {installation} of the App", "Contents: read", "object", only)
        try:
            if only is None:
                answer = await self._calls.send(
                    ask,
                    self._app,
                    lambda gh: gh.rest.apps.async_create_installation_access_token(installation),
                )
            else:
                name = only.name
                answer = await self._calls.send(
                    ask,
                    self._app,
                    lambda gh: gh.rest.apps.async_create_installation_access_token(
                        installation, repositories=[name], permissions={"contents": "read"}
                    ),
                )
        except GitHubError as error:
            if error.status == 404:
                self._forget(installation)
            raise
        token = wire.parse(wire.Token, answer, ask)
        return Minted(token.token, token.expires_at)

    def _forget(self, installation: int) -> None:
        """The App was taken off: look the installation up again next time, it may be back under another number."""
        self._installations = {repo: i for repo, i in self._installations.items() if i != installation}


def _clean(token: str) -> str:
    """The token without the line break that files and pipes add. Raises `GitHubError`, which does not show it."""
    token = token.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise GitHubError("The GitHub token is empty or has characters that no token has, such as a space.")
    return token
