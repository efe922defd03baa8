"""Opening: made when missing, migrated once, never touched when it is not ours to touch."""

import asyncio
import fcntl
import os
import re
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text

from bot.adapters.store import SqlStore, connections, database, migrate
from bot.adapters.store.location import locate
from bot.adapters.store.migrate import VERSION_TABLE, current, scripts
from bot.adapters.store.tables import Row
from bot.core.errors import BotError
from tests.adapters.store.rig import (
    NOON,
    RUN,
    a_delivery,
    a_phase,
    a_run,
    a_turn,
    an_effect,
    outputs_of,
    reserve,
    start_process,
    stores_at,
)
from tests.postgres import run_sql, server_url

pytestmark = pytest.mark.slow

SECRET = "hunter2/@:%"
ROOT = Path(__file__).parents[3]


async def fill(store: SqlStore) -> None:
    await store.accept([a_delivery("d1")], NOON)
    await store.add_run(a_run())
    await store.save_phase(a_phase())
    await reserve(store, a_turn(), 5.0)
    await store.add_effect(an_effect())
    await store.count_rejection("bad signature")


async def everything(store: SqlStore) -> list[object]:
    kept = [await store.unprocessed(), await store.runs(), await store.phases(RUN), await store.turns(RUN)]
    return [*kept, await store.effects(RUN), await store.statistics()]


async def test_closing_and_opening_shows_everything(database_url: str) -> None:
    """The same store opened again, and another one, see what was stored."""
    store = SqlStore(database_url)
    await store.open()
    await store.open()
    await fill(store)
    before = await everything(store)
    await store.close()
    await store.close()
    await store.open()
    assert await everything(store) == before
    await store.close()
    async with stores_at(database_url) as (other,):
        assert await everything(other) == before


async def test_a_closed_store_says_so(store: SqlStore) -> None:
    """It does not open itself again behind the caller's back."""
    await store.close()
    with pytest.raises(RuntimeError, match="not open"):
        await store.runs()
    with pytest.raises(RuntimeError, match="not open"):
        await store.accept([a_delivery("d1")], NOON)


def not_of_the_index(name: str | None, kind: str, _: object) -> bool:
    """The index over memories is of each database's own kind, and SQLite keeps tables of its own for it."""
    return not (kind == "table" and str(name).startswith("devflow_memory_index"))


async def test_the_migrations_make_the_tables_of_the_models(store: SqlStore, database_url: str) -> None:
    """Alembic finds no difference between the migrated database and the classes, and the revision is the newest."""
    engine = create_engine(locate(database_url).sync_url())
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"version_table": VERSION_TABLE, "compare_server_default": True, "include_name": not_of_the_index},
        )
        assert compare_metadata(context, Row.metadata) == []
        assert current(connection) == set(scripts().get_heads())
    engine.dispose()


async def test_there_is_one_newest_revision() -> None:
    """Two heads could not both be applied."""
    assert len(scripts().get_heads()) == 1


async def test_many_open_at_once(database_url: str) -> None:
    """Stores of one process that open a new database together all succeed."""
    stores = [SqlStore(database_url) for _ in range(5)]
    await asyncio.gather(*(store.open() for store in stores))
    assert sorted([await store.add_run(a_run()) for store in stores]) == [False] * 4 + [True]
    await asyncio.gather(*(store.close() for store in stores))


async def test_opening_waits_for_who_migrates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another process holds the lock nothing is changed. Changing a new file to WAL would not wait by itself:
    of eight processes that did so in the same moment, one failed now and then."""
    monkeypatch.setattr(migrate, "LOCK_SECONDS", 0)
    path = tmp_path / "x.db"
    with Path(f"{path}-migrate.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(BotError, match="another process has held"):
            await SqlStore(f"sqlite:///{path}").open()
        assert path.read_bytes() == b""
    async with stores_at(f"sqlite:///{path}") as (store,):
        assert await store.runs() == []


@pytest.mark.kill
async def test_processes_that_migrate_at_once(database_url: str) -> None:
    """Four processes start on a new database in the same moment: all can use it, it was migrated once."""
    steps = """
        print("ready", flush=True)
        sys.stdin.readline()
        await store.open()
        print(await store.accept([Delivery("d1", "push", b"")], NOON))
        await store.close()
    """
    processes = [start_process(database_url, steps) for _ in range(4)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert sorted(outputs_of(processes)) == ["[False]"] * 3 + ["[True]"]


async def test_a_newer_database_is_refused(database_url: str) -> None:
    """It is named, nothing in it changes, and there is a next step."""
    async with stores_at(database_url) as (store,):
        await fill(store)
    engine = create_engine(locate(database_url).sync_url())
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '0999'"))
    before = _dump(database_url)
    with pytest.raises(BotError, match="newer version of Devflow") as refused:
        await SqlStore(database_url).open()
    assert "0999" in refused.value.message
    assert "Update Devflow" in refused.value.hint
    assert _dump(database_url) == before
    engine.dispose()


def _dump(database_url: str) -> dict[str, list[tuple[object, ...]]]:
    engine = create_engine(locate(database_url).sync_url())
    names = [*Row.metadata.tables, VERSION_TABLE]
    with engine.connect() as connection:
        found = {name: [tuple(row) for row in connection.execute(text(f"SELECT * FROM {name}"))] for name in names}
    engine.dispose()
    return found


async def test_the_tables_of_others_are_left_alone(database_url: str) -> None:
    """A database may be shared: another program's tables, and its own Alembic revisions, do not matter to us."""
    async with stores_at(database_url):
        pass
    engine = create_engine(locate(database_url).sync_url())
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num TEXT)"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('theirs')"))
    engine.dispose()
    async with stores_at(database_url) as (store,):
        assert await store.add_run(a_run())


async def test_a_stored_run_that_makes_no_sense(store: SqlStore, database_url: str) -> None:
    """Somebody's edit of the database is reported with the run and the field, not passed on."""
    await store.add_run(a_run())
    engine = create_engine(locate(database_url).sync_url())
    with engine.begin() as connection:
        connection.execute(text('UPDATE devflow_runs SET plan = \'{"phases": [{"name": "party"}]}\''))
    engine.dispose()
    with pytest.raises(BotError, match=rf"run {RUN} cannot be read: plan\.phases\.0\.agent"):
        await store.run(RUN)


async def test_cancelled_calls_leave_the_store_usable(store: SqlStore) -> None:
    """A call may be cancelled at any await; the next ones find no lock and no half transaction."""
    await store.add_run(a_run())
    for ticks in range(40):
        task = asyncio.create_task(reserve(store, a_turn(ticks, 0.0), 5.0))
        for _ in range(ticks):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    calls = [store.accept([a_delivery(f"d{n}")], NOON) for n in range(40)]
    accepting = [asyncio.create_task(call) for call in calls]
    await asyncio.sleep(0)
    for cancelled in accepting[::2]:
        cancelled.cancel()
    await asyncio.gather(*accepting, return_exceptions=True)
    assert [kept.result() for kept in accepting[1::2]] == [[True]] * 20
    assert await reserve(store, a_turn(99, 5.0), 5.0)
    assert await store.accept([a_delivery("last")], NOON) == [True]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "devflow.db",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:x?uri=true",
        "sqlite:///x.db?mode=ro",
        f"mysql://root:{SECRET}@localhost/x",
        f"postgresql+asyncpg://me:{SECRET}@localhost/x",
        f"postgresql://me:{SECRET}@localhost:port/x",
    ],
)
async def test_urls_that_cannot_be_used(url: str) -> None:
    """The error shows the forms that can, and repeats nothing of the URL."""
    with pytest.raises(BotError, match="sqlite:///path/to/file") as refused:
        SqlStore(url)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["postgresql://u@h/d", "postgresql+psycopg://u@h/d", "sqlite:///x", "sqlite+aiosqlite:///x"]
)
async def test_urls_with_and_without_a_driver(url: str) -> None:
    """The adapter adds the driver; making a store touches nothing."""
    SqlStore(url)
    assert not Path("x").exists()


async def test_the_sqlite_file_is_private(tmp_path: Path) -> None:
    """Its folder is made; the file and what stands beside it can be read by nobody else; pages and journal are set."""
    path = tmp_path / "a" / "b" / "devflow.db"
    async with stores_at(f"sqlite:///{path}") as (store,):
        await fill(store)
        modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
        assert modes == dict.fromkeys(modes, 0o600)
        assert {"devflow.db", "devflow.db-wal"} <= set(modes)
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA page_size").fetchone() == (8192,)
    connection.close()


async def test_a_relative_path_is_below_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`sqlite:///.devflow/x.db` is what people write."""
    monkeypatch.chdir(tmp_path)
    async with stores_at("sqlite:///.devflow/x.db"):
        assert (tmp_path / ".devflow" / "x.db").is_file()


async def test_sqlite_places_that_cannot_be_used(tmp_path: Path) -> None:
    """A file where the folder should be, a folder where the file should be, and a file that is no database."""
    (tmp_path / "file").write_text("not a database, but long enough to have a header " * 10)
    before = (tmp_path / "file").read_bytes()
    for place, cause in (
        ("file/x.db", "File exists|Not a directory"),
        ("", "Is a directory"),
        ("file", "not a database"),
    ):
        with pytest.raises(BotError, match=cause) as failed:
            await SqlStore(f"sqlite:///{tmp_path}/{place}").open()
        assert "could not be opened" in failed.value.message
        assert "can be written" in failed.value.hint
    assert (tmp_path / "file").read_bytes() == before


async def test_a_file_that_somebody_else_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program's open transaction stops the opening with its cause; afterwards it works."""
    for module in (connections, database):
        monkeypatch.setattr(module, "PRAGMAS", ("PRAGMA busy_timeout = 1",))
    with sqlite3.connect(tmp_path / "x.db", isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(BotError, match="could not be opened: database is locked"):
            await SqlStore(f"sqlite:///{tmp_path}/x.db").open()
        other.execute("ROLLBACK")
        other.execute("CREATE TABLE theirs (x)")
        other.execute("BEGIN")
        other.execute("SELECT * FROM theirs").fetchall()
        with pytest.raises(BotError, match="could not be opened: database is locked"):
            await SqlStore(f"sqlite:///{tmp_path}/x.db").open()
        other.execute("COMMIT")
    other.close()
    async with stores_at(f"sqlite:///{tmp_path}/x.db") as (store,):
        assert await store.runs() == []


async def test_a_full_disk(tmp_path: Path) -> None:
    """Nothing of the batch is stored, the error says why, and the store works again when there is room."""
    steps = """
        import resource
        await store.open()
        await store.accept([Delivery("before", "push", b"")], NOON)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
        try:
            await store.accept([Delivery(f"d{n}", "push", b"x" * 50_000) for n in range(20)], NOON)
        except BotError as error:
            print(error.message)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        print([d.id for d in await store.unprocessed()], await store.accept([Delivery("after", "push", b"")], NOON))
        await store.close()
    """
    (output,) = outputs_of([start_process(f"sqlite:///{tmp_path}/x.db", steps)])
    error, after = output.splitlines()
    assert re.search("could not be written: .*(full|I/O)", error)
    assert after == "['before'] [True]"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://devflow:hunter2%2F%40%3A%25@127.0.0.1:1/x",
        "postgresql://127.0.0.1:1/x?user=devflow&password=hunter2%2F%40%3A%25",
        "postgresql://devflow:hunter2%2F%40%3A%25@/x?host=/nowhere/hunter2%2F%40%3A%25",
    ],
)
async def test_an_unreachable_server(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Cause and next step, and the password neither in the error, nor behind it, nor in a log, nor in a repr."""
    caplog.set_level("DEBUG")
    store = SqlStore(url)
    with pytest.raises(BotError, match="PostgreSQL database `x`") as failed:
        await store.open()
    assert re.search("refused|No such file", failed.value.message)
    assert "DEVFLOW_DATABASE_URL" in failed.value.hint
    assert failed.value.__suppress_context__
    assert "hunter2" not in f"{failed.value} {caplog.text} {store!r} {vars(store)!r}"


@pytest.mark.postgres
async def test_a_server_without_the_database(postgres_url: str) -> None:
    """PostgreSQL's own reason is passed on."""
    with pytest.raises(BotError, match='"nothing_here" does not exist'):
        await SqlStore(re.sub(r"/test_\d+", "/nothing_here", postgres_url)).open()


@pytest.mark.postgres
async def test_a_user_who_may_not_make_tables(postgres_url: str) -> None:
    """The rights are named, and the hint says that they are needed."""
    run_sql(server_url(), "DROP ROLE IF EXISTS reader")
    run_sql(server_url(), "CREATE ROLE reader LOGIN")
    with pytest.raises(BotError, match="permission denied") as failed:
        await SqlStore(postgres_url.replace("postgres:@", "reader@").replace("postgres@", "reader@")).open()
    assert "may create tables" in failed.value.hint


@pytest.mark.postgres
async def test_a_server_that_dropped_our_connections(postgres_url: str) -> None:
    """A restart of PostgreSQL is survived: the next call connects again."""
    async with stores_at(postgres_url) as (store,):
        await store.add_run(a_run())
        run_sql(
            postgres_url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        assert await store.run(RUN) == a_run()


async def test_the_wheel_brings_its_migrations(tmp_path: Path) -> None:
    """A database can be made with nothing but what is in the distribution."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    program = (
        "import asyncio, sys; sys.path.insert(0, sys.argv[1])\n"
        "import bot.adapters.store as s\n"
        "assert s.__file__.startswith(sys.argv[1]), s.__file__\n"
        "store = s.SqlStore('sqlite:///' + sys.argv[2])\n"
        "async def main():\n    await store.open(); print(await store.runs()); await store.close()\n"
        "asyncio.run(main())"
    )
    argv = [sys.executable, "-I", "-c", program, str(tmp_path / "site"), str(tmp_path / "x.db")]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    assert subprocess.run(argv, check=True, capture_output=True, text=True, env=environment).stdout == "[]\n"
