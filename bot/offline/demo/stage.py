"""Everything the demo needs around the service: a local GitHub, an App's key, a scripted Claude, settings, a port."""

import asyncio
import contextlib
import importlib
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import SecretStr

from bot.bootstrap import Bot, bootstrap, make_sandbox
from bot.core.errors import BotError
from bot.offline.claude import ScriptedClaude, Session
from bot.offline.demo.folders import Folder
from bot.offline.demo.hosting import copy
from bot.offline.demo.logs import service_log
from bot.offline.demo.wish import Play, Wish, sample
from bot.offline.github import LocalGitHub
from bot.offline.github.gitstore import GitError
from bot.settings import Settings, load_settings
from webhooks.app import Server, create_app, listen, server

APP_ID = 4242
MAINTAINER = "maria"
STATUS_SECONDS = 0.5
POLL_SECONDS = 0.05
Sandboxing = Literal["auto", "bubblewrap", "container", "none"]


@dataclass(slots=True)
class Stage:
    """What is running.

    `url` is the service's, `folder` holds all that was made (people are told `shown`), `serving` ends with the service.
    """

    bot: Bot
    github: LocalGitHub
    claude: ScriptedClaude | None
    url: str
    folder: Path
    shown: str
    play: Play
    sandbox_note: str
    serving: "asyncio.Task[None]"

    @property
    def model(self) -> str:
        """The id of the model that speaks, `scripted` if none does."""
        return "scripted" if self.claude else self.bot.settings.model


@contextlib.asynccontextmanager
async def stage(play: Play, wish: Wish) -> AsyncIterator[Stage]:
    """Start everything, and stop it at the end; the files stay. Raises `BotError` for what cannot be started."""
    loading = asyncio.create_task(asyncio.to_thread(importlib.import_module, "anthropic"))
    with _folder() as folder, service_log(folder.path / "service.log"), contextlib.ExitStack() as running:
        github = running.enter_context(LocalGitHub(folder.path / "github"))
        sessions = [Session.load(path) for path in play.sessions]
        claude = running.enter_context(ScriptedClaude(*sessions)) if sessions else None
        key, public = await asyncio.to_thread(_app_key)
        await asyncio.to_thread(_populate, github, play, public, folder.path)
        sandbox, note = await asyncio.to_thread(_sandbox, wish, play)
        settings = _settings(folder.path, github, claude, key, sandbox, play)
        bot = bootstrap(settings)
        if problem := bot.available():
            raise BotError(problem)
        try:
            async with _served(bot) as (url, serving):
                github.hook(f"{url}/webhooks/github", settings.webhook_secret.get_secret_value())
                yield Stage(bot, github, claude, url, folder.path, folder.shown, play, note, serving)
        finally:
            await asyncio.wait({loading})


@contextlib.contextmanager
def _folder() -> Iterator[Folder]:
    folder = Folder()
    try:
        yield folder
    finally:
        folder.release()


def _populate(github: LocalGitHub, play: Play, public_key: str, folder: Path) -> None:
    app = github.add_app(APP_ID, public_key)
    github.add_user(MAINTAINER)
    source = copy(play.hosted, folder / "copy.git") if play.hosted else sample() / "repository"
    try:
        github.add_repository(play.repository, source, default_branch=play.branch)
    except GitError as error:
        raise BotError(f"The repository cannot be hosted: {error}", "`git fsck` in it may tell more.") from error
    if play.hosted:
        shutil.rmtree(source)
    github.grant(play.repository, MAINTAINER, "write")
    github.install(app, play.repository)


def _settings(
    folder: Path, github: LocalGitHub, claude: ScriptedClaude | None, key: str, sandbox: Sandboxing, play: Play
) -> Settings:
    """The demo's own, whatever the environment and `.env` say; of those only the real model's and the container's are
    taken."""
    settings = Settings.model_construct(
        state_dir=folder / "state",
        webhook_secret=SecretStr(secrets.token_hex(20)),
        app_id=str(APP_ID),
        private_key=SecretStr(key),
        github_api_url=github.url,
        github_server_url=github.url,
        sandbox=sandbox,
        status_seconds=STATUS_SECONDS,
        engine_poll_seconds=POLL_SECONDS,
        write_seconds=0.0,
    )
    if sandbox == "container":
        given = load_settings()
        engine = {"container_image": given.container_image, "container_command": given.container_command}
        settings = settings.model_copy(update=engine)
    if claude:
        said = {"anthropic_api_key": SecretStr("scripted"), "anthropic_base_url": claude.url}
        return settings.model_copy(update=said)
    key_given = play.model["anthropic_api_key"].get_secret_value()
    return settings.model_copy(update=play.model | {"anthropic_api_key": SecretStr(key_given or "local")})


def _sandbox(wish: Wish, play: Play) -> tuple[Sandboxing, str]:
    """(setting, note): without bubblewrap, only our own sample's code runs outside a sandbox by itself."""
    match wish.sandbox:
        case "none":
            return "none", "None, as you asked: commands and tests run as you, with your files and network."
        case "bubblewrap":
            return "bubblewrap", ""
        case "container":
            return "container", ""
    problem = make_sandbox(Settings.model_construct()).available()
    if problem is None:
        return "auto", ""
    if play.trusted:
        return "none", f"None ({problem.partition(':')[0]}); the sample's own code runs without."
    problem = problem.replace("set DEVFLOW_SANDBOX=none", "give `--sandbox none`")
    return "auto", f"None here, so commands and tests are not run: {problem}"


def _app_key() -> tuple[str, str]:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


class _Server(Server):
    """The service's server; signals are the demo's own matter."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def _served(bot: Bot) -> AsyncIterator[tuple[str, "asyncio.Task[None]"]]:
    """The real server around the bot, on a free port of the loopback."""
    site = create_app(bot)
    running = _Server(server(site).config, site)
    with listen("127.0.0.1", 0) as listening:
        host, port = listening.getsockname()
        task = asyncio.create_task(running.serve(sockets=[listening]))
        try:
            while not running.started:
                if task.done():
                    raise site.start_error or BotError("The service did not start.", "Its log is in `.devflow/demo`.")
                await asyncio.sleep(0.01)
            yield f"http://{host}:{port}", task
        finally:
            running.should_exit = True
            await asyncio.wait({task})
