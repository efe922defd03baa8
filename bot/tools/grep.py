"""Grep's search, as a program of its own: a regular expression can take for ever, and a process can be killed."""

import json
import os
import re
import resource
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from bot.tools.errors import ToolError
from bot.tools.openat import components, folder, open_entry, regular_file
from bot.tools.walk import Pattern, Walk

MAX_FILE_BYTES = 5 * 2**20
_MAX_LINE_CHARS = 400
_MEMORY_BYTES = 2**30
_REFUSED = 3
"""The exit code with which a sentence for the model is printed."""


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for; the fields are Grep's inputs. `chars` bounds the answer."""

    root: str
    pattern: str
    path: str = ""
    glob: str = ""
    mode: Literal["content", "files_with_matches", "count"] = "files_with_matches"
    chars: int = 30_000

    def to_json(self) -> bytes:
        return json.dumps(asdict(self)).encode()


@dataclass(slots=True)
class Answer:
    """Lines found, as many as fit; the others are counted."""

    chars: int
    lines: list[str] = field(default_factory=list)
    more: int = 0
    notes: list[str] = field(default_factory=list)

    def add(self, line: str) -> None:
        if self.more or len(line) + 1 > self.chars:
            self.more += 1
            return
        self.chars -= len(line) + 1
        self.lines.append(line)

    def text(self, pattern: str) -> str:
        if not self.lines and not self.more:
            return "\n".join([f"Nothing matches `{pattern}`.", *self.notes])
        more = [f"[{self.more} more; narrow the pattern, the path or the glob]"] if self.more else []
        return "\n".join([*self.lines, *more, *self.notes])


def search(wanted: Search) -> str:
    """The answer in words. Raises `ToolError`."""
    try:
        expression = re.compile(wanted.pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise ToolError(f"The pattern is not a regular expression of Python: {error}.") from error
    answer = Answer(wanted.chars)
    large = 0
    for path, fd in _files(wanted, answer):
        if os.fstat(fd).st_size > MAX_FILE_BYTES:
            large += 1
            continue
        with os.fdopen(os.dup(fd), "rb") as file:
            _scan(path, file.read(MAX_FILE_BYTES), expression, wanted.mode, answer)
    if large:
        answer.notes.append(f"[{large} files of more than {MAX_FILE_BYTES // 2**20} MB were not searched]")
    return answer.text(wanted.pattern)


def _files(wanted: Search, answer: Answer) -> Iterator[tuple[str, int]]:
    """Path and descriptor of each file to search; the descriptor is open for that one step."""
    root, parts = Path(wanted.root), components(wanted.path)
    if parts and not _is_folder(root, parts):
        with regular_file(root, wanted.path) as fd:
            yield "/".join(parts), fd
        return
    pattern = Pattern.parse(wanted.glob) if wanted.glob else None
    by_name = "/" not in wanted.glob
    named = frozenset(parts) | (pattern.names() if pattern else frozenset())
    walk = Walk(root, parts, named)
    for at, name, path in walk:
        if pattern and not pattern.matches(name if by_name else path):
            continue
        opened = open_entry(at, name)
        if opened is not None:
            try:
                yield path, opened
            finally:
                os.close(opened)
    if walk.cut:
        answer.notes.append("[too many files: not all were searched; name a path]")


def _is_folder(root: Path, parts: tuple[str, ...]) -> bool:
    try:
        with folder(root, parts):
            return True
    except ToolError:
        return False


def _scan(path: str, data: bytes, expression: re.Pattern[str], mode: str, answer: Answer) -> None:
    if b"\0" in data[:8192]:
        return
    lines = data.decode(errors="replace").split("\n")
    found = ((number, line) for number, line in enumerate(lines, 1) if expression.search(line))
    match mode:
        case "content":
            for number, line in found:
                answer.add(f"{path}:{number}:{line.rstrip(chr(13))[:_MAX_LINE_CHARS]}")
        case "count":
            count = sum(1 for _ in found)
            if count:
                answer.add(f"{path}:{count}")
        case _:
            if next(found, None):
                answer.add(path)


def main() -> None:
    """Read a `Search` as JSON from standard input, print the answer; exit code 3 if it is a refusal."""
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY_BYTES, _MEMORY_BYTES))
    wanted = Search(**json.load(sys.stdin))
    code = 0
    try:
        text = search(wanted)
    except ToolError as refusal:
        text, code = str(refusal), _REFUSED
    sys.stdout.buffer.write(text.encode(errors="backslashreplace"))
    sys.stdout.flush()
    os._exit(code)
