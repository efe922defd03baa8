"""The command line of `docker run` and `podman run` for one command, and the script that starts it inside."""

import math
import os
import resource
import shlex
from collections.abc import Iterator
from pathlib import Path

from bot.adapters.sandbox.container.engine import LABEL, Engine
from bot.adapters.sandbox.container.lending import GUEST
from bot.adapters.sandbox.job import Job
from bot.adapters.sandbox.network.gateway import MOUNT, Gateway
from bot.adapters.sandbox.rlimits import OPEN_FILES
from bot.adapters.sandbox.root import HOME, HOSTNAME, may_pass_online
from bot.ports import SandboxError, SandboxLimits

START = "/start"
"""The start script, inside."""
PROFILE = "seccomp.json"
_OURS_TOO = 4
"""Processes of the engine and of the start, which count as well."""
_USER_PROCESSES = 16_384
"""RLIMIT_NPROC counts all containers of a user together: the bound of one is its control group's."""
_ADDED = ("HOSTNAME", "TERM", "container")
"""Variables that engines set."""
_FIXED = (
    "--pull=never",
    "--rm",
    "--init",
    "--network=none",
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--log-driver=none",
    "--sig-proxy=false",
    "--stop-timeout=0",
    f"--hostname={HOSTNAME}",
    "--workdir=/work",
    "--entrypoint=/bin/sh",
)


def command_line(engine: Engine, job: Job, way: Gateway | None, *, name: str, start: Path) -> list[str]:
    """Up to the image; the arguments of `/bin/sh` follow. Beside `start` lies the engine's profile. Raises
    `SandboxError` for a path that cannot be mounted."""
    mounts = [(job.checkout, "/work", "rw"), (start, START, "ro")]
    mounts += [(job.extra, "/env", "rw" if job.extra_writable else "ro")] if job.extra else []
    mounts += [(way.folder, MOUNT, "ro")] if way else []
    size = f"size={job.limits.memory_mb // 2}m,mode=1777"
    own = [f"--security-opt=seccomp={start.parent / PROFILE}"] if engine.profile else []
    return [
        *(*engine.command, "run", f"--name={name}", f"--label={LABEL}", *_FIXED, *_user(engine), *own),
        *_limits(job.limits),
        *(f"--tmpfs={folder}:rw,nosuid,nodev,exec,{size}" for folder in ("/tmp", HOME)),  # noqa: S108
        *(f"--volume={_source(path)}:{inside}:{mode},z" for path, inside, mode in mounts),
        engine.image,
    ]


def start_script(engine: Engine, job: Job, way: Gateway | None, token: str) -> str:
    """Says on standard error that it runs, joins both streams, sets the whole environment, becomes the command. What
    the variables hold stands in no argument, which all users of the machine could read."""
    given = {name: value for name, value in job.env.items() if not job.network or may_pass_online(name)}
    if way:
        given = way.variables(given)
    wrong = [name for name in given if not (name.isidentifier() and name.isascii())]
    if wrong:
        raise SandboxError(f"A variable cannot have the name {wrong[0]!r}.")
    unwanted = [name for name in (*engine.variables, *_ADDED) if name.isidentifier() and name != "PATH"]
    variables = {"HOME": HOME, "LANG": "C.UTF-8", **given}
    lines = [
        f"printf %s {token} >&2",
        "exec 2>&1",
        f"unset {' '.join(unwanted)}",
        'export PATH="/env/bin:$PATH"' if job.extra else "",
        *(f"export {name}={shlex.quote(value)}" for name, value in variables.items()),
        'exec "$@"',
    ]
    return "\n".join(filter(None, lines)) + "\n"


def _user(engine: Engine) -> list[str]:
    """Not root: the bot's own user, or the guest whom a bot that is root lends its folders."""
    if os.geteuid() == 0:
        return [f"--user={GUEST}:{GUEST}"]
    own = [f"--user={os.geteuid()}:{os.getegid()}"]
    return [*own, "--userns=keep-id"] if engine.podman else own


def _limits(limits: SandboxLimits) -> Iterator[str]:
    """The kernel's bounds. Memory has no swap; an engine refuses more processors than there are."""
    memory, most = limits.memory_mb * 2**20, os.cpu_count() or 1
    ceiling = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    users = _USER_PROCESSES if ceiling == resource.RLIM_INFINITY else min(_USER_PROCESSES, ceiling)
    rlimits = {
        "core": 0,
        "cpu": max(1, math.ceil(limits.seconds) * most),
        "data": memory,
        "fsize": limits.file_mb * 2**20,
        "nofile": OPEN_FILES,
        "nproc": users,
    }
    yield from (f"--memory={memory}", f"--memory-swap={memory}")
    yield from (f"--pids-limit={limits.processes + _OURS_TOO}", f"--cpus={min(limits.cpus, most):g}")
    yield from (f"--ulimit={name}={value}:{value}" for name, value in rlimits.items())


def _source(path: Path) -> str:
    """A path as the form `source:target:mode` can hold it."""
    real = str(path.resolve())
    if ":" in real:
        raise SandboxError(f"A container cannot be given the folder {real!r}: its name holds a colon.")
    return real
