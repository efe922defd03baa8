"""The sandbox made by bubblewrap: its own root, its own namespaces, no capabilities, and nothing left when it ends."""

import asyncio
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from bot.adapters.sandbox import cgroup, root, seccomp
from bot.adapters.sandbox.held import held
from bot.adapters.sandbox.job import Job
from bot.adapters.sandbox.network.gateway import MOUNT, Gateway, Network
from bot.adapters.sandbox.reasons import missing_reason, refused_reason
from bot.adapters.sandbox.rlimits import prlimit
from bot.adapters.sandbox.status import Status
from bot.adapters.sandbox.supervise import Command, supervise
from bot.ports import ExecResult, SandboxError, SandboxLimits

_PROBE_SECONDS = 20
_NAMESPACES = ("--unshare-all", "--unshare-user", "--uid", "1000", "--gid", "1000", "--hostname", root.HOSTNAME)
_HARDENING = ("--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv")
_JOIN = 'n=$1; shift; while [ "$n" -gt 0 ]; do echo 0 > "$1" || exit 1; shift; n=$((n-1)); done; exec "$@"'
"""Enter the control groups, then become bubblewrap: nothing untrusted runs before it is inside."""


class BubblewrapSandbox:
    """Commands in namespaces of their own. Memory and processes are bounded in total by a control group where one can
    be made, and by watching everywhere; `/tmp` and HOME are in memory and start empty.

    The command has a network of its own with nothing in it; what it may reach it reaches through a proxy, which leads
    to no service of this machine. With `network=True` only PIP_*, *_proxy and certificate variables of `env` reach it.
    """

    name = "bubblewrap"

    def __init__(self, network: Network | None = None) -> None:
        self._network = network or Network()
        self._reason: str | None = None
        self._flags: tuple[str, ...] | None = None

    def available(self) -> str | None:
        """None if a trivial command ran, which is tried once; else one line with the cause and what to do."""
        if self._flags is None and self._reason is None:
            self._reason = missing_reason() or self._probe()
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
        if reason:
            raise SandboxError(reason)
        job = Job(argv, checkout, limits, network, env or {}, extra, extra_writable)
        job.check()
        async with (
            held(lambda: cgroup.make_groups(limits), cgroup.remove_groups) as groups,
            self._network.gateway(job.env, asked=network) as way,
        ):
            return await self._execute(job, groups, way)

    async def _execute(self, job: Job, groups: Sequence[Path], way: Gateway | None) -> ExecResult:
        status = Status()
        try:
            with ExitStack() as open_files:
                argv, fds = _bubblewrap(job, self._flags or (), open_files, status.fd, way)
                joined = [str(group / "cgroup.procs") for group in groups]
                launch = ["/bin/sh", "-c", _JOIN, "sh", str(len(joined)), *joined, *argv]
                command = Command(launch if joined else argv, Path("/"), pass_fds=fds)
                result = await supervise(command, job.limits, job.folders, status.tree)
            ended = await status.exit_code()
        finally:
            status.close()
        if ended is None and result.exit_code == 1:
            raise SandboxError(refused_reason(result.output.strip()))
        return result

    def _probe(self) -> str | None:
        """Run true(1) in the real thing, with nested user namespaces forbidden if this bubblewrap can do that."""
        said = ""
        with tempfile.TemporaryDirectory() as folder:
            for flags in (("--disable-userns",), ()):
                said = _try(Job(["true"], Path(folder)), flags)
                if not said:
                    self._flags = flags
                    return None
        return refused_reason(said)


def _try(job: Job, flags: Sequence[str]) -> str:
    """Empty if the job's command ran well, else what was said."""
    with ExitStack() as open_files:
        argv, fds = _bubblewrap(job, flags, open_files, None, None)
        try:
            done = subprocess.run(
                argv, env={}, pass_fds=fds, capture_output=True, check=False, text=True, timeout=_PROBE_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
    return "" if done.returncode == 0 else done.stderr.strip() or f"exit code {done.returncode}"


def _bubblewrap(
    job: Job, flags: Sequence[str], open_files: ExitStack, status: int | None, way: Gateway | None
) -> tuple[list[str], tuple[int, ...]]:
    """The command line and the descriptors it needs. Options go through one of them: an argument can be read by all
    users of the machine, and inside in `/proc/1/cmdline`."""
    passwd, group, hosts = (_memory_file(data, open_files) for data in (root.PASSWD, root.GROUP, root.HOSTS))
    fds = [passwd, group, hosts]
    options = [*_NAMESPACES, *flags, *_HARDENING]
    options += root.system_root(job.limits)
    options += root.generated(passwd, group, hosts)
    options += ["--bind", str(job.checkout.resolve()), "/work", "--chdir", "/work"]
    bind = "--bind" if job.extra_writable else "--ro-bind"
    options += [bind, str(job.extra.resolve()), "/env"] if job.extra else []
    options += ["--ro-bind", str(way.folder), MOUNT] if way else []
    options += root.variables(way.variables(job.env) if way else job.env, job.extra, network=job.network)
    options += ["--remount-ro", "/dev", "--remount-ro", "/"]
    filtered = seccomp.program(platform.machine())
    if filtered:
        fds.append(_memory_file(filtered, open_files))
        options += ["--seccomp", str(fds[-1])]
    if status is not None:
        fds.append(status)
        options += ["--json-status-fd", str(status)]
    fds.append(_memory_file(b"".join(os.fsencode(option) + b"\0" for option in options), open_files))
    command = way.command(root.python(), job.argv) if way else job.argv
    inner = [*prlimit(_tool("prlimit"), job.limits, processes=os.geteuid() != 0), *command]
    return [_tool("bwrap"), "--args", str(fds[-1]), "--", *inner], tuple(fds)


def _memory_file(data: bytes, open_files: ExitStack) -> int:
    """A descriptor that reads as these bytes, closed with the stack."""
    fd = os.memfd_create("devflow")
    open_files.callback(os.close, fd)
    os.write(fd, data)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def _tool(name: str) -> str:
    """The absolute path of a program that `missing_reason` found."""
    return shutil.which(name) or f"/usr/bin/{name}"
