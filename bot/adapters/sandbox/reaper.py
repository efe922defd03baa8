"""A program that runs a command and kills all it left behind, daemons included. Needs the standard library alone.

Orphans come to a Linux "child subreaper" (prctl(2)) instead of to init, so that it can find and kill them.
"""

import contextlib
import ctypes
import os
import signal
import sys
import time
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def main(argv: list[str]) -> int:
    """Run `argv`, return its exit code as a shell would, leave no process of its tree alive."""
    if sys.platform.startswith("linux"):
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    child = os.fork()
    if child == 0:
        _become(argv)
    signal.signal(signal.SIGTERM, _stop)
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        code = _wait_for(child)
    except InterruptedError:
        code = 128 + signal.SIGTERM
    finally:
        _kill_all(child)
    return code


def _become(argv: list[str]) -> None:
    """Turn into the command, in a session of its own so that it cannot signal us by group."""
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        os.setsid()
        os.execvp(argv[0], argv)  # noqa: S606
    except OSError as error:
        os.write(2, f"{argv[0]}: {error.strerror}\n".encode())
    os._exit(127)


def _stop(_signal: int, _frame: object) -> None:
    raise InterruptedError


def _wait_for(child: int) -> int:
    """The exit code of our own child, as a shell tells it; orphans that came to us are reaped on the way.

    The child itself is not: once it is, its number may be another's, and it is still to be killed with its group.
    """
    while True:
        ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
        if ended is None:
            continue
        if ended.si_pid == child:
            return ended.si_status if ended.si_code == os.CLD_EXITED else 128 + ended.si_status
        os.waitpid(ended.si_pid, 0)


def _kill_all(child: int) -> None:
    """Kill until nothing is left: a killed parent hands its children to us, so each round goes one level deeper."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        os.killpg(child, signal.SIGKILL)
    while True:
        for pid in _children():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.005)


def _children() -> list[int]:
    found = []
    for thread in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(pid) for pid in thread.read_text().split()]
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
