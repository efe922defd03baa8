"""The few lines of HTTP that a proxy reads and writes (RFC 9110, RFC 9112)."""

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.adapters.sandbox.network.egress import RefusedError, clean_host

_HEAD_SECONDS = 30.0
_OWN = ("connection", "host", "keep-alive", "te", "upgrade")


@dataclass(frozen=True, slots=True)
class Request:
    """The head of a request: `tunnel` for CONNECT; `lines` are the header lines that go on to the host."""

    method: str
    host: str
    port: int
    path: str
    tunnel: bool
    lines: tuple[str, ...]

    def head(self, *, whole: bool, extra: tuple[str, ...] = ()) -> bytes:
        """The head for the host itself or, `whole`, for another proxy; one request to a connection."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        authority = host if self.port == 80 else f"{host}:{self.port}"
        target = f"http://{authority}{self.path}" if whole else self.path
        lines = (f"{self.method} {target} HTTP/1.1", f"Host: {authority}", *self.lines, *extra, "Connection: close")
        return "\r\n".join((*lines, "", "")).encode("latin-1")


async def read_head(reader: asyncio.StreamReader) -> list[str]:
    """The lines of a head without the empty one. Raises `RefusedError`, also if it does not end."""
    try:
        async with asyncio.timeout(_HEAD_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError) as error:
        raise RefusedError("That is no HTTP request.") from error
    return head.decode("latin-1").rstrip("\r\n").split("\r\n")


def parse_request(lines: list[str]) -> Request:
    """Raises `RefusedError` for what is no request to a proxy."""
    words = lines[0].split(" ")
    if len(words) != 3 or not words[0].isalpha() or any(ord(c) < 32 for line in lines for c in line.replace("\t", "")):
        raise RefusedError("That is no HTTP request.")
    method, target, _ = words
    tunnel = method == "CONNECT"
    url = urlsplit(f"//{target}" if tunnel else target)
    try:
        host, port = clean_host(url.hostname or ""), url.port or (0 if tunnel else 80)
    except ValueError as error:
        raise RefusedError("That is no port.") from error
    if port == 0 or (not tunnel and url.scheme != "http"):
        raise RefusedError("This proxy takes CONNECT, and requests for http:// addresses.")
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    return Request(method, host, port, path, tunnel, tuple(line for line in lines[1:] if not _ours(line)))


def _ours(line: str) -> bool:
    name = line.partition(":")[0].strip().lower()
    return name in _OWN or name.startswith("proxy-")


def answer(status: int, words: str) -> bytes:
    """A short answer of the proxy's own; `words` stand in its first line too, which is all that some programs show."""
    words = " ".join(words.encode("ascii", "replace").decode().split())
    body = f"{words}\n".encode()
    head = f"HTTP/1.1 {status} {words}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + body
