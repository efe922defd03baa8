"""Tells stories side by side, each with a server that something else happens to, and keeps how they ended."""

import queue
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.scenarios.kill.launcher import Forks, Program
from tests.scenarios.kill.lines import steady
from tests.scenarios.kill.story import Ending, story
from tests.scenarios.kill.tales import Tale, undisturbed

SIDE_BY_SIDE = 3
"""A run waits for polls and commits half of its time."""


@dataclass(frozen=True)
class Outcome:
    """How a story ended, what was wrong on the way, what Claude never got to say, what was passed, what was logged."""

    ending: Ending
    wrongs: list[str]
    unused: list[str]
    lines: list[str]
    log: list[str]


class Killings:
    """The undisturbed run, told at once, and others as they are asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._free: queue.SimpleQueue[Forks] = queue.SimpleQueue()
        self._program = Program()
        self._forks = [self._program.worker() for _ in range(SIDE_BY_SIDE)]
        for fork in self._forks:
            self._free.put(fork)
        self._threads = ThreadPoolExecutor(SIDE_BY_SIDE)
        self._told: dict[Tale, Future[Outcome]] = {}
        self.undisturbed = self._tell(undisturbed, [], "undisturbed")

    @property
    def lines(self) -> Sequence[str]:
        """The lines of the undisturbed run that every run has."""
        return self.undisturbed.lines

    def start(self, tale: Tale) -> None:
        """Begin to tell it; nothing waits for it yet."""
        if tale not in self._told:
            name = f"{len(self._told)}"
            self._told[tale] = self._threads.submit(self._tell, tale, self.lines, name)

    def outcome(self, tale: Tale) -> Outcome:
        """How it ended."""
        self.start(tale)
        return self._told[tale].result()

    def close(self) -> None:
        """Wait for what is being told; what has not begun is dropped."""
        self._threads.shutdown(cancel_futures=True)
        for fork in self._forks:
            fork.close()
        self._program.close()

    def _tell(self, tale: Tale, lines: Sequence[str], name: str) -> Outcome:
        forks = self._free.get()
        try:
            with story(self._folder / name, forks) as told:
                tale(told, lines)
                passed = steady([*told.passed, *told.gate.passed])
                return Outcome(told.seen(), told.wrongs(), told.claude.unused(), passed, told.log)
        finally:
            self._free.put(forks)
