"""The only maker of adapters: settings in, a wired bot out."""

import asyncio
import math
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

import orjson
import structlog

from bot.clock import SystemClock
from bot.core.app_manifest import NewApp
from bot.core.definitions import model_id
from bot.core.errors import BotError
from bot.core.events import EventError, event_from_payload
from bot.core.limits import Limits
from bot.core.prices import price_table
from bot.core.repository import Delivery
from bot.definitions import builtin_catalog
from bot.engine import Engine
from bot.phases.work import Rules
from bot.ports import Clock, Durable, GitHub, GitHubError, Model, Ports, Sandbox, Store, stays
from bot.ports_deliveries import DeliveryLog
from bot.ports_memories import Embedder
from bot.ports_state import Records, Refs
from bot.run import Runs
from bot.settings import Settings
from bot.starting import Defaults
from bot.stored_app import stored_app

T = TypeVar("T")
WATCH_SECONDS = 30.0
_PROXIES = frozenset({"http_proxy", "https_proxy", "all_proxy", "no_proxy"})


class Bot:
    """The engine with everything it needs, and the life of it."""

    def __init__(self, settings: Settings, ports: Ports, engine: Engine, runs: Runs) -> None:
        self.settings = settings
        self.ports = ports
        self.engine = engine
        self.runs = runs
        self.caught_up = asyncio.Event()
        """Set when open pull requests were looked at that may have changed while nobody listened."""
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def store(self) -> Store:
        return self.ports.store

    @property
    def clock(self) -> Clock:
        return self.ports.clock

    @property
    def webhook_secrets(self) -> Sequence[str]:
        """The secret, or several with commas between them while they are being changed."""
        return [s.strip() for s in self.settings.webhook_secret.get_secret_value().split(",") if s.strip()]

    @property
    def pages_token(self) -> str:
        return self.settings.pages_token.get_secret_value()

    @property
    def github_url(self) -> str:
        return self.settings.github_server_url

    @property
    def webhook_relay(self) -> str:
        return self.settings.webhook_relay

    def delivery_log(self) -> DeliveryLog | None:
        """GitHub's own log of deliveries; close it. None for a token, which has none."""
        return open_delivery_log(self.settings, self.clock)

    @property
    def install_url(self) -> str:
        """Empty where the App is not the one that set-up stored here."""
        try:
            app = stored_app(self.settings.state_dir)
        except BotError:
            return ""
        return app.install_url if app and str(app.id) == self.settings.app_id else ""

    def available(self) -> str | None:
        """None if runs can be carried out, else one line: what is missing."""
        return self.ports.model.available()

    def uncounted(self) -> int:
        """Prompts whose tokens the model's provider did not count when it was asked."""
        return self.ports.model.uncounted

    async def start(self) -> None:
        """Open the store, launch the engine, take up what an earlier process left."""
        await self.ports.store.open()
        await self.runs.heart.look()
        await self.ports.durable.launch(self.runs.coordinate, self.runs.segment)
        for work in (self._keep_watch, self.runs.heart.beat_on):
            self._tasks.append(asyncio.create_task(work(), name=work.__name__))

    async def stop(self) -> None:
        """The reverse; unfinished runs go on at the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.runs.board.close()
        await self.ports.durable.close()
        await self.ports.model.aclose()
        await self.ports.github.aclose()
        await self.ports.store.close()

    async def handle_delivery(self, delivery: Delivery) -> str:
        """Do what a delivery asks for; returns in a few words what came of it."""
        try:
            event = event_from_payload(delivery.event, orjson.loads(delivery.body))
        except EventError as error:
            return f"not understood: {error}"
        return "nothing to do" if event is None else await self.engine.handle(event)

    async def _keep_watch(self) -> None:
        """Look after runs that the engine lost or gave up, now and every half minute; once after what was missed."""
        missed = True
        while True:
            try:
                await self.engine.recover()
                if missed:
                    await self.engine.reconcile()
                missed = False
            except Exception:  # noqa: BLE001
                structlog.get_logger().exception("watch")
            self.caught_up.set()
            await self.ports.clock.sleep(WATCH_SECONDS)


def bootstrap(settings: Settings, clock: Clock | None = None, keep: Callable[[], Awaitable[None]] | None = None) -> Bot:
    """Wire a bot. Raises `BotError` for settings that cannot work; nothing is opened yet.

    `keep` is for a machine that does not last: it is called when what was stored has to be carried away.
    """
    clock = clock or SystemClock()
    return wired(settings, clock, _github(settings, clock), keep=keep or stays)


def wired(
    settings: Settings,
    clock: Clock,
    github: GitHub,
    *,
    allow_file: bool = False,
    keep: Callable[[], Awaitable[None]] = stays,
) -> Bot:
    """`allow_file`: clones may be of a folder on this machine."""
    from bot.adapters.workspace import GitWorkspaces

    folder = settings.state_dir.absolute()
    ports = Ports(
        github=github,
        model=_model(settings, clock),
        store=open_store(settings, embedder_of(settings)),
        durable=_durable(settings, folder),
        sandbox=make_sandbox(settings),
        workspaces=GitWorkspaces(folder / "work", allow_file=allow_file),
        clock=clock,
        keep=keep,
    )
    catalog = builtin_catalog()
    rules = _rules(settings)
    runs = Runs(ports, catalog, rules)
    engine = Engine(ports, runs, catalog, Defaults(settings.budget_usd, settings.model))
    return Bot(settings, ports, engine, runs)


def _rules(settings: Settings) -> Rules:
    s, free = settings, math.inf
    return Rules(
        s.model,
        s.status_seconds,
        s.stall_seconds,
        models=_models(s),
        context_tokens=s.context_tokens,
        parallel=s.parallel_tasks,
        install_network=s.install_network,
        agent_limits=Limits(s.agent_turns, s.agent_tokens, s.agent_seconds, s.agent_usd or free),
        phase_limits=Limits(s.phase_turns, s.phase_tokens, s.phase_seconds, s.phase_usd or free),
        run_limits=Limits(s.run_turns, s.run_tokens, s.run_seconds),
    )


def _models(settings: Settings) -> tuple[str, ...]:
    """From cheap to strong. Raises `BotError` for a list without the usual one."""
    usual = settings.model
    names = (model_id(name.strip(), usual) for name in settings.models.split(",") if name.strip())
    found = tuple(dict.fromkeys(names)) or (usual,)
    if usual not in found:
        hint = f"Name DEVFLOW_MODEL ({usual}) in it, at its place between cheap and strong."
        raise BotError(f"DEVFLOW_MODELS has no {usual}.", hint)
    return found


def make_sandbox(settings: Settings) -> Sandbox:
    """The sandbox that the settings name; it says itself whether it works here. Raises `BotError`."""
    from bot.adapters.sandbox import Network, choose_sandbox, parse_allowed_hosts

    proxies = {name: value for name, value in os.environ.items() if name.lower() in _PROXIES}
    network = Network(parse_allowed_hosts(settings.allowed_hosts), proxies)
    return choose_sandbox(settings.sandbox, network, settings.container_image, settings.container_command)


def _github(settings: Settings, clock: Clock) -> GitHub:
    from bot.adapters.github import GitHubAdapter as Adapter

    s, pause = settings, settings.write_seconds
    return way_in(
        s,
        lambda app, key: Adapter.for_app(
            app,
            key,
            api_url=s.github_api_url,
            server_url=s.github_server_url,
            clock=clock,
            write_interval_seconds=pause,
        ),
        lambda token: Adapter.for_token(
            token, api_url=s.github_api_url, server_url=s.github_server_url, clock=clock, write_interval_seconds=pause
        ),
    )


def way_in(settings: Settings, as_app: Callable[[str, str], T], by_token: Callable[[str], T]) -> T:
    """What is made for an App (id, PEM), or else for a token. Raises `BotError` where neither can be."""
    token = settings.github_token.get_secret_value()
    try:
        if settings.app_id:
            return as_app(settings.app_id, _private_key(settings))
        if token:
            return by_token(token)
    except GitHubError as error:
        raise BotError(str(error), "Look at DEVFLOW_APP_ID, DEVFLOW_PRIVATE_KEY and GITHUB_API_URL.") from error
    raise BotError(
        "Devflow has no way to log in to GitHub.",
        "`devflow setup` makes a GitHub App, `devflow serve --setup` does on a server. "
        "Or set DEVFLOW_APP_ID and DEVFLOW_PRIVATE_KEY, or GITHUB_TOKEN.",
    )


def _private_key(settings: Settings) -> str:
    value = settings.private_key.get_secret_value()
    if not value:
        raise BotError(
            "DEVFLOW_APP_ID is set, but DEVFLOW_PRIVATE_KEY is not.", "Set it to the App's PEM, or to its path."
        )
    if "-----BEGIN" in value:
        return value.replace("\\n", "\n")
    try:
        return Path(value).read_text("utf-8")
    except (OSError, ValueError) as error:
        cause = error.strerror if isinstance(error, OSError) else "it is no text"
        raise BotError(
            f"The private key cannot be read: {cause}.", "DEVFLOW_PRIVATE_KEY is a PEM or a path."
        ) from error


def _model(settings: Settings, clock: Clock) -> Model:
    from bot.adapters.claude import ClaudeModel

    return ClaudeModel(
        settings.anthropic_api_key.get_secret_value(),
        settings.anthropic_base_url,
        clock=clock,
        provider=settings.provider,
        prices=price_table(settings.prices),
        attempts=settings.model_attempts,
        timeout_seconds=settings.model_timeout_seconds,
        concurrency=settings.model_concurrency,
    )


def open_store(settings: Settings, embedder: Embedder | None = None) -> Store:
    """The records alone, not opened yet; for doors that only look."""
    from bot.adapters.store import SqlStore

    return SqlStore(records_url(settings), embedder)


def records_url(settings: Settings) -> str:
    """The SQLAlchemy URL of the records."""
    return settings.database_url or f"sqlite:///{settings.state_dir.absolute() / 'devflow.db'}"


def embedder_of(settings: Settings) -> Embedder | None:
    """None where the settings name none, or where theirs does not work: then memories are found by their words."""
    if not settings.embeddings:
        return None
    from bot.adapters.embeddings import StaticEmbeddings

    try:
        return StaticEmbeddings(Path(settings.embeddings))
    except BotError as error:
        structlog.get_logger().warning("memories are searched by words alone", cause=str(error))
        return None


def warm_up() -> None:
    """Import what `bootstrap` and the first phases need, while something else is waited for."""
    import bot.adapters.claude
    import bot.adapters.durable
    import bot.adapters.github
    import bot.adapters.sandbox
    import bot.adapters.store
    import bot.adapters.workspace  # noqa: F401


def warm_up_model() -> None:
    """Import the model's SDK, which takes longer than all else together."""
    import anthropic  # noqa: F401


def open_github(settings: Settings) -> GitHub:
    """GitHub alone, for doors that only look. Raises `BotError`."""
    return _github(settings, SystemClock())


async def register_app(settings: Settings, code: str) -> NewApp:
    """Exchange the code of a registration for the App's keys, which GitHub hands out once. Raises `BotError`."""
    from bot.adapters.github import new_app

    return await new_app(settings.github_api_url, code, SystemClock())


def open_delivery_log(settings: Settings, clock: Clock) -> DeliveryLog | None:
    """GitHub's log of the App's deliveries; None for a token, which has none."""
    from bot.adapters.github import AppDeliveries

    if not settings.app_id:
        return None
    return AppDeliveries.for_app(settings.app_id, _private_key(settings), settings.github_api_url, clock)


def open_refs(settings: Settings, url: str, token: str) -> Refs:
    """The refs of the repository with that clone URL."""
    from bot.adapters.workspace import GitRefs

    return GitRefs(settings.state_dir.absolute() / "refs.git", url, token)


def open_records(settings: Settings) -> Records:
    """The databases of the state folder as files. Raises `BotError` where they are elsewhere."""
    from bot.adapters.store import SqliteRecords

    if settings.database_url:
        raise BotError("State in git refs needs SQLite in the state folder.", "Do not set DEVFLOW_DATABASE_URL here.")
    return SqliteRecords(settings.state_dir.absolute())


def _durable(settings: Settings, folder: Path) -> Durable:
    from bot.adapters.durable import DbosDurable

    url = settings.database_url
    where = url if url.startswith("postgresql") else f"sqlite:///{folder / 'engine.db'}"
    return DbosDurable(where, poll_seconds=settings.engine_poll_seconds, segments_at_once=settings.runs_at_once)
