"""Fixtures of the stories about the GitHub adapter."""

from collections.abc import AsyncIterator, Iterator

import pytest
import respx
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bot.adapters.github import GitHubAdapter
from tests.adapters.github.github_rig import API, SERVER, TOKEN, FakeClock, Installed


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
