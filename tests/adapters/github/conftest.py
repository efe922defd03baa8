"""Fixtures of the stories about the GitHub adapter."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import respx
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from bot.adapters.github import GitHubAdapter
from bot.offline.github import LocalGitHub
from tests.adapters.github.github_rig import API, SERVER, TOKEN, FakeClock, Installed
from tests.offline.graphql_schema import github_schema
from tests.offline.openapi import OpenApiChecker, openapi_file


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def pem() -> str:
    """A fresh RSA key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


@pytest.fixture
def api() -> Iterator[respx.MockRouter]:
    """GitHub's REST API: a request that no test announced fails the test."""
    with respx.mock(base_url=API, assert_all_called=False) as router:
        yield router


@pytest.fixture
async def github(clock: FakeClock) -> AsyncIterator[GitHubAdapter]:
    """The adapter with a user's token."""
    async with GitHubAdapter.for_token(TOKEN, api_url=API, server_url=SERVER, clock=clock) as adapter:
        yield adapter


@pytest.fixture
async def app(clock: FakeClock, pem: str) -> AsyncIterator[GitHubAdapter]:
    """The adapter as an App."""
    async with GitHubAdapter.for_app("4242", pem, api_url=API, server_url=SERVER, clock=clock) as adapter:
        yield adapter


@pytest.fixture
def installed(api: respx.MockRouter, clock: FakeClock) -> Installed:
    """The App devflow is installed on acme/widget as number 7."""
    return Installed(api, clock)


@pytest.fixture
def user(api: respx.MockRouter) -> respx.Route:
    """The token is devflow-user's."""
    return api.get("/user").respond(200, json={"login": "devflow-user", "id": 1, "type": "User"})


@pytest.fixture(scope="session")
def checker() -> OpenApiChecker:
    """GitHub's description of itself."""
    return OpenApiChecker(openapi_file())


@pytest.fixture
def local(tmp_path: Path, clock: FakeClock, checker: OpenApiChecker, pem: str) -> Iterator[LocalGitHub]:
    """A local GitHub with acme/widget, where the App devflow is installed and maria may write; all is checked."""
    checker.problems.clear()
    github_schema()  # Else the first answer that is judged waits for it.
    server = LocalGitHub(tmp_path / "github", clock=clock, observer=checker.observe)
    with server:
        server.add_repository("acme/widget")
        server.add_user("maria")
        server.add_user("rita")
        server.grant("acme/widget", "maria", "write")
        key = load_pem_private_key(pem.encode(), None).public_key()
        public = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        server.install(server.add_app(4242, public), "acme/widget")
        yield server
    assert checker.problems == []
    assert server.unserved == []


@pytest.fixture
async def devflow(local: LocalGitHub, clock: FakeClock, pem: str) -> AsyncIterator[GitHubAdapter]:
    """The adapter as the App on the local GitHub."""
    async with GitHubAdapter.for_app(
        "4242", pem, api_url=local.api_url, server_url=local.url, clock=clock, write_interval_seconds=0.001
    ) as adapter:
        yield adapter
