"""What goes into the `Authorization` header: a token, or an App's own signature."""

from collections.abc import Generator

import httpx
import jwt
from githubkit.auth import BaseAuthStrategy
from githubkit.core import GitHubCore
from pydantic import SecretStr

from bot.ports import Clock, GitHubError


class Credential(BaseAuthStrategy):
    """The token that a connection sends; it can be replaced while the connection lives."""

    def __init__(self, secret: SecretStr) -> None:
        self.secret = secret

    def get_auth_flow(self, github: GitHubCore) -> httpx.Auth:  # type: ignore[type-arg]
        return _Bearer(self)


class _Bearer(httpx.Auth):
    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"token {self._credential.secret.get_secret_value()}"
        yield request


class AppKey(BaseAuthStrategy):
    """An App's own signature, for the few requests it makes as itself. Raises `GitHubError` if the key cannot sign.

    githubkit's own goes by the machine's clock and shows the key in its `repr`.
    """

    def __init__(self, app_id: str, private_key_pem: str, clock: Clock) -> None:
        self._app_id = app_id.strip()
        self._pem = SecretStr(private_key_pem.strip().replace("\\n", "\n"))
        self._clock = clock
        try:
            self.sign()
        except (ValueError, TypeError, jwt.PyJWTError):
            raise GitHubError(
                "The App's private key cannot sign: it has to be the whole PEM file of an RSA key, from BEGIN to END."
            ) from None

    def sign(self) -> str:
        """A JSON web token: ten minutes is the most GitHub takes, a minute of it lies behind for clocks that differ."""
        start = int(self._clock.now().timestamp()) - 60
        claims = {"iss": self._app_id, "iat": start, "exp": start + 600}
        return jwt.encode(claims, self._pem.get_secret_value(), algorithm="RS256")

    def get_auth_flow(self, github: GitHubCore) -> httpx.Auth:  # type: ignore[type-arg]
        return _Signed(self)


class _Signed(httpx.Auth):
    def __init__(self, key: AppKey) -> None:
        self._key = key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._key.sign()}"
        yield request
