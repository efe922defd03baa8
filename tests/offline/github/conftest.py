"""A local GitHub with one repository, people of every kind, and a place where its webhooks arrive."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from bot.core.repository import Permission
from bot.offline.github import LocalGitHub
from tests.offline.openapi import OpenApiChecker, openapi_file

WIDGET = "acme/widget"
APP_ID = 4242
FILES = {"README.md": "# Widget\n", "src/widget.py": "SIZE = 1\n", "src/deep/er/leaf.txt": "leaf\n"}


class TurnableClock:
    """A clock that stands still until it is turned."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC).replace(microsecond=0)

    def now(self) -> datetime:
        return self.at

    def turn(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class Arrival:
    """A webhook as its receiver saw it."""

    headers: dict[str, str]
    body: bytes

    @property
    def payload(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed

    @property
    def name(self) -> str:
        """`issue_comment.created`, as people speak of it."""
        action = self.payload.get("action")
        return self.headers["x-github-event"] + (f".{action}" if action else "")


@dataclass
class Receiver:
    """Where webhooks arrive; answers with `status`."""

    url: str = ""
    status: int = 202
    arrivals: list[Arrival] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        return [arrival.name for arrival in self.arrivals]

    def last(self, name: str) -> dict[str, Any]:
        """The newest payload of this name."""
        return next(a.payload for a in reversed(self.arrivals) if a.name == name)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    seen = Receiver()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.arrivals.append(Arrival({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(seen.status)
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"taken")

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    seen.url = f"http://127.0.0.1:{server.server_port}/webhooks/github"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield seen
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def keys() -> tuple[str, str]:
    """(private, public) PEM of the App."""
    key = rsa.generate_private_key(65537, 2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return private, public


@pytest.fixture(scope="session")
def checker() -> OpenApiChecker:
    """GitHub's description of itself; tests that ask for it skip, saying why, where it cannot be had."""
    return OpenApiChecker(openapi_file())


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.fixture
def github(tmp_path: Path, clock: TurnableClock, source: Path) -> Iterator[LocalGitHub]:
    """`acme/widget`, where maria may write, rita may only read, and sam is a stranger."""
    server = LocalGitHub(tmp_path / "github", clock=clock)
    server.start()
    server.add_repository(WIDGET, source)
    people: dict[str, Permission] = {"maria": "write", "rita": "read", "sam": "none"}
    for login, permission in people.items():
        server.add_user(login, token=f"token-of-{login}")
        server.grant(WIDGET, login, permission)
    yield server
    server.stop()


@pytest.fixture
def watched(checker: OpenApiChecker, tmp_path: Path, clock: TurnableClock, source: Path) -> Iterator[LocalGitHub]:
    """A local GitHub of which every exchange is checked."""
    checker.problems.clear()
    server = LocalGitHub(tmp_path / "watched", clock=clock, observer=checker.observe)
    with server:
        server.add_repository(WIDGET, source)
        server.add_user("maria", token="token-of-maria")
        server.grant(WIDGET, "maria", "write")
        yield server
    assert checker.problems == []
    assert server.unserved == []


@dataclass
class Installed:
    """An App on `acme/widget`."""

    id: int
    private_key: str

    def sign(self, issued: datetime | None = None, seconds: int = 540, app_id: int = APP_ID) -> str:
        """The App's own token, as a client makes it."""
        issued = issued or datetime.now(UTC)
        claims = {"iat": issued, "exp": issued + timedelta(seconds=seconds), "iss": str(app_id)}
        return jwt.encode(claims, self.private_key, algorithm="RS256")


@pytest.fixture
def app(github: LocalGitHub, keys: tuple[str, str]) -> Installed:
    private, public = keys
    return Installed(github.install(github.add_app(APP_ID, public), WIDGET), private)


Client = Callable[[str | None], httpx.Client]


@pytest.fixture
def client(github: LocalGitHub) -> Iterator[Client]:
    """Makes a REST client for a token, or for nobody."""
    made: list[httpx.Client] = []

    def make(token: str | None) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        made.append(httpx.Client(base_url=github.api_url, headers=headers, trust_env=False))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def maria(client: Client) -> httpx.Client:
    return client("token-of-maria")


@pytest.fixture
def bot(client: Client, github: LocalGitHub, app: Installed) -> httpx.Client:
    """The App's bot, with a token of its installation."""
    return client(github.token(app.id))
