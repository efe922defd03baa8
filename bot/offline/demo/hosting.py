"""A git repository of the visitor's, looked at with care and copied: nothing is ever written into it."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bot.core.errors import BotError

LOOK_SECONDS = 60
COPY_SECONDS = 1800


@dataclass(frozen=True, slots=True)
class Hosted:
    """A repository to be hosted: its folder, the branch that becomes the default one, and what people should know."""

    folder: Path
    name: str
    branch: str
    head: str
    notes: tuple[str, ...] = ()


class _RefusedError(Exception):
    """What git said, when it did not do it."""


def look_at(given: Path) -> Hosted:
    """Find out what `--repo` names. Raises `BotError` if it cannot be hosted."""
    path = given.expanduser().resolve()
    path = path.parent if path.name == ".git" else path
    if not path.is_dir():
        raise BotError(f"{given} is not a folder.", "Give `--repo` the path of a git repository.")
    folder, bare = _root(path)
    try:
        head = _git(folder, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    except _RefusedError as error:
        raise BotError(f"{folder} has no commit yet.", "Commit something first: `git add -A && git commit`.") from error
    if _git(folder, "rev-parse", "--is-shallow-repository") == "true":
        raise BotError(f"{folder} is a shallow clone, which cannot be hosted.", "Run `git fetch --unshallow` in it.")
    branch, notes = _branch(folder, head)
    if not bare:
        notes += _uncommitted(folder)
    return Hosted(folder, _name(folder), branch, head, notes)


def copy(hosted: Hosted, into: Path) -> Path:
    """A bare copy with all branches, the hosted one checked out. Raises `BotError` with git's words."""
    try:
        _git(hosted.folder, "clone", "--quiet", "--bare", "--", str(hosted.folder), str(into), seconds=COPY_SECONDS)
        ref = f"refs/heads/{hosted.branch}"
        _git(into, "update-ref", ref, hosted.head)
        _git(into, "symbolic-ref", "HEAD", ref)
    except _RefusedError as error:
        raise BotError(f"{hosted.folder} cannot be copied: {error}", "`git fsck` in it may tell more.") from error
    return into


def _root(path: Path) -> tuple[Path, bool]:
    """(folder of the repository, whether it is bare) for any folder in it."""
    try:
        if _git(path, "rev-parse", "--is-bare-repository") == "true":
            return Path(_git(path, "rev-parse", "--absolute-git-dir")), True
        return Path(_git(path, "rev-parse", "--show-toplevel")), False
    except _RefusedError as error:
        if "not a git repository" in str(error):
            hint = "Run `git init && git add -A && git commit` in it, or name another folder."
            raise BotError(f"{path} is not a git repository.", hint) from error
        raise BotError(f"{path} cannot be hosted: {error}", "Give `--repo` the folder of a git repository.") from error


def _branch(folder: Path, head: str) -> tuple[str, tuple[str, ...]]:
    try:
        return _git(folder, "symbolic-ref", "--quiet", "HEAD").removeprefix("refs/heads/"), ()
    except _RefusedError:
        name = f"detached-{head[:7]}"
        return name, (f"HEAD is detached: its commit is hosted as the branch {name}.",)


def _uncommitted(folder: Path) -> tuple[str, ...]:
    """A note if there is work that is not committed."""
    try:
        changed = _git(folder, "-c", "core.fsmonitor=false", "status", "--porcelain", "--ignore-submodules=all")
    except _RefusedError:
        return ()
    number = len(changed.splitlines())
    files = "1 file is" if number == 1 else f"{number} files are"
    return (f"Only commits are hosted: {files} changed or new here, and left out.",) if number else ()


def _name(folder: Path) -> str:
    """A name that GitHub would take."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", folder.name.removesuffix(".git")).strip("-.")
    return name[:80] or "repository"


def _git(folder: Path, *arguments: str, seconds: int = LOOK_SECONDS) -> str:
    """What git printed. Raises `_RefusedError` with the last line that it said.

    Variables that would point git elsewhere do not reach it; `safe.directory` does.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k.startswith("GIT_CONFIG")}
    env = kept | {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8", "LANGUAGE": ""}
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, check=False, env=env, timeout=seconds
        )
    except FileNotFoundError as error:
        raise BotError("git is not installed.", "Install it: `apt-get install git`.") from error
    except subprocess.TimeoutExpired as error:
        raise _RefusedError(f"git {arguments[0]} was not done after {seconds} s.") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise _RefusedError(next((line for line in said if line.startswith("fatal:")), said[-1] if said else ""))
    return os.fsdecode(done.stdout).strip()
