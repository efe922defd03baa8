"""Commands with no sandbox at all, for a throw-away machine whose owner said so."""

import asyncio
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bot.adapters.sandbox import reaper
from bot.adapters.sandbox.job import Job
from bot.adapters.sandbox.rlimits import prlimit
from bot.adapters.sandbox.root import search_path
from bot.adapters.sandbox.supervise import Command, Tree, supervise
from bot.ports import ExecResult, SandboxLimits

_MOUNTED = re.compile(r"(?<![\w./~$-])/(work|env)(?![\w.-])")
_GRACE_SECONDS = 5.0


class UnsafeSandbox:
    """Runs commands as the bot's own user: they see its files and its network. Only limits and the clean-up hold; those
    on memory, processes and processor time in all are watched, not kept by the kernel.

    Nothing is mounted: `/work` and `/env` in arguments and variables become the folders they stand for.
    """

    name = "none"

    def available(self) -> str | None:
        return None

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
        """Run a command; see `bot.ports.Sandbox.run`. It keeps the network and may write anywhere."""
        Job(argv, checkout, extra=extra).check()
        real = _translation(checkout, extra)
        with tempfile.TemporaryDirectory(prefix="devflow-home-", ignore_cleanup_errors=True) as home:
            given = {name: real(value) for name, value in (env or {}).items()}
            variables = {"PATH": search_path(extra, real("/env")), "HOME": home, "LANG": "C.UTF-8", **given}
            argv = [*_reaper(), *_limited(limits), *map(real, argv)]
            command = Command(argv, Path(real("/work")), variables)
            return await supervise(command, limits, (checkout, extra) if extra else (checkout,), _tree)


def _translation(checkout: Path, extra: Path | None) -> Callable[[str], str]:
    """What puts the real folders in the place of `/work` and `/env`."""
    folders = {"/work": str(checkout.resolve()), "/env": str(extra.resolve()) if extra else "/env"}
    return lambda text: _MOUNTED.sub(lambda found: folders[found[0]], text)


def _reaper() -> list[str]:
    return [sys.executable, "-I", "-S", os.fspath(reaper.__file__)]


def _limited(limits: SandboxLimits) -> list[str]:
    """RLIMIT_NPROC counts all processes of the user, the bot's included, so processes are only watched here."""
    program = shutil.which("prlimit")
    return [] if program is None else prlimit(program, limits, processes=False)


async def _tree(process: asyncio.subprocess.Process) -> Tree:
    """The reaper and all below it. Told to end, it kills them and then ends; if it does not, its session is killed."""

    async def end() -> None:
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _GRACE_SECONDS)
        except TimeoutError:
            os.killpg(process.pid, 9)

    return Tree(lambda: process.pid, end)
