"""Where a demo keeps its files, and which of the earlier ones go."""

import fcntl
import os
import re
import shutil
import tempfile
import time
from itertools import count
from pathlib import Path

KEPT = 5
"""How many folders of demos stay, the newest one included."""
_NAME = re.compile(r"\d{8}-\d{6}(-\d+)?")
_LOCK = "in-use"


class Folder:
    """A new folder of this demo alone, under `.devflow/demo` or, where that cannot be written, for temporary files."""

    def __init__(self) -> None:
        self.path = _make(Path(".devflow").absolute() / "demo")
        self._lock = os.open(self.path / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        prune(self.path.parent)

    def release(self) -> None:
        """From now on a later demo may remove it."""
        os.close(self._lock)

    @property
    def shown(self) -> str:
        """The path as people see it best: relative, if it is below the working directory."""
        here = Path.cwd()
        return str(self.path.relative_to(here) if self.path.is_relative_to(here) else self.path)


def _make(home: Path) -> Path:
    try:
        home.mkdir(parents=True, exist_ok=True)
        (home / ".gitignore").write_text("*\n")
        return _numbered(home)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="devflow-demo-"))


def _numbered(home: Path) -> Path:
    """A folder that was not there, named after this second."""
    now = time.strftime("%Y%m%d-%H%M%S")
    for number in count(1):
        folder = home / (now if number == 1 else f"{now}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise AssertionError("count never ends")


def prune(home: Path) -> None:
    """Remove all but the newest folders of demos; one in use stays, and so does whatever is not a demo's."""
    if not (home / ".gitignore").is_file():
        return
    found = sorted((f for f in home.iterdir() if _NAME.fullmatch(f.name) and f.is_dir()), key=_age)
    for folder in found[:-KEPT]:
        if not _in_use(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _age(folder: Path) -> tuple[str, int]:
    stamp, _, number = folder.name[:15], "", folder.name[16:]
    return stamp, int(number or 1)


def _in_use(folder: Path) -> bool:
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False
