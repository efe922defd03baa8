"""Apps from manifests: the page where a person names one, the code for its keys, and the page that installs it."""

import json
import re
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from bot.offline.github import events
from bot.offline.github.pages import form_page
from bot.offline.github.payloads import app_body
from bot.offline.github.refusals import RefusalError, not_found
from bot.offline.github.rest import Answer, Call, Incoming, Route, route
from bot.offline.github.state import App, Installation, Json, World

_NEW = re.compile(r"(?:/organizations/(?P<org>[^/]+))?/settings/apps/new")
_INSTALL = re.compile(r"/(?:github-)?apps/(?P<slug>[^/]+)/installations/new")
_KEYS = ("name", "url", "hook_attributes", "redirect_url", "public", "default_permissions", "default_events")


@dataclass(frozen=True, slots=True)
class Registration:
    """An App whose keys nobody has fetched yet."""

    app: App
    pem: str
    secret: str
    hook: str


def serve_registration(world: World, request: Incoming) -> Answer | None:
    """The pages about Apps, None for any other. The visitor is whoever owns this GitHub: there is no log-in."""
    if found := _NEW.fullmatch(request.path):
        return _new(world, request, found["org"] or "owner")
    if found := _INSTALL.fullmatch(request.path):
        return _install(world, request, found["slug"])
    return None


def _new(world: World, request: Incoming, owner: str) -> Answer:
    form = _form(request)
    try:
        manifest = json.loads(form.get("manifest", ""))
        missing = [key for key in _KEYS if key not in manifest]
        redirect = urlsplit(manifest["redirect_url"])
    except (ValueError, KeyError, TypeError):
        return form_page("app.html", 422, problem="The manifest is not one.")
    name, state = form.get("name", manifest["name"]).strip(), parse_qs(request.query).get("state", [""])[0]
    taken = any(app.slug == _slug(name) for app in world.apps.values())
    if missing or taken:
        problem = f"The manifest lacks {', '.join(missing)}." if missing else f"The name {name} is taken."
        return form_page("app.html", 422, problem=problem, name=name, manifest=form["manifest"])
    if form.get("confirmed") != "yes":
        return form_page("app.html", 200, problem="", name=name, manifest=form["manifest"])
    query = urlencode({"code": _register(world, manifest, name, owner), "state": state})
    return Answer(302, b"", {"Location": redirect._replace(query=query).geturl()})


def _register(world: World, manifest: Json, name: str, owner: str) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    slug = _slug(name)
    held = {"metadata": "read", **manifest["default_permissions"]}
    number = 100_000 + len(world.apps)
    app = App(number, slug, public, world.user(owner), world.user(f"{slug}[bot]", "Bot"), held, world.now())
    world.apps[number] = app
    code, secret = secrets.token_hex(20), secrets.token_hex(20)
    hook = manifest["hook_attributes"]["url"]
    world.registrations[code] = Registration(app, pem, secret, hook)
    world.hooks.app_id, world.hooks.url, world.hooks.secret = number, hook, secret
    events.ping_event(world)
    return code


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _install(world: World, request: Incoming, slug: str) -> Answer:
    app = next((app for app in world.apps.values() if app.slug == slug), None)
    if app is None:
        raise not_found()
    wanted = world.repositories.get(_form(request).get("repository", "").lower())
    if request.method == "POST" and wanted:
        installation = Installation(world.new_id(), app, wanted.owner, [wanted], dict(app.permissions), world.now())
        app.installations.append(installation)
        events.installation_event(world, installation, "created")
    on = [repository for installation in app.installations for repository in installation.repositories]
    return form_page("install.html", 200, app=app, on=on, repositories=list(world.repositories.values()))


def _form(request: Incoming) -> dict[str, str]:
    fields: dict[str, Any] = parse_qs(request.body.decode("utf-8", "replace"))
    return {name: values[0] for name, values in fields.items()}


def convert(call: Call) -> Answer:
    """The keys, once for each code."""
    registration = call.world.registrations.pop(call.params["code"], None)
    if registration is None:
        raise RefusalError(404, "Not Found")
    app = registration.app
    keys = {
        "client_secret": secrets.token_hex(20),
        "webhook_secret": registration.secret,
        "pem": registration.pem,
    }
    return Answer(201, {**app_body(call.world, app), **keys})


ROUTES: tuple[Route, ...] = (route("POST", "/app-manifests/{code}/conversions", convert),)
