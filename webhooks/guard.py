"""Who may see the pages, and the headers that keep a browser from doing more with them than showing them."""

import hmac
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPEN = frozenset({"/healthz", "/readyz", "/setup", "/setup/done", "/static/devflow.css", "/static/icon.svg"})
"""Paths that need no permission: they say nothing but whether we are well and set up."""
COOKIE = "devflow_pages"
COOKIE_SECONDS = 30 * 24 * 3600
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
_FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip")

Headers = dict[bytes, bytes]


class PagesGuard:
    """ASGI middleware. With a token, every page needs it: as `Authorization: Bearer`, or once as `?token=`, which is
    exchanged for a cookie. Without one, pages go to this machine only, and not through a proxy that runs on it."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token.encode()
        # The cookie proves that its owner had the token without being the token.
        self._cookie = hmac.digest(self._token, b"devflow pages cookie", "sha256").hex()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        guarded = _with_security_headers(send)
        headers: Headers = dict(scope["headers"])
        if scope["path"] in OPEN or self._permitted(scope, headers):
            await self._app(scope, receive, guarded)
        elif self._token and scope["method"] == "GET" and self._right(_query_token(scope).encode()):
            await self._hand_cookie(scope, headers, guarded)
        else:
            await self._refuse(guarded)

    def _permitted(self, scope: Scope, headers: Headers) -> bool:
        if not self._token:
            return _is_local(scope, headers)
        scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
        return (scheme.lower() == b"bearer" and self._right(token)) or self._has_cookie(headers)

    def _right(self, token: bytes) -> bool:
        return hmac.compare_digest(token, self._token)

    def _has_cookie(self, headers: Headers) -> bool:
        try:
            cookie = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1")).get(COOKIE)
        except CookieError:
            return False
        return cookie is not None and hmac.compare_digest(cookie.value.encode(), self._cookie.encode())

    async def _hand_cookie(self, scope: Scope, headers: Headers, send: Send) -> None:
        """Send the browser to the same page without the token, so that it stays in no history or log."""
        secure = scope["scheme"] == "https" or headers.get(b"x-forwarded-proto") == b"https"
        cookie = f"{COOKIE}={self._cookie}; Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Lax"
        fields = [
            (b"location", _without_token(scope).encode()),
            (b"set-cookie", (cookie + ("; Secure" if secure else "")).encode()),
        ]
        await send({"type": "http.response.start", "status": HTTPStatus.SEE_OTHER, "headers": fields})
        await send({"type": "http.response.body"})

    async def _refuse(self, send: Send) -> None:
        fields = [(b"content-type", b"text/plain; charset=utf-8")]
        if self._token:
            status = HTTPStatus.UNAUTHORIZED
            fields.append((b"www-authenticate", b"Bearer"))
            text = "These pages need the token: send it as 'Authorization: Bearer', or open this page with ?token=.\n"
        else:
            status = HTTPStatus.FORBIDDEN
            text = "These pages are served to this machine only. Set DEVFLOW_PAGES_TOKEN to open them to others.\n"
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send({"type": "http.response.body", "body": text.encode()})


class SecureHeaders:
    """ASGI middleware that guards nothing, but tells browsers the same."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        await self._app(scope, receive, _with_security_headers(send) if scope["type"] == "http" else send)


def _is_local(scope: Scope, headers: Headers) -> bool:
    """The peer is this machine, named itself as such (a rebound DNS name does not), and speaks for nobody else."""
    host = _host(headers)
    client = scope.get("client") or ("", 0)
    forwarded = any(name in headers for name in _FORWARDED)
    return _is_loopback(client[0]) and (host == "localhost" or _is_loopback(host)) and not forwarded


def _host(headers: Headers) -> str:
    try:
        return urlsplit("//" + headers.get(b"host", b"").decode("latin-1")).hostname or ""
    except ValueError:
        return ""


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _query_token(scope: Scope) -> str:
    query: bytes = scope["query_string"]
    return dict(parse_qsl(query.decode("latin-1"))).get("token", "")


def _without_token(scope: Scope) -> str:
    """The same path and query; never one that a browser could read as another host."""
    rest = [(key, value) for key, value in parse_qsl(scope["query_string"].decode("latin-1")) if key != "token"]
    path: str = quote("/" + scope["path"].lstrip("/"))
    return path + ("?" + urlencode(rest) if rest else "")


def _with_security_headers(send: Send) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = {name.lower() for name, _ in message.get("headers", ())}
            missing = [(name, value) for name, value in SECURITY_HEADERS if name not in there]
            message["headers"] = [*message.get("headers", ()), *missing]
        await send(message)

    return wrapped
