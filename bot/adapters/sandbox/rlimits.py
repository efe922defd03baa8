"""The bounds of each single process, put on with prlimit(1)."""

import math
import os

from bot.ports import SandboxLimits

OPEN_FILES = 4096


def prlimit(program: str, limits: SandboxLimits, *, processes: bool) -> list[str]:
    """The command that starts another one under the limits.

    Memory is bounded as data (private writable pages), not as address space: Node, Go and Java reserve far more
    addresses than they use. `processes` is for when we are not root, whom RLIMIT_NPROC does not bind.
    """
    cpu = math.ceil(limits.seconds) * (os.cpu_count() or 1)
    flags = [
        f"--data={limits.memory_mb * 2**20}",
        f"--fsize={limits.file_mb * 2**20}",
        f"--cpu={max(1, cpu)}",
        f"--nofile={OPEN_FILES}",
        "--core=0",
    ]
    return [program, *flags, *([f"--nproc={limits.processes}"] if processes else []), "--"]
