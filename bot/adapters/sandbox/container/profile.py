"""Podman's own system call filter, with the doors shut that it leaves open and Docker does not.

Key rings, namespaces made by the container itself, mounts in them, io_uring. The form is that of
https://github.com/containers/common (pkg/seccomp): its entries are alternatives, and what none allows is refused.
"""

import json
import platform
from pathlib import Path

_SHUT = frozenset(
    {
        *("keyctl", "add_key", "request_key", "unshare", "setns", "clone", "clone3", "perf_event_open", "userfaultfd"),
        *(
            "mount",
            "umount",
            "umount2",
            "pivot_root",
            "open_tree",
            "move_mount",
            "fsopen",
            "fsconfig",
            "fsmount",
            "fspick",
        ),
        *("mount_setattr", "io_uring_setup", "io_uring_enter", "io_uring_register"),
    }
)
_NAMESPACES = 0x7E020000
"""All CLONE_NEW* flags (clone(2))."""
_CLONE = {
    "names": ["clone"],
    "action": "SCMP_ACT_ALLOW",
    "args": [{"index": 0, "value": _NAMESPACES, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}],
}
_CLONE3 = {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}
"""Its flags are behind a pointer that no filter can follow; ENOSYS has the C library take clone(2)."""


def stricter_profile(path: str) -> str:
    """A profile like the one in this file, empty where there is none that can be understood."""
    try:
        profile = json.loads(Path(path).read_text("utf-8"))
        entries = [_without(entry) for entry in profile["syscalls"]]
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return ""
    if platform.machine() not in {"x86_64", "aarch64"}:
        return ""
    return json.dumps({**profile, "syscalls": [*(e for e in entries if e["names"]), _CLONE, _CLONE3]})


def _without(entry: dict[str, object]) -> dict[str, object]:
    """An entry without the calls that are to be shut, whatever it says of them."""
    names = entry["names"]
    return {**entry, "names": [name for name in names if name not in _SHUT] if isinstance(names, list) else []}
