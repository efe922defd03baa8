"""REST: who am I, Apps and their installations, the delivery log, limits and the root."""

from bot.offline.github.access import Caller
from bot.offline.github.hooks import Delivery
from bot.offline.github.payloads import (
    app_body,
    installation_body,
    profile_body,
    repository_body,
    time_text,
    token_body,
)
from bot.offline.github.refusals import RefusalError, not_found
from bot.offline.github.rest import Answer, Call, Route, route
from bot.offline.github.state import App, Installation, Json, Level, Repository

_ROOT = {
    "current_user": "/user",
    "current_user_authorizations_html": "/settings/connections/applications{/client_id}",
    "authorizations": "/authorizations",
    "code_search": "/search/code?q={query}{&page,per_page,sort,order}",
    "commit_search": "/search/commits?q={query}{&page,per_page,sort,order}",
    "emails": "/user/emails",
    "emojis": "/emojis",
    "events": "/events",
    "feeds": "/feeds",
    "followers": "/user/followers",
    "following": "/user/following{/target}",
    "gists": "/gists{/gist_id}",
    "issue_search": "/search/issues?q={query}{&page,per_page,sort,order}",
    "issues": "/issues",
    "keys": "/user/keys",
    "label_search": "/search/labels?q={query}&repository_id={repository_id}{&page,per_page}",
    "notifications": "/notifications",
    "organization": "/orgs/{org}",
    "organization_repositories": "/orgs/{org}/repos{?type,page,per_page,sort}",
    "organization_teams": "/orgs/{org}/teams",
    "public_gists": "/gists/public",
    "rate_limit": "/rate_limit",
    "repository": "/repos/{owner}/{repo}",
    "repository_search": "/search/repositories?q={query}{&page,per_page,sort,order}",
    "current_user_repositories": "/user/repos{?type,page,per_page,sort}",
    "starred": "/user/starred{/owner}{/repo}",
    "starred_gists": "/gists/starred",
    "user": "/users/{user}",
    "user_organizations": "/user/orgs",
    "user_repositories": "/users/{user}/repos{?type,page,per_page,sort}",
    "user_search": "/search/users?q={query}{&page,per_page,sort,order}",
}


def _app(caller: Caller) -> App:
    if caller.app is None:
        raise RefusalError(401, "A JSON web token could not be decoded")
    return caller.app


def _installation(call: Call) -> Installation:
    app, wanted = _app(call.caller), int(call.params["id"])
    for installation in app.installations:
        if installation.id == wanted:
            return installation
    raise not_found()


def get_root(call: Call) -> Answer:
    """What there is on GitHub, whether served here or not."""
    return Answer(200, {f"{name}_url": call.world.api + path for name, path in _ROOT.items()})


def get_meta(_: Call) -> Answer:
    return Answer(200, {"verifiable_password_authentication": False})


def get_rate_limit(call: Call) -> Answer:
    """Limits that are never used up; what happens when they are is asked for as a fault."""
    now = int(call.world.now().timestamp())
    limit = {"limit": 5000, "used": 0, "remaining": 5000, "reset": now + 3600}
    return Answer(200, {"resources": {"core": limit, "search": limit, "graphql": limit}, "rate": limit})


def get_user(call: Call) -> Answer:
    if call.caller.kind == "installation":
        raise RefusalError(403, "Resource not accessible by integration")
    token = call.caller.token
    scopes = {"X-OAuth-Scopes": ", ".join(token.scopes)} if token and token.scopes is not None else {}
    return Answer(200, profile_body(call.world, call.actor.user), scopes)


def get_profile(call: Call) -> Answer:
    user = call.world.users.get(call.params["login"].lower())
    if user is None:
        raise not_found()
    return Answer(200, profile_body(call.world, user))


def get_app(call: Call) -> Answer:
    app = _app(call.caller)
    return Answer(200, {**app_body(call.world, app), "installations_count": len(app.installations)})


def list_installations(call: Call) -> Answer:
    return call.page(_app(call.caller).installations, lambda i: installation_body(call.world, i))


def get_installation(call: Call) -> Answer:
    return Answer(200, installation_body(call.world, _installation(call)))


def get_repository_installation(call: Call) -> Answer:
    for installation in _app(call.caller).installations:
        if call.repository in installation.repositories:
            return Answer(200, installation_body(call.world, installation))
    raise not_found()


def create_token(call: Call) -> Answer:
    """A token with what the installation holds, or the part of it that was asked for."""
    installation = _installation(call)
    token = call.world.mint(installation, _narrowed(call, installation), _chosen(call, installation))
    return Answer(201, token_body(call.world, token))


def _narrowed(call: Call, installation: Installation) -> dict[str, Level]:
    wanted = call.fields.get("permissions")
    if not wanted:
        return dict(installation.permissions)
    order: tuple[Level, ...] = ("read", "write", "admin")
    for name, level in wanted.items():
        held = installation.permissions.get(name)
        if held is None or level not in order or order.index(level) > order.index(held):
            raise RefusalError(422, "The permissions requested are not granted to this installation.")
    return {"metadata": "read", **wanted}


def _chosen(call: Call, installation: Installation) -> list[Repository]:
    names, ids = call.fields.get("repositories"), call.fields.get("repository_ids")
    if names is None and ids is None:
        return list(installation.repositories)
    chosen = [r for r in installation.repositories if r.name in (names or ()) or r.id in (ids or ())]
    if len(chosen) < len(names or ids or ()):
        text = "There is at least one repository that does not exist or is not accessible to the parent installation."
        raise RefusalError(422, text)
    return chosen


def list_my_repositories(call: Call) -> Answer:
    token = call.caller.token
    if token is None or token.installation is None:
        raise RefusalError(
            403, "You must authenticate with an installation access token in order to list repositories."
        )
    rows = call.page(token.repositories, lambda r: repository_body(call.world, r))
    return Answer(200, {"total_count": len(token.repositories), "repositories": rows.body}, rows.headers)


def get_hook(call: Call) -> Answer:
    """The webhook's settings; of a secret only that there is one."""
    _app(call.caller)
    hooks = call.world.hooks
    secret = {"secret": "********"} if hooks.secret else {}
    insecure = "0" if hooks.verified else "1"
    body = {"content_type": hooks.content_type, "insecure_ssl": insecure, "url": hooks.url or "", **secret}
    return Answer(200, body)


def _delivery_row(delivery: Delivery) -> Json:
    return {
        "id": delivery.id,
        "guid": delivery.guid,
        "delivered_at": time_text(delivery.at),
        "redelivery": delivery.redelivery,
        "duration": delivery.seconds,
        "status": delivery.status,
        "status_code": delivery.status_code,
        "event": delivery.event,
        "action": delivery.action,
        "installation_id": delivery.installation_id,
        "repository_id": delivery.repository_id,
        "throttled_at": None,
    }


def list_deliveries(call: Call) -> Answer:
    """Attempts, newest first; the cursor is the id of the first row of a page."""
    _app(call.caller)
    rows = [d for d in reversed(call.world.hooks.deliveries) if d.status != "pending"]
    wanted = call.query.get("status")
    if wanted:
        rows = [d for d in rows if d.ok == (wanted == "success")]
    cursor = call.query.get("cursor", "")
    if cursor:
        if not cursor.isdigit():
            raise RefusalError(400, "Invalid cursor")
        rows = [d for d in rows if d.id <= int(cursor)]
    size = call.query.get("per_page", "30")
    limit = min(max(int(size), 1), 100) if size.isdigit() else 30
    more = rows[limit : limit + 1]
    links = {"Link": f'<{call.url({"cursor": str(more[0].id)})}>; rel="next"'} if more else {}
    return Answer(200, [_delivery_row(d) for d in rows[:limit]], links)


def _delivery(call: Call) -> Delivery:
    _app(call.caller)
    for delivery in call.world.hooks.deliveries:
        if delivery.id == int(call.params["id"]):
            return delivery
    raise not_found()


def get_delivery(call: Call) -> Answer:
    delivery = _delivery(call)
    request: Json = {"headers": delivery.headers, "payload": delivery.payload}
    response: Json = {"headers": delivery.response_headers, "payload": delivery.response}
    url = {"url": call.world.hooks.url or ""}
    return Answer(200, {**_delivery_row(delivery), **url, "request": request, "response": response})


def redeliver(call: Call) -> Answer:
    call.world.hooks.redeliver(_delivery(call))
    return Answer(202, {})


ROUTES: tuple[Route, ...] = (
    route("GET", "/", get_root),
    route("GET", "/meta", get_meta),
    route("GET", "/rate_limit", get_rate_limit),
    route("GET", "/user", get_user),
    route("GET", "/users/{login}", get_profile),
    route("GET", "/app", get_app),
    route("GET", "/app/installations", list_installations),
    route("GET", "/app/installations/{id:n}", get_installation),
    route("POST", "/app/installations/{id:n}/access_tokens", create_token),
    route("GET", "/app/hook/config", get_hook),
    route("GET", "/app/hook/deliveries", list_deliveries),
    route("GET", "/app/hook/deliveries/{id:n}", get_delivery),
    route("POST", "/app/hook/deliveries/{id:n}/attempts", redeliver),
    route("GET", "/repos/{owner}/{repo}/installation", get_repository_installation),
    route("GET", "/installation/repositories", list_my_repositories),
)
