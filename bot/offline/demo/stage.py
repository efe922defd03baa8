"""Everything the demo needs around the service: a local GitHub, an App's key, a scripted Claude, settings, a port."""

import asyncio
import contextlib
import secrets
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from bot.bootstrap import Bot, bootstrap, make_sandbox
from bot.core.errors import BotError
from bot.offline.claude import ScriptedClaude, Session
from bot.offline.demo.wish import Play, Wish
from bot.offline.github import LocalGitHub
from bot.settings import Settings, load_settings

APP_ID = 4242
MAINTAINER = "maria"


@dataclass(slots=True)
class Stage:
    """What is running. `url` is the service's, `folder` holds all that was made."""

    bot: Bot
    github: LocalGitHub
    claude: ScriptedClaude | None
    url: str
    folder: Path
    play: Play
    sandbox_note: str


@contextlib.asynccontextmanager
async def stage(play: Play, wish: Wish) -> AsyncIterator[Stage]:
    """Start everything, and stop it at the end; the files stay."""
    folder = Path(".devflow").absolute() / "demo" / time.strftime("%Y%m%d-%H%M%S")
    folder.mkdir(parents=True, exist_ok=True)
    github = LocalGitHub(folder / "github")
    claude = ScriptedClaude(Session.load(play.session)) if play.session else None
    key, public = await asyncio.to_thread(_app_key)
    try:
        github.start()
        if claude:
            claude.start()
        _populate(github, play, public)
        settings, note = _settings(folder, github, claude, key, wish, play)
        bot = bootstrap(settings)
        async with _served(bot) as url:
            github.hook(f"{url}/webhooks/github", settings.webhook_secret.get_secret_value())
            yield Stage(bot, github, claude, url, folder, play, note)
    finally:
        if claude:
            claude.stop()
        github.stop()


def _populate(github: LocalGitHub, play: Play, public_key: str) -> None:
    app = github.add_app(APP_ID, public_key)
    github.add_user(MAINTAINER)
    github.add_repository(play.repository, play.source, default_branch=play.branch)
    github.grant(play.repository, MAINTAINER, "write")
    github.install(app, play.repository)


def _settings(
    folder: Path, github: LocalGitHub, claude: ScriptedClaude | None, key: str, wish: Wish, play: Play
) -> tuple[Settings, str]:
    given = load_settings()
    sandbox, note = _sandbox(wish, play)
    model_key = "scripted" if claude else given.anthropic_api_key.get_secret_value() or "local"
    return given.model_copy(
        update={
            "database_url": "",
            "state_dir": folder / "state",
            "webhook_secret": SecretStr(secrets.token_hex(20)),
            "app_id": str(APP_ID),
            "private_key": SecretStr(key),
            "github_api_url": github.url,
            "github_server_url": github.url,
            "anthropic_api_key": SecretStr(model_key),
            "anthropic_base_url": claude.url if claude else given.anthropic_base_url,
            "provider": "anthropic" if claude else given.provider,
            "sandbox": sandbox,
            "status_seconds": 1.0,
            "write_seconds": 0.0,
        }
    ), note


def _sandbox(wish: Wish, play: Play) -> tuple[str, str]:
    """(setting, note): without bubblewrap, only our own sample's code runs outside a sandbox by itself."""
    if wish.sandbox:
        if wish.sandbox not in {"auto", "bubblewrap", "none"}:
            raise BotError(f"`--sandbox {wish.sandbox}` is not known.", "Use auto, bubblewrap or none.")
        return wish.sandbox, ""
    problem = make_sandbox("auto").available()
    if problem is None:
        return "auto", ""
    if play.trusted:
        return "none", f"No sandbox here ({problem}). The sample's own code runs without one."
    return "auto", f"No sandbox here ({problem}). Commands and tests are not run; `--sandbox none` runs them anyway."


def _app_key() -> tuple[str, str]:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


@contextlib.asynccontextmanager
async def _served(bot: Bot) -> AsyncIterator[str]:
    """The real server around the bot, on a free port of the loopback."""
    from webhooks.app import create_app, server

    listening = socket.create_server(("127.0.0.1", 0))
    host, port = listening.getsockname()
    site = create_app(bot)
    running = server(site)
    task = asyncio.create_task(running.serve(sockets=[listening]))
    try:
        while not running.started:
            if task.done():
                raise site.start_error or BotError("The service did not start.", "The log above says why.")
            await asyncio.sleep(0.01)
        yield f"http://{host}:{port}"
    finally:
        running.should_exit = True
        await task
        listening.close()
