"""Read, Write and Edit: text files of the checkout."""

import difflib
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.tools.errors import ToolError
from bot.tools.openat import folder, put, regular_file
from bot.tools.toolspecs import LINE_CHARS, RESULT_CHARS

MAX_BYTES = 10 * 2**20
_BINARY_PROBE = 8192
_LOCK_SECONDS = 2.0
_COMPARED_LINES = 3_000
_COMPARED_CHARS = 200


def read(root: Path, path: str, offset: int, limit: int) -> str:
    """Numbered lines from `offset` (1-based), as many as `limit` and the size of a result allow. Raises `ToolError`."""
    text = _text(path, _bytes(root, path), strict=False)
    lines = text.removesuffix("\n").split("\n") if text else []
    if not lines:
        return f"`{path}` is empty."
    if offset > len(lines):
        raise ToolError(f"`{path}` has {len(lines)} lines; there is no line {offset}.")
    shown: list[str] = []
    size = 0
    for number, line in enumerate(lines[offset - 1 : offset - 1 + limit], offset):
        numbered = f"{number:>6}\t{_cut(line.removesuffix(chr(13)))}"
        size += len(numbered) + 1
        if size > RESULT_CHARS and shown:
            break
        shown.append(numbered)
    last = offset + len(shown) - 1
    rest = f"\n[lines {offset} to {last} of {len(lines)}; read on with offset={last + 1}]" if last < len(lines) else ""
    return "\n".join(shown) + rest


def write(root: Path, path: str, content: str) -> str:
    """Write a whole file. Raises `ToolError`."""
    with alone(root):
        new = put(root, path, content.encode())
    lines = content.count("\n") + (not content.endswith("\n") and bool(content))
    return f"{'Made' if new else 'Wrote'} `{path}`: {lines} lines."


def edit(root: Path, path: str, old: str, new: str, *, replace_all: bool) -> str:
    """Replace text that occurs exactly once, or everywhere. Raises `ToolError`, saying what the file has instead."""
    if old == new:
        raise ToolError("old_string and new_string are the same; nothing would change.")
    with alone(root):
        text = _text(path, _bytes(root, path), strict=True)
        if old not in text and "\r\n" in text and "\r" not in old:
            old, new = old.replace("\n", "\r\n"), new.replace("\n", "\r\n")
        found = text.count(old)
        if not found:
            raise ToolError(f"old_string is not in `{path}`. {_closest(text, old)}")
        if found > 1 and not replace_all:
            raise ToolError(
                f"old_string occurs {found} times in `{path}`, in {_places(text, old)}. "
                "Give more of the text around it, or set replace_all."
            )
        put(root, path, text.replace(old, new).encode())
    return f"Replaced {found} occurrence{'s' if found > 1 else ''} in `{path}`."


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Keep two edits at once from losing one. Commands in the sandbox can hold this lock too, so it is not waited for
    longer than two seconds."""
    with folder(root, ()) as at:
        deadline = time.monotonic() + _LOCK_SECONDS
        while time.monotonic() < deadline:
            try:
                fcntl.flock(at, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                time.sleep(0.01)
        yield


def _bytes(root: Path, path: str) -> bytes:
    with regular_file(root, path) as fd:
        size = os.fstat(fd).st_size
        if size > MAX_BYTES:
            limit = MAX_BYTES // 2**20
            raise ToolError(f"`{path}` has {size} bytes, more than {limit} MB. Use Grep, or head and sed in Bash.")
        with os.fdopen(os.dup(fd), "rb") as file:
            return file.read(MAX_BYTES + 1)


def _text(path: str, data: bytes, *, strict: bool) -> str:
    """Text as UTF-8. Raises `ToolError` for binary files; when strict, for other encodings too."""
    if b"\0" in data[:_BINARY_PROBE]:
        raise ToolError(f"`{path}` is a binary file ({len(data)} bytes), not text.")
    try:
        return data.decode("utf-8", "strict" if strict else "replace")
    except UnicodeDecodeError as error:
        raise ToolError(
            f"`{path}` is not UTF-8 text (byte {error.start}). Change it with a command in Bash."
        ) from error


def _cut(line: str) -> str:
    if len(line) <= LINE_CHARS:
        return line
    return f"{line[:LINE_CHARS]} [line cut: {len(line) - LINE_CHARS} more characters]"


def _places(text: str, old: str) -> str:
    """The lines on which the first occurrences start."""
    lines: list[int] = []
    at = text.find(old)
    while at >= 0 and len(lines) < 10:
        lines.append(text.count("\n", 0, at) + 1)
        at = text.find(old, at + len(old))
    more = ", ..." if at >= 0 else ""
    return f"lines {', '.join(map(str, lines))}{more}"


def _closest(text: str, old: str) -> str:
    """Where the file comes nearest to the first line that was asked for."""
    first = next((line.strip() for line in old.split("\n") if line.strip()), "")[:_COMPARED_CHARS]
    lines = [line.strip()[:_COMPARED_CHARS] for line in text.split("\n")]
    if first in lines:
        number = lines.index(first) + 1
        return f"Line {number} has its first line; the white space or a later line differs. Read it again."
    near = difflib.get_close_matches(first, lines[:_COMPARED_LINES], n=1, cutoff=0.5)
    if not near:
        return "Nothing in it is like that. Read the file again."
    return f"The closest is line {lines.index(near[0]) + 1}: `{near[0]}`"
