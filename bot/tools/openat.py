"""Files of a checkout, opened name by name from its root, so that no link, and no swap of one, leads out of it.

Every component is opened relative to the one before with O_NOFOLLOW (openat(2)). Nothing is checked by path and then
opened by path, `..` is never asked for, and what is no regular file is refused after it was opened without blocking.
"""

import os
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.core.paths import git_like
from bot.tools.errors import ToolError

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_MOUNT = "/work"
_MAX_NAME = 255


def components(path: str) -> tuple[str, ...]:
    """The names of a path relative to the checkout, none for its root. Raises `ToolError` for every other path."""
    if "\0" in path:
        raise ToolError("The path holds a NUL character; name a file of the repository.")
    inside = path
    if path == _MOUNT or path.startswith(f"{_MOUNT}/"):
        inside = path.removeprefix(_MOUNT).lstrip("/")
    elif path == "~" or path.startswith(("/", "~/")):
        raise ToolError(f"`{path}` is outside of the repository. Use a path relative to its root, as `src/main.py`.")
    parts = tuple(part for part in inside.split("/") if part not in {"", "."})
    for part in parts:
        if part == "..":
            raise ToolError(f"`{path}` goes up with `..`. Use a path relative to the root of the repository.")
        if git_like(part):
            raise ToolError(f"`{path}` belongs to git itself, which tools cannot read or write.")
        if len(os.fsencode(part)) > _MAX_NAME:
            raise ToolError("A name in the path is longer than 255 bytes; use a shorter one.")
    return parts


@contextmanager
def folder(root: Path, parts: tuple[str, ...], *, create: bool = False) -> Iterator[int]:
    """A descriptor of a folder of the checkout. Raises `ToolError` if it is missing, a link, or no folder."""
    at = os.open(root, _DIRECTORY)
    try:
        for depth, name in enumerate(parts):
            below = _step(at, name, "/".join(parts[: depth + 1]), create=create)
            os.close(at)
            at = below
        yield at
    finally:
        os.close(at)


def _step(at: int, name: str, shown: str, *, create: bool) -> int:
    if create:
        try:
            os.mkdir(name, 0o755, dir_fd=at)
        except FileExistsError:
            pass
        except OSError as error:
            raise ToolError(f"`{shown}` cannot be made: {error.strerror}.") from error
    try:
        return os.open(name, _DIRECTORY, dir_fd=at)
    except OSError as error:
        raise ToolError(_why(at, name, shown, error)) from error


def _why(at: int, name: str, shown: str, error: OSError) -> str:
    """What is wrong with a component, in words; what stands there may have changed since it was opened."""
    try:
        mode = os.stat(name, dir_fd=at, follow_symlinks=False).st_mode
    except OSError:
        return f"`{shown}` does not exist. Use Glob to find files."
    if stat.S_ISLNK(mode):
        return f"`{shown}` is a symbolic link{_target(at, name)}, and links are not followed. Name the file itself."
    if not stat.S_ISDIR(mode):
        return f"`{shown}` is not a folder."
    return f"`{shown}` cannot be opened: {error.strerror}."


def _target(at: int, name: str) -> str:
    try:
        return f" to `{os.readlink(name, dir_fd=at)}`"
    except OSError:
        return ""


@contextmanager
def regular_file(root: Path, path: str) -> Iterator[int]:
    """A descriptor of a regular file, for reading. Raises `ToolError` for links, folders, pipes, devices."""
    parts = components(path)
    if not parts:
        raise ToolError("That is the root of the repository, a folder. Use Glob to list files.")
    with folder(root, parts[:-1]) as at:
        fd = _open_file(at, parts[-1], "/".join(parts))
    try:
        yield fd
    finally:
        os.close(fd)


def open_entry(at: int, name: str) -> int | None:
    """A regular file below an open folder, None for everything else."""
    try:
        return _open_file(at, name, name)
    except ToolError:
        return None


def _open_file(at: int, name: str, shown: str) -> int:
    try:
        fd = os.open(name, _FILE, dir_fd=at)
    except OSError as error:
        raise ToolError(_why_file(at, name, shown, error)) from error
    mode = os.fstat(fd).st_mode
    if stat.S_ISREG(mode):
        return fd
    os.close(fd)
    if stat.S_ISDIR(mode):
        raise ToolError(f"`{shown}` is a folder. Use Glob to list its files.")
    raise ToolError(f"`{shown}` is not a regular file.")


def _why_file(at: int, name: str, shown: str, error: OSError) -> str:
    words = _why(at, name, shown, error)
    return f"`{shown}` is not a regular file." if words.endswith("is not a folder.") else words


def put(root: Path, path: str, data: bytes) -> bool:
    """Write a whole file at once: a new one is renamed over it, so a link is replaced and never written through.

    The executable bit of what was there is kept. True if the file is new. Raises `ToolError`.
    """
    parts = components(path)
    if not parts:
        raise ToolError("That is the root of the repository; name a file.")
    shown = "/".join(parts)
    with folder(root, parts[:-1], create=True) as at:
        mode = _replaceable(at, parts[-1], shown)
        temporary = f".devflow-{uuid.uuid4().hex[:12]}"
        try:
            fd = os.open(
                temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=at
            )
            with os.fdopen(fd, "wb") as file:
                file.write(data)
                os.fchmod(fd, mode or 0o644)
            os.rename(temporary, parts[-1], src_dir_fd=at, dst_dir_fd=at)
        except OSError as error:
            _discard(at, temporary)
            raise ToolError(f"`{shown}` cannot be written: {error.strerror}.") from error
    return mode is None


def _replaceable(at: int, name: str, shown: str) -> int | None:
    """The permissions that a file written over this one gets, None if there is none. Raises `ToolError`."""
    try:
        mode = os.stat(name, dir_fd=at, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ToolError(f"`{shown}` cannot be written: {error.strerror}.") from error
    if stat.S_ISLNK(mode):
        raise ToolError(
            f"`{shown}` is a symbolic link{_target(at, name)}, and links are not followed. Name the file itself."
        )
    if stat.S_ISDIR(mode):
        raise ToolError(f"`{shown}` is a folder; name a file in it.")
    if not stat.S_ISREG(mode):
        raise ToolError(f"`{shown}` is not a regular file.")
    return 0o755 if mode & 0o100 else 0o644


def _discard(at: int, name: str) -> None:
    try:
        os.unlink(name, dir_fd=at)
    except OSError:
        return
