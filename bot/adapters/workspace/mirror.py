"""Copies of remote repositories that the checkouts of all runs share, so that a commit is fetched once."""

import asyncio
import contextlib
import hashlib
import re
import uuid
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.workspace.disk import locked, remove, sweep
from bot.adapters.workspace.git import FETCH_SECONDS, Git, Remote
from bot.core.repository import Sha
from bot.ports import WorkspaceError

_URL = re.compile(r"https?://[^/@\s\x00-\x1f]+/[^\s\x00-\x1f]+")
_LEFT = ("shallow.lock", "packed-refs.lock", "config.lock", "HEAD.lock", "refs/**/*.lock", "objects/pack/tmp_*")
"""What a killed git leaves in its directory; nobody else uses it while we hold our own lock."""


@dataclass(frozen=True, slots=True)
class Mirrors:
    """One bare, shallow repository for each URL, under one folder."""

    root: Path
    allow_file: bool = False

    async def fetch(self, url: str, token: str, base: Sha, ref: str = "") -> Path:
        """The mirror's git directory, with `base` and all its files; `ref` is where else to look for it, beside the
        branches. Raises `WorkspaceError`."""
        remote = Remote(url, token, self.allow_file)
        self._check(url)
        mirror = self.root / f"{hashlib.sha256(url.encode()).hexdigest()[:24]}.git"
        async with locked(mirror.with_suffix(".lock")) as lock:
            if not mirror.exists():
                await self._create(mirror)
            git = Git(mirror, remote=remote, kept=(lock,))
            if not await _has(git, base):
                _clear(mirror)
                await _fetch(git, url, base, ref)
        return mirror

    def _check(self, url: str) -> None:
        if not (_URL.fullmatch(url) or (self.allow_file and url.startswith("/"))):
            raise WorkspaceError("The clone URL is not an http(s) URL without a user in it.")

    async def _create(self, mirror: Path) -> None:
        await sweep(self.root, f"{mirror.stem}.new-*")
        fresh = mirror.with_name(f"{mirror.stem}.new-{uuid.uuid4().hex[:12]}")
        await init(fresh)
        fresh.rename(mirror)

    async def forget(self, url: str) -> None:
        """Remove a mirror; checkouts that share its objects stop working and have to be opened anew."""
        await remove(self.root / f"{hashlib.sha256(url.encode()).hexdigest()[:24]}.git")


async def init(git_dir: Path) -> None:
    """A bare repository without hooks or templates."""
    await asyncio.to_thread(git_dir.mkdir, mode=0o700, parents=True)
    await Git(git_dir).run("init", "--bare", "--quiet", "--template=", str(git_dir))


async def _has(git: Git, base: Sha) -> bool:
    """Whether a whole fetch of it has ended: its ref is written last."""
    return await git.ok("rev-parse", "--verify", "--quiet", _ref(base))


def _ref(base: Sha) -> str:
    return f"refs/devflow/{base}"


async def _fetch(git: Git, url: str, base: Sha, ref: str) -> None:
    """The commit alone; from a server that does not give a commit by its name, all branches and the ref."""
    flags = ("--quiet", "--no-tags", "--no-write-fetch-head", "--force")
    code, _, said = await git.result(
        "fetch", *flags, "--depth=1", "--", url, f"{base}:{_ref(base)}", seconds=FETCH_SECONDS
    )
    if code == 0:
        return
    if "unadvertised object" not in said and "not our ref" not in said:
        raise WorkspaceError(f"{url} could not be fetched: {_why(said)}")
    refs = ["refs/heads/*:refs/devflow-heads/*", *([f"{ref}:refs/devflow-asked/{base}"] if ref else [])]
    await git.run("fetch", *flags, "--prune", "--", url, *refs, seconds=FETCH_SECONDS)
    if not await git.ok("cat-file", "-e", f"{base}^{{commit}}"):
        raise WorkspaceError(f"{url} has no commit {base[:12]}: it was removed by a force push, or never pushed.")
    await git.run("update-ref", _ref(base), base)


def _why(said: str) -> str:
    if "could not read Username" in said or "Authentication failed" in said or "403" in said:
        return f"its server refused the token. Check that the app is installed on it. ({said})"
    return said


def _clear(mirror: Path) -> None:
    for pattern in _LEFT:
        for left in mirror.glob(pattern):
            with contextlib.suppress(FileNotFoundError):
                left.unlink()
