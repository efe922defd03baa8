"""One running container: whether it began, its first process, how it is ended."""

import asyncio
import contextlib
import os
from pathlib import Path

from bot.adapters.sandbox.container.engine import Engine, NoEngineError
from bot.adapters.sandbox.supervise import Tree
from bot.adapters.sandbox.watch import TICK_SECONDS
from bot.ports import SandboxLimits

_SAID_BYTES = 20_000
_ATTEMPTS = 150
_PATIENCE_SECONDS = 0.2
_REFUSED = 125
"""The exit code of an engine that failed itself."""


class State:
    """What is known of a container; `errors` is the descriptor for what the engine's client says."""

    def __init__(self, engine: Engine, limits: SandboxLimits, name: str, token: str) -> None:
        self._limits = limits
        self.name = name
        self.token = token
        self.errors = os.memfd_create("devflow")
        self._engine = engine
        self._pid = 0
        self._events: Path | None = None
        self._looking: asyncio.Task[None] | None = None

    @property
    def said(self) -> str:
        """The client's own words, without the token that the start script says."""
        return os.pread(self.errors, _SAID_BYTES, 0).decode(errors="replace").replace(self.token, "")

    @property
    def begun(self) -> bool:
        """Whether the command was about to start: what it did from there is its own."""
        return self.token.encode() in os.pread(self.errors, _SAID_BYTES, 0)

    async def tree(self, process: asyncio.subprocess.Process) -> Tree:
        """The container's processes, watched as soon as they can be seen from here."""
        self._looking = asyncio.create_task(self._look(process))

        async def end() -> None:
            assert self._looking is not None
            self._looking.cancel()
            await self._end(process)

        return Tree(lambda: self._pid, end, self._out_of_memory)

    def close(self) -> None:
        os.close(self.errors)

    async def _look(self, process: asyncio.subprocess.Process) -> None:
        """Ask for the first process once the command has begun; most commands have ended by then."""
        began = False
        while not began:
            began = self.begun
            await asyncio.sleep(TICK_SECONDS)
        if process.returncode is None:
            answer = await self._ask("inspect", "--format={{.State.Pid}} {{.Id}}", self.name)
            pid, _, container = answer.strip().partition(" ")
            if pid.isdigit() and container and container in _text(Path("/proc", pid, "cgroup")):
                self._pid = int(pid)
                self._events = _events(self._pid)

    def _out_of_memory(self) -> str:
        """The kernel kills one process of a group that is full; the rest would go on without it."""
        words = _text(self._events).split() if self._events else []
        count = words[words.index("oom_kill") + 1] if "oom_kill" in words else "0"
        return "" if count == "0" else f"more than {self._limits.memory_mb} MB of memory"

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        """Kill what runs; a container that is just being made is killed when it runs."""
        for _ in range(_ATTEMPTS):
            if process.returncode is not None:
                break
            await self._ask("kill", "--signal=KILL", self.name)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), _PATIENCE_SECONDS)
        if process.returncode is None:
            process.kill()
            await process.wait()
        if process.returncode is None or process.returncode < 0 or process.returncode == _REFUSED:
            await self._ask("rm", "--force", self.name)

    async def _ask(self, *words: str) -> str:
        """The engine's answer, empty where it has none."""
        try:
            return (await asyncio.to_thread(self._engine.ask, *words)).stdout
        except NoEngineError:
            return ""


def _events(pid: int) -> Path | None:
    """The file in which the kernel counts what it killed in a process's memory group."""
    for line in _text(Path("/proc", str(pid), "cgroup")).splitlines():
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            return Path("/sys/fs/cgroup", controllers, path.lstrip("/"), "memory.oom_control")
    unified = _text(Path("/proc", str(pid), "cgroup")).rpartition("0::")[2].strip()
    return Path("/sys/fs/cgroup", unified.lstrip("/"), "memory.events") if unified else None


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace")
    except OSError:
        return ""
