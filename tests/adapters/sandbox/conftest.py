"""The real sandboxes. Without bubblewrap its tests are skipped on a developer's machine and fail in CI; where Podman is
installed it has to work in CI."""

import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from bot.adapters.sandbox import BubblewrapSandbox, ContainerSandbox, UnsafeSandbox
from bot.ports import ExecResult, Sandbox, SandboxLimits

from .image import IMAGE, NoPodmanError, make_engine, remove_engine

SMALL = SandboxLimits(seconds=30, memory_mb=512, processes=64, file_mb=16, output_bytes=20_000)
Shell = Callable[..., Awaitable[ExecResult]]
"""Runs a line of bash: `await shell("id", seconds=1)`; keywords are limits."""


@pytest.fixture(scope="session")
def bubblewrap() -> BubblewrapSandbox:
    sandbox = BubblewrapSandbox()
    reason = sandbox.available()
    if reason:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    return sandbox


@pytest.fixture(scope="session")
def podman() -> Iterator[str]:
    """A Podman command line that has the image of the tests. Podman wants its folders to have short paths."""
    with tempfile.TemporaryDirectory(prefix="devflow-", ignore_cleanup_errors=True) as folder:
        try:
            command = make_engine(Path(folder))
        except NoPodmanError as problem:
            wanted = os.environ.get("CI") == "true" and shutil.which("podman") is not None
            (pytest.fail if wanted else pytest.skip)(str(problem))
        yield command
        remove_engine(command)


@pytest.fixture(scope="session")
def container(podman: str) -> ContainerSandbox:
    sandbox = ContainerSandbox(IMAGE, podman)
    assert sandbox.available() is None
    return sandbox


ISOLATED = (pytest.param("bubblewrap", marks=pytest.mark.bwrap), pytest.param("container", marks=pytest.mark.container))


@pytest.fixture(params=[*ISOLATED, "none"])
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    """Each implementation that runs commands."""
    if request.param == "none":
        return UnsafeSandbox()
    found: Sandbox = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    path = tmp_path / "tree"
    path.mkdir()
    return path


def alive(words: str) -> list[int]:
    """Processes of this machine that have the words in their command line, other than shells that look for them."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if words.encode() in (folder / "cmdline").read_bytes().replace(b"\0", b" "):
                found.append(int(folder.name))
        except OSError:
            continue
    return found
