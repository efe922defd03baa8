"""`devflow setup` and `devflow serve --setup`: a page registers the GitHub App, its keys end in the state folder."""

import asyncio
import secrets
import sys
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import anyio

from bot.bootstrap import bootstrap, register_app
from bot.core.app_manifest import AppWish, webhook_at
from bot.core.errors import BotError
from bot.settings import Settings, load_settings
from bot.stored_app import CURRENT, StoredApp, store_app, stored_app
from webhooks.app import Site, create_app, listen, serve, server
from webhooks.relay import new_channel
from webhooks.setup_pages import Offer
from webhooks.setup_site import SetupSite

LINGER_SECONDS = 1.0
"""For the browser to fetch the last page's style."""


@dataclass(frozen=True, slots=True)
class SetupWish:
    """What was asked for on the command line; of `url` and `relay` exactly one."""

    org: str = ""
    name: str = "devflow"
    url: str = ""
    relay: str = ""
    browser: bool = True
    replace: bool = False


def set_up(wish: SetupWish) -> int:
    """Register an App with the help of a browser on this machine; returns the exit code."""
    settings = _settings_for(wish)
    channel = asyncio.run(new_channel(wish.relay)) if wish.relay else ""
    webhook = channel or webhook_at(wish.url)
    AppWish(webhook, wish.org, wish.name)  # What is wrong is told before a browser opens.
    before = stored_app(settings.state_dir)
    try:
        app = asyncio.run(_in_browser(settings, wish, webhook, channel))
    except KeyboardInterrupt:
        found = stored_app(settings.state_dir)
        if found is None or found == before:
            _say("\nStopped. Nothing was stored.")
            return 130
        app = found
    _tell(settings.state_dir / CURRENT, app)
    return 0


def serve_setup(settings: Settings, host: str, port: int) -> None:
    """Serve `/setup` until the App is registered, and then everything. Raises `BotError` as `serve` does."""
    token = secrets.token_urlsafe(32)

    def start() -> Site:
        return create_app(bootstrap(load_settings()))

    relay = settings.webhook_relay
    site = _site(settings, token, Offer(webhook=relay), relay, replace=False, start=start)
    shown = f"[{host}]" if ":" in host else host
    _say(f"Not set up yet. Open this server's address with /setup?token={token}")
    _say(f"On this machine that is http://{shown}:{port}/setup?token={token}")
    serve(site, host, port)


def _settings_for(wish: SetupWish) -> Settings:
    """Raises `BotError` where set-up could not help, before anything is asked of anybody."""
    if bool(wish.url) == bool(wish.relay):
        raise BotError(
            "GitHub needs an address for its deliveries, and only one.",
            "Give --url https://your.host, or --relay smee.io for a machine that the internet cannot reach.",
        )
    settings = load_settings()
    old = stored_app(settings.state_dir)
    if old and not wish.replace:
        hint = f"Install it: {old.install_url} To make another App: devflow setup --replace, which keeps the old keys."
        raise BotError(f"{settings.state_dir / CURRENT} has the keys of the App {old.slug} already.", hint)
    if settings.app_id and not (old and settings.app_id == str(old.id)):
        raise BotError(
            "DEVFLOW_APP_ID or DEVFLOW_PRIVATE_KEY is set in the environment or .env, and counts before a new App.",
            "Take both out first.",
        )
    return settings


def _site(
    settings: Settings, token: str, offer: Offer, relay: str, *, replace: bool, start: Callable[[], Site] | None
) -> SetupSite:
    async def keep(code: str, wish: AppWish) -> StoredApp:
        new = await register_app(settings, code)
        app = StoredApp(
            id=new.id,
            slug=new.slug,
            html_url=new.html_url,
            pem=new.pem,
            webhook_secret=new.webhook_secret,
            webhook=wish.webhook,
            relay=relay if wish.webhook == relay else "",
            api_url=settings.github_api_url,
            server_url=settings.github_server_url,
        )
        await asyncio.to_thread(store_app, settings.state_dir, app, replace=replace)
        return app

    return SetupSite(token, settings.github_server_url, offer, keep, start)


async def _in_browser(settings: Settings, wish: SetupWish, webhook: str, relay: str) -> StoredApp:
    """Return when the person has pressed the buttons and the keys are stored."""
    token = secrets.token_urlsafe(32)
    offer = Offer(wish.org, wish.name, webhook)
    site = _site(settings, token, offer, relay, replace=wish.replace, start=None)
    with listen("127.0.0.1", 0) as listener:
        link = f"http://127.0.0.1:{listener.getsockname()[1]}/setup?token={token}"
        running = server(site)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(running.serve, [listener])
            opened = wish.browser and await asyncio.to_thread(webbrowser.open, link)
            _say("Press the button in your browser." if opened else "Open this page in a browser on this machine:")
            _say(f"  {link}")
            stored = asyncio.create_task(site.set_up.wait())
            while not stored.done() and not running.should_exit:
                await asyncio.wait({stored}, timeout=0.2)
            stored.cancel()
            await asyncio.sleep(LINGER_SECONDS if site.stored else 0)
            running.should_exit = True
    if site.stored is None:
        raise KeyboardInterrupt
    return site.stored


def _tell(file: Path, app: StoredApp) -> None:
    lines = (
        f"The App {app.slug} is registered; its keys are in {file}, for your eyes only.",
        f"Deliveries go to {app.webhook}",
        "",
        "Next:",
        f"  1. Install it on your repositories: {app.install_url}",
        "  2. Start the server: devflow serve",
        "If something does not work: devflow doctor",
    )
    print("\n".join(lines))  # noqa: T201


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201
