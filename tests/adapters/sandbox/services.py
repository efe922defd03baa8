"""Services on this machine's loopback that note who called, for tests of what a sandbox can reach."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


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
                head = [line.decode("latin-1").rstrip("\r\n") for line in iter(lines.readline, b"\r\n") if line]
                service.heads.append(head)
                connection.sendall(answer(head))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield service
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
