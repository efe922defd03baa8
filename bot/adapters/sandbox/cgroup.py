"""Control groups: the only bound on processes, memory and processors that the kernel itself keeps, also for root.

A group is made only where this process may: below the root of a hierarchy, or where systemd's rule allows it, in a
group marked as delegated (https://systemd.io/CGROUP_DELEGATION/). Elsewhere `watch` keeps the bound.
"""

import contextlib
import os
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.ports import SandboxLimits

LEAVING_SECONDS = 10.0
"""How long the dead are waited for; what is left then is swept when the next bot makes its groups."""
_PREFIX = "devflow-"
_CONTROLLERS = ("pids", "memory", "cpu")
_PERIOD = 100_000
"""Microseconds over which a share of the processors is given out."""
_ALWAYS = frozenset({"pids.max", "memory.max", "memory.limit_in_bytes"})
_OURS_TOO = 4
"""bubblewrap's own processes and the launcher, which count as well."""


@dataclass(frozen=True, slots=True)
class Place:
    """A group under which ours may be made, and the controllers it has; version 2 keeps all of them in one."""

    folder: Path
    controllers: tuple[str, ...]
    version: int


def make_groups(
    limits: SandboxLimits, mount: Path = Path("/sys/fs/cgroup"), membership: Path = Path("/proc/self/cgroup")
) -> tuple[Path, ...]:
    """The groups that could be made, perhaps none; a process joins by writing 0 into their `cgroup.procs`."""
    made = []
    for place in places(mount, membership):
        _sweep(place.folder)
        group = _make(place, limits)
        if group is not None:
            made.append(group)
    return tuple(made)


def remove_groups(groups: Sequence[Path]) -> None:
    """Remove groups whose processes have ended; blocks for a moment, on a busy machine for some seconds."""
    for group in groups:
        _remove(group, LEAVING_SECONDS)


def places(mount: Path, membership: Path) -> list[Place]:
    """Where groups for processes, memory and processors may be made."""
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        wanted = tuple(name for name in _CONTROLLERS if name in controllers.split(","))
        if wanted:
            own = mount / controllers / path.lstrip("/")
            if own.is_dir() and (path == "/" or _delegated(own)):
                found.append(Place(own, wanted, 1))
        elif controllers == "":
            found += _unified(mount, path)
    return found


def _unified(mount: Path, path: str) -> list[Place]:
    """The place in a version 2 hierarchy: our own group if it may have children, or its parent if that is delegated."""
    if not (mount / "cgroup.controllers").exists():
        return []
    own = mount / path.lstrip("/")
    for folder in (own, own.parent):
        if folder == mount and path != "/":
            break
        if path == "/" or _delegated(folder):
            wanted = _enabled(folder)
            if wanted:
                return [Place(folder, wanted, 2)]
    return []


def _enabled(folder: Path) -> tuple[str, ...]:
    """Which of our controllers the children of a group have; in a delegated group they are turned on if need be."""
    switch = folder / "cgroup.subtree_control"
    try:
        missing = [name for name in _CONTROLLERS if name not in switch.read_text().split()]
        for name in missing if _delegated(folder) else ():
            # EBUSY: processes in the group itself keep its children from control. One word a write: one that fails
            # takes all of it along.
            with contextlib.suppress(OSError), switch.open("a") as file:
                file.write(f" +{name}")
        enabled = switch.read_text().split()
    except OSError:
        return ()
    return tuple(name for name in _CONTROLLERS if name in enabled)


def _delegated(folder: Path) -> bool:
    for name in ("user.delegate", "trusted.delegate"):
        try:
            if os.getxattr(folder, name) == b"1":
                return True
        except OSError:
            continue
    return False


def _make(place: Place, limits: SandboxLimits) -> Path | None:
    """A group with its limits set, None where the kernel refuses one."""
    group = place.folder / f"{_PREFIX}{os.getpid()}-{uuid.uuid4().hex[:12]}"
    try:
        group.mkdir()
        for controller in place.controllers:
            for name, value in _values(controller, place.version, limits).items():
                if name in _ALWAYS or (group / name).exists():
                    (group / name).write_text(value)
    except OSError:
        _remove(group)
        return None
    return group


def _values(controller: str, version: int, limits: SandboxLimits) -> dict[str, str]:
    """The files of a controller and what to write into them."""
    memory, quota = str(limits.memory_mb * 2**20), str(max(1_000, int(limits.cpus * _PERIOD)))
    match controller, version:
        case "pids", _:
            return {"pids.max": str(limits.processes + _OURS_TOO)}
        case "memory", 1:
            return {"memory.limit_in_bytes": memory}
        case "memory", _:
            return {"memory.max": memory, "memory.swap.max": "0", "memory.oom.group": "1"}
        case "cpu", 1:
            return {"cpu.cfs_period_us": str(_PERIOD), "cpu.cfs_quota_us": quota}
        case _:
            return {"cpu.max": f"{quota} {_PERIOD}"}


def _sweep(folder: Path) -> None:
    """Remove the empty groups of processes that were killed before they could."""
    for group in folder.glob(f"{_PREFIX}*"):
        owner = group.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists():
            _remove(group)


def _remove(group: Path, seconds: float = 0.0) -> None:
    """The dead leave a group a moment after they were reaped, later on a busy machine: so long it is tried again."""
    deadline, pause = time.monotonic() + seconds, 0.01
    while True:
        try:
            group.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            if time.monotonic() > deadline:
                return
            time.sleep(pause)
            pause = min(2 * pause, 0.2)
        else:
            return
