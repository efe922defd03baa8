"""Services on this machine's loopback that note who called, for tests of what a sandbox can reach."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO


@dataclass
class Service:
    """A listening service: its port, and the heads of the requests that came, each as its lines."""

    port: int
    heads: list[list[str]] = field(default_factory=list)


Answer = Callable[[list[str]], bytes]


def page(body: bytes, kind: str = "text/plain") -> bytes:
    """An HTTP answer."""
    return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def hello(_: list[str]) -> bytes:
    return page(b"hello\n")


def _head(lines: BinaryIO) -> list[str]:
    """The lines up to an empty one, or to the end."""
    head: list[str] = []
    while (line := lines.readline()) not in {b"", b"\r\n"}:
        head.append(line.decode("latin-1").rstrip("\r\n"))
    return head


@contextmanager
def serving(answer: Answer = hello) -> Iterator[Service]:
    """Answer every request, one to a connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    service = Service(listener.getsockname()[1])

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as lines:
                connection.settimeout(10)
                head = _head(lines)
                service.heads.append(head)
                with contextlib.suppress(OSError):
                    connection.sendall(answer(head))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield service
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
