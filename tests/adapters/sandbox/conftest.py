"""The real sandboxes. Without bubblewrap its tests are skipped on a developer's machine and fail in CI."""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot.adapters.sandbox import BubblewrapSandbox, UnsafeSandbox
from bot.ports import ExecResult, Sandbox, SandboxLimits

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


@pytest.fixture(params=[pytest.param("bubblewrap", marks=pytest.mark.bwrap), "none"])
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    """Each implementation that runs commands."""
    if request.param == "none":
        return UnsafeSandbox()
    found: BubblewrapSandbox = request.getfixturevalue("bubblewrap")
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
