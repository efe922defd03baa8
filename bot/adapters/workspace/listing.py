"""What git prints, read: entries of trees and of the index, and the checks on what may be committed."""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.core.paths import unfit
from bot.ports import WorkspaceError

GITLINK = "160000"
SYMLINK = "120000"
MAX_FILE_BYTES = 50 * 2**20
"""Half of what GitHub takes at all (https://docs.github.com/repositories/working-with-files/managing-large-files)."""
_LINK_HOPS = 40


@dataclass(frozen=True, slots=True)
class Change:
    """One record of `git diff-tree --raw -z`, a deletion having the mode 000000."""

    path: str
    old_mode: str
    new_mode: str
    new_sha: str


def names(listing: bytes) -> list[str]:
    """The paths of a -z listing; bytes that are not UTF-8 become surrogates, as `os.fsdecode` does it."""
    return [os.fsdecode(name) for name in listing.split(b"\0") if name]


@dataclass(frozen=True, slots=True)
class Entry:
    """A file as git has it."""

    mode: str
    sha: str


def staged(listing: bytes) -> dict[str, Entry]:
    """What the index has by path, from `git ls-files -s -z`."""
    found = {}
    for record in listing.split(b"\0"):
        if record:
            head, _, path = record.partition(b"\t")
            mode, sha, _ = head.decode().split(" ")
            found[os.fsdecode(path)] = Entry(mode, sha)
    return found


def raw_changes(listing: bytes) -> list[Change]:
    """The records of `git diff-tree -r -z --raw --no-renames`."""
    parts = listing.split(b"\0")
    found = []
    for head, path in zip(parts[::2], parts[1::2], strict=False):
        old_mode, new_mode, _, new_sha, _ = head.decode().lstrip(":").split(" ")
        found.append(Change(os.fsdecode(path), old_mode, new_mode, new_sha))
    return sorted(found, key=lambda change: change.path)


def refuse(path: str, why: str) -> WorkspaceError:
    """The error for a path that must not be committed, its odd characters written out."""
    return WorkspaceError(f"`{path.encode('unicode_escape').decode()}` {why}.")


def check_before_add(root: Path, tracked: Mapping[str, Entry], candidates: Iterable[str]) -> None:
    """Refuse what git must not even look at. Raises `WorkspaceError`.

    `git add` runs git inside of nested repositories, and with it whatever their configuration says.
    """
    new = list(candidates)
    for path in new:
        if path.endswith("/"):
            raise refuse(path.rstrip("/"), "is a git repository of its own: remove its `.git`")
        if why := unfit(path):
            raise refuse(path, why)
    for folder in _folders(root, tracked, new):
        if os.path.lexists(root / folder / ".git"):
            raise refuse(str(Path(folder, ".git")), "must not be there: remove it, the bot commits the files itself")


def check_files(root: Path, paths: Iterable[str]) -> None:
    """Refuse files that are too large or no files at all. Raises `WorkspaceError`."""
    for path in paths:
        _check_file(root, path)


def _folders(root: Path, tracked: Mapping[str, Entry], new: Iterable[str]) -> Iterator[str]:
    """Every real folder in which git would look: those above a file it knows or would add, and submodules."""
    real: dict[str, bool] = {"": True}

    def is_real(folder: str) -> bool:
        if folder not in real:
            above = os.path.dirname(folder)  # noqa: PTH120
            real[folder] = is_real(above) and _is_folder(root / folder)
        return real[folder]

    wanted = {os.path.dirname(path) for path in (*tracked, *new)}  # noqa: PTH120
    wanted |= {path for path, entry in tracked.items() if entry.mode == GITLINK}
    for folder in sorted(wanted):
        is_real(folder)
    return (folder for folder, found in real.items() if found)


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def _check_file(root: Path, path: str) -> None:
    try:
        info = (root / path).lstat()
    except OSError:
        return
    kinds = (stat.S_ISREG(info.st_mode), stat.S_ISLNK(info.st_mode), stat.S_ISDIR(info.st_mode))
    if not any(kinds):
        raise refuse(path, "is neither a file nor a symbolic link")
    if kinds[0] and info.st_size > MAX_FILE_BYTES:
        limit = MAX_FILE_BYTES // 2**20
        raise refuse(path, f"has {info.st_size / 2**20:.0f} MB, more than the {limit} MB that may be committed")


def check_paths(paths: Iterable[str]) -> None:
    """Refuse paths that are not plain and relative; `git update-index` would leave them out and say nothing."""
    for path in paths:
        if not {"", ".", ".."}.isdisjoint(path.split("/")):
            raise refuse(path, "is not a plain relative path")
        if why := unfit(path):
            raise refuse(path, why)


def check_changes(changes: Iterable[Change], links: Mapping[str, str]) -> None:
    """Refuse what a tree must not bring in beside what was there before. Raises `WorkspaceError`.

    `links` are all symbolic links of the new tree with their targets.
    """
    for change in changes:
        if change.new_mode == "000000":
            continue
        if why := unfit(change.path):
            raise refuse(change.path, why)
        if change.new_mode == GITLINK:
            raise refuse(change.path, "is a git repository of its own: submodules cannot be added or moved")
        if change.new_mode == SYMLINK and leads_out(change.path, links):
            raise refuse(change.path, "is a symbolic link that leads out of the repository: link inside, or copy")


def leads_out(path: str, links: Mapping[str, str]) -> bool:
    """Whether following the link `path` leaves the root, other links on the way included; a loop leads nowhere."""
    at = path.split("/")[:-1]
    ahead = [path.rpartition("/")[2]]
    hops = 0
    while ahead:
        part = ahead.pop()
        if part == "..":
            if not at:
                return True
            at.pop()
        elif part not in {"", "."}:
            target = links.get("/".join([*at, part]))
            if target is None:
                at.append(part)
                continue
            hops += 1
            if target.startswith("/"):
                return True
            if hops > _LINK_HOPS:
                return False
            ahead.extend(reversed(target.split("/")))
    return False
