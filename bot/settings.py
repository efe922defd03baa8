"""Settings, from the environment or `.env`. Reading them is the doors' work; nothing here is read at import."""

from pathlib import Path
from typing import Literal, Self

from pydantic import AliasChoices, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from bot.core.errors import BotError
from bot.stored_app import StoredApp, stored_app

GITHUB_API, GITHUB_SERVER = "https://api.github.com", "https://github.com"


class Settings(BaseSettings):
    """Every setting that Devflow has; docs/settings.md is checked against this class."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_prefix="DEVFLOW_", populate_by_name=True)

    database_url: str = ""
    """SQLAlchemy URL; empty means SQLite in `state_dir`."""
    state_dir: Path = Path(".devflow")
    webhook_secret: SecretStr = SecretStr("")
    webhook_relay: str = ""
    """A smee channel that brings deliveries to a machine which GitHub cannot reach."""
    app_id: str = ""
    private_key: SecretStr = SecretStr("")
    """The App's PEM, or the path of a file that holds it."""
    github_token: SecretStr = Field(SecretStr(""), validation_alias=AliasChoices("GITHUB_TOKEN", "github_token"))
    github_api_url: str = Field(GITHUB_API, validation_alias=AliasChoices("GITHUB_API_URL", "github_api_url"))
    github_server_url: str = Field(
        GITHUB_SERVER, validation_alias=AliasChoices("GITHUB_SERVER_URL", "github_server_url")
    )
    anthropic_api_key: SecretStr = Field(
        SecretStr(""), validation_alias=AliasChoices("ANTHROPIC_API_KEY", "anthropic_api_key")
    )
    anthropic_base_url: str = Field("", validation_alias=AliasChoices("ANTHROPIC_BASE_URL", "anthropic_base_url"))
    provider: Literal["anthropic", "bedrock", "vertex", "foundry"] = "anthropic"
    model: str = "claude-sonnet-5-5"
    models: str = ""
    """Models with commas between them, from cheap to strong, `model` among them; empty means `model` alone."""
    model_attempts: int = Field(6, ge=1)
    """How often one call of the model is tried before its unit of work fails."""
    model_timeout_seconds: float = Field(180.0, gt=0)
    """How long the model may be silent in the middle of a call."""
    model_concurrency: int = Field(8, ge=1)
    """How many calls of the model this process makes at once."""
    prices: dict[str, dict[str, float]] = {}
    """Dollars for a million tokens by model, as JSON, instead of the built-in list prices:
    `{"claude-sonnet-5-5": {"input": 2, "output": 10, "cache_write": 2.5, "cache_read": 0.1}}`."""
    sandbox: Literal["auto", "bubblewrap", "container", "none"] = "auto"
    """`auto` takes bubblewrap where it works; without it commands are not run, and tests are reported as not run."""
    container_image: str = "python:3.13"
    container_command: str = ""
    """The engine's command line; empty takes podman or docker, whichever has the image."""
    allowed_hosts: str = ""
    """Hosts that commands in the sandbox may reach, with commas between them; empty means none."""
    install_network: bool = True
    """Whether the install step of a repository's tests, on its base commit, may use the network. Tests never may."""
    budget_usd: float = Field(5.0, gt=0)
    """What a run may spend where its command does not say."""
    parallel_tasks: int = Field(4, ge=1, le=16)
    """How many tasks of one run are built at the same time, each by an agent with files of its own."""
    context_tokens: int = Field(4_000, ge=1_000, le=100_000)
    """What an agent is given of the request, the issue, earlier phases and memories; more is shortened."""
    agent_turns: int = Field(60, ge=1)
    """Calls of the model for one agent, those of the agents that it calls included."""
    agent_tokens: int = Field(5_000_000, ge=1)
    agent_seconds: float = Field(1800.0, gt=0)
    agent_usd: float | None = Field(None, gt=0)
    """None: as much as the run's budget has."""
    phase_turns: int = Field(400, ge=1)
    phase_tokens: int = Field(20_000_000, ge=1)
    phase_seconds: float = Field(14_400.0, gt=0)
    phase_usd: float | None = Field(None, gt=0)
    run_turns: int = Field(1000, ge=1)
    run_tokens: int = Field(50_000_000, ge=1)
    run_seconds: float = Field(43_200.0, gt=0)
    """Of time in which phases are at work; waiting for people or for other runs costs nothing."""
    engine_poll_seconds: float = Field(0.5, gt=0)
    """How often the engine looks for work that became due; a run's parts start at most this much late."""
    status_seconds: float = Field(10.0, ge=0)
    """The least time between two edits of a run's status comment."""
    stall_seconds: float = Field(45.0, ge=1)
    """How long a worker may be silent before the status comments of its runs say that they are stalled."""
    runs_at_once: int = Field(2, ge=1, le=100)
    """How many runs this process is at work on at the same time; one repository has never more than one."""
    write_seconds: float = Field(1.0, ge=0)
    """The least time between two writes to GitHub, as its guidelines ask."""
    host: str = "127.0.0.1"
    port: int = 8000
    pages_token: SecretStr = SecretStr("")
    """Opens the pages to other machines; empty means that pages are served to this machine only."""
    embeddings: str = ""
    """The folder of a Model2Vec model: memories are found by what they mean, too. Needs the extra `embeddings`."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @property
    def is_set_up(self) -> bool:
        """Whether a server has its way in to GitHub; for a token that takes the secret of a webhook made by hand."""
        by_hand = self.github_token.get_secret_value() and self.webhook_secret.get_secret_value()
        return bool(self.app_id or by_hand)

    @model_validator(mode="after")
    def _one_github(self) -> Self:
        """Elsewhere than on github.com one address follows from the other: else tokens would go to the wrong one."""
        api, server = self.github_api_url.rstrip("/"), self.github_server_url.rstrip("/")
        if api == GITHUB_API and server != GITHUB_SERVER:
            self.github_api_url = _api_of(server)
        elif server == GITHUB_SERVER and api != GITHUB_API:
            self.github_server_url = _server_of(api)
        return self


def _api_of(server: str) -> str:
    """`https://HOST/api/v3` of an Enterprise Server, `https://api.NAME.ghe.com` of Enterprise Cloud with residency."""
    scheme, _, rest = server.partition("://")
    return f"{scheme}://api.{rest}" if rest.endswith(".ghe.com") else f"{server}/api/v3"


def _server_of(api: str) -> str:
    return api.replace("://api.", "://", 1) if api.endswith(".ghe.com") else api.removesuffix("/api/v3")


def variable_of(field: str) -> str:
    """The environment variable of a setting."""
    alias = Settings.model_fields[field].validation_alias
    return str(alias.choices[0]) if isinstance(alias, AliasChoices) else f"DEVFLOW_{field.upper()}"


def load_settings() -> Settings:
    """Read the environment, `.env`, and the App that set-up stored. Raises `BotError` that names what is wrong."""
    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "a setting"
        label = name.upper() if name.isupper() else f"DEVFLOW_{name.upper()}"
        raise BotError(f"{label} is wrong: {first['msg']}.", "Mend it in the environment or in `.env`.") from error
    except SettingsError as error:
        name = next((variable_of(name) for name in Settings.model_fields if f'"{name}"' in str(error)), "a setting")
        raise BotError(f"{name} is wrong: it is not JSON.", "Mend it in the environment or in `.env`.") from error
    except (OSError, UnicodeDecodeError) as error:
        cause = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise BotError(f"`.env` cannot be read: {cause}.", "Make it a readable text file, or remove it.") from error
    if settings.app_id or settings.private_key.get_secret_value():
        return settings
    app = stored_app(settings.state_dir)
    return with_app(settings, app) if app else settings


def with_app(settings: Settings, app: StoredApp) -> Settings:
    """Log in as that App. What the settings say stays, but their token goes to no GitHub that only the App names."""
    new: dict[str, object] = {"app_id": str(app.id), "private_key": SecretStr(app.pem)}
    if not settings.webhook_secret.get_secret_value():
        new["webhook_secret"] = SecretStr(app.webhook_secret)
    if not settings.webhook_relay:
        new["webhook_relay"] = app.relay
    if not {"github_api_url", "github_server_url"} & settings.model_fields_set:
        new |= {"github_api_url": app.api_url, "github_server_url": app.server_url}
        if app.api_url != settings.github_api_url:
            new["github_token"] = SecretStr("")
    return settings.model_copy(update=new)
