"""The keys that set-up stores: private, durable, never overwritten in silence, and where they stand among settings."""

import os
from pathlib import Path

import pytest

from bot import stored_app as module
from bot.core.errors import BotError
from bot.settings import load_settings
from bot.stored_app import StoredApp, store_app, stored_app
from tests.samples import COM
from tests.samples import an_app as app

ENTERPRISE = {"api_url": "https://ghe.example/api/v3", "server_url": "https://ghe.example"}


def test_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    """Every file, whatever the umask; git ignores them, nothing is left beside them, a printed App shows no secret."""
    old = os.umask(0)
    try:
        store_app(tmp_path / "state", app(), replace=False)
    finally:
        os.umask(old)
    files = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "state").iterdir()}
    assert files.pop(".gitignore")
    assert files == {"app.json": 0o600, "app-7.json": 0o600}
    assert stored_app(tmp_path / "state") == app()
    assert "secret" not in repr(app()).replace("webhook_secret", "")
    assert "hush" not in repr(app())


def test_a_second_app_does_not_replace_the_first(tmp_path: Path) -> None:
    """Its keys are kept all the same: GitHub says them only once."""
    store_app(tmp_path, app(7), replace=False)
    with pytest.raises(BotError, match=r"app-8\.json"):
        store_app(tmp_path, app(8), replace=False)
    assert stored_app(tmp_path) == app(7)
    assert StoredApp.model_validate_json((tmp_path / "app-8.json").read_bytes()) == app(8)


def test_a_replaced_app_is_kept_beside(tmp_path: Path) -> None:
    """Where it was asked for."""
    store_app(tmp_path, app(7), replace=False)
    store_app(tmp_path, app(8), replace=True)
    assert stored_app(tmp_path) == app(8)
    assert StoredApp.model_validate_json((tmp_path / "app-7.json").read_bytes()) == app(7)


def test_a_crash_between_the_two_files_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The App whose set-up was interrupted is found at the next start."""
    monkeypatch.setattr(module.os, "link", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        store_app(tmp_path, app(), replace=False)
    assert not (tmp_path / "app.json").exists()
    assert stored_app(tmp_path) == app()


def test_a_crash_while_writing_leaves_the_old_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never half a file."""
    store_app(tmp_path, app(7), replace=False)
    monkeypatch.setattr(module.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(BotError, match="No space left"):
        store_app(tmp_path, app(7, slug="other"), replace=True)
    assert stored_app(tmp_path) == app(7)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".gitignore", "app-7.json", "app.json"]


def test_keys_that_others_can_read_do_not_count(tmp_path: Path) -> None:
    """So comes what somebody committed to a repository: git keeps no private files."""
    file = store_app(tmp_path, app(), replace=False)
    file.chmod(0o640)
    with pytest.raises(BotError) as caught:
        stored_app(tmp_path)
    assert caught.value.hint == f"chmod 600 {file}"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"id": 7}', '{"id": "x"}'])
def test_a_damaged_file_is_named_and_not_shown(tmp_path: Path, text: str) -> None:
    """Its text may be half a key."""
    file = store_app(tmp_path, app(), replace=False)
    file.write_text(text)
    with pytest.raises(BotError, match=r"app\.json is damaged"):
        stored_app(tmp_path)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory; its state folder is the usual one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / ".devflow"


def test_settings_take_the_stored_app(here: Path) -> None:
    """Everything that `devflow serve` needs of it."""
    store_app(here, app(relay="https://smee.example/c", **ENTERPRISE), replace=False)
    settings = load_settings()
    assert (settings.app_id, settings.webhook_relay) == ("7", "https://smee.example/c")
    assert settings.private_key.get_secret_value() == app().pem
    assert settings.webhook_secret.get_secret_value() == "hush"
    assert (settings.github_api_url, settings.github_server_url) == tuple(ENTERPRISE.values())


def test_the_environment_comes_first(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each setting by itself; and so does `.env`."""
    store_app(here, app(relay="https://smee.example/c"), replace=False)
    monkeypatch.setenv("DEVFLOW_WEBHOOK_SECRET", "mine")
    (here.parent / ".env").write_text("DEVFLOW_WEBHOOK_RELAY=https://other.example/d\n")
    settings = load_settings()
    assert (settings.app_id, settings.webhook_relay) == ("7", "https://other.example/d")
    assert settings.webhook_secret.get_secret_value() == "mine"


@pytest.mark.parametrize(("name", "value"), [("DEVFLOW_APP_ID", "9"), ("DEVFLOW_PRIVATE_KEY", "key.pem")])
def test_two_apps_are_never_mixed(here: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """Who names an App in the environment gets nothing of the stored one."""
    store_app(here, app(**ENTERPRISE), replace=False)
    monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.webhook_secret.get_secret_value() == ""
    assert "7" not in settings.app_id
    assert settings.github_server_url == COM["server_url"]


def test_a_token_goes_to_no_github_that_only_the_file_names(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state folder from somewhere else must not draw it there."""
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_mine")
    store_app(here, app(**ENTERPRISE), replace=False)
    assert load_settings().github_token.get_secret_value() == ""
    monkeypatch.setenv("GITHUB_API_URL", ENTERPRISE["api_url"])
    assert load_settings().github_token.get_secret_value() == "ghp_mine"


@pytest.mark.parametrize(
    ("given", "api", "server"),
    [
        ({"GITHUB_API_URL": "https://ghe.example/api/v3"}, "https://ghe.example/api/v3", "https://ghe.example"),
        ({"GITHUB_SERVER_URL": "https://ghe.example/"}, "https://ghe.example/api/v3", "https://ghe.example/"),
        ({"GITHUB_SERVER_URL": "https://octo.ghe.com"}, "https://api.octo.ghe.com", "https://octo.ghe.com"),
        ({"GITHUB_API_URL": "https://api.octo.ghe.com"}, "https://api.octo.ghe.com", "https://octo.ghe.com"),
        ({"GITHUB_API_URL": "http://a:1", "GITHUB_SERVER_URL": "http://b:2"}, "http://a:1", "http://b:2"),
        ({}, "https://api.github.com", "https://github.com"),
    ],
)
def test_one_address_of_github_gives_the_other(
    here: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], api: str, server: str
) -> None:
    """Half a setting would send an Enterprise Server's token to github.com."""
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert (settings.github_api_url, settings.github_server_url) == (api, server)
