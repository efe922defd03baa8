"""Real server processes: forked by `program.py`, or started with the words that people use."""

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

OURS = ("DEVFLOW_", "ANTHROPIC_", "GITHUB_")
ROOT = Path(__file__).parents[3]


@dataclass
class Process:
    """One server. `told` brings each line of its stderr as text, and its exit code as a number when it is gone."""

    pid: int
    told: "queue.Queue[str | int]" = field(default_factory=queue.Queue)

    def kill(self) -> None:
        """`kill -9`."""
        os.kill(self.pid, signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to stop, as a deploy does."""
        os.kill(self.pid, signal.SIGTERM)

    def read(self, lines: IO[str]) -> None:
        """Pass its words on, in a thread of their own."""

        def pump() -> None:
            with lines:
                for line in lines:
                    self.told.put(line.rstrip("\n"))

        threading.Thread(target=pump, daemon=True).start()


class Launcher(Protocol):
    """What starts servers, one at a time."""

    def start(self, environment: Mapping[str, str], folder: Path, dies_at: str) -> Process: ...


class Program:
    """The program that has imported everything; what is forked from it costs what a server itself does at its start."""

    def __init__(self) -> None:
        self._wanted, theirs = socket.socketpair()
        with theirs:
            argv = [sys.executable, "-m", "tests.scenarios.kill.program", str(theirs.fileno())]
            self._process = subprocess.Popen(argv, cwd=ROOT, env=_clean(), pass_fds=[theirs.fileno()])

    def worker(self) -> "Forks":
        """What starts one server at a time; several workers have several servers."""
        orders, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._wanted, [b"w"], [theirs.fileno()])
        return Forks(orders)

    def close(self) -> None:
        """End it; its workers must have been closed."""
        self._wanted.close()
        self._process.wait()


class Forks:
    """A worker of the program."""

    def __init__(self, orders: socket.socket) -> None:
        self._orders = orders
        self._answers = orders.makefile("r")

    def start(self, environment: Mapping[str, str], folder: Path, dies_at: str) -> Process:
        """The process that was started before must be gone."""
        reader, writer = os.pipe()
        order = {"environment": dict(environment), "folder": str(folder), "dies_at": dies_at}
        socket.send_fds(self._orders, [json.dumps(order).encode()], [writer])
        os.close(writer)
        process = Process(int(self._answers.readline()))
        process.read(os.fdopen(reader))
        threading.Thread(target=lambda: process.told.put(int(self._answers.readline())), daemon=True).start()
        return process

    def close(self) -> None:
        """Start no more; the last process must be gone."""
        self._orders.close()
        self._answers.close()


def _clean() -> dict[str, str]:
    """A developer's own settings and keys stay with the developer."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)}


class Commands:
    """`python -m bot serve`, imports and all."""

    def start(self, environment: Mapping[str, str], folder: Path, dies_at: str) -> Process:
        """It passes its lines without a word: only what it does over the wire can be seen."""
        started = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve"],
            cwd=folder,
            env={**_clean(), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        process = Process(started.pid)
        assert started.stderr is not None
        process.read(started.stderr)
        threading.Thread(target=lambda: process.told.put(started.wait()), daemon=True).start()
        return process
