"""The Markdown files of one folder of a commit, read as git has them."""

import os

from bot.adapters.workspace.git import Git
from bot.adapters.workspace.listing import SYMLINK
from bot.adapters.workspace.objects import contents
from bot.core.repository import FoundFile, Sha

_FILES = {"100644", "100755"}


async def read_folder(
    git: Git, commit: Sha, folder: str, most: int, size: int, *, deep: bool = False
) -> tuple[list[FoundFile], int]:
    """(files in the order of their paths, how many were left out). A folder that is a link has none."""
    flags = ("-z", "-l", "--full-tree", *(["-r"] if deep else []))
    listed = await git.run("ls-tree", *flags, commit, "--", f"{folder}/")
    rows = [_row(line) for line in listed.split(b"\0") if line]
    rows = [row for row in rows if row[3].endswith(".md") and row[0] in {*_FILES, SYMLINK}]
    shown = rows[:most]
    data = await contents(git, [sha for mode, sha, length, _ in shown if mode in _FILES and length <= size])
    return [_found(row, data, size) for row in shown], len(rows) - len(shown)


def _row(line: bytes) -> tuple[str, str, int, str]:
    """(mode, SHA, bytes, path) of a line of `git ls-tree -l`; what is no file has no size."""
    head, _, path = line.partition(b"\t")
    mode, _, sha, length = head.decode().split()
    return mode, sha, int(length) if length.isdigit() else 0, os.fsdecode(path)


def _found(row: tuple[str, str, int, str], data: dict[str, bytes], size: int) -> FoundFile:
    mode, sha, length, path = row
    if mode == SYMLINK:
        return FoundFile(path, None, "it is a link")
    if length > size:
        return FoundFile(path, None, f"it has {length} bytes, more than {size}")
    return FoundFile(path, data[sha])
