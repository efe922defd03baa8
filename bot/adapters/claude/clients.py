"""The four ways to reach Claude: what each needs, and its client."""

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.adapters.claude.failures import Provider

if TYPE_CHECKING:
    from anthropic import (
        AsyncAnthropic,
        AsyncAnthropicBedrock,
        AsyncAnthropicFoundry,
        AsyncAnthropicVertex,
    )

    Client = AsyncAnthropic | AsyncAnthropicBedrock | AsyncAnthropicVertex | AsyncAnthropicFoundry

_CONNECT_SECONDS = 10.0
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def missing(provider: Provider, api_key: str) -> str | None:
    """One line about what has to be set or installed before a call, None if nothing. Reads the environment."""
    match provider:
        case "anthropic":
            return None if api_key else "No model key: set ANTHROPIC_API_KEY (https://platform.claude.com makes one)."
        case "bedrock":
            return _missing_for_bedrock()
        case "vertex":
            return _missing_for_vertex()
        case "foundry":
            return _missing_for_foundry()


def _missing_for_bedrock() -> str | None:
    if not (_is_set("AWS_REGION") or _is_set("AWS_DEFAULT_REGION")):
        return "No region for Amazon Bedrock: set AWS_REGION."
    if not _is_set("AWS_BEARER_TOKEN_BEDROCK") and not _installed("boto3"):
        return "No AWS credentials: set AWS_BEARER_TOKEN_BEDROCK, or install anthropic[bedrock] to use AWS's own."
    return None if _installed("botocore") else "Amazon Bedrock needs one more package: install anthropic[bedrock]."


def _missing_for_vertex() -> str | None:
    if not _is_set("CLOUD_ML_REGION"):
        return "No region for Google Vertex: set CLOUD_ML_REGION, and ANTHROPIC_VERTEX_PROJECT_ID for the project."
    return None if _installed("google.auth") else "Google Vertex needs one more package: install anthropic[vertex]."


def _missing_for_foundry() -> str | None:
    if not _is_set("ANTHROPIC_FOUNDRY_API_KEY"):
        return "No model key: set ANTHROPIC_FOUNDRY_API_KEY."
    if not (_is_set("ANTHROPIC_FOUNDRY_RESOURCE") or _is_set("ANTHROPIC_FOUNDRY_BASE_URL")):
        return "No resource for Microsoft Foundry: set ANTHROPIC_FOUNDRY_RESOURCE."
    return None


def _is_set(variable: str) -> bool:
    return bool(os.environ.get(variable))


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def make_client(provider: Provider, api_key: str, base_url: str, timeout_seconds: float) -> "Client":
    """A client that never tries again by itself; its timeout is the silence allowed between two chunks, in seconds.

    For Anthropic everything is given, so nothing is taken from the environment; on loopback no proxy is used. The
    clouds' clients read their own variables. Importing the package takes about 2 s: call this in a thread.
    """
    import anthropic
    import httpx2

    timeout = anthropic.Timeout(timeout_seconds, connect=_CONNECT_SECONDS)
    match provider:
        case "anthropic":
            url = base_url or "https://api.anthropic.com"
            http = None
            if urlsplit(url).hostname in _LOOPBACK:
                http = httpx2.AsyncClient(timeout=timeout, trust_env=False)
            return anthropic.AsyncAnthropic(
                api_key=api_key, base_url=url, timeout=timeout, max_retries=0, http_client=http
            )
        case "bedrock":
            return anthropic.AsyncAnthropicBedrock(timeout=timeout, max_retries=0)
        case "vertex":
            return anthropic.AsyncAnthropicVertex(timeout=timeout, max_retries=0)
        case "foundry":
            return anthropic.AsyncAnthropicFoundry(timeout=timeout, max_retries=0)
