"""Unified diffs, read: which lines of a changed file can carry a comment, and where a line went."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bot.core.repository import DiffSide

_HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")
_DEFINES = re.compile(
    r"\b(?:def|class|func|fn|function|interface|struct|enum|trait|type|module|const|let|var)\s+([A-Za-z_$][\w$]*)"
)
_KINDS: dict[str, Literal["added", "removed", "context"]] = {"+": "added", "-": "removed", " ": "context"}


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a patch. `old` and `new` are its numbers in the two files, None where it is missing.

    `hunk` counts from 0; `position` is how many lines it stands below the first hunk's header.
    """

    kind: Literal["added", "removed", "context"]
    old: int | None
    new: int | None
    hunk: int
    position: int
    text: str

    def at(self, side: DiffSide) -> int | None:
        """The number by which a comment on this side names the line; None if none can.

        On the left only what was removed counts: unchanged lines are commented on at the right.
        """
        if side == "LEFT":
            return self.old if self.kind == "removed" else None
        return self.new


def parse_patch(patch: str | None) -> tuple[DiffLine, ...]:
    """The lines of one file's patch as GitHub gives it (hunks without the file's header); nothing for a binary file."""
    return tuple(_lines(patch or ""))


def _lines(patch: str) -> Iterator[DiffLine]:
    old = new = old_end = new_end = 0
    hunk, position = -1, -1
    # Not `splitlines`: a form feed or a lone carriage return is part of a line of code.
    for line in patch.split("\n"):
        position += 1
        header = _HUNK.match(line)
        if header and old >= old_end and new >= new_end:
            old, new, hunk = int(header[1]), int(header[3]), hunk + 1
            old_end, new_end = old + int(header[2] or 1), new + int(header[4] or 1)
            continue
        kind = _KINDS.get(line[:1] or " ")
        if kind is None or hunk < 0 or (old >= old_end and new >= new_end):
            continue
        has_old, has_new = kind != "added", kind != "removed"
        yield DiffLine(kind, old if has_old else None, new if has_new else None, hunk, position, line[1:])
        old, new = old + has_old, new + has_new


def find_line(lines: tuple[DiffLine, ...], side: DiffSide, number: int) -> DiffLine | None:
    """The line of a patch that a comment on (side, number) would stand at."""
    return next((line for line in lines if line.at(side) == number), None)


def commentable(patch: str | None) -> frozenset[tuple[DiffSide, int]]:
    """Every (side, line) of a file that GitHub takes a comment on: what is in its diff."""
    sides: tuple[DiffSide, ...] = ("LEFT", "RIGHT")
    numbered = ((side, line.at(side)) for line in parse_patch(patch) for side in sides)
    return frozenset((side, number) for side, number in numbered if number is not None)


def changed_lines(patch: str | None) -> frozenset[int]:
    """Numbers, in the new file, of the lines that were added or changed."""
    return frozenset(line.new for line in parse_patch(patch) if line.kind == "added" and line.new is not None)


def moved_line(patch: str | None, number: int) -> int | None:
    """Where a line of the old file is in the new one; None if the patch changes it. Give a patch without context."""
    shift = 0
    for header in re.finditer(rf"^{_HUNK.pattern}", patch or "", re.MULTILINE):
        start, gone, come = int(header[1]), int(header[2] or 1), int(header[4] or 1)
        if start <= number < start + gone:
            return None
        # A hunk that only adds names the line above it.
        if start < number or (gone and start + gone <= number):
            shift += come - gone
    return number + shift


def changed_symbols(patch: str | None) -> list[str]:
    """Names that the changed lines define, and those that git says they stand in, in their order."""
    found: list[str] = []
    for line in (patch or "").split("\n"):
        header = _HUNK.match(line)
        if header or line[:1] in {"+", "-"}:
            found += _DEFINES.findall(line[header.end() :] if header else line[1:])
    return list(dict.fromkeys(found))
