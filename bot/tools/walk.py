"""Files of a checkout by name: a walk that follows no link, and glob patterns that cannot be made slow."""

import fnmatch
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bot.core.paths import git_like
from bot.tools.errors import ToolError
from bot.tools.openat import folder

SKIPPED = frozenset(
    {
        "node_modules",
        ".venv",
        "venv",
        "__pycache__",
        ".tox",
        ".nox",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".gradle",
        ".next",
    }
)
MAX_ENTRIES = 200_000
MAX_DEPTH = 64
_MAX_ALTERNATIVES = 64
_BRACES = re.compile(r"\{([^{}]*,[^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A glob over whole paths: `*`, `?`, `[a-z]` within a name, `**` over folders, `{a,b}` for either."""

    alternatives: tuple[tuple[str, ...], ...]

    @classmethod
    def parse(cls, text: str) -> "Pattern":
        """Raises `ToolError` for `..` and for too many alternatives."""
        expanded = [text.removeprefix("/work/").removeprefix("./")]
        while any(_BRACES.search(one) for one in expanded):
            expanded = [new for one in expanded for new in _expand(one)]
            if len(expanded) > _MAX_ALTERNATIVES:
                raise ToolError(f"The pattern has more than {_MAX_ALTERNATIVES} alternatives; ask for fewer at once.")
        parts = tuple(tuple(part for part in one.split("/") if part not in {"", "."}) for one in expanded)
        if text.startswith("/") and not text.startswith("/work/"):
            raise ToolError("The pattern is outside of the repository. Patterns are relative, as `**/*.py`.")
        if any(".." in one for one in parts):
            raise ToolError("The pattern goes up with `..`. Patterns are relative to the folder searched.")
        return cls(parts)

    def matches(self, path: str) -> bool:
        names = tuple(path.split("/"))
        return any(_matches(names, pattern) for pattern in self.alternatives)

    def names(self) -> frozenset[str]:
        """The components that it spells out."""
        return frozenset(part for one in self.alternatives for part in one)


def _expand(text: str) -> list[str]:
    found = _BRACES.search(text)
    if not found:
        return [text]
    return [text[: found.start()] + choice + text[found.end() :] for choice in found[1].split(",")]


def _matches(names: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Component by component over all positions at once, so the time is their product at most."""
    reached = {0}
    for part in pattern:
        if part == "**":
            reached = set(range(min(reached), len(names) + 1)) if reached else reached
        else:
            wanted = _name(part)
            reached = {at + 1 for at in reached if at < len(names) and wanted.match(names[at])}
    return len(names) in reached


@lru_cache(maxsize=256)
def _name(part: str) -> re.Pattern[str]:
    """`fnmatch.translate` gives up no backtracking between stars: each is matched lazily inside an atomic group."""
    return re.compile(fnmatch.translate(re.sub(r"\*{2,}", "*", part)))


@dataclass(slots=True)
class Walk:
    """All regular files below a folder in sorted order, with the folder's descriptor. Links are not followed.

    Folders of dependencies and caches are left out unless named in `wanted`. `cut` is set when there were too many.
    """

    root: Path
    start: tuple[str, ...] = ()
    wanted: frozenset[str] = frozenset()
    cut: bool = False
    _entries: int = 0

    def __iter__(self) -> Iterator[tuple[int, str, str]]:
        """(descriptor of the folder, name in it, path from the root); the descriptor is open for that one step."""
        waiting = [self.start]
        while waiting:
            parts = waiting.pop()
            try:
                with folder(self.root, parts) as at:
                    files, folders = self._listed(at)
                    for name in files:
                        yield at, name, "/".join((*parts, name))
            except ToolError:
                if parts == self.start:
                    raise
                continue
            if len(parts) < MAX_DEPTH:
                waiting.extend((*parts, name) for name in reversed(folders))
            else:
                self.cut = True

    def _listed(self, at: int) -> tuple[list[str], list[str]]:
        files, folders = [], []
        with os.scandir(at) as entries:
            for entry in entries:
                self._entries += 1
                if self._entries > MAX_ENTRIES:
                    self.cut = True
                    break
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                elif stat.S_ISREG(_mode(entry)):
                    files.append(entry.name)
        kept = [name for name in folders if not git_like(name) and (name not in SKIPPED or name in self.wanted)]
        return sorted(files), sorted(kept)


def _mode(entry: "os.DirEntry[str]") -> int:
    try:
        return entry.stat(follow_symlinks=False).st_mode
    except OSError:
        return 0
