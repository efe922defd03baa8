"""The GitHub App that set-up registered: its keys in the state folder, for this user's eyes only."""

import os
import secrets
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.core.app_manifest import install_page
from bot.core.errors import BotError

CURRENT = "app.json"


class StoredApp(BaseModel):
    """What GitHub answered once and never says again. The secrets do not show in `repr`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: int = Field(gt=0)
    slug: str
    html_url: str
    pem: str = Field(repr=False, min_length=1)
    webhook_secret: str = Field(repr=False)
    webhook: str
    """Where GitHub delivers to."""
    relay: str = ""
    """The channel behind `webhook`, if that is a relay."""
    api_url: str
    server_url: str

    @property
    def install_url(self) -> str:
        """Where it is put on repositories."""
        return install_page(self.html_url)


def store_app(folder: Path, app: StoredApp, *, replace: bool) -> Path:
    """Make it the App of this folder; returns its file. Durable on return, and each App keeps a file of its own.

    Raises `BotError` if there is another one that is not to be replaced; the new keys are kept beside it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / ".gitignore").exists():
        (folder / ".gitignore").write_text("*\n", "utf-8")  # The folder may lie in a checkout.
    own, current, text = folder / f"app-{app.id}.json", folder / CURRENT, app.model_dump_json(indent=2)
    # First: from here on no crash and no refusal loses what GitHub says only once.
    _put(own, text)
    if replace:
        _put(current, text)
        return current
    try:
        os.link(own, current)
        _sync(folder)
    except FileExistsError:
        raise BotError(
            f"{current} holds another App's keys; those of {app.slug} are in {own.name} beside it.",
            f"To go on with the new App: cp {own} {current}",
        ) from None
    return current


def stored_app(folder: Path) -> StoredApp | None:
    """The App of this folder, if one was set up. Raises `BotError` for a file that others can read or that is damaged.

    Without a current file the only App there is counts: set-up was interrupted between its two files.
    """
    file = folder / CURRENT
    if not file.exists():
        kept = sorted(folder.glob("app-*.json"))
        if len(kept) != 1:
            return None
        file = kept[0]
    try:
        status = file.stat()
        # What somebody put into a repository or an archive is not ours: git keeps no private files.
        if status.st_mode & 0o077 or status.st_uid != os.getuid():
            raise BotError(f"{file} can be read by others than you, so its keys do not count.", f"chmod 600 {file}")
        return StoredApp.model_validate_json(file.read_bytes())
    except OSError as error:
        raise BotError(f"{file} cannot be read: {error.strerror}.", "It holds the App's keys.") from error
    except ValidationError:
        raise BotError(
            f"{file} is damaged.", "Bring it back from a backup, or make new keys with `devflow setup --replace`."
        ) from None


def _put(file: Path, text: str) -> None:
    """All or nothing, on disk when it returns, readable by the owner alone from the first byte."""
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(6)}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            out.write(text + "\n")
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(file)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise BotError(f"{file} cannot be written: {error.strerror}.", "Make room, or look at the rights.") from error
    _sync(file.parent)


def _sync(folder: Path) -> None:
    """A new name is durable only when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
