"""Folders that belong to the containers' user while a command runs in them, for a bot that is root."""

import contextlib
import os
import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

GUEST = 65532
"""The user and group of containers of a bot that is root; `nonroot` in many images, nobody on most machines."""


class Lending:
    """Gives folders to the guest while at least one command runs in them, and takes them back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._borrowed: Counter[Path] = Counter()

    def lend(self, folders: Sequence[Path]) -> None:
        """What another command or the bot made meanwhile is given as well. Blocks for as long as it takes."""
        with self._lock:
            self._borrowed.update(folders)
            for folder in folders if os.geteuid() == 0 else ():
                _give(folder, GUEST)

    def take_back(self, folders: Sequence[Path]) -> None:
        with self._lock:
            self._borrowed.subtract(folders)
            for folder in folders if os.geteuid() == 0 else ():
                if not self._borrowed[folder]:
                    _give(folder, os.geteuid())
                    del self._borrowed[folder]


def _give(folder: Path, user: int) -> None:
    """Change the owner of all below a folder. Links are changed themselves, and no swapped one leads out."""
    os.chown(folder, user, user, follow_symlinks=False)
    for _, folders, files, at in os.fwalk(folder, follow_symlinks=False):
        for name in (*folders, *files):
            with contextlib.suppress(OSError):
                if os.stat(name, dir_fd=at, follow_symlinks=False).st_uid != user:
                    os.chown(name, user, user, dir_fd=at, follow_symlinks=False)
