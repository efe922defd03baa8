"""Who is calling, and what they may do: personal tokens, installation tokens, and requests that an App signed."""

import base64
import binascii
import time
from dataclasses import dataclass

import jwt

from bot.core.repository import PERMISSIONS, Permission
from bot.offline.github.refusals import RefusalError, not_found
from bot.offline.github.state import Actor, App, Level, Repository, Token, World
from bot.offline.github.traffic import CallerKind

_LEVELS: tuple[Level, ...] = ("read", "write", "admin")
_JWT_SECONDS = 600
"""An App's own token may last ten minutes:
https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app"""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever sent a request."""

    kind: CallerKind = "none"
    token: Token | None = None
    app: App | None = None

    @property
    def login(self) -> str | None:
        if self.token:
            return self.token.user.login
        return self.app.bot.login if self.app else None

    @property
    def actor(self) -> Actor:
        """The one whose name goes on what is written. Raises `RefusalError` 401 for nobody."""
        if self.token is None:
            raise RefusalError(401, "Requires authentication")
        installation = self.token.installation
        return Actor(self.token.user, installation.app if installation else None)


@dataclass(frozen=True, slots=True)
class Need:
    """What a request needs: of a person a role, of an installation a permission at a level."""

    permission: str
    level: Level
    role: Permission


def authenticate(world: World, header: str) -> Caller:
    """The caller behind an `Authorization` header. Raises `RefusalError` 401 unless it is empty or good."""
    if not header:
        return Caller()
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
            value = name if password in ("", "x-oauth-basic") else password
        except (binascii.Error, UnicodeDecodeError):
            value = ""
    value = value.strip()
    if value.count(".") == 2:
        return Caller("app", app=_app_of(world, value))
    token = world.tokens.get(value)
    if token is None or (token.expires_at and token.expires_at <= world.now()):
        raise RefusalError(401, "Bad credentials")
    return Caller("installation" if token.installation else "user", token)


def _app_of(world: World, signed: str) -> App:
    undecodable = RefusalError(401, "A JSON web token could not be decoded")
    try:
        issuer = jwt.decode(signed, options={"verify_signature": False}).get("iss")
        app = world.apps.get(int(str(issuer)))
        if app is None:
            raise RefusalError(401, "Integration not found")
        claims = jwt.decode(
            signed,
            app.public_key,
            algorithms=["RS256"],
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
        issued, expires = float(claims["iat"]), float(claims["exp"])
    except (jwt.PyJWTError, ValueError, KeyError, TypeError):
        raise undecodable from None
    problems = [_date_problem(issued, expires, now) for now in (time.time(), world.clock.now().timestamp())]
    if all(problems):
        raise RefusalError(401, problems[0])
    return app


def _date_problem(issued: float, expires: float, now: float) -> str:
    """Why a signed token is not good at this moment, empty if it is.

    Libraries that sign use the machine's time, whatever clock a test turns; so a token passes if either finds it good.
    """
    if expires <= now:
        return (
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which it expires"
        )
    if expires > now + _JWT_SECONDS + 1:
        return "'Expiration time' claim ('exp') is too far in the future"
    if issued > now + 1:
        return "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
    return ""


def permit(caller: Caller, repository: Repository, need: Need) -> None:
    """Raises `RefusalError`: 404 if the repository must stay unknown, 401 for a nameless write, 403 for too little."""
    reading = need.level == "read"
    if caller.token is None:
        if repository.private:
            raise not_found()
        if not reading:
            raise RefusalError(401, "Requires authentication")
        return
    if caller.token.installation:
        _permit_installation(caller.token, repository, need)
        return
    role = repository.role(caller.token.user)
    if role == "none":
        raise not_found()
    if PERMISSIONS.index(role) < PERMISSIONS.index(need.role):
        raise RefusalError(403, "Resource not accessible by personal access token")


def _permit_installation(token: Token, repository: Repository, need: Need) -> None:
    reading = need.level == "read"
    if repository not in token.repositories:
        if repository.private:
            raise not_found()
        if not reading:
            raise RefusalError(403, "Resource not accessible by integration")
        return
    if reading and not repository.private:
        return
    held = [token.permissions.get(name) for name in (*need.permission.split("|"),)]
    if not any(level and _LEVELS.index(level) >= _LEVELS.index(need.level) for level in held):
        raise RefusalError(403, "Resource not accessible by integration")
