"""Which model speaks: read from the environment and `.env`, and nothing else of the visitor's settings."""

import os
from typing import Any

from pydantic import Field, ValidationError, create_model
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from bot.core.errors import BotError
from bot.settings import Settings

_MEND = "Mend it in the environment or in `.env`."
_CLOUDS = {"bedrock", "vertex", "foundry"}
_FIELDS = (
    "anthropic_api_key",
    "anthropic_base_url",
    "provider",
    "model",
    "model_attempts",
    "model_timeout_seconds",
    "model_concurrency",
    "prices",
    "budget_usd",
)


class _Hints(BaseSettings):
    """What tells whether there is a real model; taken as text, so that nothing can be wrong with it."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore")
    key: str = Field("", validation_alias="ANTHROPIC_API_KEY")
    url: str = Field("", validation_alias="ANTHROPIC_BASE_URL")
    provider: str = Field("", validation_alias="DEVFLOW_PROVIDER")


def real_model() -> dict[str, Any] | None:
    """The settings of the real model as fields of `Settings`, None if there is none to be asked.

    Raises `BotError` for one that is wrong.
    """
    try:
        hints = _Hints()
    except (OSError, ValueError) as error:
        raise BotError(f"The file .env cannot be read: {error}.", "Mend it, or start in another folder.") from error
    if not (hints.key or hints.url or hints.provider in _CLOUDS):
        return None
    fields: dict[str, Any] = {
        name: (Settings.model_fields[name].annotation, Settings.model_fields[name]) for name in _FIELDS
    }
    reader = create_model("ModelSettings", __base__=_FromEnvironment, **fields)
    try:
        return dict(reader().model_dump())
    except SettingsError as error:
        raise BotError(
            f"The model's settings are wrong: {error}.", "Mend it in the environment or in `.env`."
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "a setting"
        label = name if name.isupper() else f"DEVFLOW_{name.upper()}"
        raise BotError(f"{label} is wrong: {first['msg']}.", _MEND) from error


class _FromEnvironment(BaseSettings):
    model_config = Settings.model_config


def bypass_proxies() -> None:
    """Keep a proxy of the environment away from the parts of the demo, which talk over the loopback."""
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, [os.environ.get(name, ""), "127.0.0.1", "localhost"]))
