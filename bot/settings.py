"""Settings, from the environment or `.env`. Reading them is the doors' work; nothing here is read at import."""

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every setting that Devflow has; docs/settings.md is checked against this class."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_prefix="DEVFLOW_", populate_by_name=True)

    database_url: str = ""
    """SQLAlchemy URL; empty means SQLite in `state_dir`."""
    state_dir: Path = Path(".devflow")
    webhook_secret: SecretStr = SecretStr("")
    app_id: str = ""
    private_key: SecretStr = SecretStr("")
    """The App's PEM, or the path of a file that holds it."""
    github_token: SecretStr = Field(SecretStr(""), validation_alias=AliasChoices("GITHUB_TOKEN", "github_token"))
    github_api_url: str = Field("https://api.github.com", validation_alias=AliasChoices("GITHUB_API_URL", "github_api_url"))
    github_server_url: str = Field(
        "https://github.com", validation_alias=AliasChoices("GITHUB_SERVER_URL", "github_server_url")
    )
    anthropic_api_key: SecretStr = Field(
        SecretStr(""), validation_alias=AliasChoices("ANTHROPIC_API_KEY", "anthropic_api_key")
    )
    anthropic_base_url: str = Field("", validation_alias=AliasChoices("ANTHROPIC_BASE_URL", "anthropic_base_url"))
    provider: Literal["anthropic", "bedrock", "vertex", "foundry"] = "anthropic"
    model: str = "claude-sonnet-5-5"
    sandbox: Literal["auto", "bubblewrap", "none"] = "auto"
    budget_usd: float = 5.0
    host: str = "127.0.0.1"
    port: int = 8000
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
