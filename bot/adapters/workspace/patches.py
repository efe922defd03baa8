"""Changed files between two trees with their patches, as GitHub lists those of a pull request."""

import os
import re
from typing import Literal

from bot.adapters.workspace.git import Git
from bot.core.repository import Sha
from bot.core.reviews import PullFile

Status = Literal["added", "removed", "modified", "renamed", "copied", "changed"]
_STATUS: dict[str, Status] = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "T": "changed"}
_OPTIONS = ("-r", "-M", "--no-ext-diff", "--no-textconv", "--no-color", "--unified=3")


async def pull_files(git: Git, old: Sha, new: Sha) -> list[PullFile]:
    """In git's order; `patch` is None for binary files and for changes of the mode alone."""
    trees = (f"{old}^{{tree}}", f"{new}^{{tree}}")
    rows = _rows(await git.run("diff-tree", *_OPTIONS, "--name-status", "-z", *trees))
    text = (await git.run("diff-tree", *_OPTIONS, "-p", *trees)).decode(errors="replace")
    # Every line of a hunk begins with a sign, so only git's own header can begin like this.
    parts = re.split(r"^diff --git .*\n", text, flags=re.MULTILINE)[1:]
    return [_file(row, part) for row, part in zip(rows, parts, strict=True)]


def _rows(raw: bytes) -> list[tuple[Status, str, str | None]]:
    """(status, path, earlier path) of each file."""
    fields = iter(os.fsdecode(raw).split("\0")[:-1])
    rows: list[tuple[Status, str, str | None]] = []
    for letter in fields:
        first = next(fields)
        path, previous = (next(fields), first) if letter[0] in "RC" else (first, None)
        rows.append((_STATUS.get(letter[0], "changed"), path, previous))
    return rows


def _file(row: tuple[Status, str, str | None], part: str) -> PullFile:
    status, path, previous = row
    start = re.search(r"^@@ ", part, flags=re.MULTILINE)
    patch = part[start.start() :].rstrip("\n") if start else None
    signs = [line[:1] for line in (patch or "").split("\n")]
    return PullFile(path, status, signs.count("+"), signs.count("-"), patch, previous)
