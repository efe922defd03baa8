"""The REST door: a table of routes, the caller's rights, bodies, pages of lists, and GitHub's way of saying no."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, quote, urlencode

from bot.core.repository import PERMISSIONS, Permission
from bot.offline.github.access import Caller, Need, permit
from bot.offline.github.refusals import DOCUMENTATION, RefusalError, invalid, not_found
from bot.offline.github.state import Actor, Issue, Json, Repository, World

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
API_VERSIONS = ("2022-11-28", "2026-03-10")


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and what goes with it: a JSON body, or bytes as they are; None for no body."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Call:
    """One request on its way to a handler, which holds the world's lock."""

    world: World
    caller: Caller
    path: str
    query: dict[str, str]
    params: dict[str, str]
    body: Any = None
    accept: str = ""
    found: Repository | None = None

    @property
    def repository(self) -> Repository:
        """The repository of the path; the table has seen to it that it is there and may be known."""
        if self.found is None:
            raise not_found()
        return self.found

    @property
    def actor(self) -> Actor:
        return self.caller.actor

    @property
    def fields(self) -> Json:
        """The body as an object, empty if there is none. Raises `RefusalError` 422 for any other JSON."""
        if self.body is None:
            return {}
        if not isinstance(self.body, dict):
            raise RefusalError(422, "Invalid request.\n\nFor 'links/0/schema', the body is not an object.")
        return self.body

    def text(self, name: str) -> str:
        """A field that has to be there. Raises `RefusalError` 422 otherwise."""
        value = self.fields.get(name)
        if not isinstance(value, str):
            raise RefusalError(422, f'Invalid request.\n\n"{name}" wasn\'t supplied or is not a string.')
        return value

    def maybe_text(self, name: str) -> str | None:
        """A field that may be missing or null. Raises `RefusalError` 422 if it is something else."""
        return None if self.fields.get(name) is None else self.text(name)

    def issue(self) -> Issue:
        """The issue or pull request that the path numbers."""
        issue = self.repository.issues.get(int(self.params["number"]))
        if issue is None:
            raise not_found()
        return issue

    def page(self, rows: Sequence[Any], render: Callable[[Any], Any]) -> Answer:
        """The rows of the page that was asked for, with a `Link` header when there are more."""
        size = min(max(_number(self.query, "per_page", 30), 1), 100)
        page = max(_number(self.query, "page", 1), 1)
        last = max((len(rows) + size - 1) // size, 1)
        links = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
        shown = [r for r, p in links.items() if 1 <= p <= last and p != page and not (r == "first" and page == 1)]
        text = ", ".join(f'<{self.url({"page": str(links[r])})}>; rel="{r}"' for r in shown)
        body = [render(row) for row in rows[(page - 1) * size : page * size]]
        return Answer(200, body, {"Link": text} if text else {})

    def url(self, query: dict[str, str]) -> str:
        """This request's own address with some of its query changed."""
        return f"{self.world.api}{quote(self.path)}?{urlencode({**self.query, **query})}"


def _number(query: dict[str, str], name: str, default: int) -> int:
    value = query.get(name, "")
    return int(value) if re.fullmatch(r"\d{1,9}", value) else default


Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation. In `pattern`, `{name}` is one segment, `{name:n}` a number, `{name:p}` the rest of the path."""

    method: Method
    pattern: re.Pattern[str]
    handler: Handler
    need: Need | None


def route(
    method: Method, template: str, handler: Handler, permission: str = "", role: Permission | None = None
) -> Route:
    """A row of the table; `permission` alone means reading for a GET, else writing, of a person `role` or the same."""
    kinds = {"": "[^/]+", ":n": r"\d+", ":p": ".+"}

    def named(found: re.Match[str]) -> str:
        return f"(?P<{found[1]}>{kinds[found[2] or '']})"

    pattern = re.sub(r"\{(\w+)(:[np])?\}", named, template)
    level: Literal["read", "write"] = "read" if method == "GET" else "write"
    need = Need(permission, level, role or level) if permission else None
    return Route(method, re.compile(pattern), handler, need)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as it came in; `path` is decoded."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


def dispatch(world: World, routes: Sequence[Route], caller: Caller, request: Incoming) -> Answer | None:
    """The answer of the first route that fits, None if none does. Raises `RefusalError`."""
    for row in routes:
        found = row.pattern.fullmatch(request.path)
        if row.method != request.method or found is None:
            continue
        version = request.headers.get("x-github-api-version", API_VERSIONS[0])
        if version not in (API_VERSIONS[:1] if world.enterprise else API_VERSIONS):
            raise RefusalError(400, f"The version '{version}' is not a supported version of the REST API.")
        params = found.groupdict()
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        call = Call(world, caller, request.path, query, params, _json(request), request.headers.get("accept", ""))
        if "owner" in params:
            call.found = world.repositories.get(f"{params['owner']}/{params['repo']}".lower())
            _allow(call, row.need)
        return row.handler(call)
    return None


def _allow(call: Call, need: Need | None) -> None:
    if call.found is None:
        raise not_found()
    if need:
        if call.caller.kind == "app":
            raise RefusalError(401, "Bad credentials")
        permit(call.caller, call.found, need)


def _json(request: Incoming) -> Any:
    if not request.body:
        return None
    try:
        return json.loads(request.body)
    except ValueError:
        raise RefusalError(400, "Problems parsing JSON") from None


def refusal_answer(refusal: RefusalError) -> Answer:
    """GitHub's error shape."""
    body: Json = {"message": refusal.message}
    if refusal.errors:
        body["errors"] = refusal.errors
    return Answer(refusal.status, {**body, "documentation_url": DOCUMENTATION, "status": str(refusal.status)})


def own_or_write(call: Call, author: Actor) -> None:
    """Refuse 403 to a person who neither wrote the thing nor may write here; installations passed the table already."""
    token = call.caller.token
    if token and not token.installation and token.user is not author.user:
        permit(call.caller, call.repository, Need("", "write", "write"))


def may_label(call: Call) -> bool:
    """Whether the caller's labels count; those of a person who may only read are dropped in silence, as GitHub does."""
    token = call.caller.token
    person = token and not token.installation
    role = call.repository.role(token.user) if token and person else "write"
    return PERMISSIONS.index(role) >= PERMISSIONS.index("triage")


def text_list(value: Any, field_name: str) -> list[str]:
    """A list of names: strings, or objects with a `name`, as GitHub takes labels."""
    rows = value if isinstance(value, list) else [value]
    found = [row.get("name") if isinstance(row, dict) else row for row in rows]
    names = [name for name in found if isinstance(name, str)]
    if len(names) < len(rows):
        raise invalid("Label", "invalid", field_name)
    return names
