"""What holds for all tests: one event loop kind, loopback only, no settings from the developer's environment."""

import logging
import os
import socket
from collections.abc import Iterator

import pytest
import structlog

LOCAL = {"127.0.0.1", "localhost", "::1", "0.0.0.0", ""}
LONG = ("soak", "container", "image", "slow")
OURS = ("DEVFLOW_", "ANTHROPIC_", "GITHUB_")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes long is gone only where it is asked for: `make slow`, `make containers`, `make image`, `make soak`.

    Of several such marks the first in `LONG` counts.
    """
    asked = str(config.option.markexpr)
    marks = {item: next((word for word in LONG if item.get_closest_marker(word)), "") for item in items}
    config.hook.pytest_deselected(items=[item for item in items if marks[item] not in asked])
    items[:] = [item for item in items if marks[item] in asked]


@pytest.fixture
def anyio_backend() -> str:
    """asyncio: that is what the engine runs on."""
    return "asyncio"


@pytest.fixture(autouse=True)
def quiet_logs() -> None:
    """Only what went wrong is printed; no earlier test's closed stream is written to."""
    structlog.reset_defaults()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's keys and settings do not reach a test."""
    for name in list(os.environ):
        if name.startswith(OURS):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A connection to any other machine fails the test."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = address[0] if isinstance(address, tuple) else address
            assert host in LOCAL, f"a test tried to reach {host}"
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)
    yield
