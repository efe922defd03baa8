"""An HTTP proxy on a Unix socket, for one command: CONNECT and plain requests, to allowed hosts only."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import SplitResult

import structlog

from bot.adapters.sandbox.network.connect import (
    Outer,
    Streams,
    checked_addresses,
    connect,
    connect_proxy,
    credentials,
)
from bot.adapters.sandbox.network.egress import Egress, RefusedError
from bot.adapters.sandbox.network.messages import Request, answer, parse_request, read_head

_CONNECTIONS = 64
_IDLE_SECONDS = 600.0


@asynccontextmanager
async def proxy(path: Path, egress: Egress, outer: Outer) -> AsyncIterator[None]:
    """Serve on a socket at `path`, which everybody who can see it may use; at the end every connection is cut."""
    served = _Proxy(egress, outer)
    server = await asyncio.start_unix_server(served.serve, path)
    os.chmod(path, 0o666)  # noqa: PTH101, S103
    try:
        yield
    finally:
        server.close()
        await served.cut()


class _Proxy:
    def __init__(self, egress: Egress, outer: Outer) -> None:
        self._egress = egress
        self._outer = outer
        self._tasks: set[asyncio.Task[None]] = set()
        self._refused: set[str] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from its request to its end."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if len(self._tasks) > _CONNECTIONS:
                writer.write(answer(503, "Too many connections at once."))
            else:
                await self._answer(reader, writer)
        except (OSError, asyncio.CancelledError):
            return
        finally:
            self._tasks.discard(task)
            writer.close()

    async def cut(self) -> None:
        """End every connection."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = parse_request(await read_head(reader))
        except RefusedError as refusal:
            writer.write(answer(400, str(refusal)))
            return
        try:
            far = await self._open(request)
        except RefusedError as refusal:
            self._log(request, str(refusal))
            writer.write(answer(403, str(refusal)))
            return
        except (OSError, UnicodeError) as error:
            writer.write(answer(502, f"{request.host} cannot be reached: {error}"))
            return
        if request.tunnel:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await _join((reader, writer), far)

    async def _open(self, request: Request) -> Streams:
        """A connection on which the request was sent, or its tunnel stands."""
        outer = self._outer.proxy_for("https" if request.tunnel else "http", request.host)
        if outer is not None:
            return await self._open_through(outer, request)
        far = await connect(self._egress, request.host, request.port)
        if not request.tunnel:
            far[1].write(request.head(whole=False))
        return far

    async def _open_through(self, outer: SplitResult, request: Request) -> Streams:
        """Through this machine's own proxy. It looks the name up itself; ours must not be one that leads inside."""
        with contextlib.suppress(OSError):
            await checked_addresses(self._egress, request.host, request.port)
        far = await connect_proxy(outer)
        if not request.tunnel:
            far[1].write(request.head(whole=True, extra=credentials(outer)))
            return far
        host = f"[{request.host}]" if ":" in request.host else request.host
        lines = (f"CONNECT {host}:{request.port} HTTP/1.1", f"Host: {host}:{request.port}", *credentials(outer), "", "")
        far[1].write("\r\n".join(lines).encode("latin-1"))
        status = (await read_head(far[0]))[0].split(" ")
        if status[1:2] != ["200"]:
            far[1].close()
            raise ConnectionError(f"this machine's proxy answered {' '.join(status[1:2])}")
        return far

    def _log(self, request: Request, words: str) -> None:
        """Once for each host: a command can ask as often as it likes."""
        host = f"{request.host}:{request.port}"
        if host not in self._refused and len(self._refused) < _CONNECTIONS:
            self._refused.add(host)
            structlog.get_logger().info("a host was refused to the sandbox", host=host, reason=words)


async def _join(near: Streams, far: Streams) -> None:
    """Copy both ways until both ends are done."""
    try:
        await asyncio.gather(_copy(near[0], far[1]), _copy(far[0], near[1]))
    finally:
        far[1].close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    async with asyncio.timeout(None) as patience:
        while True:
            patience.reschedule(asyncio.get_running_loop().time() + _IDLE_SECONDS)
            data = await reader.read(65536)
            if not data:
                break
            writer.write(data)
            await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
