"""The engine on one SQLite file: its clock, its journal, its lock, its privacy, its silence.

Traps of dbos that have their test here: SQLite before 3.42 has no clock finer than a second, and none at all from
Python 3.12 on; the default journal is slow; two processes on a file exceed its limits; rows marked as pickle are code.
"""

import asyncio
import base64
import logging
import os
import pickle
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bot.adapters.durable import DbosDurable
from bot.adapters.durable.sqlite import lock_file, sqlite_engine
from bot.core.conversation import Json
from bot.core.errors import BotError
from bot.core.repository import Repo
from bot.core.runs import RunId
from bot.ports import Steps
from tests.adapters.durable.story import gives, no_segment, raises

ROOT = Path(__file__).parents[3]


async def coordinate(run: RunId, steps: Steps) -> Json:
    return await steps.step("work", gives(ok=True))


def query(path: Path, statement: str, *values: object) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement, values).fetchall()


def test_the_clock_of_the_engine_is_finer_than_a_second(tmp_path: Path) -> None:
    """Whatever SQLite can do; and a format it does not know is refused rather than answered wrongly."""
    engine = sqlite_engine(tmp_path / "e.db")
    with engine.connect() as connection:
        for clock in ("unixepoch('subsec')", "strftime('%s', 'now')"):
            ticks = {connection.exec_driver_sql(f"SELECT {clock}").scalar() for _ in range(50)}
            assert len(ticks) == 50, clock
        with pytest.raises(Exception, match="user-defined function raised exception"):
            connection.exec_driver_sql("SELECT strftime('%Y', 'now')")
    engine.dispose()


async def test_the_file_is_private_and_in_wal_mode_even_if_it_was_not(tmp_path: Path, run: RunId, repo: Repo) -> None:
    """Rows decide what is executed, so nobody else may write or read them."""
    path = tmp_path / "deep" / "engine.db"
    path.parent.mkdir()
    path.touch(0o666)
    engine = DbosDurable(f"sqlite+aiosqlite:///{path}", poll_seconds=0.02)
    await engine.launch(coordinate, no_segment)
    await engine.start(run, repo)
    assert await engine.wait(run) == {"ok": True}
    files = sorted(path.parent.iterdir())
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert {"engine.db", "engine.db.lock", "engine.db-wal"} <= {file.name for file in files}
    await engine.close()
    assert query(path, "PRAGMA journal_mode") == [("wal",)]


async def test_what_is_stored_is_json_under_the_pinned_version(
    tmp_path: Path, sqlite_url: str, run: RunId, repo: Repo
) -> None:
    """Inputs, results and outcomes can be read by any later version of anything."""
    engine = DbosDurable(sqlite_url, poll_seconds=0.02)
    await engine.launch(coordinate, no_segment)
    await engine.start(run, repo)
    await engine.wait(run)
    await engine.close()
    path = tmp_path / "engine.db"
    rows = query(path, "SELECT name, serialization, application_version, executor_id FROM workflow_status")
    assert rows == [("run", "devflow_json", "wf-1", "devflow")]
    assert query(path, "SELECT inputs FROM workflow_input") == [(f'{{"args":["{run}","{repo}"],"kwargs":{{}}}}',)]
    assert query(path, "SELECT function_name, output, serialization FROM operation_outputs") == [
        ("work", '{"ok":true}', "devflow_json")
    ]


class Bomb:
    """Unpickled, it leaves a file behind."""

    def __init__(self, crater: Path) -> None:
        self.crater = crater

    def __reduce__(self) -> tuple[object, ...]:
        return (os.mkdir, (str(self.crater),))


async def test_a_pickled_row_is_refused_not_read(tmp_path: Path, sqlite_url: str, run: RunId, repo: Repo) -> None:
    """Whoever can write to the file cannot run code in the worker this way; the run fails."""
    door = DbosDurable(sqlite_url, poll_seconds=0.02)
    await door.start(run, repo)
    await door.close()
    crater = tmp_path / "crater"
    bomb = base64.b64encode(pickle.dumps({"args": (Bomb(crater),), "kwargs": {}})).decode()
    query(tmp_path / "engine.db", "UPDATE workflow_input SET inputs = ?", bomb)
    query(tmp_path / "engine.db", "UPDATE workflow_status SET serialization = 'py_pickle'")
    engine = DbosDurable(sqlite_url, poll_seconds=0.02)
    await engine.launch(coordinate, no_segment)
    assert await engine.wait(run) is None
    assert await engine.status(run) == "failed"
    assert await engine.failure(run) == "its record cannot be read"
    await engine.close()
    assert not crater.exists()


async def test_a_second_process_on_the_file_is_told_what_to_do(tmp_path: Path, sqlite_url: str) -> None:
    """It may start and cancel runs, but not execute them; when the first one has gone, it may."""
    holder = (
        "import sys; from pathlib import Path; from bot.adapters.durable.sqlite import lock_file;"
        "let_go = lock_file(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    path = tmp_path / "engine.db"
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        engine = DbosDurable(sqlite_url, poll_seconds=0.02)
        with pytest.raises(BotError) as refused:
            await engine.launch(coordinate, no_segment)
        assert refused.value.message == f"Another Devflow process (process id {process.pid}) already works on {path}."
        assert "PostgreSQL" in refused.value.hint
        process.kill()
    await engine.launch(coordinate, no_segment)
    await engine.close()
    lock_file(path)()


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "mysql://u:secret@h/d", "nonsense", "postgresql://"]
)
def test_a_url_that_cannot_be_used_is_refused_with_an_example_and_without_its_password(url: str) -> None:
    with pytest.raises(BotError, match=r"Use sqlite:///path/to/file.db or postgresql://") as refused:
        DbosDurable(url)
    assert "secret" not in str(refused.value)


def test_the_engine_starts_and_stops_without_a_word_and_without_the_network(sqlite_url: str) -> None:
    """No banner, no advertisement, no log line, no connection."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.adapters.durable.program", sqlite_url, "idle"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("result {'ok': True}\n", "", 0)


async def test_a_failed_run_is_a_line_in_the_log_and_a_cancelled_one_is_none(
    sqlite_url: str, run: RunId, repo: Repo, caplog: pytest.LogCaptureFixture
) -> None:
    """The error is recorded with the run; the log names it without fifty lines of traceback."""
    parked, other = asyncio.Event(), RunId("260102-000009-z")

    async def fail_or_wait(run: RunId, steps: Steps) -> Json:
        if run == other:
            parked.set()
            await asyncio.Event().wait()
        return await steps.step("work", raises(LookupError("no compiler")))

    with caplog.at_level(logging.DEBUG):
        engine = DbosDurable(sqlite_url, poll_seconds=0.02)
        await engine.launch(fail_or_wait, no_segment)
        await engine.start(run, repo)
        await engine.wait(run)
        await engine.start(other, repo)
        await parked.wait()
        await engine.cancel(other)
        await engine.wait(other)
        await engine.close()
    said = [record for record in caplog.records if record.name.startswith("dbos")]
    assert [(r.levelname, r.getMessage(), r.exc_info) for r in said] == [
        ("ERROR", "a run failed: 'LookupError: no compiler'", None)
    ]
