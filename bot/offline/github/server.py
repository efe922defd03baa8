"""The HTTP server on loopback, in a thread of its own: records every request, plays the faults, asks the right door."""

import json
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import uvicorn
from anyio import CapacityLimiter, to_thread
from starlette.requests import Request as HttpRequest
from starlette.types import Receive, Scope, Send

from bot.offline.github import (
    githttp,
    graphql,
    pages,
    registering,
    rest_actions,
    rest_apps,
    rest_checks,
    rest_git,
    rest_issues,
    rest_pulls,
    rest_repos,
    rest_reviews,
    rest_triage,
)
from bot.offline.github.access import Caller, authenticate
from bot.offline.github.faults import Fault, Faults
from bot.offline.github.refusals import RefusalError, not_found
from bot.offline.github.rest import API_VERSIONS, Answer, Incoming, dispatch, refusal_answer
from bot.offline.github.state import World
from bot.offline.github.traffic import Exchange, Request

ROUTES = (
    *(*rest_apps.ROUTES, *rest_issues.ROUTES, *rest_pulls.ROUTES, *rest_reviews.ROUTES, *graphql.ROUTES),
    *(*rest_checks.ROUTES, *rest_triage.ROUTES, *registering.ROUTES),
    *(*rest_git.ROUTES, *rest_repos.ROUTES),
    *rest_actions.ROUTES,
)
_REST = (
    "app",
    "app-manifests",
    "apps",
    "graphql",
    "installation",
    "meta",
    "orgs",
    "rate_limit",
    "repos",
    "search",
    "user",
    "users",
)
"""First parts of a path that belong to REST, so that no page is looked for there."""

Observer = Callable[[Exchange], None]


class Server:
    """The ASGI application and the thread that serves it. An observer is called in that thread and must not raise."""

    def __init__(self, world: World, observer: Observer | None) -> None:
        self.world = world
        self.faults = Faults()
        self.requests: list[Request] = []
        self.unserved: list[tuple[str, str]] = []
        self.at_once = self.most_at_once = 0
        self._observer = observer
        self._uvicorn: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._limiter: CapacityLimiter | None = None

    def start(self, port: int) -> int:
        """Listen on that port of 127.0.0.1 (0: any free one) and return the port; requests are taken from now on."""
        listener, self._limiter = _listen(port), None
        config = uvicorn.Config(
            self, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=2, ws="none"
        )
        self._uvicorn = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._uvicorn.run, kwargs={"sockets": [listener]}, name="local-github", daemon=True
        )
        self._thread.start()
        bound: int = listener.getsockname()[1]
        return bound

    def stop(self) -> None:
        """Let held requests go, answer what is under way, and end the thread."""
        self.faults.clear()
        if self._uvicorn and self._thread:
            self._uvicorn.should_exit = True
            self._thread.join()
        self._uvicorn = self._thread = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        http = HttpRequest(scope, receive)
        headers = {name.lower(): value for name, value in http.headers.items()}
        query = scope["query_string"].decode("latin-1")
        path = _enterprise_path(scope["path"]) if self.world.enterprise else scope["path"]
        request = Incoming(http.method, path, query, headers, await http.body())
        if self._limiter is None:
            self._limiter = CapacityLimiter(200)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            answer = await to_thread.run_sync(self._respond, request, limiter=self._limiter)
        finally:
            self.at_once -= 1
        await _send(answer, request.method, send)

    def _respond(self, request: Incoming) -> Answer | None:
        """The answer as it goes out; None breaks the connection."""
        fault = self.faults.take(request.method, request.path)
        if fault is None:
            return self._handle(request)
        if fault.hang:
            if fault.after_effect:
                answer = self._handle(request)
                fault.hang.hold()
                return answer
            fault.hang.hold()
            return self._handle(request)
        if fault.after_effect:
            self._handle(request, recorded=False)
        return self._fail(request, fault)

    def _fail(self, request: Incoming, fault: Fault) -> Answer | None:
        try:
            caller = authenticate(self.world, request.headers.get("authorization", ""))
        except RefusalError:
            caller = Caller()
        self._record(request, caller, fault.status)
        if fault.status == 0:
            return None
        body = fault.body if fault.body is not None else {"message": "Server Error"}
        return _dressed(Answer(fault.status, body, dict(fault.headers)))

    def _handle(self, request: Incoming, *, recorded: bool = True) -> Answer:
        caller = Caller()
        with self.world.lock:
            try:
                caller = authenticate(self.world, request.headers.get("authorization", ""))
                answer = self._door(caller, request)
            except RefusalError as refusal:
                answer = refusal_answer(refusal)
                if githttp.is_git(request.path):
                    answer = githttp.git_refusal(refusal)
        if recorded:
            self._record(request, caller, answer.status)
        self._observe(request, answer)
        return _dressed(answer)

    def _door(self, caller: Caller, request: Incoming) -> Answer:
        world, first = self.world, request.path.split("/")[1]
        if githttp.is_git(request.path):
            return githttp.serve_git(world, caller, request)
        if request.path == "/" and "text/html" in request.headers.get("accept", ""):
            return pages.home(world)
        if (page := registering.serve_registration(world, request)) is not None:
            return page
        plain = replace(request, method="GET") if request.method == "HEAD" else request
        answer = dispatch(world, ROUTES, caller, plain)
        if answer is None and first not in _REST:
            try:
                answer = pages.serve_page(world, caller, plain)
            except RefusalError as refusal:
                return pages.refusal_page(refusal)
        if answer is None or _is_unknown_query(request, answer):
            self.unserved.append((request.method, request.path))
        return answer or refusal_answer(not_found())

    def _record(self, request: Incoming, caller: Caller, status: int) -> None:
        now = self.world.clock.now()
        self.requests.append(Request(request.method, request.path, status, caller.kind, caller.login, now))

    def _observe(self, request: Incoming, answer: Answer) -> None:
        if self._observer is None or isinstance(answer.body, bytes):
            return
        try:
            sent: Any = json.loads(request.body) if request.body else None
        except ValueError:
            return
        exchange = Exchange(request.method, request.path, request.query, sent, answer.status, answer.body)
        self._observer(exchange)


def _enterprise_path(path: str) -> str:
    """The path on github.com of a path on an Enterprise Server, which has REST and GraphQL below `/api`."""
    if path == "/api/graphql":
        return "/graphql"
    if path != "/api/v3/graphql" and (path == "/api/v3" or path.startswith("/api/v3/")):
        return path.removeprefix("/api/v3") or "/"
    return f"/_not_below_api{path}" if path.split("/")[1] in _REST else path


def _is_unknown_query(request: Incoming, answer: Answer) -> bool:
    """Whether this was GraphQL that is not served: it is answered with errors only."""
    return request.path == "/graphql" and answer.status == 200 and "data" not in answer.body


def _listen(port: int) -> socket.socket:
    """A listening socket that names its protocol: without that asyncio leaves Nagle's delay on, 40 ms an answer."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(128)
    return listener


def _dressed(answer: Answer) -> Answer:
    """The answer with the headers that GitHub's REST answers have."""
    if isinstance(answer.body, bytes):
        return answer
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "X-GitHub-Api-Version-Selected": API_VERSIONS[-1],
        "X-GitHub-Media-Type": "github.v3; format=json",
        "X-RateLimit-Limit": "5000",
        "X-RateLimit-Remaining": "5000",
        "X-RateLimit-Used": "0",
        "X-RateLimit-Resource": "core",
    }
    return Answer(answer.status, answer.body, {**headers, **answer.headers})


async def _send(answer: Answer | None, method: str, send: Send) -> None:
    """Put an answer on the wire. A broken one promises a body and ends without it, which makes uvicorn hang up."""
    if answer is None:
        promise = [(b"content-length", b"1"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": promise})
        await send({"type": "http.response.body", "body": b"", "more_body": True})
        return
    body = b"" if answer.body is None else answer.body
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    headers = [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in answer.headers.items()]
    if answer.status != 204:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})
