"""What bubblewrap tells of a running sandbox: the first process of its PID namespace, and how the command ended."""

import asyncio
import json
import os
import signal

from bot.adapters.sandbox.output import reader_of
from bot.adapters.sandbox.supervise import Tree
from bot.adapters.sandbox.watch import parent_of

_BIRTH_SECONDS = 30


class Status:
    """The pipe behind `--json-status-fd`. Killing the first process of a PID namespace kills all of it; the kernel lets
    it be seen as dead only when every other one is."""

    def __init__(self) -> None:
        self._read, self.fd = os.pipe()
        self._transport: asyncio.ReadTransport | None = None
        self._reader: asyncio.StreamReader | None = None

    async def tree(self, process: asyncio.subprocess.Process) -> Tree:
        """Wait until the sandbox exists. Where it came to nothing, the tree is bubblewrap itself."""
        os.close(self.fd)
        self.fd = -1
        self._reader, self._transport = await reader_of(self._read)
        line = await asyncio.wait_for(self._reader.readline(), _BIRTH_SECONDS)
        pid = json.loads(line)["child-pid"] if line else 0
        pidfd = _pidfd(pid, process.pid)

        async def end() -> None:
            if pidfd is not None:
                await _kill(pidfd)
            if process.returncode is None:
                process.kill()

        root = process.pid if pidfd is None else pid
        return Tree(lambda: root, end)

    async def exit_code(self) -> int | None:
        """The command's own exit code; None if it was killed or never ran. To be asked when all is dead."""
        if self._reader is None:
            return None
        text = (await self._reader.read()).decode()
        codes = [json.loads(line).get("exit-code") for line in text.splitlines()]
        return next((code for code in codes if isinstance(code, int)), None)

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
        if self._transport is None:
            os.close(self._read)
        else:
            self._transport.close()


def _pidfd(pid: int, parent: int) -> int | None:
    """A handle on a child of bubblewrap that cannot come to mean another process; None if it has ended already."""
    if not pid:
        return None
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return None
    if parent_of(pid) == parent:
        return handle
    os.close(handle)
    return None


async def _kill(pidfd: int) -> None:
    """Kill and return when it is dead; closes the handle."""
    loop = asyncio.get_running_loop()
    dead = loop.create_future()
    loop.add_reader(pidfd, dead.set_result, None)
    try:
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        await dead
    except ProcessLookupError:
        pass
    finally:
        loop.remove_reader(pidfd)
        os.close(pidfd)
