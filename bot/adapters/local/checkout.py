"""The git checkout that the command line was called in."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.core.errors import BotError


@dataclass(frozen=True, slots=True)
class Here:
    """`git_dir` is the one that all work trees share; `who` are git's variables for author and committer;
    `unsaved` counts files with changes that are in no commit."""

    root: Path
    git_dir: Path
    branch: str
    who: Mapping[str, str]
    person: str
    unsaved: int


def find_checkout(folder: Path) -> Here:
    """The checkout around a folder. Raises `BotError` where there is none that can be worked on."""
    root = _git(folder, "rev-parse", "--show-toplevel")
    if not root:
        raise BotError(f"{folder} is not in a git checkout.", "Go into one, or make one: `git init`.")
    branch = _git(folder, "symbolic-ref", "--quiet", "--short", "HEAD")
    if not branch:
        raise BotError("No branch is checked out here.", "Check one out: `git switch BRANCH`, or `git switch -c NAME`.")
    if not _git(folder, "rev-parse", "--verify", "--quiet", "HEAD"):
        raise BotError(f"The branch `{branch}` has no commit yet.", "Make a first one: `git commit --allow-empty`.")
    common = Path(folder, _git(folder, "rev-parse", "--git-common-dir")).resolve()
    person = _git(folder, "config", "user.name") or "Devflow"
    mail = _git(folder, "config", "user.email") or "devflow@localhost"
    who = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in _named(person, mail)}
    unsaved = len(_git(folder, "status", "--porcelain", "--untracked-files=no").splitlines())
    return Here(Path(root), common, branch, who, _login(person), unsaved)


def _named(person: str, mail: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("NAME", person), ("EMAIL", mail)


def _login(person: str) -> str:
    """A name as comments show it: one word."""
    return "-".join("".join(sign if sign.isalnum() else " " for sign in person).split()).lower() or "you"


def _git(folder: Path, *args: str) -> str:
    """What the person's own git says; empty where it says no."""
    try:
        ended = subprocess.run(
            ["git", "-C", os.fspath(folder), *args],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError as error:
        raise BotError("git is not installed.", "Install it, then try again.") from error
    return ended.stdout.strip() if ended.returncode == 0 else ""
