"""Totals of a process tree that no rlimit bounds: its processes, memory, processor time, the disk it filled."""

import asyncio
import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.ports import SandboxLimits

TICK_SECONDS = 0.1
FLOOR_BYTES = 256 * 2**20
"""Less free disk or memory than this, and a tree that is using it up is stopped."""
_MB = 2**20


def disk_allowance(limits: SandboxLimits) -> int:
    """Bytes that one command may write in all: eight files of the largest size."""
    return 8 * limits.file_mb * _MB


async def watch(
    root: Callable[[], int], limits: SandboxLimits, folders: Sequence[Path], exceeded: Callable[[], str]
) -> str:
    """Return, in words, the first total that a tree went over; while it keeps within them, go on.

    `root` tells the process that the tree is below, 0 while it is not known; `exceeded` what else it went over.
    """
    disks = [Disk.now(folder) for folder in folders]
    memory = available_memory()
    while True:
        await asyncio.sleep(TICK_SECONDS)
        over = _too_many(root(), limits) or _starved(memory, limits) or exceeded()
        over = over or await asyncio.to_thread(_overfull, disks, disk_allowance(limits))
        if over:
            return over


def _too_many(pid: int, limits: SandboxLimits) -> str:
    """Threads count as processes, as RLIMIT_NPROC and the pids cgroup count them."""
    tasks, resident, ticks, pids = -1, 0, 0, []  # the root is bubblewrap's or ours
    for process in below(pid) if pid else ():
        pids.append(process)
        tasks += _tasks(process)
        resident += _resident(process)
        ticks += _ticks(process)
        if tasks > limits.processes:
            return f"more than {limits.processes} processes"
    if ticks > limits.cpus * limits.seconds * os.sysconf("SC_CLK_TCK"):
        return f"more than {limits.cpus * limits.seconds:g} s of processor time"
    too_large = resident > limits.memory_mb * _MB and sum(map(_proportional, pids)) > limits.memory_mb * _MB
    return f"more than {limits.memory_mb} MB of memory" if too_large else ""


def _starved(at_start: int, limits: SandboxLimits) -> str:
    """Memory that belongs to no process (memfd, SysV segments) shows only in what the machine has left."""
    free = available_memory()
    starved = free < FLOOR_BYTES and at_start - free > limits.memory_mb * _MB
    return "almost all memory of this machine" if starved else ""


def _overfull(disks: Sequence["Disk"], allowance: int) -> str:
    fallen = [disk for disk in disks if disk.fallen() > allowance // 2]
    if any(disk.low() for disk in fallen):
        return "almost all free space of this machine's disk"
    if fallen and sum(disk.written() for disk in disks) > allowance:
        return f"more than {allowance // _MB} MB written to disk"
    return ""


@dataclass(frozen=True, slots=True)
class Disk:
    """A folder and the free space of its file system when the command began."""

    folder: Path
    free: int
    began: float

    @classmethod
    def now(cls, folder: Path) -> "Disk":
        return cls(folder, _free(folder), time.time())

    def fallen(self) -> int:
        """By how many bytes the free space has shrunk, whoever took it."""
        return self.free - _free(self.folder)

    def low(self) -> bool:
        return _free(self.folder) < FLOOR_BYTES

    def written(self) -> int:
        """Bytes of the files whose ctime says they changed since; ctime cannot be forged without capabilities."""
        total, waiting = 0, [os.fspath(self.folder)]
        while waiting:
            try:
                with os.scandir(waiting.pop()) as entries:
                    for entry in entries:
                        info = entry.stat(follow_symlinks=False)
                        total += info.st_blocks * 512 if info.st_ctime >= self.began - 1 else 0
                        if stat.S_ISDIR(info.st_mode):
                            waiting.append(entry.path)
            except OSError:
                continue
        return total


def _free(folder: Path) -> int:
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


def available_memory() -> int:
    """MemAvailable of this machine in bytes; a very large number where the kernel does not say."""
    for line in _read("/proc/meminfo").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 2**62


def below(pid: int) -> Iterator[int]:
    """`pid` and every process that descends from it, as /proc shows them now."""
    seen, waiting = {pid}, [pid]
    while waiting:
        parent = waiting.pop()
        yield parent
        for child in children(parent):
            if child not in seen:
                seen.add(child)
                waiting.append(child)


def children(pid: int) -> list[int]:
    """The direct children of all threads of a process; empty when it is gone."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208
    except OSError:
        return []
    return [int(child) for thread in threads for child in _read(f"/proc/{pid}/task/{thread}/children").split()]


def _tasks(pid: int) -> int:
    try:
        return len(os.listdir(f"/proc/{pid}/task"))  # noqa: PTH208
    except OSError:
        return 0


def _ticks(pid: int) -> int:
    """Processor time of a process and of its children that have ended, in clock ticks (proc_pid_stat(5))."""
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return sum(map(int, fields[11:15]))


def _resident(pid: int) -> int:
    fields = _read(f"/proc/{pid}/statm").split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") if fields else 0


def _proportional(pid: int) -> int:
    """The proportional set size, in bytes: shared pages are counted once over all who share them."""
    for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return _resident(pid)


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:  # noqa: PTH123
            return file.read()
    except OSError:
        return ""


def parent_of(pid: int) -> int:
    """The parent's process id, 0 if the process is gone."""
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return int(fields[1]) if fields else 0
