"""What two commits of a bare repository have between them: files, patches, distance, and their merge."""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bot.offline.github.gitstore import Git, GitError

Change = Literal["added", "removed", "modified", "renamed", "changed"]
_STATUS: dict[str, Change] = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "T": "changed"}
_NO_SHA = "0" * 40


@dataclass(frozen=True, slots=True)
class FileDiff:
    """One changed file; `patch` is None if it is binary or only its mode changed."""

    path: str
    status: Change
    sha: str
    additions: int
    deletions: int
    patch: str | None
    previous: str | None = None


def merge_base(git: Git, one: str, other: str) -> str | None:
    """The newest common ancestor."""
    try:
        return git.text("merge-base", one, other)
    except GitError:
        return None


def ahead_behind(git: Git, base: str, head: str) -> tuple[int, int]:
    """How many commits `head` has that `base` lacks, and the other way round."""
    left, right = git.text("rev-list", "--left-right", "--count", f"{base}...{head}").split()
    return int(right), int(left)


def diff_text(git: Git, base: str, head: str) -> str:
    """The unified diff from `base` to `head`, exactly these two, with renames found."""
    return git.run("diff", "-M", "--no-color", "--no-ext-diff", base, head).decode(errors="replace")


def line_changes(git: Git, old: str, new: str, path: str) -> str:
    """The hunks of one path between two commits, without context; all of it if the file is gone or has moved."""
    patch = git.run(
        "--literal-pathspecs", "diff", "-U0", "--no-renames", "--no-color", "--no-ext-diff", old, new, "--", path
    )
    return _hunks(patch.decode(errors="replace")) or ""


def changed_files(git: Git, base: str, head: str) -> list[FileDiff]:
    """Every file that differs, in git's order."""
    raw = git.run("diff", "-M", "--raw", "--no-abbrev", "-z", base, head)
    numbers = git.run("diff", "-M", "--numstat", "-z", base, head)
    patches = re.split(r"^diff --git .*\n", diff_text(git, base, head), flags=re.MULTILINE)[1:]
    rows = zip(_raw_rows(raw), _counts(numbers), patches, strict=True)
    return [
        FileDiff(path, _STATUS.get(letter, "changed"), sha, plus, minus, _hunks(patch), previous)
        for (letter, sha, previous, path), (plus, minus), patch in rows
    ]


def _raw_rows(raw: bytes) -> list[tuple[str, str, str | None, str]]:
    fields = iter(raw.decode(errors="surrogateescape").split("\0")[:-1])
    rows = []
    for meta in fields:
        _, _, old, new, status = meta.split()
        first = next(fields)
        path, previous = (next(fields), first) if status[0] in "RC" else (first, None)
        rows.append((status[0], new if new != _NO_SHA else old, previous, path))
    return rows


def _counts(numbers: bytes) -> list[tuple[int, int]]:
    fields = iter(numbers.decode(errors="surrogateescape").split("\0")[:-1])
    counts = []
    for row in fields:
        plus, minus, path = row.split("\t")
        if not path:
            next(fields), next(fields)
        counts.append((int(plus) if plus.isdigit() else 0, int(minus) if minus.isdigit() else 0))
    return counts


def _hunks(patch: str) -> str | None:
    start = re.search(r"^@@ ", patch, flags=re.MULTILINE)
    return patch[start.start() :].rstrip("\n") if start else None


def merged_tree(git: Git, base: str, head: str) -> str | None:
    """The tree of a merge of two commits, None if they conflict.

    Works in a scratch index and folder, as `git merge-tree --write-tree` is missing before git 2.38.
    """
    common = merge_base(git, base, head)
    if common == base:
        return git.commit(head).tree
    with tempfile.TemporaryDirectory() as scratch:
        files = Path(scratch) / "files"
        files.mkdir()
        env = {"GIT_INDEX_FILE": f"{scratch}/index", "GIT_WORK_TREE": str(files)}
        try:
            git.run("read-tree", "-i", "-m", "--aggressive", common or git.text("mktree"), base, head, env=env)
            git.run("merge-index", "-o", "-q", "git-merge-one-file", "-a", env=env, cwd=files)
            return git.text("write-tree", env=env)
        except GitError:
            return None
