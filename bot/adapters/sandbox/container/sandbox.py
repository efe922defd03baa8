"""The sandbox made by a container engine: one container for each command, gone when the command is."""

import asyncio
import os
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.sandbox.container.engine import (
    Engine,
    NoEngineError,
    client_environment,
    find_engine,
    first_line,
    new_name,
    sweep,
)
from bot.adapters.sandbox.container.lending import Lending
from bot.adapters.sandbox.container.line import PROFILE, START, command_line, start_script
from bot.adapters.sandbox.container.state import State
from bot.adapters.sandbox.held import held
from bot.adapters.sandbox.job import Job
from bot.adapters.sandbox.network.gateway import Gateway, Network
from bot.adapters.sandbox.supervise import Command, supervise
from bot.ports import ExecResult, SandboxError, SandboxLimits

DEFAULT_IMAGE = "python:3.13"
_PROBE = "touch /work/probe && id -u && { command -v python3 || :; }"


@dataclass(frozen=True, slots=True)
class _Ready:
    engine: Engine
    python: str
    """Where the image has Python, empty if it has none."""


class ContainerSandbox:
    """Commands in containers of Docker or Podman: no network, a read-only root, no capabilities, not root, and the
    kernel's own bounds on memory, processes and processors. Programs are those of the image, which needs `/bin/sh`.
    """

    name = "container"

    def __init__(self, image: str = DEFAULT_IMAGE, command: str = "", network: Network | None = None) -> None:
        self._image = image
        self._command = command
        self._network = network or Network()
        self._lending = Lending()
        self._ready: _Ready | None = None
        self._reason: str | None = None

    def available(self) -> str | None:
        """None if a command ran in a container, which is tried once; else one line with the cause and what to do.
        Containers of a killed bot are removed on the way."""
        if self._ready is None and self._reason is None:
            try:
                engine = find_engine(self._command, self._image)
                self._ready = self._probe(engine)
                sweep(engine)
            except NoEngineError as error:
                self._reason = str(error)
        return self._reason

    async def run(
        self,
        argv: Sequence[str],
        *,
        checkout: Path,
        limits: SandboxLimits,
        network: bool = False,
        env: Mapping[str, str] | None = None,
        extra: Path | None = None,
        extra_writable: bool = False,
    ) -> ExecResult:
        """Run a command; see `bot.ports.Sandbox.run`. Exit code 124 means the wall limit, 137 another limit."""
        reason = await asyncio.to_thread(self.available)
        if reason or self._ready is None:
            raise SandboxError(reason or "No container can be run.")
        job = Job(argv, checkout, limits, network, env or {}, extra, extra_writable)
        job.check()
        async with self._network.gateway(job.env, asked=network) as way:
            if way and not self._ready.python:
                raise SandboxError(
                    f"The image {self._image!r} has no python3, which commands with a network need: "
                    "name another in DEVFLOW_CONTAINER_IMAGE."
                )
            folders = [folder.resolve() for folder in (checkout, extra) if folder]
            async with held(lambda: self._lending.lend(folders), lambda _: self._lending.take_back(folders)):
                return await self._execute(self._ready, job, way)

    async def _execute(self, ready: _Ready, job: Job, way: Gateway | None) -> ExecResult:
        state = State(ready.engine, job.limits, new_name(), secrets.token_hex(8))
        argv = way.command(ready.python, job.argv) if way else job.argv
        try:
            with tempfile.TemporaryDirectory(prefix="devflow-", ignore_cleanup_errors=True) as folder:
                start = _written(Path(folder), ready.engine, start_script(ready.engine, job, way, state.token))
                line = command_line(ready.engine, job, way, name=state.name, start=start)
                command = Command([*line, START, *argv], Path("/"), client_environment(), errors=state.errors)
                result = await supervise(command, job.limits, job.folders, state.tree)
            if not state.begun and not result.timed_out:
                raise SandboxError(f"The container could not be started: {first_line(state.said)}")
            return result
        finally:
            state.close()

    def _probe(self, engine: Engine) -> _Ready:
        """Run a command with all that real ones get. Raises `NoEngineError`."""
        with tempfile.TemporaryDirectory(prefix="devflow-") as folder:
            work = Path(folder, "work")
            work.mkdir()
            self._lending.lend([work])
            job = Job(["/bin/sh", "-c", _PROBE], work)
            start = _written(Path(folder), engine, start_script(engine, job, None, "."))
            line = command_line(engine, job, None, name=new_name(), start=start)
            done = engine.ask(*line[len(engine.command) :], START, *job.argv)
            user, _, python = done.stdout.strip().partition("\n")
            self._lending.take_back([work])
            if done.returncode != 0 or user in {"", "0"} or not (work / "probe").exists():
                said = first_line(done.stderr.removeprefix(".") + done.stdout)
                raise NoEngineError(
                    f"A container of {engine.image!r} cannot do what commands need: mend the set-up of "
                    f"`{engine.command[0]}`, or take another image or DEVFLOW_SANDBOX=bubblewrap. It said: {said}"
                )
            return _Ready(engine, python.strip())


def _written(folder: Path, engine: Engine, script: str) -> Path:
    """The start script as a file that the container's user can read; the folder keeps everybody else out."""
    (folder / PROFILE).write_text(engine.profile)
    path = folder / "start"
    path.write_text(script)
    os.chmod(path, 0o444)  # noqa: PTH101
    return path
