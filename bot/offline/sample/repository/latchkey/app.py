"""The WSGI application."""

import json
from collections.abc import Callable, Iterable
from http.cookies import CookieError, SimpleCookie
from typing import Any

from latchkey.accounts import Accounts
from latchkey.sessions import Sessions

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
Reply = tuple[str, list[tuple[str, str]], dict[str, str] | None]
MAX_BODY = 4096


class LoginApp:
    """Answers /login, /me and /logout."""

    def __init__(self, accounts: Accounts, sessions: Sessions) -> None:
        self._accounts = accounts
        self._sessions = sessions

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        status, headers, body = self._route(environ)
        payload = b"" if body is None else json.dumps(body).encode()
        start_response(status, [("Content-Type", "application/json"), *headers])
        return [payload]

    def _route(self, environ: Environ) -> Reply:
        match environ["REQUEST_METHOD"], environ.get("PATH_INFO", "/"):
            case "POST", "/login":
                return self._login(environ)
            case "GET", "/me":
                return self._me(environ)
            case "POST", "/logout":
                return self._logout(environ)
        return "404 Not Found", [], {"error": "no such page"}

    def _login(self, environ: Environ) -> Reply:
        credentials = _read_json(environ)
        user, password = credentials.get("user"), credentials.get("password")
        if not isinstance(user, str) or not isinstance(password, str):
            return "400 Bad Request", [], {"error": "user and password are needed"}
        if not self._accounts.verify(user, password):
            return "401 Unauthorized", [], {"error": "wrong name or password"}
        cookie = f"session={self._sessions.start(user)}; HttpOnly; SameSite=Strict; Path=/"
        return "200 OK", [("Set-Cookie", cookie)], {"user": user}

    def _me(self, environ: Environ) -> Reply:
        user = self._sessions.user(_token(environ))
        if user is None:
            return "401 Unauthorized", [], {"error": "no session"}
        return "200 OK", [], {"user": user}

    def _logout(self, environ: Environ) -> Reply:
        self._sessions.end(_token(environ))
        return "204 No Content", [], None


def _read_json(environ: Environ) -> dict[str, Any]:
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        data = json.loads(environ["wsgi.input"].read(min(max(length, 0), MAX_BODY)))
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _token(environ: Environ) -> str:
    try:
        cookie = SimpleCookie(environ.get("HTTP_COOKIE", ""))
    except CookieError:
        return ""
    return cookie["session"].value if "session" in cookie else ""
