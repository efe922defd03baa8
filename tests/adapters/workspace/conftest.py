"""Repositories to check out: made by the real git, with plain settings."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.adapters.workspace import GitWorkspaces
from bot.core.repository import Sha
from bot.core.runs import RunId
from bot.ports import Checkout

RUN = RunId("250102-030405-abc")


@dataclass(frozen=True, slots=True)
class Source:
    """A repository that stands for the one on GitHub."""

    path: Path

    @property
    def url(self) -> str:
        return str(self.path)

    def git(self, *args: str, stdin: bytes = b"") -> str:
        env = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
        who = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")
        done = subprocess.run(
            ("git", *who, *args), cwd=self.path, env=env, input=stdin, capture_output=True, check=True
        )
        return done.stdout.decode().strip()

    def commit(self, files: dict[str, str | bytes]) -> Sha:
        for path, content in files.items():
            target = self.path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--allow-empty", "--message", "step")
        return Sha(self.git("rev-parse", "HEAD"))

    def tree_of(self, commit: Sha) -> Sha:
        return Sha(self.git("rev-parse", f"{commit}^{{tree}}"))


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """An empty repository."""
    path = tmp_path / "source"
    path.mkdir()
    made = Source(path)
    made.git("init", "--quiet")
    return made


@pytest.fixture
def base(source: Source) -> Sha:
    """A commit with some files in it."""
    (source.path / "bin").mkdir()
    (source.path / "bin/run").write_text("#!/bin/sh\n")
    (source.path / "bin/run").chmod(0o755)
    (source.path / "link").symlink_to("bin/run")
    return source.commit({"app.py": "x = 1\n", "docs/sp ace/ünï.md": "é\n", ".gitignore": "*.log\nbuild/\n"})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "workspaces"


@pytest.fixture
def workspaces(root: Path) -> GitWorkspaces:
    return GitWorkspaces(root, allow_file=True)


@pytest.fixture
async def checkout(workspaces: GitWorkspaces, source: Source, base: Sha) -> Checkout:
    return await workspaces.open(RUN, source.url, "", base)
