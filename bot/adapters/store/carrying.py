"""The databases of a machine that is thrown away: carried off as files, filled with what a repository shares.

Rows of what is shared are copied as SQLite has them, column by column: what is written is what was read.
"""

import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from bot.adapters.store import memory_index, memory_statements, sharing
from bot.adapters.store.database import use_sqlite_well
from bot.adapters.store.location import locate
from bot.adapters.store.memory_rows import MAKE, OWN, load, memory_of, sketch_of
from bot.adapters.store.migrate import prepare
from bot.adapters.store.remembering import MARKS
from bot.core.errors import BotError
from bot.core.memory.documents import document
from bot.core.state import Lines

STORE, ENGINE = "devflow.db", "engine.db"
"""The records, and what the engine knows of its runs."""
EMPTIED = ("memories", "memory_marks", "memory_postings", "memory_terms", "memory_vectors", "memory_scopes", "halts")
"""Tables that hold nothing but what is shared."""


class SqliteRecords:
    """The two files of a state folder; implements `bot.ports_state.Records`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._filled: Lines = {}

    def put(self, files: Mapping[str, bytes]) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in (STORE, ENGINE):
            if name in files:
                path = self._folder / name
                path.touch(mode=0o600)
                path.write_bytes(files[name])
                _look_through(path)

    def fill(self, lines: Lines) -> None:
        path = self._folder / STORE
        prepare(locate(f"sqlite:///{path}"))
        own = set(self.runs())
        others = {key: line for key, line in lines.items() if key.partition(":")[2] not in own}
        self._filled = {key: line for key, line in others.items() if key.startswith("run:")}
        kept = {key: line for key, line in others.items() if key.startswith(("pull:", "open:"))}
        engine = create_engine(f"sqlite:///{path}", poolclass=NullPool, hide_parameters=True)
        use_sqlite_well(engine)
        with engine.begin() as database:
            sharing.insert_runs(database, self._filled.values())
            sharing.insert_halts(database, (line for key, line in lines.items() if key.startswith("halt:")))
            for key, line in lines.items():
                if key.startswith("memory:"):
                    _insert_memory(database, dict(line))
        self._filled |= kept

    def take(self) -> dict[str, bytes]:
        """The engine's first: a step that is in the records and not in the engine is looked up there, as after a crash;
        the other way round it would be lost."""
        files = {}
        for name in (ENGINE, STORE):
            if (self._folder / name).exists():
                files[name] = self._copy(name)
        return files

    def shared(self) -> Lines:
        with self._reading() as database:
            own = sharing.lines(database, self.foreign)
        return {**self._filled, **own}

    def runs(self) -> list[str]:
        with self._reading() as database:
            found = [row[0] for row in database.execute("SELECT id FROM devflow_runs ORDER BY seq")]
        return [run for run in found if run not in self.foreign]

    @property
    def foreign(self) -> set[str]:
        return {key.removeprefix("run:") for key in self._filled if key.startswith("run:")}

    def _copy(self, name: str) -> bytes:
        with tempfile.TemporaryDirectory(dir=self._folder) as scratch:
            path = Path(scratch) / name
            with closing(sqlite3.connect(self._folder / name)) as source, closing(sqlite3.connect(path)) as copy:
                source.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")
                if name == STORE:
                    _leave_out(copy, self.foreign)
                copy.execute("VACUUM")
            return path.read_bytes()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._folder / STORE)) as database:
            database.row_factory = sqlite3.Row
            database.execute("BEGIN")
            yield database


def _look_through(path: Path) -> None:
    """Whoever may push may write a ref: a file that would run something by itself is not opened further."""
    try:
        with closing(sqlite3.connect(path)) as database:
            sound = database.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
            odd = database.execute("SELECT name FROM sqlite_master WHERE type IN ('trigger', 'view')").fetchone()
    except sqlite3.DatabaseError:
        sound, odd = False, None
    if not sound or odd:
        raise BotError(f"The saved `{path.name}` is no database of Devflow's.", "Somebody changed it. Delete its ref.")


def _leave_out(copy: sqlite3.Connection, foreign: set[str]) -> None:
    """Take what is shared out of a copy, and the text of deliveries: only that they came is needed again."""
    tables = [row[0] for row in copy.execute("SELECT name FROM sqlite_master WHERE name GLOB 'devflow_*'")]
    if "devflow_runs" not in tables:
        return
    for table in tables:
        columns = {row[1] for row in copy.execute(f"PRAGMA table_info({table})")}
        name = "id" if table == "devflow_runs" else "run" if "run" in columns else ""
        if name:
            copy.executemany(f"DELETE FROM {table} WHERE {name} = ?", [(run,) for run in foreign])  # noqa: S608
    for table in EMPTIED:
        copy.execute(f"DELETE FROM devflow_{table}")  # noqa: S608
    copy.execute("INSERT INTO devflow_memory_index (devflow_memory_index) VALUES ('delete-all')")
    copy.execute("UPDATE devflow_deliveries SET body = x'' WHERE processed_at IS NOT NULL")
    copy.commit()


def _insert_memory(database: Connection, row: dict[str, object]) -> None:
    place = {"owner": str(row["owner"]).lower(), "repo": "" if row["shared"] else str(row["repo"]).lower()}
    database.execute(MAKE, place)
    scope = int(database.execute(OWN, place).scalar_one())
    number = sharing.insert(database, "devflow_memories", {**sharing.unhexed(row), "scope": scope})
    found = load(database, [number])[0]
    marks = [{"mark": memory_index.scoped(scope, part), "memory": number} for part in sketch_of(found)[:MARKS]]
    if marks:
        database.execute(memory_statements.MARK, marks)
    if found["state"] == "active":
        memory_index.put(database, scope, number, document(memory_of(found)))
