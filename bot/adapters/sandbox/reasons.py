"""Why bubblewrap cannot be used here, in one line with the remedy."""

import shutil
import sys

_NO_SANDBOX = (
    "or set DEVFLOW_SANDBOX=container, or set DEVFLOW_SANDBOX=none to run commands without a sandbox, "
    "on a throw-away machine only"
)
_APPARMOR = "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu 24.04 and later)"
_SECCOMP = "`--security-opt seccomp=deploy/seccomp.json`, or `seccomp=unconfined` without that file"
_SAID = {
    "uid map": f"user namespaces are restricted by AppArmor: run `{_APPARMOR}`",
    "RTM_NEWADDR": f"user namespaces are restricted by AppArmor: run `{_APPARMOR}`",
    "mount proc": "this container masks /proc: start it with `--security-opt systempaths=unconfined`",
    "hostname": f"this container's system call filter forbids it: start it with {_SECCOMP}",
    "slave": "this container's AppArmor profile forbids mounts: start it with `--security-opt apparmor=unconfined`",
    "namespace": (
        "user namespaces are forbidden: run `sysctl -w kernel.unprivileged_userns_clone=1`, "
        f"or start the container with {_SECCOMP}"
    ),
}


def missing_reason() -> str | None:
    """What is not installed, None if everything is."""
    if not sys.platform.startswith("linux"):
        return f"bubblewrap exists on Linux only; use a Linux machine, {_NO_SANDBOX}."
    for program, package in (("bwrap", "bubblewrap"), ("prlimit", "util-linux")):
        if shutil.which(program) is None:
            return f"{program} is not installed: run `apt-get install {package}`, {_NO_SANDBOX}."
    return None


def refused_reason(said: str) -> str:
    """What bubblewrap said, as a cause and a remedy."""
    first = said.splitlines()[0] if said else "it said nothing"
    for sign, remedy in _SAID.items():
        if sign in said:
            return f"bubblewrap could not make a sandbox: {remedy}, {_NO_SANDBOX}. It said: {first}"
    return f"bubblewrap could not make a sandbox: {first}"
