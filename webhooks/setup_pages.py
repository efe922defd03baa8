"""`/setup`: one button registers the GitHub App; only who holds the token that the server printed gets to see it."""

import hmac
import json
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import APIRouter
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.core.app_manifest import AppWish, app_manifest, is_of_this_machine, new_app_page, webhook_at
from bot.core.errors import BotError

PATH, RETURN_PATH = "/setup", "/setup/done"
COOKIE = "devflow_setup"
MOST_STATES = 20
"""How many times the form may be shown before the first of them is worth nothing."""
POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action {}"
_HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?|\[[0-9a-fA-F:]+\](:[0-9]{1,5})?")

Register = Callable[[str, AppWish], Awaitable[str]]
"""Exchanges GitHub's code for the App's keys and stores them; returns where the App is installed. `BotError`."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What the page proposes. An empty webhook means this server, under the name that the browser has for it."""

    org: str = ""
    name: str = "devflow"
    webhook: str = ""


class SetupPages:
    """The form, and the place where GitHub sends the browser back to. `token` opens both."""

    def __init__(self, token: str, github_url: str, offer: Offer, register: Register) -> None:
        self._token = token.encode()
        # The cookie proves that its owner had the token without being the token.
        self._cookie = hmac.digest(self._token, b"devflow setup cookie", "sha256").hex()
        self._github_url = github_url
        self._offer = offer
        self._register = register
        self._states: dict[str, AppWish] = {}
        self._policy = POLICY.format("'self' {0.scheme}://{0.netloc}".format(urlsplit(github_url)))

    def router(self) -> APIRouter:
        """The two routes, both GET."""
        router = APIRouter()
        router.add_api_route(PATH, self.form, response_class=HTMLResponse)
        router.add_api_route(RETURN_PATH, self.back, response_class=HTMLResponse)
        return router

    async def form(self, request: Request) -> Response:
        """The form; a right token in the address is exchanged for a cookie first."""
        given = request.query_params.get("token", "")
        if given and hmac.compare_digest(given.encode(), self._token):
            return self._hand_cookie(request)
        if not self._known(request):
            return self._refuse()
        return self._form(request, request.query_params)

    async def back(self, request: Request) -> Response:
        """From GitHub, with the code for the keys and the state that our form gave along."""
        if not self._known(request):
            return self._refuse()
        wish = self._take(request.query_params.get("state", ""))
        if wish is None:
            return self._page("setup_failed.html", HTTPStatus.FORBIDDEN, error=_STALE)
        try:
            install_url = await self._register(request.query_params.get("code", ""), wish)
        except BotError as error:
            return self._page("setup_failed.html", HTTPStatus.BAD_GATEWAY, error=error)
        return self._page("setup_done.html", install_url=install_url)

    def _form(self, request: Request, query: Mapping[str, str]) -> Response:
        own, offer = _own_address(request), self._offer
        shown = {
            "org": query.get("org", offer.org).strip(),
            "name": query.get("name", offer.name).strip(),
            "webhook": query.get("webhook", offer.webhook or webhook_at(own)).strip(),
        }
        try:
            wish = AppWish(shown["webhook"], shown["org"], shown["name"])
        except BotError as error:
            return self._page("setup.html", HTTPStatus.BAD_REQUEST, error=error, shown=shown, away=False)
        action = new_app_page(self._github_url, wish, self._new_state(wish))
        manifest = json.dumps(app_manifest(wish, own + RETURN_PATH))
        away = is_of_this_machine(wish.webhook)
        return self._page("setup.html", error=None, shown=shown, action=action, manifest=manifest, away=away)

    def _new_state(self, wish: AppWish) -> str:
        while len(self._states) >= MOST_STATES:
            del self._states[next(iter(self._states))]
        state = secrets.token_urlsafe(32)
        self._states[state] = wish
        return state

    def _take(self, given: str) -> AppWish | None:
        """What the form with that state wished for; never twice."""
        known = [s for s in self._states if hmac.compare_digest(s.encode(), given.encode())]
        return self._states.pop(known[0]) if known else None

    def _known(self, request: Request) -> bool:
        return hmac.compare_digest(request.cookies.get(COOKIE, "").encode(), self._cookie.encode())

    def _hand_cookie(self, request: Request) -> Response:
        """The token leaves the address bar, so that it is in no history and no picture of the screen."""
        answer = RedirectResponse(PATH, HTTPStatus.SEE_OTHER)
        secure = _own_address(request).startswith("https:")
        answer.set_cookie(COOKIE, self._cookie, path=PATH, httponly=True, samesite="lax", secure=secure)
        return answer

    def _refuse(self) -> Response:
        return self._page("setup_failed.html", HTTPStatus.FORBIDDEN, error=_CLOSED)

    def _page(self, template: str, status: HTTPStatus = HTTPStatus.OK, **values: object) -> Response:
        return setup_page(template, status, self._policy, **values)


_CLOSED = BotError("This page needs the token that the server printed.", "Open the address from its terminal or log.")
_STALE = BotError("This answer belongs to no form that is open.", "Go back to /setup and press the button again.")


class DonePages:
    """What `/setup` says on a server that is set up; anybody may see it."""

    def __init__(self, install_url: str) -> None:
        self._install_url = install_url

    def router(self) -> APIRouter:
        router = APIRouter()
        router.add_api_route(PATH, self.done, response_class=HTMLResponse)
        router.add_api_route(RETURN_PATH, self.again)
        return router

    async def done(self) -> Response:
        return setup_page("setup_done.html", install_url=self._install_url)

    async def again(self) -> Response:
        """Who loads the last page of set-up once more."""
        return RedirectResponse(PATH, HTTPStatus.SEE_OTHER)


def setup_page(
    template: str, status: HTTPStatus = HTTPStatus.OK, policy: str = POLICY.format("'none'"), **values: object
) -> Response:
    """A page of set-up, with the policy that keeps its form to us and GitHub."""
    folder = Path(__file__).parent / "templates"
    pages = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    text = pages.get_template(template).render(**values)
    return HTMLResponse(text, status, {"Content-Security-Policy": policy})


def _own_address(request: Request) -> str:
    """The address that the browser has for us: GitHub sends it back there, with our cookie."""
    host = request.headers.get("host", "")
    scheme = request.headers.get("x-forwarded-proto", request.url.scheme)
    if not _HOST.fullmatch(host) or scheme not in ("http", "https"):
        host, scheme = "localhost", "http"
    return f"{scheme}://{host}"
