"""The other clouds, as far as they can be tried without one."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.claude import ClaudeModel
from bot.adapters.claude.clients import make_client
from bot.adapters.claude.failures import Provider

VARIABLES = (
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_BEARER_TOKEN_BEDROCK",
    "CLOUD_ML_REGION",
    "ANTHROPIC_VERTEX_PROJECT_ID",
    "ANTHROPIC_FOUNDRY_API_KEY",
    "ANTHROPIC_FOUNDRY_RESOURCE",
    "ANTHROPIC_FOUNDRY_BASE_URL",
)


@pytest.fixture(autouse=True)
def no_clouds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own settings do not count."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def available(provider: Provider, clock: Any) -> str | None:
    return ClaudeModel("", clock=clock, provider=provider).available()


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        ("anthropic", "ANTHROPIC_API_KEY"),
        ("bedrock", "AWS_REGION"),
        ("vertex", "CLOUD_ML_REGION"),
        ("foundry", "ANTHROPIC_FOUNDRY_API_KEY"),
    ],
)
def test_each_provider_says_what_to_set(provider: Provider, name: str, clock: Any) -> None:
    """One line, with the variable to set."""
    line = available(provider, clock)
    assert line is not None
    assert name in line
    assert "\n" not in line


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put an empty package of that name on the import path; until then the packages of the clouds are missing."""
    for name in ("boto3", "botocore", "google.auth"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.syspath_prepend(tmp_path)

    def make(name: str) -> None:
        folder = tmp_path.joinpath(*name.split("."))
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
        monkeypatch.delitem(sys.modules, name)
        importlib.invalidate_caches()

    return make


def test_bedrock_says_which_package_is_missing(
    monkeypatch: pytest.MonkeyPatch, install: Callable[[str], None], clock: Any
) -> None:
    """Region and token are not enough: its streams are decoded by botocore."""
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert "AWS_BEARER_TOKEN_BEDROCK" in str(available("bedrock", clock))
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "t")
    assert "anthropic[bedrock]" in str(available("bedrock", clock))
    install("botocore")
    assert available("bedrock", clock) is None


def test_bedrock_can_use_the_credentials_of_aws(
    monkeypatch: pytest.MonkeyPatch, install: Callable[[str], None], clock: Any
) -> None:
    """With boto3 no token is needed."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    install("boto3")
    install("botocore")
    assert available("bedrock", clock) is None


def test_vertex_says_which_package_is_missing(
    monkeypatch: pytest.MonkeyPatch, install: Callable[[str], None], clock: Any
) -> None:
    """Google's own package finds the credentials."""
    monkeypatch.setenv("CLOUD_ML_REGION", "global")
    assert "anthropic[vertex]" in str(available("vertex", clock))
    install("google.auth")
    assert available("vertex", clock) is None


def test_foundry_needs_a_key_and_a_resource(monkeypatch: pytest.MonkeyPatch, clock: Any) -> None:
    """Either the resource's name or its URL will do."""
    monkeypatch.setenv("ANTHROPIC_FOUNDRY_API_KEY", "k")
    assert "ANTHROPIC_FOUNDRY_RESOURCE" in str(available("foundry", clock))
    monkeypatch.setenv("ANTHROPIC_FOUNDRY_BASE_URL", "http://127.0.0.1:9")
    assert available("foundry", clock) is None


@pytest.mark.parametrize(
    ("provider", "name", "environment"),
    [
        ("bedrock", "AsyncAnthropicBedrock", {"AWS_REGION": "eu-west-1", "AWS_BEARER_TOKEN_BEDROCK": "t"}),
        ("vertex", "AsyncAnthropicVertex", {"CLOUD_ML_REGION": "global", "ANTHROPIC_VERTEX_PROJECT_ID": "p"}),
        (
            "foundry",
            "AsyncAnthropicFoundry",
            {"ANTHROPIC_FOUNDRY_API_KEY": "k", "ANTHROPIC_FOUNDRY_RESOURCE": "example"},
        ),
    ],
)
async def test_each_cloud_has_its_client(
    provider: Provider, name: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made from the cloud's own variables; trying again is our own work."""
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    client = make_client(provider, "", "", 180.0)
    assert type(client).__name__ == name
    assert client.max_retries == 0
    await client.close()


async def test_anthropic_itself_is_the_default_address() -> None:
    """No base URL means the public API, not what the environment says."""
    client = make_client("anthropic", "k", "", 5.0)
    assert str(client.base_url).rstrip("/") == "https://api.anthropic.com"
    assert client.auth_headers == {"Authorization": "Bearer k"}
    await client.close()


async def test_foundry_is_spoken_to_like_anthropic(
    monkeypatch: pytest.MonkeyPatch, clock: Any, claude: Any, ask: Any
) -> None:
    """The same conversation runs through another provider's client."""
    monkeypatch.setenv("ANTHROPIC_FOUNDRY_API_KEY", "k")
    monkeypatch.setenv("ANTHROPIC_FOUNDRY_BASE_URL", claude.url)
    model = ClaudeModel("", clock=clock, provider="foundry")
    assert (await model.reply(ask("review"))).text == "It is good."
    await model.aclose()
