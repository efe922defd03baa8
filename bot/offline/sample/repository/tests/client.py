"""Calls a WSGI application as a browser would."""

import io
import json
from dataclasses import dataclass
from typing import Any


@dataclass
class Response:
    status: int
    headers: dict[str, str]
    body: Any


class Client:
    """Keeps the session cookie between calls."""

    def __init__(self, app: Any, address: str = "192.0.2.1") -> None:
        self.app = app
        self.address = address
        self.cookie = ""

    def get(self, path: str) -> Response:
        return self._call("GET", path, b"")

    def post(self, path: str, data: Any = None) -> Response:
        return self._call("POST", path, data if isinstance(data, bytes) else json.dumps(data).encode())

    def _call(self, method: str, path: str, body: bytes) -> Response:
        seen: list[Any] = []
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "REMOTE_ADDR": self.address,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            "HTTP_COOKIE": self.cookie,
        }
        chunks = b"".join(self.app(environ, lambda status, headers: seen.extend([status, dict(headers)])))
        status, headers = seen
        if "Set-Cookie" in headers:
            self.cookie = headers["Set-Cookie"].partition(";")[0]
        return Response(int(status[:3]), headers, json.loads(chunks) if chunks else None)
