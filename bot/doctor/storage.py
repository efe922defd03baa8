"""Checks of where state is kept: SQLite, and the database of records."""

import asyncio
import sqlite3

from bot.core.errors import BotError
from bot.core.findings import Verdicts, not_looked_at, ok, wrong
from bot.doctor.case import Case
from bot.doctor.examine import Check

OLDEST_SQLITE = (3, 35)
"""`RETURNING`: https://www.sqlite.org/lang_returning.html."""


async def database(case: Case) -> Verdicts:
    folder = case.settings.state_dir
    if folder.exists() and not folder.is_dir():
        return wrong(f"the state folder {folder} is a file", "Set DEVFLOW_STATE_DIR to a folder.")
    try:
        seen = await asyncio.to_thread(case.parts.databases.look)
    except BotError as error:
        return wrong(error.message, _database_fix(error))
    if not seen.may_create:
        where = "that folder can be written by this user" if "SQLite" in seen.name else "this user may create tables"
        return wrong(
            f"{seen.name} cannot be written by this user",
            f"See to it that {where}, or set DEVFLOW_STATE_DIR or DEVFLOW_DATABASE_URL to another place.",
        )
    match seen.tables:
        case "newer":
            return wrong(f"{seen.name} was used by a newer version of Devflow", "Update Devflow, or use another one.")
        case "none yet":
            return ok(f"{seen.name} is not there yet; the first start makes it")
        case "older":
            return ok(f"{seen.name}; the next start brings its tables up to date")
        case "current":
            return ok(seen.name)


def _database_fix(error: BotError) -> str:
    said = error.message.lower()
    if "authentication failed" in said or "no password supplied" in said:
        return "Correct the user and the password in DEVFLOW_DATABASE_URL: `postgresql://user:password@host/database`."
    if "not a database" in said or "malformed" in said:
        return "Move the file away and start anew, or set DEVFLOW_DATABASE_URL to a database of Devflow's."
    return error.hint


async def sqlite_itself(case: Case) -> Verdicts:
    if not case.settings.database_url.startswith("sqlite") and case.settings.database_url:
        return not_looked_at("DEVFLOW_DATABASE_URL names another database")
    version, oldest = sqlite3.sqlite_version, ".".join(map(str, OLDEST_SQLITE))
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        return wrong(
            f"this Python has SQLite {version}, older than {oldest}",
            "Use a Python with a newer one, as `uv python install 3.13` brings, or PostgreSQL by DEVFLOW_DATABASE_URL.",
        )
    with sqlite3.connect(":memory:") as connection:
        try:
            connection.execute("CREATE VIRTUAL TABLE words USING fts5(text)")
        except sqlite3.OperationalError:
            return wrong(
                f"this Python's SQLite {version} has no full-text search (FTS5)",
                "Use another Python, as `uv python install 3.13` brings, or PostgreSQL by DEVFLOW_DATABASE_URL.",
            )
    return ok(f"SQLite {version}")


CHECKS = (
    Check("SQLite", sqlite_itself),
    Check("database", database),
)
