"""`LocalGitHub`: the whole of it behind plain methods named after what people do on GitHub."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.core import repository as core
from bot.offline.github import events
from bot.offline.github.faults import Fault, Hang
from bot.offline.github.gitstore import Git, Signature
from bot.offline.github.hooks import Delivery
from bot.offline.github.server import Observer, Server
from bot.offline.github.state import (
    ACTIONS,
    ACTIONS_APP,
    ALL_PERMISSIONS,
    App,
    Clock,
    Installation,
    Level,
    Repository,
    SystemClock,
    Token,
    World,
)
from bot.offline.github.traffic import Request
from bot.offline.github.verbs import Verbs
from bot.offline.github.verbs_checks import CheckVerbs
from bot.offline.github.verbs_reviews import ReviewVerbs
from bot.offline.github.verbs_settings import SettingVerbs
from bot.offline.github.views import Views
from bot.offline.github.views_reviews import ReviewViews


class LocalGitHub(Verbs, ReviewVerbs, CheckVerbs, SettingVerbs, Views, ReviewViews):
    """A GitHub of our own, in this process. All methods may be called from any thread; none of them waits for a webhook
    but `wait_idle`. Names are given as GitHub gives them: `owner/name`, logins, `devflow[bot]`."""

    def __init__(
        self, root: Path, *, clock: Clock | None = None, observer: Observer | None = None, enterprise: bool = False
    ) -> None:
        """`enterprise`: REST under `/api/v3`, GraphQL under `/api/graphql`, pages and git at the root."""
        self._world = World(root, clock or SystemClock())
        self._world.enterprise = enterprise
        self._server = Server(self._world, observer)

    def start(self, port: int = 0) -> None:
        """Serve on 127.0.0.1; port 0 takes a free one. After `stop` it can be started again with all it kept."""
        self._world.hooks.open()
        self._world.url = f"http://127.0.0.1:{self._server.start(port)}"

    def stop(self) -> None:
        """Stop serving and delivering. What was kept can still be looked at."""
        self._server.stop()
        self._world.hooks.close()

    def __enter__(self) -> "LocalGitHub":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Base of pages and of clone addresses (`GITHUB_SERVER_URL`)."""
        return self._world.url

    @property
    def api_url(self) -> str:
        """Base of REST (`GITHUB_API_URL`)."""
        return self._world.api

    # People, Apps, repositories

    def hook(self, url: str, secret: str) -> None:
        """Send webhooks there from now on, signed with the secret."""
        with self._world.lock:
            self._world.hooks.url, self._world.hooks.secret = url, secret

    def ping(self) -> None:
        """Send the `ping` that GitHub sends when a webhook is made."""
        with self._world.lock:
            events.ping_event(self._world)

    def add_app(
        self, app_id: int, public_key_pem: str, slug: str = "devflow", permissions: Mapping[str, Level] | None = None
    ) -> App:
        """Register an App; its bot is `slug[bot]`. The webhook becomes this App's."""
        with self._world.lock:
            world = self._world
            owner, bot = world.user("apps", "Organization"), world.user(f"{slug}[bot]", "Bot")
            held = dict(permissions or ALL_PERMISSIONS)
            app = App(app_id, slug, public_key_pem, owner, bot, held, world.now())
            world.apps[app_id] = app
            world.hooks.app_id = app_id
            return app

    def install(self, app: App, *repositories: str) -> int:
        """Put an App on repositories of one owner; returns the installation's id and announces it."""
        with self._world.lock:
            installation = self._install(app, [self._world.repository(name) for name in repositories])
            events.installation_event(self._world, installation, "created")
            return installation.id

    def _install(self, app: App, on: list[Repository]) -> Installation:
        now, owner = self._world.now(), on[0].owner
        installation = Installation(self._world.new_id(), app, owner, on, dict(app.permissions), now)
        app.installations.append(installation)
        return installation

    def token(self, installation_id: int, permissions: Mapping[str, Level] | None = None) -> str:
        """A token of an installation, as a workflow's `GITHUB_TOKEN` or a test needs one; it lasts an hour."""
        with self._world.lock:
            installations = (i for app in self._world.apps.values() for i in app.installations)
            installation = next(i for i in installations if i.id == installation_id)
            held = dict(permissions if permissions is not None else installation.permissions)
            return self._world.mint(installation, held, list(installation.repositories)).value

    def actions_token(self, repo: str, permissions: Mapping[str, Level] | None = None) -> str:
        """The `GITHUB_TOKEN` of a workflow's job: `github-actions[bot]` speaks by it."""
        with self._world.lock:
            app = self._world.apps.get(ACTIONS_APP) or self._actions_app()
            repository = self._world.repository(repo)
            covering = [i for i in app.installations if repository in i.repositories]
            held = dict(permissions or app.permissions)
            installation = covering[0] if covering else self._install(app, [repository])
            return self._world.mint(installation, held, [repository]).value

    def _actions_app(self) -> App:
        hooked = self._world.hooks.app_id
        app = self.add_app(ACTIONS_APP, "", ACTIONS)
        self._world.hooks.app_id = hooked
        return app

    def revoke(self, token: str) -> None:
        """Make a token worthless from now on."""
        with self._world.lock:
            self._world.tokens.pop(token, None)

    def add_user(self, login: str, token: str | None = None) -> None:
        """A person, with a personal token if one is given."""
        with self._world.lock:
            user = self._world.user(login)
            if token:
                self._world.tokens[token] = Token(token, user)

    def add_repository(
        self, full_name: str, source: Path | None = None, default_branch: str = "main", *, private: bool = False
    ) -> None:
        """A repository, empty without a source.

        A source that is a git repository gives its history, and its own branch if it lacks `default_branch`; any other
        folder gives its files as the first commit.
        """
        with self._world.lock:
            world, name = self._world, core.Repo.parse(full_name)
            owner = world.user(name.owner, "Organization")
            git = Git.create(world.root / name.owner.lower() / f"{name.name.lower()}.git", default_branch)
            now = world.now()
            repository = Repository(
                world.new_id(), owner, name.name, private, default_branch, now, git=git, pushed_at=now
            )
            if source:
                repository.default_branch = self._fill(repository, source)
            repository.heads = git.refs()
            world.repositories[full_name.lower()] = repository

    def fork(self, repo: str, owner: str) -> str:
        """Somebody's copy with the whole history; returns its name. It has no installation and no webhook."""
        with self._world.lock:
            name, source = f"{owner}/{repo.partition('/')[2]}", self._world.repository(repo).git.path
        self.add_repository(name, source)
        self.grant(name, owner, "admin")
        return name

    def _fill(self, repository: Repository, source: Path) -> str:
        git, branch = repository.git, repository.default_branch
        if (source / ".git").exists() or ((source / "HEAD").is_file() and (source / "objects").is_dir()):
            checked_out = git.import_history(source)
            branch = branch if branch in git.refs() else checked_out
            git.run("symbolic-ref", "HEAD", f"refs/heads/{branch}")
            return branch
        by = Signature(repository.owner.login, repository.owner.email, self._world.now())
        git.set_ref(f"refs/heads/{branch}", git.write_commit(git.import_files(source), [], "First commit", by, by))
        return branch

    def grant(self, repo: str, login: str, permission: core.Permission) -> None:
        """Give a person a role in a repository; `none` takes it away."""
        with self._world.lock:
            grants = self._world.repository(repo).grants
            self._world.user(login)
            if permission == "none":
                grants.pop(login.lower(), None)
            else:
                grants[login.lower()] = permission

    # Webhooks, requests, faults

    @property
    def deliveries(self) -> list[Delivery]:
        """Every attempt at a webhook, oldest first."""
        return list(self._world.hooks.deliveries)

    @property
    def requests(self) -> list[Request]:
        """Every request that was answered, oldest first."""
        return list(self._server.requests)

    @property
    def most_at_once(self) -> int:
        """How many requests were under way at the same time, at most."""
        return self._server.most_at_once

    @property
    def unserved(self) -> list[tuple[str, str]]:
        """(method, path) of requests for what this GitHub does not have; a test fails if there are any."""
        return list(self._server.unserved)

    def redeliver(self, guid: str) -> None:
        """Send an event again. Raises `KeyError` for an unknown GUID."""
        with self._world.lock:
            for delivery in self._world.hooks.deliveries:
                if delivery.guid == guid:
                    self._world.hooks.redeliver(delivery)
                    return
            raise KeyError(f"no delivery {guid}")

    def wait_idle(self, seconds: float = 30.0) -> None:
        """Return when every webhook sent until now was answered or failed. Raises `TimeoutError`.

        Blocks: where the receiver lives in the caller's event loop, call it in a thread.
        """
        self._world.hooks.wait_idle(seconds)

    @property
    def hook_down(self) -> bool:
        """While true, webhooks fail as if nobody listened."""
        return self._world.hooks.down

    @hook_down.setter
    def hook_down(self, down: bool) -> None:
        self._world.hooks.down = down

    def drop_deliveries(self, times: int = 1) -> None:
        """Lose the next attempts at a webhook."""
        self._world.hooks.dropping += times

    def fails(
        self,
        method: str,
        path_regex: str,
        *,
        status: int = 502,
        times: int = 1,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        after_effect: bool = False,
    ) -> None:
        """Answer the next matching requests with an error; method `*` is any, the regex is searched for in the path.

        Status 0 breaks the connection. With `after_effect` the request does its work first and only its answer is lost.
        """
        pattern = re.compile(path_regex)
        self._server.faults.add(Fault(method, pattern, times, status, headers or {}, body, after_effect))

    def rate_limited(self, times: int = 1, retry_after: int = 60, path_regex: str = "") -> None:
        """Answer the next requests with GitHub's secondary rate limit.

        https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
        """
        text = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
        headers = {"Retry-After": str(retry_after)}
        self.fails("*", path_regex, status=403, times=times, headers=headers, body={"message": text})

    def hangs(self, method: str, path_regex: str, *, times: int = 1, after_effect: bool = False) -> Hang:
        """Hold the next matching requests until the returned `Hang` is released or the server stops."""
        hang = Hang()
        pattern = re.compile(path_regex)
        self._server.faults.add(Fault(method, pattern, times, after_effect=after_effect, hang=hang))
        return hang

    @property
    def unused_faults(self) -> list[Fault]:
        """Faults that were asked for and have not happened."""
        return self._server.faults.unused()
