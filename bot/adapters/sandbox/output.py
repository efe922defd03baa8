"""What a command printed, kept within a bound: the head and the tail stay, the middle is counted."""

import asyncio
import os


class Output:
    """Bytes of a stream, at most `limit` of them kept: the first half as they came, the rest from the end."""

    def __init__(self, limit: int) -> None:
        self._head_limit = limit // 2
        self._tail_limit = limit - limit // 2
        self._head = bytearray()
        self._tail = bytearray()
        self._total = 0

    def add(self, data: bytes) -> None:
        self._total += len(data)
        room = self._head_limit - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        if len(self._tail) > 2 * self._tail_limit + 65536:
            del self._tail[: -self._tail_limit or None]

    @property
    def full(self) -> bool:
        """Whether more than the limit came, so that something is left out."""
        return self._total > self._head_limit + self._tail_limit

    def text(self) -> str:
        """All that was kept, as UTF-8 with replacement characters, with a line that says how much is missing."""
        if not self.full:
            return bytes(self._head + self._tail).decode(errors="replace")
        tail = self._tail[len(self._tail) - self._tail_limit :]
        missing = self._total - len(self._head) - len(tail)
        head = bytes(self._head).decode(errors="replace")
        return f"{head}\n[... {missing} bytes left out ...]\n{bytes(tail).decode(errors='replace')}"


async def reader_of(fd: int) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    """An asyncio stream over the read end of a pipe; closing the transport closes `fd`."""
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(fd, "rb", 0)
    )
    return reader, transport


async def collect(reader: asyncio.StreamReader, output: Output) -> None:
    """Read to the end. A flood past the limit is read slowly, so that it cannot take the event loop for itself."""
    while data := await reader.read(65536):
        output.add(data)
        if output.full:
            await asyncio.sleep(0.002)
