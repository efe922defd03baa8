"""Where the database is, taken from its URL; and errors about it in plain words, without its password."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, quote_plus

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from bot.core.errors import BotError

FORMS = "Set `DEVFLOW_DATABASE_URL` to `sqlite:///path/to/file` or `postgresql://user:password@host/database`."
SQLITE_DRIVERS = ("sqlite", "sqlite+aiosqlite")
POSTGRES_DRIVERS = ("postgresql", "postgresql+psycopg")
CAUSE_LIMIT = 300


@dataclass(frozen=True, slots=True)
class Location:
    """A database of a kind we can use; printing it shows nothing of its URL, which may hold a password twice."""

    url: URL = field(repr=False)

    @property
    def path(self) -> Path | None:
        """The SQLite file; None for a PostgreSQL database."""
        return Path(self.url.database or "") if self.url.drivername == "sqlite+aiosqlite" else None

    @property
    def name(self) -> str:
        """What to call it before people: no user, no password, no options."""
        if self.path is not None:
            return f"SQLite database `{self.path}`"
        host = f"{self.url.host or 'local socket'}:{self.url.port or 5432}"
        return f"PostgreSQL database `{self.url.database or ''}` at `{host}`"

    @property
    def hint(self) -> str:
        """What to do when it cannot be used."""
        if self.path is not None:
            return f"Check that the folder `{self.path.parent}` can be written and its disk has room."
        return "Check `DEVFLOW_DATABASE_URL`, that the server runs, and that this user may create tables there."

    def sync_url(self) -> URL:
        """The same place for a driver that blocks; psycopg serves both."""
        return self.url.set(drivername="sqlite") if self.path is not None else self.url

    def error(self, what: str, error: BaseException) -> BotError:
        """An error for people: what did not work, and the driver's reason on one line without secrets."""
        return BotError(f"The {self.name} {what}: {self._without_secrets(error)}", self.hint)

    @contextmanager
    def plain_errors(self, what: str, *kinds: type[Exception]) -> Iterator[None]:
        """Raise `BotError` for errors of these kinds; the original is not chained, it may quote the URL."""
        try:
            yield
        except kinds as error:
            raise self.error(what, error) from None

    def _without_secrets(self, error: BaseException) -> str:
        text = " ".join(str(getattr(error, "orig", None) or error).split())
        for secret in self._secrets():
            for form in {secret, quote(secret), quote(secret, safe=""), quote_plus(secret)}:
                text = text.replace(form, "***")
        return text[:CAUSE_LIMIT].rstrip(".") + "."

    def _secrets(self) -> list[str]:
        options = [self.url.query.get(name, "") for name in ("password", "sslpassword")]
        found = [self.url.password or "", *(value for option in options for value in _as_tuple(option))]
        return sorted((secret for secret in found if secret), key=len, reverse=True)


def _as_tuple(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


def locate(database_url: str) -> Location:
    """Read a database URL. Raises `BotError` for what we cannot use; the error never repeats the URL."""
    try:
        url = make_url(database_url)
    except (ArgumentError, ValueError):
        raise BotError("The database URL cannot be read.", FORMS) from None
    if url.drivername in POSTGRES_DRIVERS:
        return Location(url.set(drivername="postgresql+psycopg"))
    if url.drivername not in SQLITE_DRIVERS:
        raise BotError("The database URL names a database or a driver that Devflow does not use.", FORMS)
    if not url.database or url.database.startswith((":memory:", "file:")) or url.query or url.host:
        raise BotError("The database URL does not name a plain SQLite file.", FORMS)
    return Location(url.set(drivername="sqlite+aiosqlite"))
