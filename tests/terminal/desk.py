"""A checkout of the widget, a scripted Claude, and `devflow` as its own process."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.offline.claude import Session
from tests.scenarios.parts import HeardClaude
from tests.scenarios.rig import HERE, Json, sandbox_here, write_widget

PATIENCE = 120


@dataclass
class Desk:
    """A person before a terminal in a checkout."""

    root: Path
    claude: HeardClaude

    def plays(self, *names: str) -> None:
        self.claude.plays(*(Session.load(HERE / "sessions" / f"{name}.yaml") for name in names))

    def says(self, phase: str, *turns: Json, attempt: int | None = None) -> None:
        entry = {"phase": phase, "attempt": attempt, "turns": list(turns)}
        self.claude.plays(Session.from_dict({"replies": [entry]}))

    def command(self, *args: str) -> list[str]:
        return [sys.executable, "-I", "-m", "bot", *args]

    def environment(self, **more: str) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root.parent),
            "ANTHROPIC_API_KEY": "scripted",
            "ANTHROPIC_BASE_URL": self.claude.url,
            "DEVFLOW_SANDBOX": sandbox_here(),
            "DEVFLOW_ENGINE_POLL_SECONDS": "0.1",
            **more,
        }

    def devflow(self, *args: str, typed: str = "", **more: str) -> "subprocess.CompletedProcess[str]":
        """Call it and return when it has ended."""
        return subprocess.run(
            self.command(*args), cwd=self.root, env=self.environment(**more), input=typed, capture_output=True,
            text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip

    def git(self, *args: str) -> str:
        ended = subprocess.run(["git", "-C", self.root, *args], capture_output=True, text=True, check=True)
        return ended.stdout.strip()

    def wait_for(self, happened: Callable[[], bool]) -> None:
        """Return when it has happened."""
        deadline = time.monotonic() + PATIENCE
        while not happened():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def branches(self) -> list[str]:
        """Those that Devflow made."""
        return self.git("branch", "--format=%(refname:short)", "--list", "devflow/*").splitlines()


def events(said: "subprocess.CompletedProcess[str]") -> list[dict[str, Any]]:
    """What `--json` printed."""
    return [json.loads(line) for line in said.stdout.splitlines()]


@contextmanager
def sitting_at(folder: Path) -> Iterator[Desk]:
    """In a checkout with one commit; Claude has nothing to say yet."""
    root = write_widget(folder / "widget")
    with HeardClaude() as claude:
        made = Desk(root, claude)
        for args in (
            ("init", "-q", "-b", "main"),
            ("config", "user.name", "Maria Curie"),
            ("config", "user.email", "maria@example.org"),
            ("add", "."),
            ("commit", "-qm", "A widget"),
        ):
            made.git(*args)
        yield made
