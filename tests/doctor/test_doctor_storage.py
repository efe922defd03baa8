"""What is wrong with the database is found, without touching it."""

import os
import socket
import sqlite3
from pathlib import Path

import pytest

from bot.adapters.store.migrate import VERSION_TABLE
from bot.bootstrap import open_store
from bot.core.errors import BotError
from bot.doctor import storage
from bot.settings import load_settings
from tests.doctor.conftest import Patient
from tests.postgres import postgres_url, run_sql

__all__ = ["postgres_url"]
pytestmark = pytest.mark.anyio


async def test_a_database_of_a_newer_version(patient: Patient, tmp_path: Path) -> None:
    """Nothing is changed; one that this version made is fine."""
    store = open_store(load_settings())
    await store.open()
    await store.close()
    assert (await patient.examined(checks=storage.CHECKS)).of("database")[0] == "ok"
    file = tmp_path / ".devflow" / "devflow.db"
    with sqlite3.connect(file) as connection:
        connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    connection.close()
    before = sorted((path.name, path.read_bytes()) for path in file.parent.iterdir())
    state, found, fix = (await patient.examined(checks=storage.CHECKS)).of("database")
    assert (state, fix) == ("wrong", "Update Devflow, or use another one.")
    assert found.endswith("was used by a newer version of Devflow")
    assert sorted((path.name, path.read_bytes()) for path in file.parent.iterdir()) == before


async def test_a_file_that_is_no_database(patient: Patient, tmp_path: Path) -> None:
    """It is not touched."""
    (tmp_path / "notes.db").write_text("Dear diary, " * 100)
    patient.set("DEVFLOW_DATABASE_URL", f"sqlite:///{tmp_path}/notes.db")
    state, found, fix = (await patient.examined(checks=storage.CHECKS)).of("database")
    assert (state, fix.partition(",")[0]) == ("wrong", "Move the file away and start anew")
    assert "file is not a database" in found


async def test_a_state_folder_that_is_a_file(patient: Patient, tmp_path: Path) -> None:
    """The setting to change."""
    (tmp_path / "state").write_text("")
    patient.set("DEVFLOW_STATE_DIR", str(tmp_path / "state"))
    found = await patient.examined(checks=storage.CHECKS)
    assert found.of("database") == (
        "wrong",
        f"the state folder {tmp_path / 'state'} is a file",
        "Set DEVFLOW_STATE_DIR to a folder.",
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_state_folder_that_cannot_be_written(patient: Patient, tmp_path: Path) -> None:
    """Before the first start, too."""
    (tmp_path / "state").mkdir(mode=0o500)
    patient.set("DEVFLOW_STATE_DIR", str(tmp_path / "state"))
    assert (await patient.examined(checks=storage.CHECKS)).of("database")[0] == "wrong"


async def test_a_database_that_does_not_answer(patient: Patient) -> None:
    """The host is named, the password is not."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    patient.set("DEVFLOW_DATABASE_URL", f"postgresql://devflow:hunter2@127.0.0.1:{port}/devflow")
    found = await patient.examined(checks=storage.CHECKS)
    state, what, fix = found.of("database")
    assert state == "wrong"
    assert f"PostgreSQL database `devflow` at `127.0.0.1:{port}` cannot be used" in what
    assert fix.startswith("Check `DEVFLOW_DATABASE_URL`, that the server runs")
    assert "hunter2" not in str(found)


async def test_postgresql_as_it_should_be_and_read_only(patient: Patient, postgres_url: str) -> None:
    """An empty one is filled at the first start; a user that may make nothing is told."""
    patient.set("DEVFLOW_DATABASE_URL", postgres_url)
    found = (await patient.examined(checks=storage.CHECKS)).of("database")
    assert (found[0], found[1].endswith("is not there yet; the first start makes it")) == ("ok", True)
    run_sql(postgres_url, "CREATE ROLE reader LOGIN")
    try:
        patient.set("DEVFLOW_DATABASE_URL", postgres_url.replace("postgres:@", "reader:@"))
        state, _, fix = (await patient.examined(checks=storage.CHECKS)).of("database")
        assert (state, fix.partition(",")[0]) == ("wrong", "See to it that this user may create tables")
    finally:
        run_sql(postgres_url, "DROP ROLE reader")


async def test_a_wrong_password_is_told_apart() -> None:
    """By PostgreSQL's own words."""
    said = 'FATAL: password authentication failed for user "devflow".'
    assert storage._database_fix(BotError(said)).startswith("Correct the user and the password in DEVFLOW_DATABASE_URL")


async def test_sqlite_is_too_old(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another Python, or another database; with PostgreSQL it does not matter."""
    monkeypatch.setattr(storage, "OLDEST_SQLITE", (99, 0))
    state, found, fix = (await patient.examined(checks=storage.CHECKS)).of("SQLite")
    assert (state, found) == ("wrong", f"this Python has SQLite {sqlite3.sqlite_version}, older than 99.0")
    assert "PostgreSQL by DEVFLOW_DATABASE_URL" in fix
    patient.set("DEVFLOW_DATABASE_URL", "postgresql://127.0.0.1:1/x")
    assert (await patient.examined(checks=storage.CHECKS)).of("SQLite")[0] == "not looked at"
